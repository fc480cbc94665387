"""How do tests speak to the service?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.endpoint import Declaration

OPERATOR_KEY = "mmo_the-operators-key-in-tests"
NOBODY = "01900000-0000-7000-8000-000000000000"
PLACES = {"key": "loss", "version": "1", "alias": "champion", "tag": "team", "part": "1"}
# What a path needs in its query.
QUERIES = {"/v1/search": {"q": "own"}}
BYTES = b"the bytes of an artifact"


@dataclass(frozen=True, slots=True)
class Caller:
    """A client with one credential."""

    client: FlaskClient
    key: str

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            more["json"] = body
        headers.update(more.pop("headers", {}))
        return self.client.open(path, method=method, headers=headers, **more)

    def make(self, path: str, /, **body: Any) -> dict[str, Any]:
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
    upload_id: str
    artifact_id: str
    deployment_id: str
    webhook_id: str
    job_id: str

    def fill(self, path: str) -> str:
        """The path with this world's ids in its places."""
        for name in self.__slots__:
            path = path.replace(f"{{{name}}}", getattr(self, name))
        for name, value in PLACES.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def url(self, path: str, **query: str) -> str:
        """The filled path with this query, and whatever else the path needs there."""
        whole = QUERIES.get(path, {}) | query
        return self.fill(path) + (f"?{urlencode(whole)}" if whole else "")


def arguments(declared: Declaration, body: dict[str, Any]) -> dict[str, Any]:
    """What to send to a route that asks for a body of JSON, of bytes, or for none."""
    if declared.raw is not None:
        return {"data": BYTES, "content_type": declared.raw.media}
    return {"body": body} if declared.body else {}


EMPTY_WORLD = World(*[NOBODY] * 12)


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
    owner.make(f"/v1/runs/{run}/log", tags={"team": name})
    upload = begin_upload(owner, run, f"open {name}")["id"]
    artifact = upload_artifact(owner, run, f"{name}.bin")["id"]
    alias = owner.ask("PUT", f"/v1/models/{model}/aliases/champion", {"version": 1})
    assert alias.status_code == 200, alias.text
    wanted = {"name": name, "environment": "production", "model_id": model, "version": "champion"}
    deployment = owner.make("/v1/deployments", **wanted)["id"]
    hook = owner.make("/v1/webhooks", url=f"http://127.0.0.1:9/{name}", events=["run.finished"])
    job = owner.make("/v1/exports", project_id=project)["id"]
    return World(
        project_id=project,
        experiment_id=experiment,
        run_id=run,
        model_id=model,
        member_id=member,
        key_id=key,
        tenant_id=tenant,
        upload_id=upload,
        artifact_id=artifact,
        deployment_id=deployment,
        webhook_id=hook["id"],
        job_id=job,
    )


def begin_upload(owner: Caller, run_id: str, path: str, size: int = len(BYTES)) -> dict[str, Any]:
    """An upload without any part yet."""
    return owner.make("/v1/uploads", run_id=run_id, path=path, size=size)


def send_parts(owner: Caller, upload: dict[str, Any], content: bytes = BYTES) -> None:
    """All parts, to the service itself."""
    for part in upload["parts"]:
        start = (part["part"] - 1) * upload["part_size"]
        piece = content[start : start + part["size"]]
        answer = owner.ask("PUT", part["url"], data=piece, content_type="application/octet-stream")
        assert answer.status_code == 204, answer.text


def upload_artifact(
    owner: Caller, run_id: str, path: str, content: bytes = BYTES
) -> dict[str, Any]:
    """A whole artifact."""
    upload = begin_upload(owner, run_id, path, len(content))
    send_parts(owner, upload, content)
    digest = hashlib.sha256(content).hexdigest()
    return owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=digest)


def get_content(caller: Caller, artifact: str, method: str = "GET", **headers: str) -> Any:
    """An artifact's content, asked for with these headers (`If_Range` for If-Range)."""
    path = f"/v1/artifacts/{artifact}/content"
    sent = {"Authorization": f"Bearer {caller.key}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.client.open(path, method=method, headers=sent)
