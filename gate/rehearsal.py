"""Did the check find out what was planted in the live target? Pure.

The same probe looked at the target behind a proxy that lies; each lie is found out when a new
finding names the operation in which it was told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gate.check import Check, Lie
from gate.model import Doubt, Failure, Finding, Record, Sabotage, Trouble
from gate.weigh import starved, weigh

UNTOLD = "was never told: no request of the probe gave occasion for it"


def grade(
    check: Check, record: Record, honest: Sequence[Finding], limits: Mapping[str, float]
) -> Iterator[Sabotage]:
    """Which lies were found out? Found out is what a new finding names the operation of."""
    known = {finding.key for finding in honest}
    for rehearsal in record.rehearsals:
        found, doubt = review(check, rehearsal, limits)
        told = {
            operation: count
            for operation, count in rehearsal.told.items()
            if operation in subjects(rehearsal, kinds_of(check, rehearsal.lie))
        }
        new = [f"{each.subject} {each.detail}" for each in found if each.key not in known]
        for operation, count in told.items():
            caught = any(operation in words for words in new)
            yield Sabotage(
                lie=rehearsal.lie,
                operation=operation,
                told=count,
                caught=caught,
                doubt="" if caught else doubt,
            )
        if not told:
            yield Sabotage(lie=rehearsal.lie, doubt=doubt or UNTOLD)


def review(
    check: Check, record: Record, limits: Mapping[str, float]
) -> tuple[tuple[Finding, ...], str]:
    """A rehearsal's findings, and why it could not be judged as a whole, "" when it could.

    Doubts about single operations leave the others judged.
    """
    if record.died is not None:
        return (), f"the probe died: {record.died}"
    try:
        findings, _, doubts, _ = weigh(check, record.observations, limits)
    except Exception as error:  # noqa: BLE001 - a judge that raises has given no answer
        return (), f"the judge raised: {type(error).__name__}: {error}"
    observed = Counter(each.kind for each in record.observations)
    about = {each.subject for each in record.observations}
    general = (each for each in (*starved(check, observed), *doubts) if each.subject not in about)
    return findings, next((f"{each.subject} {each.reason}" for each in general), "")


def kinds_of(check: Check, lie: str) -> tuple[str, ...]:
    """The kinds of observation in which a lie shows; none for one that is no longer told."""
    return next((kinds for each, kinds in check.lies.items() if each == lie), ())


def subjects(record: Record, kinds: Sequence[str]) -> frozenset[str]:
    """What the observations of these kinds are about."""
    return frozenset(each.subject for each in record.observations if each.kind in kinds)


def unnoticed(sabotages: Iterable[Sabotage]) -> Iterator[Failure]:
    """A lie that was told and not found out: the check's pass means nothing there."""
    for each in sabotages:
        if not each.caught and not each.doubt:
            detail = f"the lie {each.lie!r} went unnoticed in {each.operation}{told_as(each.lie)}"
            yield Failure(trouble=Trouble.SABOTAGE, detail=detail)


def told_as(lie: str) -> str:
    """What the proxy did; nothing for a lie that is no longer told."""
    return next((f": the proxy {each.meaning}" for each in Lie if each == lie), "")


def undecided(sabotages: Iterable[Sabotage]) -> Iterator[Doubt]:
    """A rehearsal that proves nothing."""
    for each in sabotages:
        if each.doubt:
            where = f" in {each.operation}" if each.operation else ""
            yield Doubt(subject=f"the lie {each.lie!r}{where}", reason=each.doubt)
