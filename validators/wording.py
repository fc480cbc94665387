"""What does a document say in words of who sees what? Read from an operation's prose."""

from __future__ import annotations

import re

from validators.names import ACCOUNT
from validators.operations import Operation

WHO = "(tenants|organi[sz]ations|accounts|customers|companies|clients|workspaces|teams|users)"
OF_ALL = re.compile(
    rf"(?i)\ball {WHO} (together|combined|alike)\b|\bacross (all )?{WHO}\b"
    r"|\b(whole|entire) platform\b|\bplatform[- ]wide\b"
)
# That something is shared by design: with the tenants, not with the people of one of them.
FOR_ALL = re.compile(
    r"(?i)(?<!not )(?<!never )"
    r"\b(shown|visible|open|available|shared|readable|accessible|known) (to|for|with|by) "
    r"(everybody|(all|every) (the )?((tenant|organi[sz]ation|account|customer|client|workspace)s?"
    r"|teams?|compan(y|ies)|(registered|signed[- ]in|logged[- ]in) users?))\b"
    r"(?! (of|in|within|from)\b)"
)
OTHERS = re.compile(
    r"(?i)\b(find|look ?up|search for|discover) (another|other|any other) "
    r"(user|customer|member|person|people|player|account)s?\b"
)


def first(pattern: re.Pattern[str], operation: Operation) -> str:
    """The first words of its summary or description that the pattern finds; "" for none."""
    said = (operation.prose.get(place, "") for place in ("summary", "description"))
    return next((found[0] for text in said if (found := pattern.search(text))), "")


def of_all(operation: Operation) -> bool:
    """Does the document say that what it tells is of all tenants together?"""
    return bool(first(OF_ALL, operation))


def for_all(operation: Operation) -> str:
    """The words by which the document shares with all tenants what it shows; "" for none."""
    return first(FOR_ALL, operation)


def finds_people(operation: Operation) -> bool:
    """Is it a directory, where by the document's words others are looked up by their names?"""
    by_name = operation.reads_one and operation.names[-1].lower() in ACCOUNT
    return by_name and bool(first(OTHERS, operation))
