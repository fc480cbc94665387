from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def declared() -> set[str]:
    """The names in setup.py."""
    return {
        re.split(r"[\s;\[<>=!~(]", line, maxsplit=1)[0] for line in requires("maestro-gate") or ()
    }


def test_every_dependency_is_explained() -> None:
    page = (ROOT / "docs" / "DEPENDENCIES.md").read_text()
    assert {name for name in declared() if not re.search(rf"\b{name}\b", page)} == set()


def test_every_dependency_is_locked() -> None:
    locked = set(
        re.findall(r"^([a-z0-9._-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    )
    assert declared() <= locked
