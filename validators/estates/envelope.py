"""How does this service say no? Learned from ids that nobody has, never from the status alone.

Some services send every error as HTTP 200. An answer of theirs is a refusal when it has the shape
of the answers for absent ids, or one of the values that only those have (`success: false`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.check import Answer
from gate.model import Json
from validators.document.operations import Object, Operation
from validators.estates.ledger import Ledger
from validators.estates.principals import Principals

GOOD = range(200, 300)
NO: Mapping[str, tuple[Json, ...]] = {
    "success": (False, 0, "false"),
    "ok": (False, 0, "false"),
    "status": ("error", "fail", "failed", "failure", "denied"),
    "result": ("error", "fail", "failed"),
}
Shape = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """By which operation's doing an object appears that nobody makes as such, and in which list.

    `reads` say who the caller is, whom it has to reach. `role` is the colleague who has to do it,
    where nobody is told of his own doings; "" for the caller himself.
    """

    maker: str
    listing: Operation
    reads: tuple[Operation, ...]
    role: str = ""


@dataclass(slots=True)
class Envelope:
    """What successes and refusals with a success status looked like so far.

    `matching` are the operations that asked for the state they change (428, RFC 6585), `in_use`
    those that refused what was in use (409), `dull` the reads that show everybody the same.
    `before` is what must be done to an object before another operation can be done to it, `endings`
    what ends a resource, `taught` what refusals have said of an operation's fields beside their
    schemas, `common` what everybody may read and refer to, `sources` of what comes of the making of
    something else, `principals` who is needed to the end, `listed` what lists show to both tenants
    alike, once they were asked for that. `demanded` are parameters that the document leaves to the
    caller, and a refusal has asked for; `worn` the operations that want a new object each time, as
    what is known has moved on; `also_named` whether a read finds its object by this field as well.
    """

    refusals: set[Shape] = field(default_factory=set)
    refusing: set[tuple[str, str]] = field(default_factory=set)
    granted: set[Shape] = field(default_factory=set)
    granting: set[tuple[str, str]] = field(default_factory=set)
    matching: set[str] = field(default_factory=set)
    in_use: set[str] = field(default_factory=set)
    worn: set[str] = field(default_factory=set)
    dull: set[str] = field(default_factory=set)
    before: dict[str, Operation] = field(default_factory=dict)
    endings: dict[str, Operation] = field(default_factory=dict)
    taught: dict[str, dict[str, Object]] = field(default_factory=dict)
    common: Ledger = field(default_factory=Ledger)
    principals: Principals = field(default_factory=Principals)
    sources: dict[str, Source] = field(default_factory=dict)
    listed: set[str] | None = None
    demanded: dict[str, dict[str, Json]] = field(default_factory=dict)
    also_named: dict[tuple[str, str], bool] = field(default_factory=dict)

    def learn_refusal(self, answer: Answer) -> None:
        """An answer to what cannot have succeeded."""
        if answer.status in GOOD:
            self.refusals.add(shape(answer))
            self.refusing |= flags(answer)

    def learn_success(self, answer: Answer) -> None:
        """An answer that showed the caller's own object."""
        if answer.status in GOOD:
            self.granted.add(shape(answer))
            self.granting |= flags(answer)

    def accepts(self, answer: Answer) -> bool:
        """Was the request granted?"""
        if answer.status not in GOOD:
            return False
        said = flags(answer)
        if any(str(value) == text for name, text in said for value in NO.get(name, ())):
            return False
        if said & (self.refusing - self.granting):
            return False
        seen = shape(answer)
        return not seen or seen in self.granted or seen not in self.refusals


def shape(answer: Answer) -> Shape:
    """The names at the top of a JSON body."""
    value = answer.json()
    return frozenset(value) if isinstance(value, dict) else frozenset()


def flags(answer: Answer) -> set[tuple[str, str]]:
    """The truth values and short codes at the top of a JSON body."""
    value = answer.json()
    members = value.items() if isinstance(value, dict) else ()
    return {
        (name, str(member))
        for name, member in members
        if isinstance(member, bool)
        or (name in {"code", "status", "result", "errno"} and isinstance(member, int | str))
    }


def is_alike(one: Answer, other: Answer) -> bool:
    """Are both of one shape and with the same flags, as empty and full lists are?"""
    return shape(one) == shape(other) and flags(one) == flags(other)
