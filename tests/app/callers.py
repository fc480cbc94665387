"""How do tests speak to the service?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

OPERATOR_KEY = "mmo_the-operators-key-in-tests"
NOBODY = "01900000-0000-7000-8000-000000000000"
PLACES = {"key": "loss", "version": "1"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A client with one credential."""

    client: FlaskClient
    key: str

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            more["json"] = body
        return self.client.open(path, method=method, headers=headers, **more)

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.ask("POST", path, body)
        assert answer.status_code in {200, 201, 202}, answer.text
        made: dict[str, Any] = answer.get_json()
        return made

    def read(self, path: str) -> dict[str, Any]:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def key_for(self, role: str, scopes: list[str] | None = None) -> Caller:
        """A new member of this role, with a key."""
        email = f"{role}-{uuid4().hex}@example.org"
        member = self.make("/v1/members", email=email, role=role)
        more = {} if scopes is None else {"scopes": scopes}
        key = self.make("/v1/api-keys", name="k", member_id=member["id"], **more)
        return Caller(self.client, key["secret"])


@dataclass(frozen=True, slots=True)
class World:
    """One object of each kind, in one tenant."""

    project_id: str
    experiment_id: str
    run_id: str
    model_id: str
    member_id: str
    key_id: str
    tenant_id: str
    webhook_id: str
    job_id: str

    def fill(self, path: str) -> str:
        """The path with this world's ids in its places."""
        for name in self.__slots__:
            path = path.replace(f"{{{name}}}", getattr(self, name))
        return path.replace("{key}", PLACES["key"]).replace("{version}", PLACES["version"])


EMPTY_WORLD = World(*[NOBODY] * 9)


def build_world(owner: Caller, name: str) -> World:
    """One object of each kind, each named `name`."""
    project = owner.make("/v1/projects", name=name)["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name=name)["id"]
    run = owner.make(f"/v1/experiments/{experiment}/runs", name=name)["id"]
    owner.make(f"/v1/runs/{run}/log", metrics=[{"key": "loss", "step": 1, "value": 0.5}])
    model = owner.make(f"/v1/projects/{project}/models", name=name)["id"]
    owner.make(f"/v1/models/{model}/versions", source_run_id=run, description=name)
    member = owner.make("/v1/members", email=f"{name}@example.org", role="viewer")["id"]
    key = owner.make("/v1/api-keys", name=name, member_id=member)["id"]
    tenant = owner.read("/v1/me")["tenant_id"]
    hook = owner.make("/v1/webhooks", url=f"http://127.0.0.1:9/{name}", events=["run.finished"])
    job = owner.make("/v1/exports", project_id=project)["id"]
    return World(project, experiment, run, model, member, key, tenant, hook["id"], job)
