"""Which rights does the service itself say that each role has?"""

from __future__ import annotations

from gate.check import Answer
from gate.model import Json
from validators.document.names import words_of
from validators.document.operations import Operation, as_list
from validators.estates.members import objects_in

GRANTS = frozenset({
    "permissions", "rights", "privileges", "grants", "capabilities", "abilities", "scopes",
})  # fmt: skip
# One role has what another one has: then what stands beside it is not all.
INHERITING = frozenset({
    "inherit", "inherits", "inherited", "parent", "parents", "extends", "includes", "implies",
    "base", "children",
})  # fmt: skip
NAMES = ("name", "title", "slug", "key", "code", "role", "id")


def rights_of(operation: Operation, answer: Answer) -> dict[str, Json]:
    """The rights of each role that a list of roles shows; nothing where it may not show all."""
    if operation.resource != "role" or operation.names:
        return {}
    found: dict[str, Json] = {}
    for each in objects_in(answer.json()):
        if INHERITING & {word for name in each for word in words_of(name)}:
            return {}
        held = next((as_list(each[name]) for name in each if name.lower() in GRANTS), None)
        called = next((each[name] for name in NAMES if isinstance(each.get(name), str)), None)
        if held is None or called is None:
            continue
        if called in found or not all(isinstance(right, str) for right in held):
            return {}
        found[str(called)] = [str(right).lower() for right in held]
    return found
