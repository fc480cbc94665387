"""What became of each mutant? One file each, so that a run can be cut, sharded and repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gate.model import Outcome, Result
from tests.mutants.model import Mutant
from tests.mutants.source import ROOT

# New series by the first use of each route: no proof on a service that has just started.
OF_A_START = "unbounded-series"
VACUOUS = "the tenant owns nothing"
FOLDER = ROOT / "build" / "mutants"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """`killed` are the checks that found it in the right place, `misplaced` those that found
    something else, `silent` those that looked and found nothing; `broken` could not look.
    `cpu` is of this process and of those that it started and that have ended, in seconds.
    """

    id: str
    operator: str
    place: str
    ground: str
    channels: Sequence[int]
    killed: Sequence[str]
    misplaced: Sequence[str]
    silent: Sequence[str]
    broken: Sequence[str]
    said: Mapping[str, Sequence[str]]
    seconds: float
    cpu: float = 0.0


def fate_of(
    mutant: Mutant, results: Mapping[str, Result], seconds: float = 0.0, cpu: float = 0.0
) -> Fate:
    red = {name: each for name, each in results.items() if each.outcome is Outcome.FAIL}
    killed = [name for name, each in red.items() if names(mutant, each)]
    return Fate(
        id=mutant.id,
        operator=mutant.operator,
        place=mutant.place,
        ground=mutant.ground.value,
        channels=mutant.channels,
        killed=killed,
        misplaced=[name for name in red if name not in killed],
        silent=[name for name, each in results.items() if each.outcome is not Outcome.FAIL],
        broken=[name for name, each in results.items() if is_blind(each)],
        said={name: told(each) for name, each in results.items()},
        seconds=round(seconds, 1),
        cpu=round(cpu, 1),
    )


def is_blind(result: Result) -> bool:
    """Could it not look at all: a probe that died, a service that a tenant got nothing from?"""
    vacuous = any(each.reason.startswith(VACUOUS) for each in result.doubts)
    return bool(result.failures or result.lacking) or vacuous


def told(result: Result) -> list[str]:
    """What a check found, or why it found nothing."""
    found = [f"{each.rule}: {each.subject}" for each in result.findings]
    doubts = [f"doubt: {each.subject}: {each.reason}" for each in result.doubts]
    return [*found, *doubts, *(f"failure: {each.detail}" for each in result.failures)][:8]


def names(mutant: Mutant, result: Result) -> bool:
    """Is a finding about what the mutant changed?"""
    subjects = [f"{each.subject} " for each in result.findings if each.rule != OF_A_START]
    wanted = mutant.names or ("",)
    return any(name in subject for name in wanted for subject in subjects)


def file_of(name: str) -> Path:
    return FOLDER / f"{hashlib.blake2b(name.encode(), digest_size=10).hexdigest()}.json"


def keep(fate: Fate) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    file_of(fate.id).write_text(json.dumps(asdict(fate), indent=1) + "\n", encoding="utf-8")


def kept() -> Iterator[Fate]:
    for path in sorted(FOLDER.glob("*.json")):
        yield Fate(**json.loads(path.read_text(encoding="utf-8")))
