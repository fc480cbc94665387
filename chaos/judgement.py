"""What does the history of a fault under writes say about the service? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chaos import oracles
from chaos.exhibits import exhibits
from chaos.history import Ending, Exchange, Fault, History, read_history
from chaos.promises import promises
from chaos.rules import RULES
from chaos.workload import READ, WRITE
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Evidence, Finding, Limit, Observation
from gate.stats import share, worst_unseen

ID = "chaos.postgres-killed"
AT_RISK = 20
"""At least so many acknowledged writes before the fault: else there was nothing to lose."""
SHOWN = 5
LIMITS: Mapping[str, Limit] = {
    "lost_rate": Limit(value=0.02, unit="of acknowledged writes"),
    "recovery_s": Limit(value=5, unit="s"),
}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """Hold the history of the writes against what was read back, as Jepsen's set checker does.

    Acknowledged (2xx) and absent is lost; present and never asked for is a phantom; present twice
    is duplicated; refused (4xx) and present is contradicted. No answer or a 5xx leaves open
    whether it happened, so either is right. While the database is gone the service must answer
    503 with Retry-After, never another 5xx; liveness must hold, readiness must not. A fault that
    did not bite, or nothing at risk, is a doubt and no pass.

    Source: Jepsen's `set-full` checker; K. Kingsbury, jepsen.io/analyses.
    """
    history = read_history(seen)
    if history.fault is None:
        yield Doubt(subject="fault", reason="no fault was injected")
        return
    doubts = [*doubt(history, history.fault)]
    yield from doubts
    if history.present is not None:
        yield from judge_elements(history, history.present)
    yield from judge_answers(history, history.fault)
    yield from estimate(history, history.fault)
    yield from exhibits(history, history.fault)
    yield from promises(history, history.fault, sure=not doubts)


def doubt(history: History, fault: Fault) -> Iterator[Doubt]:
    """Reasons not to believe a pass."""
    if fault.proof.get("gone") is not True or fault.proof.get("connect") == "accepted":
        yield Doubt(subject=fault.name, reason=f"the fault did not bite: {dict(fault.proof)}")
    if not oracles.felt(history.writes, fault):
        yield Doubt(subject=fault.name, reason="no write felt the fault")
    if not any(map(fault.spans, history.readiness)) or not any(map(fault.spans, history.liveness)):
        yield Doubt(subject="health", reason="nobody asked for it during the fault")
    before = sum(
        write.ending is Ending.OK and write.exchange.returned < fault.began
        for write in history.writes
    )
    if before < AT_RISK:
        yield Doubt(subject="at-risk", reason=f"only {before} writes acknowledged before the fault")
    if history.present is None:
        yield Doubt(subject=READ, reason="the elements could not be read back whole")


def judge_elements(history: History, present: Sequence[str]) -> Iterator[Finding]:
    """Is there what must be there, once, and nothing else?"""
    writes = history.writes
    wrong = {
        "lost": oracles.lost(writes, present),
        "contradicted": oracles.contradicted(writes, present),
        "phantom": oracles.phantom(writes, present),
        "duplicated": oracles.duplicated(present),
    }
    acknowledged = len(oracles.named(writes, Ending.OK))
    open_ended = len(oracles.named(writes, Ending.INFO))
    context = (
        f"{acknowledged} writes were acknowledged and {len(present)} elements read back; "
        f"{len(oracles.recovered(writes, present))} of {open_ended} without a clear answer "
        "turned out to be stored."
    )
    for rule, names in wrong.items():
        if names:
            shown = ", ".join(names[:SHOWN])
            summary = f"{rule}: {len(names)}, among them {shown}"
            yield report(rule, WRITE, f"{summary}. {context}", show(history, READ, summary))


def judge_answers(history: History, fault: Fault) -> Iterator[Finding]:
    """Did the service bear the fault as it must, and come back?"""
    yield from per_subject(history, "server-error", oracles.crashed(history.exchanges))
    yield from per_subject(history, "no-retry-after", oracles.unguided(history.exchanges))
    yield from per_subject(history, "not-alive", oracles.not_good(history.liveness))
    ready = oracles.wrongly_ready(history.readiness, fault)
    yield from per_subject(history, "ready-while-down", ready)
    yield from per_subject(history, "stays-unready", oracles.not_good(history.readiness[-1:]))
    if oracles.first_good(history.writes, fault.ended) is None:
        after = [each.exchange for each in history.writes if each.exchange.called >= fault.ended]
        detail = f"{len(after)} writes were tried after the fault, and none succeeded."
        yield report("no-recovery", WRITE, detail, show(history, WRITE, describe(after)))


def per_subject(history: History, rule: str, wrong: Sequence[Exchange]) -> Iterator[Finding]:
    """One finding per operation."""
    for subject in sorted({each.subject for each in wrong}):
        mine = [each for each in wrong if each.subject == subject]
        detail = f"{len(mine)} answers of {subject} were wrong: {describe(mine)}."
        yield report(rule, subject, detail, show(history, subject, describe(mine)))


def describe(exchanges: Sequence[Exchange]) -> str:
    """The answers, and when the first and last came."""
    if not exchanges:
        return "nothing was asked"
    answers = sorted({f"HTTP {each.status}" if each.status else "none" for each in exchanges})
    first, last = exchanges[0].returned, exchanges[-1].returned
    return f"answer {' or '.join(answers)}, from {first:.2f} s to {last:.2f} s"


def show(history: History, operation: str, summary: str) -> Evidence:
    """What was seen, and how to see it again."""
    command = history.commands.get(operation)
    again = f"maestro gate {ID}"
    return Evidence(summary=summary, reproduce=f"{again}  # asks: {command}" if command else again)


def report(rule: str, subject: str, detail: str, evidence: Evidence) -> Finding:
    """A finding of one of the rules."""
    broken = RULES[rule]
    return Finding(
        check=ID,
        rule=rule,
        subject=subject,
        title=broken.title,
        severity=broken.severity,
        detail=detail,
        remedy=broken.remedy,
        evidence=(evidence,),
        cwe=broken.cwe,
        asvs=broken.asvs,
    )


def estimate(history: History, fault: Fault) -> Iterator[Estimate]:
    """What a loss unseen could still be after so many writes, and how soon it worked again."""
    acknowledged = len(oracles.named(history.writes, Ending.OK))
    if history.present is not None and acknowledged:
        missing = len(oracles.lost(history.writes, history.present))
        low, high = share(missing, acknowledged) if missing else (0.0, worst_unseen(acknowledged))
        yield Estimate(
            name="lost_rate",
            value=missing / acknowledged,
            low=low,
            high=high,
            samples=acknowledged,
        )
    back = oracles.first_good(history.writes, fault.ended)
    if back is not None:
        yield exactly("recovery_s", max(0.0, back.returned - fault.healed), 1)


def exactly(name: str, value: float, samples: int) -> Estimate:
    """A number that was counted or timed and has no spread of its own."""
    return Estimate(name=name, value=value, low=value, high=value, samples=samples)
