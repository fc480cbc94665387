"""Services that answer by a function: estates on them, a duel of two, and its ground."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.check import Answer
from gate.model import Json
from gate.testbed.hints import Hints
from validators.document.operations import Operation
from validators.estates.envelope import Envelope
from validators.estates.estate import Estate, open_estate


@dataclass
class Service:
    """Answers by a function of method, path and body."""

    say: Callable[[str, str, Any], tuple[int, Json]]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    tenant: str = "red"
    role: str = "owner"
    credentials: Mapping[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, *, body: Json = None, **_: Any) -> Answer:
        self.asked.append((method, path, body))
        status, said = self.say(method, path, body)
        return Answer(status=status, headers={}, body=json.dumps(said), seconds=0.0)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        return f"curl -X {method} {path} # {body}"


def owner(
    say: Callable[[str, str, Any], tuple[int, Json]] = lambda *_: (200, {}), seed: str = "s"
) -> Estate:
    return open_estate(Service(say), {}, seed, Envelope(), {})


@dataclass
class Ground:
    operations: tuple[Operation, ...]
    hints: Hints = field(default_factory=Hints)

    @property
    def private(self) -> tuple[Operation, ...]:
        return self.operations


@dataclass
class Duel:
    victim: Estate
    attacker: Estate
    ground: Any = None
    chance: Any = None

    @property
    def marks(self) -> dict[str, str]:
        return {self.victim.canaries.token: "canary"}
