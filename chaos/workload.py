"""What is written to the target while something breaks, and how is it read back?

The one module of this package that knows the target's paths; another service gets another one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import uuid4

from chaos.history import GOOD, Exchange, Write
from gate.check import Answer, Client, NoAnswerError
from gate.errors import SetupError
from gate.model import Json

WRITE = "POST /v1/experiments/{experiment_id}/runs"
READ = "GET /v1/experiments/{experiment_id}/runs"
LIVENESS = "GET /healthz"
READINESS = "GET /readyz"
PATIENCE = 3.0
"""Seconds that a caller waits for an answer; the service gives up on its database before."""
PAGE = 200
NOT_FOUND = 404
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An experiment of one tenant, made for this purpose; its runs are the elements."""

    client: Client = field(repr=False)
    experiment: str
    clock: Clock

    @property
    def path(self) -> str:
        """Where runs are made and listed."""
        return f"/v1/experiments/{self.experiment}/runs"

    def write(self, name: str) -> Write:
        """Ask for one run with this name; never asked for twice."""
        exchange, _ = attempt(self.client, WRITE, self.path, self.clock, body={"name": name})
        return Write(name=name, tenant=self.client.tenant, exchange=exchange)

    def read(self) -> list[str] | None:
        """The names of all runs, page by page; None when a page does not come.

        The place was acknowledged as well: where it is not found, nothing is there.
        """
        names: list[str] = []
        cursor = ""
        while True:
            path = f"{self.path}?limit={PAGE}{cursor}"
            _, answer = attempt(self.client, READ, path, self.clock)
            if answer is not None and answer.status == NOT_FOUND:
                return []
            page = answer.json() if answer is not None and answer.status in GOOD else None
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                return None
            names += [str(field_of(item, "name")) for item in as_list(page["items"])]
            if page.get("next_cursor") is None:
                return names
            cursor = f"&cursor={quote(str(page['next_cursor']), safe='')}"

    def curls(self) -> dict[str, str]:
        """The requests as shell lines, by operation."""
        body: Json = {"name": "any"}
        return {
            WRITE: self.client.curl("POST", self.path, body=body),
            READ: self.client.curl("GET", f"{self.path}?limit={PAGE}"),
        }


def make_place(client: Client, clock: Clock) -> Place:
    """A new project with an experiment; SetupError when the service does not make it."""
    project = create(client, "/v1/projects", f"chaos {uuid4()}")
    experiment = create(client, f"/v1/projects/{project}/experiments", "writes")
    return Place(client=client, experiment=experiment, clock=clock)


def create(client: Client, path: str, name: str) -> str:
    """The id of a new object."""
    answer = client.request("POST", path, body={"name": name})
    made = field_of(answer.json(), "id")
    if not isinstance(made, str):
        raise SetupError(f"POST {path} answered {answer.status}: there is nothing to write to.")
    return made


def attempt(
    client: Client, subject: str, path: str, clock: Clock, body: Json = None
) -> tuple[Exchange, Answer | None]:
    """One request of an operation, whatever comes of it."""
    called, answer = clock(), None
    try:
        method = subject.partition(" ")[0]
        answer = client.request(method, path, body=body, timeout=PATIENCE)
    except NoAnswerError:
        pass  # what was asked may have happened: the exchange says so by having no status
    exchange = Exchange(
        subject=subject,
        called=called,
        returned=clock(),
        status=answer.status if answer is not None else None,
        retry_after=answer is not None and "retry-after" in answer.headers,
    )
    return exchange, answer


def ask_health(client: Client, subject: str, clock: Clock) -> Exchange:
    """One look at liveness or readiness."""
    return attempt(client, subject, subject.partition(" ")[2], clock)[0]


def field_of(value: Json, name: str) -> Json:
    """A field of a JSON object; None when there is none."""
    return value.get(name) if isinstance(value, dict) else None


def as_list(value: Json) -> list[Json]:
    """A JSON list; anything else is an empty one."""
    return value if isinstance(value, list) else []
