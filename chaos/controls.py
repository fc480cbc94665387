"""Which histories must be rejected? One clean history, and one change of it for each defect."""

from __future__ import annotations

from dataclasses import replace

from chaos.history import Exchange, Fault, History, Write, observe_exchange, observe_fault
from chaos.workload import LIVENESS, READ, READINESS, WRITE
from gate.check import Control
from gate.model import Observation

STEP = 0.01
FAULT = Fault(
    name="postgres-killed",
    began=3.0,
    ended=4.0,
    healed=4.2,
    proof={"pid": 4711, "gone": True, "connect": "refused"},
)
WRITES = 700


def answer(subject: str, called: float, status: int) -> Exchange:
    """An exchange as it should be."""
    return Exchange(
        subject=subject,
        called=called,
        returned=called + STEP / 2,
        status=status,
        retry_after=status == 503,  # noqa: PLR2004
    )


def status_at(moment: float) -> int:
    """201 while the database is there, 503 while it is not."""
    return 503 if FAULT.began - STEP <= moment <= FAULT.healed else 201


def clean_history() -> History:
    """Seven seconds with an outage in the middle, and all as it must be."""
    moments = [number * STEP for number in range(WRITES)]
    writes = [
        Write(name=f"w-{number}", tenant="acme", exchange=answer(WRITE, moment, status_at(moment)))
        for number, moment in enumerate(moments)
    ]
    return History(
        writes=writes,
        liveness=[answer(LIVENESS, moment, 200) for moment in moments[::10]],
        readiness=[
            answer(READINESS, moment, 200 if status_at(moment) == 201 else 503)  # noqa: PLR2004
            for moment in moments[::10]
        ],
        fault=FAULT,
        present=[write.name for write in writes if write.exchange.good],
        commands={},
    )


def record_of(history: History) -> tuple[Observation, ...]:
    """The history as the probe would have recorded it."""
    present = history.present
    return (
        *(
            Observation(kind="command", subject=subject, data={"curl": curl})
            for subject, curl in history.commands.items()
        ),
        *(
            observe_exchange("write", each.exchange, name=each.name, tenant=each.tenant)
            for each in history.writes
        ),
        *(observe_exchange("liveness", each) for each in history.liveness),
        *(observe_exchange("readiness", each) for each in history.readiness),
        *([observe_fault(history.fault)] if history.fault is not None else []),
        Observation(
            kind="read-back",
            subject=READ,
            data={"present": list(present or []), "whole": present is not None},
        ),
    )


def answered(status: int, *, since: float, until: float, guided: bool = True) -> History:
    """The clean history with another answer to the writes of some time."""
    clean = clean_history()
    writes = [
        replace(each, exchange=replace(each.exchange, status=status, retry_after=guided))
        if since <= each.exchange.called < until
        else each
        for each in clean.writes
    ]
    return replace(clean, writes=writes)


def defects() -> dict[str, History]:
    """A history for each defect that the judge must see."""
    clean = clean_history()
    present = list(clean.present or [])
    refused = answered(409, since=0.0, until=STEP / 2)
    dead = replace(clean.liveness[35], status=None)
    late = answered(503, since=FAULT.ended, until=9.5)
    kept = [each.name for each in late.writes if each.exchange.good]
    never_ready = [replace(each, status=503, retry_after=True) for each in clean.readiness]
    return {
        "one acknowledged write is gone": replace(clean, present=present[1:]),
        "a refused write is there": replace(refused, present=present),
        "an element that nobody wrote": replace(clean, present=[*present, "stranger"]),
        "one write is there twice": replace(clean, present=[*present, present[0]]),
        "500 during the outage": answered(500, since=3.5, until=3.51),
        "503 without Retry-After": answered(503, since=3.5, until=3.51, guided=False),
        "liveness does not answer during the outage": replace(
            clean, liveness=[*clean.liveness[:35], dead, *clean.liveness[36:]]
        ),
        "readiness stays true during the outage": replace(
            clean, readiness=[answer(READINESS, each.called, 200) for each in clean.readiness]
        ),
        "readiness never comes back": replace(clean, readiness=never_ready),
        "no write succeeds after the outage": replace(late, present=kept),
        "the first write succeeds six seconds after the outage": slow_recovery(),
    }


def slow_recovery() -> History:
    """All goes on after the outage, six seconds late."""
    clean = clean_history()
    writes = [
        replace(each, exchange=later(each.exchange, 6.0))
        if each.exchange.called > FAULT.healed
        else each
        for each in clean.writes
    ]
    return replace(clean, writes=writes)


def later(exchange: Exchange, seconds: float) -> Exchange:
    """The same exchange at another time."""
    return replace(exchange, called=exchange.called + seconds, returned=exchange.returned + seconds)


CONTROLS = tuple(
    Control(defect=defect, record=record_of(history)) for defect, history in defects().items()
)
