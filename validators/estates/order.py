"""In which order are objects made, so that what one refers to is there before it?"""

from __future__ import annotations

from collections.abc import Sequence

from validators.document.names import RESERVED, is_identity, resource_in
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import Estate


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
