"""Does a tenant that floods the service slow another one down?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gate.check import Check, Control
from gate.model import Doubt, Estimate, Evidence, Finding, Json, Limit, Observation, Severity
from loadtests.machine import KIND as MACHINE
from loadtests.neighbour_probe import ARMS, FLOODED, PACE, probe
from loadtests.ratio import Blocks, ratio, ratio_interval
from loadtests.slo import foreign
from loadtests.validity import FOREIGN_SHARE, LAGGED_SHARE

ID = "isolation.noisy-neighbour"
SLOWER = "p99_ratio"
Q = 0.99
LEAST = math.ceil(math.log(0.05) / math.log(Q))
"""Samples of each arm: with 299 the largest bounds the p99 from above (95 %)."""
MOST = 10.0
"""Beyond what sharing a processor costs, and below what waiting in line behind a flood does."""
LIMITS: Mapping[str, Limit] = {SLOWER: Limit(value=MOST, unit="times")}
SEED = 1
ENOUGH = 0.5
"""The share of the flood that must have been sent for it to be one."""


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt]:
    """The flooded windows' p99 over that of the windows alone, with an interval (CWE-770).

    The windows alone are held against those alone again in the same way: where nothing differs
    but the time, the factor must be near 1, else the machine's own noise is as large as what is
    looked for. So it is with a machine that others use, and with a generator that was late. The
    flood must have come, and have been refused in part; its neighbour must not be refused at all.
    """
    yield from refusals(seen)
    blocks = {arm: blocks_of(seen, arm) for arm in ARMS}
    doubts = [*doubt(seen, blocks)]
    yield from doubts
    if not doubts:
        alone = [one + other for one, other in zip(blocks[ARMS[0]], blocks[ARMS[2]], strict=True)]
        flooded = blocks[FLOODED]
        low, high = ratio_interval(flooded, alone, Q, seed=SEED)
        value = ratio(flooded, alone, Q)
        samples = sum(map(len, (*flooded, *alone)))
        yield Estimate(
            name=SLOWER, value=value, low=min(low, value), high=max(high, value), samples=samples
        )


def refusals(seen: Sequence[Observation]) -> Iterator[Finding]:
    """Was the flood refused, and was its neighbour not?"""
    for index, each in enumerate(seen):
        if each.kind == "flood" and is_flood(each) and not each.data["limited"]:
            detail = f"{each.data['sent']} requests of the smallest plan, and none got 429"
            yield report("no-limit", each.subject, "A flood is not refused", detail, index)
        elif each.kind == "window":
            bad = {name: count for name, count in counts(each).items() if not is_good(name)}
            if bad:
                told = ", ".join(f"{count} of {name}" for name, count in sorted(bad.items()))
                title = "A tenant is refused because of another one"
                if each.subject != FLOODED:
                    title = "A tenant within its plan is refused"
                yield report("neighbour-refused", each.subject, title, f"it got {told}", index)


def report(rule: str, subject: str, title: str, detail: str, index: int) -> Finding:
    """A finding with the window that shows it."""
    return Finding(
        check=ID,
        rule=rule,
        subject=subject,
        title=title,
        severity=Severity.HIGH,
        detail=f"{subject}: {detail}.",
        remedy="Limit each tenant by its own bucket, before its request costs anything.",
        evidence=(Evidence(summary=detail, reproduce=f"maestro gate {ID}", observation=index),),
        cwe=770,
        owasp_api="API4:2023",
        asvs="V2.4.1",
    )


def is_flood(each: Observation) -> bool:
    """Was enough of it sent?"""
    return whole(each.data["sent"]) >= ENOUGH * whole(each.data["wanted"])


def counts(each: Observation) -> Counter[str]:
    """The answers of a window by status."""
    found = each.data["statuses"]
    pairs = found.items() if isinstance(found, dict) else ()
    return Counter({name: whole(count) for name, count in pairs})


def whole(value: Json) -> int:
    """A count of the record."""
    return value if isinstance(value, int) else 0


def is_good(status: str) -> bool:
    """Is it a 2xx?"""
    return status.startswith("2")


def blocks_of(seen: Sequence[Observation], arm: str) -> list[list[float]]:
    """The latencies of an arm, window by window, in milliseconds."""
    found = []
    for each in seen:
        values = each.data["latencies"] if each.kind == "window" and each.subject == arm else None
        if isinstance(values, list) and values:
            found.append([float(str(value)) for value in values])
    return found


def doubt(seen: Sequence[Observation], blocks: Mapping[str, Blocks]) -> Iterator[Doubt]:
    """Why the latencies would say nothing about the service."""
    for each in seen:
        if each.kind == MACHINE and foreign(each) > FOREIGN_SHARE:
            reason = f"{foreign(each):.0%} of it was spent on other work; run on a quieter machine"
            yield Doubt(subject="machine", reason=reason)
        elif each.kind == "flood" and not is_flood(each):
            reason = f"only {each.data['sent']} of {each.data['wanted']} requests were sent"
            yield Doubt(subject="flood", reason=reason)
    lagged = sum(whole(each.data["lagged"]) for each in seen if each.kind == "window")
    samples = {arm: sum(map(len, each)) for arm, each in blocks.items()}
    if lagged > LAGGED_SHARE * sum(samples.values()):
        yield Doubt(subject="generator", reason=f"it was late with {lagged} requests")
    least = min(samples.values())
    if least < LEAST or len({len(each) for each in blocks.values()}) > 1:
        yield Doubt(subject="samples", reason=f"{least} samples are too few for p99")
        return
    low, high = ratio_interval(blocks[ARMS[2]], blocks[ARMS[0]], Q, seed=SEED)
    if low < 1 / MOST or high > MOST:
        reason = f"alone against alone the factor is anywhere between {low:.2f} and {high:.2f}"
        yield Doubt(subject="machine", reason=reason)


def latencies(index: int, factor: float) -> list[Json]:
    """A healthy window of 4 to 8 ms, times a factor."""
    count = len(PACE.due(0))
    return [round(factor * (4 + (7 * number + index) % 41 / 10), 2) for number in range(count)]


def record(factor: float = 1.5, status: str = "200", limited: int = 830) -> tuple[Observation, ...]:
    """A whole record: what the flood made of the neighbour, and what was made of the flood."""
    return (
        Observation(kind=MACHINE, subject="CPU", data={"own": 0.5, "foreign": 0.02, "stolen": 0.0}),
        *(
            Observation(
                kind="window",
                subject=arm,
                data={
                    "round": index,
                    "latencies": latencies(index, factor if arm == FLOODED else 1.0),
                    "lagged": 0,
                    "statuses": {"200": 64, **({status: 1} if arm == FLOODED else {})},
                },
            )
            for index in range(PACE.rounds)
            for arm in ARMS
        ),
        Observation(
            kind="flood",
            subject="GET /v1/projects",
            data={"wanted": 900, "sent": 890, "limited": limited, "statuses": {"429": limited}},
        ),
    )


CLEAN = record()
CHECK = Check(
    id=ID,
    claim=(
        f"While another tenant floods the service, a tenant's p99 is at most {MOST:g} times its "
        "p99 without the flood, and none of its requests is refused."
    ),
    blind_to=(
        "Floods of more than 200 requests a second, of expensive requests, from many tenants or "
        "addresses, within a large plan, and of longer than a second. Crowding out of memory, disk "
        "and background work. What a tenant waits for in absolute terms: load.open-arrivals asks "
        "that. The flood's own share of the processor, which is the service's neighbour here."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="the flood slows its neighbour twentyfold", record=record(factor=20.0)),
        Control(defect="the neighbour is refused with 429", record=record(status="429")),
        Control(defect="the neighbour gets 503", record=record(status="503")),
        Control(defect="the neighbour gets no answer", record=record(status="0")),
        Control(defect="the flood is not refused", record=record(limited=0)),
    ),
    at_least={"window": PACE.rounds * len(ARMS), "flood": 1, MACHINE: 1},
    needs=frozenset({"http", "tenants", "newcomers"}),
    limits=LIMITS,
    covers=("isolation:23", "API4:2023", "ASVS:V2.4.1"),
)
