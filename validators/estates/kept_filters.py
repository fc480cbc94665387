"""How is a filter written that a service keeps (a saved view), so that it finds something?

No document says how it is written inside a body, but a list that takes one may, and where its
parameter is called as OData calls it, nothing has to be said.
"""

from __future__ import annotations

from collections.abc import Iterator

from validators.document.filters import ODATA, written
from validators.document.names import is_identity, words_of
from validators.document.operations import Object, list_operations
from validators.estates.estate import Estate

FILTERS = frozenset({"filter", "filters", "query", "where", "condition", "criteria", "expression"})
MOST_FIELDS = 3
# What no object holds, so that `ne` finds all of them, whose ever they are.
NOTHING_HAS = "none-has-this"


def kept_filters(estate: Estate, name: str) -> Iterator[Object]:
    """Other ways to write a field of this name, where it is a filter.

    What is taught holds for both tenants, so no value of either stands in it.
    """
    wanted = set(words_of(name)) & FILTERS
    if not wanted:
        return
    found: list[tuple[str, Object, str]] = [
        (parameter, estate.author.simplify(schema), each.product)
        for each in list_operations(estate.author.document)
        for parameter, schema in {**each.optional, **each.query}.items()
        if each.safe and wanted & set(words_of(parameter))
    ]
    for equal in (False, True):
        for parameter, schema, resource in found or [(ODATA, {}, "")]:
            for each in fields_of(estate, resource):
                if text := written(parameter, schema, each, NOTHING_HAS, equal=equal):
                    yield {"const": text}


def fields_of(estate: Estate, resource: str) -> list[str]:
    """The fields with free texts of the objects of a kind, or of any."""
    names = (
        name
        for thing in estate.ledger.things
        if resource in {"", thing.resource}
        for name, value in thing.fields.items()
        if isinstance(value, str) and estate.canaries.token in value and not is_identity(name)
    )
    return [*dict.fromkeys(names)][:MOST_FIELDS]
