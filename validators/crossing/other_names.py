"""By what else than the name in its paths is an object found there: by its id beside its slug?

A lookup that takes either is often two lookups, and only one of them asks whose the object is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
from validators.estates.things import ID_FIELDS, Thing, values_of


def other_names(
    estate: Estate, operations: Sequence[Operation], operation: Operation, things: tuple[Thing, ...]
) -> Iterator[tuple[str, str]]:
    """The fields of a path's last object by whose values its owner reads it there, and those."""
    read = read_of(operations, operation)
    if read is None or not things:
        return
    path = values_of(operation, things)
    for name in ID_FIELDS:
        value = things[-1].fields.get(name)
        plain = isinstance(value, str | int) and not isinstance(value, bool)
        if plain and str(value) not in {"", path[-1]}:
            known, here = estate.envelope.also_named, (read.label, name)
            if here not in known:
                answer = estate.send(estate.write(read, (*path[:-1], str(value)), recipe=LEAST))
                known[here] = estate.accepts(answer) and path[-1] in answer.body
            if known[here]:
                yield name, str(value)


def read_of(operations: Sequence[Operation], operation: Operation) -> Operation | None:
    """The read of the object that a path names last (`/issues/{id}` of `/issues/{id}/lock`)."""
    reads = (each for each in operations if each.method == "GET" and each.reads_one)
    fitting = (each for each in reads if operation.path.startswith(each.path.rstrip("/")))
    return next((each for each in fitting if each.names == operation.names), None)
