"""What does the record of a planted defect look like?

Each is a healthy load with one thing changed, and what follows from it for who is present when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush

from gate.check import Control
from gate.model import Observation
from loadtests.arrivals import Arrival, schedule
from loadtests.machine import KIND as MACHINE
from loadtests.profiles import READ_RUN, SHORT, Operation
from loadtests.second import Second

SEED = 7
FAST_MS = 8.0
Waits = Callable[[Arrival], float]
Answers = Callable[[Arrival], str]
STALLED = 6
ARRIVALS = schedule(SHORT, SEED)
DUE = {
    (second, operation.name): [
        each for each in ARRIVALS if (each.second, each.operation) == (second, operation)
    ]
    for second in range(SHORT.total)
    for operation in SHORT.operations
}


def usual(arrival: Arrival) -> float:
    """A healthy latency in milliseconds: 8 to 28, differing from arrival to arrival."""
    return FAST_MS + arrival.number * 7 % 21


def slow(_: Arrival) -> float:
    """Every answer is late."""
    return 400.0


def slow_reads(arrival: Arrival) -> float:
    """One route is late."""
    return 400.0 if arrival.operation == READ_RUN else usual(arrival)


def stalled(arrival: Arrival) -> float:
    """What comes within one second is answered at its end."""
    held = STALLED + 1 - arrival.at if arrival.second == STALLED else 0
    return usual(arrival) + 1000 * held


def good(arrival: Arrival) -> str:
    """The status of success."""
    return "201" if arrival.operation.method == "POST" else "200"


def one_crash(arrival: Arrival) -> str:
    """A single 500 among 700 answers."""
    return "500" if arrival.number == len(ARRIVALS) // 2 else good(arrival)


def limited(arrival: Arrival) -> str:
    """One answer in 20 is a refusal, though the plan allows the rate."""
    return "429" if arrival.number % 20 == 0 else good(arrival)


def silent(arrival: Arrival) -> str:
    """One request in 20 gets no answer."""
    return "0" if arrival.number % 20 == 0 else good(arrival)


def record(
    waits: Waits = usual, answers: Answers = good, service: Waits | None = None
) -> tuple[Observation, ...]:
    """A whole record: set-up, profile, and a row for each second and operation."""
    return (
        *(setup(operation) for operation in SHORT.operations),
        profile(),
        machine(),
        *(row.observed(at=float(row.second)) for row in rows(waits, answers, service or waits)),
    )


def setup(operation: Operation, status: int = 200) -> Observation:
    """One operation tried before the load."""
    curl = f"curl -X {operation.method} http://127.0.0.1:8000{operation.template}"
    return Observation(kind="setup", subject=operation.name, data={"status": status, "curl": curl})


def profile(**changes: int) -> Observation:
    """What was offered."""
    data = {"rate": SHORT.rate, "warm_up": SHORT.warm_up, "seconds": SHORT.seconds, "seed": SEED}
    return Observation(kind="profile", subject=SHORT.name, data={**data, **changes})


def machine(**changes: float) -> Observation:
    """How busy the machine was."""
    return Observation(
        kind=MACHINE, subject="CPU", data={"own": 0.3, "foreign": 0.02, "stolen": 0.0, **changes}
    )


def rows(waits: Waits, answers: Answers, service: Waits) -> Iterator[Second]:
    """The rows that such latencies and answers leave behind."""
    present = seen_present(waits)
    for (second, operation), due in DUE.items():
        yield Second(
            second=second,
            operation=operation,
            arrivals=len(due),
            latencies=ordered(waits, due),
            service=ordered(service, due),
            statuses=Counter(map(answers, due)),
            dropped=0,
            late=0,
            max_lag=1.0,
            lagged=0,
            present=sum(present[arrival.number] for arrival in due),
        )


def ordered(waits: Waits, due: Sequence[Arrival]) -> tuple[float, ...]:
    """The latencies of some arrivals."""
    return tuple(sorted(round(waits(arrival), 1) for arrival in due))


def seen_present(waits: Waits) -> Sequence[int]:
    """How many requests were under way when each arrival came."""
    ends: list[float] = []
    present = []
    for arrival in ARRIVALS:
        while ends and ends[0] <= arrival.at:
            heappop(ends)
        present.append(len(ends))
        heappush(ends, arrival.at + waits(arrival) / 1000)
    return present


CONTROLS = (
    Control(defect="every answer takes 400 ms", record=record(slow)),
    Control(defect="one of four routes takes 400 ms", record=record(slow_reads)),
    # by service time alone this looks healthy: the arrivals wait in line and not on the wire
    Control(defect="nothing is answered for one second", record=record(stalled, service=usual)),
    Control(defect="a single 500 in 700 answers", record=record(answers=one_crash)),
    Control(defect="a tenant within its plan is refused", record=record(answers=limited)),
    Control(defect="one request in 20 gets no answer", record=record(answers=silent)),
)
