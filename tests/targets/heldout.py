"""Which services was the isolation engine never fitted to, and what is wrong with each build?

Written before their authors had read the engine or the other example services; every flaw is
switched on alone. `docs/ISOLATION.md` has the first result, before any mending.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Planted:
    """A flaw: its kind, and the operation that a finding has to name."""

    kind: str
    operation: str


@cache
def document(service: str) -> dict[str, Any]:
    file = Path(__file__).with_name(f"heldout_{service}.yaml")
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded
