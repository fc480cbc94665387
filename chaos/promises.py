"""Which promises were kept during a fault, and which after it? Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from chaos import oracles
from chaos.history import UNAVAILABLE, Exchange, Fault, History
from chaos.rules import RULES
from gate.exhibits import Cell, Matrix, Said, tabulate

STORED: Mapping[str, Callable[[History, Sequence[str]], Sequence[str]]] = {
    "lost": lambda history, present: oracles.lost(history.writes, present),
    "contradicted": lambda history, present: oracles.contradicted(history.writes, present),
    "phantom": lambda history, present: oracles.phantom(history.writes, present),
    "duplicated": lambda _, present: oracles.duplicated(present),
}
"""What reading back after the fault shows."""


def promises(history: History, fault: Fault, *, sure: bool) -> Iterator[Matrix]:
    """Promise by phase of the fault; unless `sure` that it bit, nothing counts as kept.

    During the fault is what was answered before its repair was complete and asked for after it
    began; after it, what was asked for once the repair was complete.
    """
    during = [
        each
        for each in history.exchanges
        if fault.began <= each.called and each.returned <= fault.healed
    ]
    after = [each for each in history.exchanges if each.called >= fault.healed]
    said = [
        *answers(history, f"{fault.name}: during", during),
        *answers(history, f"{fault.name}: after", after),
        *aftermath(history, fault),
    ]
    yield tabulate("promises", weaken(said, sure=sure))


def weaken(said: Iterable[Said], *, sure: bool) -> Iterator[Said]:
    """What was kept while nothing was at stake is open."""
    for promise, column, cell in said:
        yield promise, column, "undecided" if cell == "kept" and not sure else cell


def answers(history: History, column: str, asked: Sequence[Exchange]) -> Iterator[Said]:
    """What single answers of a phase show."""
    alive = [each for each in asked if each in history.liveness]
    refused = [each for each in asked if each.status == UNAVAILABLE]
    for rule, tried, wrong in (
        ("server-error", asked, oracles.crashed(asked)),
        ("no-retry-after", refused, oracles.unguided(refused)),
        ("not-alive", alive, oracles.not_good(alive)),
    ):
        yield RULES[rule].promise, column, cell(tried, wrong)


def aftermath(history: History, fault: Fault) -> Iterator[Said]:
    """What only the end shows, and what readiness says while the fault lasts."""
    after = f"{fault.name}: after"
    spanned = [each for each in history.readiness if fault.spans(each)]
    ready = cell(spanned, oracles.wrongly_ready(spanned, fault))
    yield RULES["ready-while-down"].promise, f"{fault.name}: during", ready
    last = history.readiness[-1:]
    yield RULES["stays-unready"].promise, after, cell(last, oracles.not_good(last))
    tried = [each for each in history.writes if each.exchange.called >= fault.ended]
    back = oracles.first_good(history.writes, fault.ended)
    yield RULES["no-recovery"].promise, after, cell(tried, [] if back else tried)
    for rule, wrong in STORED.items():
        present = history.present
        found: Cell = "not tried" if present is None else judged(wrong(history, present))
        yield RULES[rule].promise, after, found


def cell(tried: Sequence[object], wrong: Sequence[object]) -> Cell:
    """Broken once is broken; what was never asked for is not tried."""
    return judged(wrong) if tried else "not tried"


def judged(wrong: Sequence[object]) -> Cell:
    """Kept unless something was wrong."""
    return "broken" if wrong else "kept"
