"""What does another object of its kind hold in a list whose words no document has?

A token's `scopes` have to be some of the service's own words; those of a token that is there
already are.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.model import Json
from validators.document.operations import Object, Operation
from validators.estates.estate import Estate

MOST_VALUES, LONGEST = 3, 40


def alike_values(estate: Estate, operation: Operation, name: str) -> Iterator[Object]:
    """The list as known objects of what is made have it, the first few.

    What is taught holds for both tenants, so nothing that names or marks an object of either.
    """
    named = {text for each in estate.ledger.things for text in (each.id, each.place)}
    known = [
        each.fields[name]
        for each in estate.ledger.things
        if each.resource == operation.product and name in each.fields
    ]
    found: list[Json] = []
    for value in known:
        words = texts_in(value)
        plain = words and not any(each in named for each in words)
        if plain and value not in found and estate.canaries.token not in str(value):
            found.append(value)
    yield from ({"const": each} for each in found[:MOST_VALUES])


def texts_in(value: Json) -> list[str]:
    """The texts of a list of short ones; nothing for anything else, which may have to differ."""
    said = value if isinstance(value, list) else []
    texts = [each for each in said if isinstance(each, str) and 0 < len(each) <= LONGEST]
    return texts if len(texts) == len(said) else []
