"""What is the closed-loop generator told, and what does it hand back?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

from loadtests.histogram import Sparse

Sends = Literal["points", "run", "search"]
# The best of the finished runs, which are three in five.
BEST = {"filter": "attributes.status = 'finished'", "order_by": "metrics.metric_0 asc", "limit": 50}


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What to ask, and for how long; the first `warm_up` seconds count for CPU only.

    `size` is how many points a log has, `within` the experiment that is searched. `headers` sign
    in: the file is for its owner only.
    """

    base_url: str
    method: str
    paths: tuple[str, ...]
    sends: Sends | None
    size: int
    within: str
    connections: int
    warm_up: float
    seconds: float
    result: str
    headers: Mapping[str, str] = field(repr=False)

    def body(self, number: int) -> bytes:
        """The body of a request; no two logs to one run have a step in common."""
        match self.sends:
            case "points":
                first = number // len(self.paths) * self.size
                points = [
                    {"key": "bench", "value": 1 / (first + step + 1), "step": first + step}
                    for step in range(self.size)
                ]
                return orjson.dumps({"metrics": points})
            case "run":
                return orjson.dumps({"name": f"bench {number}", "params": {"lr": "0.1"}})
            case "search":
                return orjson.dumps({"experiment_ids": [self.within], **BEST})
            case None:
                return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came back; `sent` counts the warm-up too, and `seconds` is what was measured."""

    sent: int
    counted: int
    seconds: float
    statuses: Mapping[str, int]
    latencies: Sparse
