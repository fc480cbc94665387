"""Does one operation open what all others hide from a colleague? Pure functions of a record.

No document says what is one member's alone, but a service's conduct does: who may make such objects
himself, does not find the owner's in the list and is told everywhere that there are none, is not
meant to have the one that still opens (OWASP API1:2023 within a tenant, CWE-639).
"""

from __future__ import annotations

from gate.model import Observation
from validators.estates.seniors import TOP
from validators.judging import ABSENT
from validators.roles.role_grounds import FEW, WEIGHT, Matrix, on_same_objects

GONE = frozenset({ABSENT, 410})


def hidden_elsewhere(call: Observation, matrix: Matrix) -> str:
    """The operations that hide the object which this one opens to a role; "" for no such thing.

    A role that may not make such objects is kept away by its rank, which is another matter. So is
    an object that anything else of its kind opens: it is shared, and what is not found may have
    had another cause. A read among those that hide must say so, and one must know the object by its
    id: a list may be of one's own for convenience. One that opens it by a filter hides it without.
    """
    if (
        call.kind not in {"role-call", "filter-call"}
        or call.data.get("declared")
        or not is_opened(call)
    ):
        return ""
    about = on_same_objects(call, matrix, *WEIGHT)
    makes = any(each.data.get("act") == "make" and is_opened(each) for each in about)
    others = [each for each in about if each.data.get("act") != "make"]
    others += filtered_elsewhere(call, matrix)
    if call.kind == "filter-call":
        others += [
            each for each in matrix.of(call.data.get("role")) if each.subject == call.subject
        ]
    hiding = [each for each in others if is_gone(each) or is_unlisted(each, matrix)]
    reads = any(each.data.get("safe") for each in hiding)
    if not makes or not reads or any(map(is_opened, others)) or len(hiding) < FEW:
        return ""
    if not any(map(is_gone, hiding)):
        return ""
    names = " and ".join(each.subject for each in hiding)
    return f"it opens what is hidden from a member who may make such objects: {names} hid it"


def filtered_elsewhere(call: Observation, matrix: Matrix) -> list[Observation]:
    """What other lists of such objects showed this role by a filter."""
    return [
        each
        for each in matrix.filtered
        if each.subject != call.subject
        and is_opened(each)
        and all(each.data.get(name) == call.data.get(name) for name in ("role", "collection"))
    ]


def is_opened(call: Observation) -> bool:
    """Was something of the owner's shown or changed, or something made?"""
    data = call.data
    if data.get("said") != "granted" or data.get("nobody"):
        return False
    if data.get("act") == "make":
        return True
    return data.get("shown") is True if data.get("safe") else data.get("effect") is True


def is_gone(call: Observation) -> bool:
    """Was the role told that there is no such object?"""
    return call.data.get("said") == "undecided" and call.data.get("status") in GONE


def is_unlisted(call: Observation, matrix: Matrix) -> bool:
    """Did a list show the role nothing of the owner's, where the owner saw it?"""
    named = "{" in call.subject.rstrip("/").rpartition("/")[2]
    unseen = call.data.get("said") == "granted" and call.data.get("shown") is False
    owned = [each for each in matrix.of(TOP) if each.subject == call.subject]
    return unseen and not named and any(each.data.get("shown") for each in owned)
