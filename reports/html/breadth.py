"""What was looked at, out of all that could have been?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gate.coverage import ASVS, CHANNELS, LEFT_ALONE, OWASP_API
from reports.reading import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A thing to look at, and the checks of this run that declare that they do."""

    id: str
    name: str
    checks: tuple[Read, ...]
    findings: int

    @property
    def standing(self) -> str:
        """What did they find, and did each of them give a full answer?"""
        if not self.checks:
            return "not looked at"
        if self.findings:
            return "finding"
        if all(each.gaps for each in self.checks):
            return "no full answer"
        return "in part" if any(each.gaps for each in self.checks) else "looked at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """How many facts each check recorded of each operation."""

    checks: tuple[Read, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """The coverage of a run, in four ways."""

    risks: tuple[Item, ...]
    channels: tuple[Item, ...]
    requirements: tuple[Item, ...]
    matrix: Matrix


def breadth(checks: Sequence[Read]) -> Breadth:
    """What these checks declare, and what they recorded."""
    declared = {what for one in checks for what in covers(one)}
    requirements = sorted(declared & {each for each in declared if ASVS.fullmatch(each)}, key=parts)
    return Breadth(
        risks=tuple(item(each, name, checks) for each, name in OWASP_API.items()),
        channels=tuple(item(each, name, checks) for each, name in CHANNELS.items()),
        requirements=tuple(item(each, each.partition(":")[2], checks) for each in requirements),
        matrix=matrix(checks),
    )


def covers(one: Read) -> tuple[str, ...]:
    """What a check declares."""
    return one.page.covers if one.page else ()


def parts(requirement: str) -> list[int]:
    """The numbers of `ASVS:V8.4.1`, to sort by."""
    return [int(each) for each in requirement.partition(":V")[2].split(".")]


def item(what: str, name: str, checks: Iterable[Read]) -> Item:
    """One thing to look at."""
    looking = tuple(one for one in checks if what in covers(one))
    named = what.removeprefix("ASVS:")
    return Item(
        id=what,
        name=name,
        checks=looking,
        findings=sum(
            named in (finding.owasp_api, finding.asvs)
            for one in looking
            for finding in one.findings
        ),
    )


def matrix(checks: Sequence[Read]) -> Matrix:
    """Operations in alphabetical order of their paths; checks that recorded none are left out."""
    looking = tuple(one for one in checks if one.result.operations)
    names = {name for one in looking for name in one.result.operations}
    return Matrix(
        checks=looking,
        rows=tuple(
            (name, tuple(facts(one.result.operations, name) for one in looking))
            for name in sorted(names, key=lambda name: name.partition(" ")[::-1])
        ),
    )


def facts(operations: Mapping[str, Mapping[str, int]], name: str) -> int:
    """How many facts there are of an operation that was tried."""
    kinds = operations.get(name, {})
    return sum(number for kind, number in kinds.items() if kind not in LEFT_ALONE)
