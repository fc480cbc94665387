"""The hostile verdict is hostile everywhere; else its tests would prove less than they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gate.codec import encode
from gate.model import Outcome, Severity, State, Trouble
from tests.reports.hostile import spoil

OURS = {
    *(each.label for each in (*Outcome, *Severity)),
    *State,
    *Trouble,
    *("timeline", "histogram", "phases", "matrix", "access", "promises", "got through", "broken"),
}
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value at the end of a path; an empty list counts as one."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def is_tame(value: object) -> bool:
    """Could a text stand here that does not?"""
    if isinstance(value, str):
        return "evil" not in value and value not in OURS and not DAY.fullmatch(value)
    return value in (None, [], {})


def test_every_field_of_the_hostile_verdict_holds_its_text_somewhere() -> None:
    found: dict[str, list[object]] = {}
    for path, value in leaves(json.loads(encode(spoil("evil")))):
        found.setdefault(path, []).append(value)
    tame = {path for path, values in found.items() if all(map(is_tame, values))}
    # What is empty in one place and filled in another is filled.
    assert {
        each for each in tame if not any(path.startswith(f"{each}.") for path in found)
    } == set()
