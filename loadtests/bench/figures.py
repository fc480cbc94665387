"""What do several rounds of one case come to, and how does a reader see it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from loadtests.bench.orders import Answers

BARE, DATABASE = "bare Flask", "pgbench -S"
HEAD = (
    "case",
    "req/s",
    "[min..max]",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "CPU ÷ bare",
    "req/s ÷ bare",
    "req/s ÷ pgbench",
    "failed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One case for some seconds; `cpu` is the CPU time of the server's processes per request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    failed: int

    @classmethod
    def of(cls, answers: Answers, cpu_seconds: float) -> Round:
        """From what came back and what it cost."""
        good = sum(count for status, count in answers.statuses.items() if status[0] == "2")
        return cls(
            rate=good / answers.seconds,
            p50=quantile(answers.latencies, 0.5),
            p99=quantile(answers.latencies, 0.99),
            cpu=cpu_seconds / max(1, answers.sent) * 1e6,
            failed=answers.counted - good,
        )


def quantile(buckets: Sequence[tuple[int, int]], share: float) -> float:
    """The least latency in milliseconds that this share does not exceed, 0 for no request."""
    wanted = share * sum(count for _, count in buckets)
    seen = 0
    for microseconds, count in buckets:
        seen += count
        if seen >= wanted:
            return microseconds / 1000
    return 0.0


def table(rounds: Mapping[str, Sequence[Round]]) -> list[tuple[str, ...]]:
    """A row for each case: medians over the rounds, and ratios to the references."""
    bare = rounds.get(BARE, ())
    ceiling = rounds.get(DATABASE, ())
    return [HEAD, *(row(name, each, bare, ceiling) for name, each in rounds.items())]


def row(
    name: str, rounds: Sequence[Round], bare: Sequence[Round], ceiling: Sequence[Round]
) -> tuple[str, ...]:
    """One case; ratios are medians of the ratios within a round, which share their weather."""
    rates = [each.rate for each in rounds]
    return (
        name,
        f"{median(rates):,.0f}",
        f"[{min(rates):,.0f}..{max(rates):,.0f}]",
        f"{median(each.p50 for each in rounds):.1f}",
        f"{median(each.p99 for each in rounds):.1f}",
        f"{median(each.cpu for each in rounds):.0f}",
        ratio(rounds, bare, "cpu"),
        ratio(rounds, bare, "rate"),
        ratio(rounds, ceiling, "rate"),
        str(sum(each.failed for each in rounds)),
    )


def ratio(rounds: Sequence[Round], reference: Sequence[Round], of: str) -> str:
    """The median ratio to a reference, "-" without one."""
    pairs = [
        getattr(here, of) / getattr(there, of)
        for here, there in zip(rounds, reference, strict=False)
        if getattr(there, of)
    ]
    return f"{median(pairs):.3g}" if pairs and rounds is not reference else "-"


def as_text(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns of equal width, the first to the left and figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
