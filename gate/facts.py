"""What was looked at, and what was seen there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import JsonValue, PlainSerializer

Json = JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The service under test, as printed in reports; so it never holds a secret."""

    name: str
    base_url: str
    revision: str
    offers: Annotated[frozenset[str], PlainSerializer(sorted)] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One fact that a probe recorded; `data` is plain JSON."""

    kind: str
    subject: str
    at: float = 0.0
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that one probe left behind: enough to judge it again, anywhere.

    `earlier` are the attempts before this one, where a check was tried again. `rehearsals` are the
    records of the same probe on the sabotaged target: each names its `lie`, and how often it was
    `told` in which operation.
    """

    check: str
    observations: tuple[Observation, ...] = ()
    died: str | None = None
    lacking: tuple[str, ...] = ()
    seconds: float = 0.0
    earlier: tuple[Record, ...] = ()
    lie: str = ""
    told: Mapping[str, int] = field(default_factory=dict)
    rehearsals: tuple[Record, ...] = ()
