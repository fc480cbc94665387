"""Which answers blame the service, and what share of them are errors?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from gate.model import Doubt, Estimate, Evidence, Finding, Observation, Severity
from gate.stats import share
from loadtests.load import Load
from loadtests.second import Second

CHECK_ID = "load.open-arrivals"


def setup_errors(seen: Iterable[Observation]) -> Iterator[Finding | Doubt]:
    """The objects under load must exist, else the load hits nothing."""
    for index, each in enumerate(seen):
        status = str(each.data["status"]) if each.kind == "setup" else "200"
        if status.startswith("5"):
            yield server_error(
                each.subject, f"answered {status} before the load", seen_at(each, index)
            )
        elif not status.startswith("2"):
            yield Doubt(subject=each.subject, reason=f"could not set up: it answered {status}")


def server_errors(seen: Sequence[Observation], rows: Iterable[Second]) -> Iterator[Finding]:
    """Every 5xx is a defect: the load is a fraction of what the service is built for."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row.operation].update(
            {status: n for status, n in row.statuses.items() if status.startswith("5")}
        )
    for operation, failed in counts.items():
        if failed:
            detail = ", ".join(f"{n} of {status}" for status, n in sorted(failed.items()))
            yield server_error(operation, f"under load: {detail}", replay(seen, operation))


def server_error(operation: str, detail: str, evidence: tuple[Evidence, ...]) -> Finding:
    """An answer that blames the service itself."""
    return Finding(
        check=CHECK_ID,
        rule="server-error",
        subject=operation,
        title=f"{operation} fails on the server's side",
        severity=Severity.HIGH,
        detail=detail,
        remedy="Find the request in the service's log by its status and time, and mend the cause.",
        evidence=evidence,
        cwe=755,
        asvs="V16.5.3",
    )


def replay(seen: Sequence[Observation], operation: str) -> tuple[Evidence, ...]:
    """How to send one such request by hand."""
    found = [
        evidence
        for index, each in enumerate(seen)
        if each.kind == "setup" and each.subject == operation
        for evidence in seen_at(each, index)
    ]
    return tuple(found[:1])


def seen_at(setup: Observation, index: int) -> tuple[Evidence, ...]:
    """The request that the set-up sent."""
    return (
        Evidence(
            summary=f"{setup.subject}, as tried once before the load",
            reproduce=str(setup.data["curl"]),
            observation=index,
        ),
    )


def error_rate(load: Load) -> Iterator[Estimate]:
    """The share of answers that are no 2xx, with Wilson's interval."""
    statuses = load.statuses
    answers = sum(statuses.values())
    if answers:
        errors = sum(n for status, n in statuses.items() if not status.startswith("2"))
        low, high = share(errors, answers)
        yield Estimate(
            name="error_rate", value=errors / answers, low=low, high=high, samples=answers
        )
