"""Which object does a field mean that wants a whole resource name (AIP-122): `names`, `source`?

Only where the service calls its objects by such names; elsewhere these words say less.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.model import Json
from validators.document.names import PARTS, resource_in, slots_of, words_of
from validators.document.operations import Operation, as_object
from validators.document.resource_names import pairs_of
from validators.estates.ledger import Ledger
from validators.estates.things import Thing
from validators.messages.bodies import Author


def by_name(ledger: Ledger, operation: Operation, name: str, path: Sequence[str]) -> str | None:
    """The whole name of the object that such a field means; None where it means none."""
    known = [each for each in ledger.things if pairs_of(each.id)]
    if not known:
        return None
    words = words_of(name)
    if words == ["name"] and operation.reads_one and path and pairs_of(path[-1]):
        return path[-1]
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


def body_of(author: Author, operation: Operation, path: Sequence[str]) -> Json:
    """The body; that of a change, where it refers, with the name of what it changes (AIP-134).

    Clients send it back, though the document has it as read-only: the path says it already.
    """
    body = author.write(dict(operation.body), "") if operation.media else None
    changes = operation.method in {"PUT", "PATCH"} and operation.reads_one and author.linked
    if not (changes and path and pairs_of(path[-1]) and isinstance(body, dict)):
        return body
    known = as_object(author.simplify(dict(operation.body)).get("properties"))
    return {**body, "name": path[-1]} if "name" in known else body


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
