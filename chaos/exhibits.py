"""How did the writes go before, during and after a fault? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import floor

from chaos.history import Ending, Fault, History
from gate.exhibits import Curve, Span, Timeline

BUCKETS = 120
FINEST = 0.1
NAMES = {Ending.OK: "acknowledged", Ending.INFO: "no clear answer", Ending.FAIL: "refused"}


def exhibits(history: History, fault: Fault) -> Iterator[Timeline]:
    """Writes by their ending over time, with the fault and its repair marked."""
    if not history.writes:
        return
    first = min(write.exchange.called for write in history.writes)
    last = max(write.exchange.returned for write in history.writes)
    step = max(FINEST, (last - first) / BUCKETS)
    counts = Counter(
        (write.ending, floor((write.exchange.returned - first) / step)) for write in history.writes
    )
    steps = range(floor((last - first) / step) + 1)
    yield Timeline(
        title="Writes by what came of them",
        x="seconds since the first write",
        y="writes a second",
        curves=tuple(
            Curve(
                name=name,
                points=tuple(
                    (round((at + 0.5) * step, 3), round(counts[ending, at] / step, 1))
                    for at in steps
                ),
            )
            for ending, name in NAMES.items()
            if any(counts[ending, at] for at in steps)
        ),
        spans=(
            Span(
                name=fault.name,
                start=round(fault.began - first, 3),
                end=round(fault.ended - first, 3),
            ),
            Span(
                name="repair",
                start=round(fault.ended - first, 3),
                end=round(fault.healed - first, 3),
            ),
        ),
    )
