"""Does an answer take longer, or less long, when another tenant has what is asked for?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from gate.model import Json, Observation
from validators.document.operations import Operation
from validators.estates.estate import LEAST
from validators.estates.ground import Duel
from validators.messages.calls import Call, curl, send
from validators.messages.traces import like

GROUPS = ("foreign", "absent", "also absent")
FEW, MANY, OBJECTS = 8, 40, 3
BUDGET = 8.0


def timings(duel: Duel) -> Iterator[Observation]:
    """Reads of what the other tenant has and of what nobody has, in turn, in a drawn order.

    Two groups of absent ids are compared with each other as the negative control. A few samples
    of each read first; what they set apart is asked many more times, with the same ids as often in
    each group. It takes eight seconds at the most; what is left then is not looked at.
    """
    began = time.monotonic()
    for operation in duel.ground.operations:
        calls = groups(duel, operation)
        if calls is None:
            continue
        if not is_alike(duel, calls):
            yield duel.note("not-applicable", operation, reason="its answer tells without a clock")
            continue
        if time.monotonic() - began > BUDGET:
            yield duel.note("not-applicable", operation, reason="the time for timing was over")
            continue
        left = BUDGET - (time.monotonic() - began)
        first = sampled(duel, calls, FEW, left)
        if is_apart(first):
            left = BUDGET - (time.monotonic() - began)
            first = sampled(duel, calls, MANY, max(left, BUDGET / 4))
        yield noted(duel, operation, calls, first)


def groups(duel: Duel, operation: Operation) -> dict[str, list[Call]] | None:
    """The attacker's reads: of objects of the victim's, and twice of as many that nobody has."""
    if operation.method != "GET" or not operation.names or not operation.speakable:
        return None
    if operation.public or duel.ground.hints.is_shared(operation.label):
        return None
    known = duel.attacker.ledger.ids
    paths = [
        path
        for path in islice(duel.victim.ledger.fill(operation), OBJECTS * 4)
        if path[-1] in duel.victim.ledger.made - known
    ][:OBJECTS]
    if not paths:
        return None
    base = duel.attacker.write(operation, paths[0], recipe=LEAST)
    absent = [[(*path[:-1], like(path[-1], duel.chance)) for path in paths] for _ in GROUPS[1:]]
    every = zip(GROUPS, (paths, *absent), strict=True)
    return {name: [replace(base, path=path) for path in found] for name, found in every}


def is_alike(duel: Duel, calls: dict[str, list[Call]]) -> bool:
    """Is what the other tenant has refused just as what nobody has?

    Where it is not, it is shared, or other checks say so; and more to send takes longer.
    """
    answers = [send(duel.attacker.client, calls[name][0]) for name in GROUPS[:2]]
    refused = not any(duel.attacker.accepts(each) for each in answers)
    return refused and len({each.status for each in answers}) == 1


def sampled(
    duel: Duel, calls: dict[str, list[Call]], rounds: int, within: float
) -> dict[str, list[float]]:
    """Seconds of each group; in every round each group is asked once, in a drawn order.

    One round comes first that does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    until = time.monotonic() + within
    for turn in range(rounds + 1):
        order = [*calls]
        duel.chance.shuffle(order)
        for name in order:
            each = calls[name][turn % len(calls[name])]
            answer = send(duel.attacker.client, each)
            if turn:
                seconds[name].append(answer.seconds)
        if time.monotonic() > until:
            break
    return seconds


def is_apart(seconds: dict[str, list[float]]) -> bool:
    """Does most of the first group lie on one side of most of the second?"""
    foreign, absent = seconds[GROUPS[0]], seconds[GROUPS[1]]
    pairs = [(one > two) - (one < two) for one in foreign for two in absent]
    return bool(pairs) and abs(sum(pairs)) >= 0.4 * len(pairs)


def noted(
    duel: Duel, operation: Operation, calls: dict[str, list[Call]], seconds: dict[str, list[float]]
) -> Observation:
    """The times in milliseconds, as they were taken."""
    taken: dict[str, Json] = {
        name: [round(each * 1000, 3) for each in found] for name, found in seconds.items()
    }
    return duel.note(
        "timed",
        operation,
        milliseconds=taken,
        curl="; ".join(curl(duel.attacker.client, each[0]) for each in calls.values()),
    )
