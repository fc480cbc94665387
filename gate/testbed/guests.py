"""How does a tenant of Maestro ML come that is made to be deleted, and how does it go?

And how it does what takes more than one request: store a file, have an export made, hear of events.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from gate.check import Answer, Client, NoAnswerError
from gate.errors import SetupError
from gate.inside import Parcel
from gate.model import Json
from gate.testbed.client import Cast, HttpClient
from gate.testbed.tenants import Principal, as_client, invite, open_tenant, post, text
from gate.testbed.waiting import until

PLAN = "enterprise"
OTHER = "maintainer"
EXPORTS = "/v1/exports"
GRANTED = range(200, 300)
JOB_SECONDS = 20.0
BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A tenant with an owner and a maintainer; implements `gate.check.Guest`."""

    operator: HttpClient = field(repr=False)
    owner: HttpClient
    others: tuple[Client, ...]
    tenant_id: str
    folders: tuple[Path, ...]
    secrets: Mapping[str, str] = field(repr=False)

    def begin(self, text: str) -> Parcel:
        """Announce a file of a new run in a new project, all of which bear the text as a name."""
        project = self.make("/v1/projects", {"name": text})
        experiment = self.make(f"/v1/projects/{project}/experiments", {"name": text})
        run = self.make(f"/v1/experiments/{experiment}/runs", {"name": text})
        content = json.dumps(text).encode()
        wanted: Json = {"run_id": run, "path": f"{text}.json", "size": len(content)}
        upload = self.make("/v1/uploads", wanted)
        return Parcel(
            text=text,
            put=f"/v1/uploads/{upload}/parts/1",
            end=f"/v1/uploads/{upload}:complete",
            seal={"sha256": hashlib.sha256(content).hexdigest()},
            drop=f"/v1/uploads/{upload}",
            content=f"/v1/artifacts/{upload}/content",
        )

    def store(self, text: str) -> Parcel:
        """The file becomes an artifact of a new run."""
        parcel = self.begin(text)
        granted(self.owner.request("PUT", parcel.put, body=text, headers=BYTES), parcel.put)
        granted(self.owner.request("POST", parcel.end, body=parcel.seal), parcel.end)
        return parcel

    def export(self) -> str:
        """The job of an export of the whole tenant."""
        return f"/v1/jobs/{self.make(EXPORTS, {})}"

    def result_of(self, job: str) -> str:
        """Its lines, once it has succeeded."""
        if not until(lambda: self.state_of(job) == "succeeded", JOB_SECONDS):
            raise SetupError(f"An export did not succeed in {JOB_SECONDS:g} s.")
        return f"{job}/result"

    def state_of(self, job: str) -> str:
        """How far the job has come."""
        return text(granted(self.owner.request("GET", job), job).json(), "state")

    def listen(self, url: str) -> str:
        """A webhook for all that a tenant can do without a deployment."""
        events: list[Json] = ["project.created", "model.created", "member.added", "key.created"]
        return text(post(self.owner, "/v1/webhooks", {"url": url, "events": events}), "secret")

    def leave(self, within: float) -> bool:
        """Ask as the owner, and wait until the operator sees the tenant no more."""
        path = f"/v1/tenants/{self.tenant_id}"
        granted(self.owner.request("DELETE", path), path)
        return until(lambda: self.tenant_id not in tenants_of(self.operator), within)

    def make(self, path: str, wanted: Json) -> str:
        """The id of what the service made; its answer is kept for whoever asks again."""
        key = {"Idempotency-Key": secrets.token_hex(16)}
        answer = self.owner.request("POST", path, body=wanted, headers=key)
        return text(granted(answer, path).json(), "id")


@contextmanager
def visiting(cast: Cast, name: str, folder: Path) -> Iterator[Visitor]:
    """A new tenant, one of the cast; at the end of the block its deletion is asked for."""
    operator = cast.actor("", "operator")
    first = open_tenant(operator, name, PLAN)
    with ExitStack() as stack:
        owner = replace(as_client(operator.base_url, first), tape=operator.tape)
        stack.enter_context(closing(owner))
        second = replace(first, role=OTHER, token=invite(owner, name, OTHER))
        other = replace(as_client(operator.base_url, second), tape=operator.tape)
        stack.enter_context(closing(other))
        for client in (owner, other):
            cast.guests[name, client.role] = client
            stack.callback(cast.guests.pop, (name, client.role))
        stack.callback(bid_farewell, owner, first)
        yield Visitor(
            operator=operator,
            owner=owner,
            others=(other,),
            tenant_id=first.tenant_id,
            folders=(folder,),
            secrets=first.secrets | second.secrets,
        )


def bid_farewell(owner: HttpClient, principal: Principal) -> None:
    """Ask for the deletion; whoever has gone, or meets a dead service, is refused."""
    with suppress(NoAnswerError):
        owner.request("DELETE", f"/v1/tenants/{principal.tenant_id}")


def tenants_of(operator: HttpClient) -> set[str]:
    """The ids of all tenants."""
    found: set[str] = set()
    cursor: Json = ""
    while cursor is not None:
        more = f"&cursor={quote(str(cursor))}" if cursor else ""
        path = f"/v1/tenants?limit=100{more}"
        page = granted(operator.request("GET", path), path).json()
        items = page.get("items") if isinstance(page, dict) else None
        found |= {text(each, "id") for each in items} if isinstance(items, list) else set()
        cursor = page.get("next_cursor") if isinstance(page, dict) else None
    return found


def granted(answer: Answer, path: str) -> Answer:
    """The answer; SetupError when it is a refusal."""
    if answer.status not in GRANTED:
        raise SetupError(f"{path} answered {answer.status}: {answer.body[:300]}")
    return answer
