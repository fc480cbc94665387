"""In which ways can one object be read with more than it shows by itself?

With related objects put in (`$expand=contact,owner`), with what is kept back otherwise
(`include=token`), in another view: a service may look up the object in another way for that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gate.model import Json
from validators.document.names import RESERVED, SUFFIX, is_identity, stem, words_of
from validators.document.operations import Object, Operation, as_list, as_object
from validators.document.schemas import kind_of
from validators.estates.estate import Estate
from validators.messages.calls import Call, leaves

# What names of related objects, or of fields, are given to.
RELATING = frozenset(
    {"expand", "include", "includes", "embed", "embedded", "with", "populate", "relations",
     "related", "fields", "select", "extend", "expansions"}
)  # fmt: skip
MOST_WAYS = 6


def fuller(estate: Estate, call: Call, shown: Json) -> list[Call]:
    """The read with each option that may have it show more, as far as its owner is granted it.

    `shown` is what he sees without.
    """
    found = [
        call.put(("query", name), value)
        for name, schema in call.operation.optional.items()
        for value in dict.fromkeys(values_for(estate, call.operation, name, schema, shown))
    ]
    return [each for each in found[:MOST_WAYS] if estate.accepts(estate.send(each))]


def values_for(
    estate: Estate, operation: Operation, name: str, schema: Json, shown: Json
) -> Iterator[str | bool]:
    """What an option may be asked for: its choices, what the document shows, what is related.

    The document shows it as an example, or as it is written in a request (`expand=a,b`).
    """
    plain = estate.author.simplify(schema)
    if kind_of(plain) == "array":
        plain = {**plain, **estate.author.simplify(plain.get("items", {}))}
    choices = [str(each) for each in as_list(plain.get("enum"))]
    if choices or kind_of(plain) == "boolean":
        yield from choices
        if not choices:
            yield True
    elif kind_of(plain) == "string" and RELATING & set(words_of(name)):
        yield from as_shown(operation, name, plain)
        if related := related_in(shown, {each.resource for each in estate.ledger.things}):
            yield ",".join(related)
            yield from related


def as_shown(operation: Operation, name: str, schema: Object) -> Iterator[str]:
    """The values of an option as the document has them, in an example or in its words."""
    examples = [schema.get("example"), *as_list(schema.get("examples")), schema.get("default")]
    yield from (each for each in examples if isinstance(each, str) and each)
    written = re.compile(rf"{re.escape(name)}=([\w.]+(?:,[\w.]+)*)")
    for text in (schema.get("description"), *operation.prose.values()):
        yield from written.findall(text) if isinstance(text, str) else ()


def related_in(shown: Json, kinds: Collection[str] = ()) -> list[str]:
    """What an answer refers to by id, `contactId` → `contact`, or by what is known of these kinds.

    The latter as it is called: `project: 7`, `issues: []`.
    """
    names = [str(place[-1]) for place, _ in leaves(shown) if place]
    related = [SUFFIX.sub("", each) for each in names if is_identity(each)]
    named = [name for name in as_object(shown) if stem("_".join(words_of(name))) in kinds]
    return [*dict.fromkeys(each for each in (*related, *named) if each.lower() not in RESERVED)]
