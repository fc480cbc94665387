"""Which objects does the load need, and can each operation be done on them at all?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from gate.check import Answer, Client
from gate.model import Json, Observation
from loadtests.profiles import Operation, Profile

RUNS = 8
PROJECT = "/v1/projects/{project_id}"


@dataclass(slots=True)
class Ground:
    """Objects made by one client: `filled` has a set of ids for each run."""

    client: Client
    clock: Callable[[], float]
    ids: dict[str, str] = field(default_factory=dict)
    filled: list[dict[str, str]] = field(default_factory=list)

    def lay(self, profile: Profile) -> Iterator[Observation]:
        """Make a project, an experiment and some runs, then try every operation once."""
        yield self.create("/v1/projects", "project_id", {"name": f"load-{uuid4()}"})
        yield self.create(f"{PROJECT}/experiments", "experiment_id", {"name": "load"})
        for number in range(RUNS):
            yield self.create(
                "/v1/experiments/{experiment_id}/runs", "run_id", {"name": f"ground-{number}"}
            )
            self.filled.append(dict(self.ids))
        for operation in profile.operations:
            # a number that no arrival has
            body = operation.body(profile.arrivals)
            yield self.send(operation.method, operation.template, body)[1]

    def clear(self) -> Iterator[Observation]:
        """Delete the project with all that is in it."""
        yield self.send("DELETE", PROJECT)[1]

    def paths(self, operation: Operation) -> tuple[str, ...]:
        """The paths of an operation, one for each run."""
        return tuple(operation.template.format_map(ids) for ids in self.filled)

    def create(self, template: str, into: str, body: Json) -> Observation:
        """Make one object and keep its id as `into`."""
        answer, seen = self.send("POST", template, body)
        self.ids[into] = identity(answer)
        return seen

    def send(self, method: str, template: str, body: Json = None) -> tuple[Answer, Observation]:
        """Send one request; what it came to, and how to repeat it."""
        path = template.format_map(self.ids)
        answer = self.client.request(method, path, body=body)
        return answer, Observation(
            kind="setup",
            subject=f"{method} {template}",
            at=self.clock(),
            data={"status": answer.status, "curl": self.client.curl(method, path, body=body)},
        )


def identity(answer: Answer) -> str:
    """The id of a created object, "none" when the answer has none."""
    body = answer.json()
    return str(body.get("id", "none")) if isinstance(body, dict) else "none"
