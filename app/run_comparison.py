"""How do runs look side by side?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
NAMED = ("id", "experiment_id", "name", "status")


def compare(runs: Sequence[Mapping[str, Any]]) -> Json:
    """Each key that one of the runs has, with its value in every run and whether these differ.

    `runs` have `params`, `tags` and `metrics` as `RunOut` has them. A missing value differs from
    any other.
    """
    latest = [{key: found["value"] for key, found in run["metrics"].items()} for run in runs]
    return {
        "runs": [{name: run[name] for name in NAMED} for run in runs],
        "params": _align([run["params"] for run in runs]),
        "tags": _align([run["tags"] for run in runs]),
        "metrics": _align(latest),
    }


def _align(parts: Sequence[Mapping[str, Any]]) -> list[Json]:
    keys = sorted({key for part in parts for key in part})
    rows = [(key, [part.get(key) for part in parts]) for key in keys]
    return [
        {"key": key, "values": values, "differs": any(value != values[0] for value in values)}
        for key, values in rows
    ]
