"""What happened during an experiment: who asked for what, when, and what came of it?

The words are Jepsen's: an operation ends `ok` (it happened), `fail` (it did not) or `info` (nobody
can know). Times are seconds on the testbed's clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.model import Json, Observation

UNAVAILABLE = 503
GOOD = range(200, 300)
REFUSED = range(400, 500)
FAILED = range(500, 600)


class Ending(StrEnum):
    """What a caller knows of an operation once it is over."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer; no status when no HTTP answer came."""

    subject: str
    called: float
    returned: float
    status: int | None = None
    retry_after: bool = False

    @property
    def ending(self) -> Ending:
        """2xx happened, 4xx did not; anything else leaves it open."""
        if self.status in GOOD:
            return Ending.OK
        return Ending.FAIL if self.status in REFUSED else Ending.INFO

    @property
    def good(self) -> bool:
        """Was it answered with success?"""
        return self.ending is Ending.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One attempt of a tenant to create one element, whose name no other attempt has."""

    name: str
    tenant: str = ""
    exchange: Exchange

    @property
    def ending(self) -> Ending:
        """What the writer knows of it."""
        return self.exchange.ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was broken, and the proof that it was.

    It was surely there from `began` to `ended`, and its repair was complete at `healed`.
    """

    name: str
    began: float
    ended: float
    healed: float
    proof: Mapping[str, Json]

    def spans(self, exchange: Exchange) -> bool:
        """Did it last from the call to the answer?"""
        return self.began <= exchange.called and exchange.returned <= self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that one experiment recorded, and the commands that show it again, by operation.

    `present` holds the name of every element read back after the experiment, as often as it was
    listed; None when it could not be read back whole.
    """

    writes: Sequence[Write]
    liveness: Sequence[Exchange]
    readiness: Sequence[Exchange]
    fault: Fault | None
    present: Sequence[str] | None
    commands: Mapping[str, str]

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request of the experiment but the reading back."""
        return [*(write.exchange for write in self.writes), *self.liveness, *self.readiness]


def observe_exchange(kind: str, exchange: Exchange, **more: Json) -> Observation:
    """The exchange as an observation; `more` is what else belongs to it."""
    return Observation(
        kind=kind,
        subject=exchange.subject,
        at=exchange.returned,
        data={
            "called": exchange.called,
            "returned": exchange.returned,
            "status": exchange.status,
            "retry_after": exchange.retry_after,
            **more,
        },
    )


def observe_fault(fault: Fault) -> Observation:
    """The fault as an observation."""
    data: dict[str, Json] = {
        "began": fault.began,
        "ended": fault.ended,
        "healed": fault.healed,
        "proof": dict(fault.proof),
    }
    return Observation(kind="fault", subject=fault.name, at=fault.healed, data=data)


def read_history(seen: Sequence[Observation]) -> History:
    """The history that the observations tell."""
    kinds: dict[str, list[Observation]] = {}
    for observation in seen:
        kinds.setdefault(observation.kind, []).append(observation)
    back = kinds.get("read-back", [])
    return History(
        writes=[
            Write(
                name=str(each.data["name"]),
                tenant=str(each.data["tenant"]),
                exchange=read_exchange(each),
            )
            for each in kinds.get("write", [])
        ],
        liveness=list(map(read_exchange, kinds.get("liveness", []))),
        readiness=list(map(read_exchange, kinds.get("readiness", []))),
        fault=next(map(read_fault, kinds.get("fault", [])), None),
        present=texts(back[0].data["present"]) if back and back[0].data["whole"] else None,
        commands={each.subject: str(each.data["curl"]) for each in kinds.get("command", [])},
    )


def read_exchange(observation: Observation) -> Exchange:
    """The exchange of an observation."""
    data, status = observation.data, observation.data["status"]
    return Exchange(
        subject=observation.subject,
        called=number(data["called"]),
        returned=number(data["returned"]),
        status=int(number(status)) if status is not None else None,
        retry_after=bool(data["retry_after"]),
    )


def read_fault(observation: Observation) -> Fault:
    """The fault of an observation."""
    proof = observation.data["proof"]
    return Fault(
        name=observation.subject,
        began=number(observation.data["began"]),
        ended=number(observation.data["ended"]),
        healed=number(observation.data["healed"]),
        proof=proof if isinstance(proof, dict) else {},
    )


def number(value: Json) -> float:
    """The number in JSON; TypeError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def texts(value: Json) -> list[str]:
    """The list of texts in JSON; TypeError for anything else."""
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return list(map(str, value))
