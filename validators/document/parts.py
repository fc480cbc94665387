"""Which field of an answer does a document keep for some roles, and in which words?

"Only managers see the salary", "include=token shows its token to operators", or what a field's own
description says of it ("Visible to admins only").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from validators.document.names import words_of
from validators.document.operations import Operation
from validators.document.reservations import (
    EMPHASIS,
    ROLES,
    SAID,
    WHO,
    Reservation,
    clauses,
    parties,
    reserved,
    standing,
)
from validators.document.rights import tidy

FIELD = r"(?:its |the |their |an? )?(?P<field>[a-z][a-z_ -]*?)(?: fields?)?"
SHOWN = r"(?:shown|visible|returned|included|readable)"
SEES = r"(?:(?:can |may )?(?:see|read|get)|sees|reads|gets)"
ASKED = r"(?P<name>[\w$.-]+)=(?P<value>[\w.-]+)"
ALONE = r"(?: only| alone)?"
# Each takes a whole clause.
PARTS = tuple(
    re.compile(each)
    for each in (
        rf"{ASKED} (?:shows?|returns?|adds?|includes?) {FIELD} (?:only )?(?:to|for) {WHO}{ALONE}",
        rf"only {WHO} {SEES} {FIELD}",
        rf"{FIELD} (?:is|are) (?:only {SHOWN}|{SHOWN} only) (?:to|for) {WHO}",
        rf"{FIELD} (?:is|are) {SHOWN} (?:to|for) {WHO} (?:only|alone)",
    )
)
ITSELF = tuple(
    re.compile(each)
    for each in (
        rf"{SHOWN} (?:to|for) {WHO} (?:only|alone)",
        rf"(?:only {SHOWN}|{SHOWN} only) (?:to|for) {WHO}",
        rf"only {WHO} {SEES} (?:it|this)",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A field that is for some roles, and what must stand in the query for it, if anything."""

    field: str
    words: Reservation
    query: tuple[str, str] | None = None


def parts_of(
    operation: Operation, fields: Mapping[str, str], roles: Collection[str]
) -> Iterator[Part]:
    """What the document keeps for some; `fields` of the answer, each with its description.

    `roles` are the target's own names.
    """
    known = ROLES | {name for role in roles for name in standing(role)}
    called = {" ".join(words_of(name)): name for name in fields}
    for place in ("summary", "description"):
        for clause, found in matches(operation.prose.get(place, ""), PARTS):
            said = found.groupdict()
            field = called.get(" ".join(words_of(said["field"])))
            asked = (said.get("name") or "", said.get("value") or "")
            there = not asked[0] or asked[0] in operation.optional
            party = parties(said["who"], known)
            if field and party and there:
                words = reserved(party, SAID, place, clause)
                yield Part(field=field, words=words, query=asked if asked[0] else None)
    for field, described in fields.items():
        for clause, found in matches(described, ITSELF):
            party = parties(found["who"], known)
            if party:
                yield Part(field=field, words=reserved(party, SAID, f"field {field}", clause))


def matches(
    text: str, patterns: Collection[re.Pattern[str]]
) -> Iterator[tuple[str, re.Match[str]]]:
    """The clauses of a text that a pattern takes as a whole, each with how."""
    for clause, _ in clauses(EMPHASIS.sub("", text)):
        found = next(filter(None, (each.fullmatch(tidy(clause)) for each in patterns)), None)
        if found is not None:
            yield clause, found
