"""Which object does a field mean that wants a whole resource name (AIP-122): `names`, `source`?

Only where the service calls its objects by such names; elsewhere these words say less.
"""

from __future__ import annotations

from collections.abc import Sequence

from validators.document.names import PARTS, resource_in, slots_of, words_of
from validators.document.operations import Operation
from validators.document.resource_names import pairs_of
from validators.estates.ledger import Ledger
from validators.estates.things import Thing


def by_name(ledger: Ledger, operation: Operation, name: str, path: Sequence[str]) -> str | None:
    """The whole name of the object that such a field means; None where it means none."""
    known = [each for each in ledger.things if pairs_of(each.id)]
    if not known:
        return None
    words = words_of(name)
    if words == ["names"] or (words == ["name"] and not is_new(operation)):
        fitting = [each for each in known if each.resource == operation.resource]
        return best(ledger, [each for each in fitting if is_below(each.id, path)] or fitting, path)
    if words[-1:] == ["parent"]:
        above = slots_of(operation.path)[:-1]
        kind = above[-1][0] if above else ""
        return best(ledger, [each for each in known if each.resource == kind], path)
    if [word for word in words if word != "name"] in [[part] for part in sorted(PARTS)]:
        return best(ledger, [each for each in known if each.resource == operation.resource], path)
    return None


def names_new(ledger: Ledger, operation: Operation, name: str) -> bool:
    """Is it the id that a new object is to get (`projectId`, AIP-133), not a known one's?"""
    new = is_new(operation) and resource_in(name) == operation.resource
    return (
        new and words_of(name)[-1:] == ["id"] and any(pairs_of(each.id) for each in ledger.things)
    )


def is_new(operation: Operation) -> bool:
    """Does it make an object beside those of a collection?"""
    return (
        operation.method == "POST"
        and not operation.path.rpartition("/")[2].startswith("{")
        and (not operation.verb)
    )


def is_below(name: str, path: Sequence[str]) -> bool:
    """Is it the name of something under what a path names last?"""
    return not path or name.startswith(f"{path[-1]}/")


def best(ledger: Ledger, things: Sequence[Thing], path: Sequence[str]) -> str | None:
    """The one to start from, another one than the path names if there is one."""
    found = sorted(things, key=lambda each: (each.id in path, ledger.rank(each)))
    return found[0].id if found else None
