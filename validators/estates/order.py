"""In which order are objects made, so that what one refers to is there before it?"""

from __future__ import annotations

from collections.abc import Sequence

from validators.document.names import OWN, RESERVED, is_identity, resource_in
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import Estate


def in_turn(left: Sequence[Operation], operations: Sequence[Operation]) -> list[Operation]:
    """Creations in their order: parents first, and what is one's own after what is shared."""

    def turn(each: Operation) -> tuple[int, bool, bool]:
        shared = shared_twins(each, left)
        depth = max((len(twin.names) for twin in shared), default=len(each.names))
        return depth, bool(shared), not is_collection(each, operations)

    return sorted(left, key=turn)


def is_personal(operation: Operation, creations: Sequence[Operation]) -> bool:
    """Does it make for the caller alone (`/user/repos`) what can be made for all (`/orgs/{org}`)?

    Colleagues do not see what is one's own, so it tells nothing of what each role may do to it.
    """
    return bool(shared_twins(operation, creations))


def shared_twins(operation: Operation, creations: Sequence[Operation]) -> list[Operation]:
    """What makes the same within something that several may belong to."""
    places = operation.path.strip("/").split("/")
    if operation.names or not OWN & set(places[:-1]):
        return []
    alike = [each for each in creations if each.product == operation.product]
    return [
        each
        for each in alike
        if len(each.names) == 1 and each.path.rstrip("/").rpartition("/")[2] == places[-1]
    ]


def next_of(estate: Estate, ready: Sequence[Operation]) -> Operation | None:
    """The first that waits for nothing else; the first at all where each waits for another one.

    A made-up number in the place of an id may be somebody else's: `1` is the first tenant's.
    """
    return next((each for each in ready if not waits(estate, each, ready)), next(iter(ready), None))


def waits(estate: Estate, operation: Operation, ready: Sequence[Operation]) -> bool:
    """Must its body name an object by id of which none is known, and which another one makes?"""
    made = {each.product for each in ready if each.label != operation.label}
    schema = estate.author.simplify(dict(operation.body))
    must, fields = as_list(schema.get("required")), as_object(schema.get("properties"))
    return any(
        is_identity(name)
        and name.lower() not in RESERVED
        and name not in estate.author.given
        and resource_in(name) in made
        and estate.ledger.refer(name, operation.resource) is None
        for name in fields
        if name in must
    )


def is_collection(operation: Operation, operations: Sequence[Operation]) -> bool:
    """Can what is posted here be read here, or below?"""
    below = f"{operation.path.rstrip('/')}/{{"
    return any(
        each.method == "GET" and (each.path == operation.path or each.path.startswith(below))
        for each in operations
    )
