"""Does each principal of the run still get what it got, or has an operation taken that away?

A cheap look after whatever is about people: without it a lost role shows only as refusals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gate.check import Client
from gate.model import Doubt, Observation
from validators.document.names import SELF
from validators.document.operations import Operation
from validators.estates.estate import Estate
from validators.estates.principals import is_person
from validators.messages.calls import expand

MOST_ASKED, MOST_HELD, TWICE = 12, 2, 2
GONE = frozenset({401, 403, 404})


@dataclass(frozen=True, slots=True)
class Hold:
    """One principal and a read that it is granted."""

    actor: Client
    path: str

    def slips(self) -> int:
        """The status of a refusal that was seen twice, or 0."""
        for _ in range(TWICE):
            status = self.actor.request("GET", self.path).status
            if status not in GONE:
                return 0
        return status


@dataclass(slots=True)
class Footing:
    """What each principal is known to get, and the facts of what was lost."""

    holds: list[Hold] = field(default_factory=list)
    lost: list[Observation] = field(default_factory=list)

    def take(
        self, estate: Estate, actors: Sequence[Client], operations: Sequence[Operation]
    ) -> None:
        """Choose reads for each of a tenant's principals, from the weakest to the strongest.

        Those that a weaker one is refused are what a stronger one would lose first.
        """
        refused: dict[str, int] = {}
        for actor in actors:
            granted = []
            for path in reads_of(estate, operations)[:MOST_ASKED]:
                if estate.accepts(actor.request("GET", path)):
                    granted.append(path)
                else:
                    refused[path] = refused.get(path, 0) + 1
            granted.sort(key=lambda path: -refused.get(path, 0))
            self.holds.extend(Hold(actor, path) for path in granted[:MOST_HELD])

    def look(self, since: str, at: float) -> list[Observation]:
        """Who has lost something since then; each is told once."""
        found: list[Observation] = []
        for hold in list(self.holds):
            status = hold.slips()
            if not status:
                continue
            self.holds.remove(hold)
            fact = Observation(
                kind="unseated",
                subject=hold.actor.tenant,
                at=at,
                data={
                    "role": hold.actor.role,
                    "read": f"GET {hold.path}",
                    "status": status,
                    "since": since,
                },
            )
            found.append(fact)
        self.lost.extend(found)
        return found


def reads_of(estate: Estate, operations: Sequence[Operation]) -> list[str]:
    """The tenant's reads of what the run has not made, and so does not end: lists first."""
    made = [thing for thing in estate.ledger.things if thing.origin]
    own = {name for thing in made for name in (thing.id, thing.place)}
    found = []
    for each in operations:
        path = estate.shown.get(each.label)
        if each.method == "GET" and not each.public and path is not None and not own & {*path}:
            found.append((len(path), expand(each.path, path)))
    return [path for _, path in sorted(found, key=lambda item: -item[0])]


def is_about_people(operation: Operation) -> bool:
    """May it change what somebody is or has?"""
    parts = [part for part in operation.path.split("/") if part]
    about = operation.resource in SELF or is_person(operation.resource) or operation.signs_in
    return not operation.safe and bool(parts) and about


def judge_footing(seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Which principal of the run was lost, and when."""
    for each in seen:
        if each.kind == "unseated":
            said = each.data
            reason = (
                f"its {said.get('role')} is refused {said.get('read')} ({said.get('status')}), "
                f"which it was granted before {said.get('since')}: the run has lost its principal"
            )
            yield Doubt(subject=each.subject, reason=reason)
