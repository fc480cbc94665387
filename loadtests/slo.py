"""Did the service hold its load?

Pure. Latency counts from the moment a request was due (Tene, "How NOT to measure latency", 2013),
warm-up is discarded, quantiles come from single samples, and their intervals from resampling whole
seconds, because neighbouring latencies depend on each other. A fast error counts as a sample too;
the error rate is what fails it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Evidence, Finding, Limit, Observation, Severity
from gate.stats import least_samples, quantile, quantile_interval
from loadtests.answers import CHECK_ID, error_rate, server_errors, setup_errors
from loadtests.exhibits import exhibits
from loadtests.load import Load, measured
from loadtests.machine import KIND as MACHINE
from loadtests.profiles import SHORT
from loadtests.second import KIND, Second
from loadtests.validity import incomplete, is_noisy, lag, little, noise, starved

P99_MS = 300.0
MOST_FOREIGN = 0.7  # of the machine; with less than the rest the offered load would not fit
QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
LIMITS: Mapping[str, Limit] = {
    "p50_ms": Limit(value=100, unit="ms"),
    "p95_ms": Limit(value=250, unit="ms"),
    "p99_ms": Limit(value=P99_MS, unit="ms"),
    "error_rate": Limit(value=0.01, unit="of answers"),
    **{f"p95_ms {each.name}": Limit(value=P99_MS, unit="ms") for each in SHORT.operations},
}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """Hold the load's latency and errors against their limits.

    - p50, p95 and p99 of all requests, and p95 of each operation, from the intended start; an
      operation's p99 would need more samples than so short a load gives it;
    - the share of answers that are no 2xx (a 429 is an error here: the tenant's plan allows it);
    - any 5xx answer, and any second in which most arrivals waited longer than the p99 limit.

    A generator that was late itself, missed requests or saw too few has measured itself and not
    the service: that gives doubts and no latency, so neither a pass nor an accusation. On a
    machine busy with other work a latency can pass, and is held against the service only if it
    would be too long without that work too. Arrivals dropped at the end give a doubt, and count
    with the time that they had waited by then.
    """
    yield from setup_errors(seen)
    rows = tuple(Second.read(each) for each in seen if each.kind == KIND)
    yield from server_errors(seen, rows)
    others = sum(foreign(each) for each in seen if each.kind == MACHINE)
    for profile in (each for each in seen if each.kind == "profile"):
        yield from weigh(measured(profile, others, rows))
        yield from exhibits(profile, rows, P99_MS)


def foreign(machine: Observation) -> float:
    """The share of the machine that neither the service nor the generator used."""
    return float(str(machine.data["foreign"])) + float(str(machine.data["stolen"]))


def weigh(load: Load) -> Iterator[Finding | Estimate | Doubt]:
    """Numbers, as far as the generator can be believed."""
    yield from error_rate(load)
    yield from incomplete(load)
    untrusted = [*lag(load), *starved(load), *little(load)]
    if untrusted:
        yield from untrusted
    elif is_noisy(load):
        yield from excused(load)
    else:
        yield from stalls(load)
        yield from latencies(load)


def excused(load: Load) -> Iterator[Estimate | Doubt]:
    """Latencies on a busy machine, each perhaps much lower without the others' work.

    Other work only adds to latency, so what keeps its limit even so has passed. Without it the
    service would have had 1/(1-f) times the machine, f being the others' share: a latency may be
    lower by that factor. When hardly any machine was left, queues grow without bound and a
    latency may be anything.
    """
    left = 1 - load.foreign if load.foreign <= MOST_FOREIGN else 0.0
    numbers = [replace(each, low=each.low * left) for each in latencies(load)]
    yield from numbers
    if any(each.high > LIMITS[each.name].value for each in numbers):
        yield noise(load)


def stalls(load: Load) -> Iterator[Finding]:
    """Seconds in which most arrivals waited, while the generator was on time.

    One such second in twelve moves p99, but no interval over so few seconds can exclude chance.
    When most seconds are like that, the service is slow, and the limits say so.
    """
    stalled = [rows for rows in load.by_second().values() if is_stall(rows)]
    if 0 < len(stalled) <= load.seconds / 2:
        longest = max(value for rows in stalled for row in rows for value in row.latencies)
        seconds = ", ".join(str(rows[0].second) for rows in stalled)
        yield Finding(
            check=CHECK_ID,
            rule="stall",
            subject="all operations",
            title="The service stops answering for a while",
            severity=Severity.HIGH,
            detail=f"Second {seconds} of the load: more than half of the arrivals waited over "
            f"{P99_MS:g} ms, the longest {longest:g} ms, while the generator was on time.",
            remedy="Look for what holds all workers at once: a lock, a collection, a full pool.",
            evidence=(
                Evidence(
                    summary="Latencies of every second are in loads/open-arrivals.jsonl.",
                    reproduce=f"maestro gate {CHECK_ID}",
                ),
            ),
            cwe=400,
        )


def is_stall(rows: Sequence[Second]) -> bool:
    """Did most of one second's arrivals wait, through no fault of the generator?"""
    waits = [value for row in rows for value in row.latencies]
    slow = sum(value > P99_MS for value in waits)
    return not any(row.lagged for row in rows) and slow > len(waits) / 2


def latencies(load: Load) -> Iterator[Estimate]:
    """Quantiles of all operations together, then p95 of each."""
    for name, q in QUANTILES.items():
        yield from estimate(name, load.blocks(), q, load.seed)
    for operation in dict.fromkeys(row.operation for row in load.rows):
        yield from estimate(f"p95_ms {operation}", load.blocks(operation), 0.95, load.seed)


def estimate(
    name: str, blocks: Sequence[Sequence[float]], q: float, seed: int
) -> Iterator[Estimate]:
    """One quantile with its interval; nothing when there are too few samples for it."""
    ordered = sorted(value for block in blocks for value in block)
    if len(ordered) >= least_samples(q):
        low, high = quantile_interval(blocks, q, seed=seed)
        yield Estimate(
            name=name, value=quantile(ordered, q), low=low, high=high, samples=len(ordered)
        )
