"""Our own service with one flaw each, many of them: the right check finds it in the right place.

Slow: `tox -e mutants`. What became of each is kept in build/mutants, and told in docs/MUTANTS.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.catalogue import CHECKS
from gate.model import Outcome
from tests.mutants.generated import mutants
from tests.mutants.model import POLICIES, Ground, Mutant, looking
from tests.mutants.record import fate_of, keep, names
from tests.mutants.rig import Rig, raised, results, standing
from tests.mutants.smoke import SMOKE
from tests.mutants.survivors import EQUIVALENT, GAPS, STILLBORN, UNRUN

TELEMETRY = "isolation.telemetry"


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with raised(tmp_path_factory.mktemp("rig")) as rig:
        yield rig


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.id)
def test_a_flaw_is_found_where_it_is(
    mutant: Mutant, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    checks = looking(mutant)
    if not checks:
        keep(fate_of(mutant, {}))
        pytest.skip(f"no check covers the channels {mutant.channels}")
    began, spent = time.monotonic(), spent_cpu()
    with standing(request.getfixturevalue("rig"), mutant, tmp_path) as bed:
        found = results(bed, checks)
    fate = fate_of(mutant, found, time.monotonic() - began, spent_cpu() - spent)
    keep(fate)
    if mutant.id in STILLBORN:
        assert not any(each.outcome is Outcome.PASS for each in found.values()), fate
        return
    if mutant.id in UNRUN and not fate.killed:
        pytest.skip(UNRUN[mutant.id])
    assert fate.killed or not fate.broken, fate
    if mutant.harmless or mutant.id in EQUIVALENT:
        assert not fate.killed, f"a false alarm: {fate}"
    else:
        assert fate.killed or mutant.id in GAPS, fate


def spent_cpu() -> float:
    return sum(os.times()[:4])


@pytest.mark.mutants
@pytest.mark.parametrize(
    "mutant", [each for each in mutants() if each.id in SMOKE], ids=lambda mutant: mutant.id
)
def test_the_right_checks_turn_red_and_no_other(mutant: Mutant, rig: Rig, tmp_path: Path) -> None:
    with standing(rig, mutant, tmp_path) as bed:
        found = results(bed, asked(mutant))
    red = {name: each for name, each in found.items() if each.outcome is Outcome.FAIL}
    assert red.keys() == SMOKE[mutant.id], [each.findings for each in red.values()]
    assert any(names(mutant, each) for each in red.values())


def asked(mutant: Mutant) -> list[str]:
    """Every check of isolation that says something where the mutant stands.

    A service that has just started gets new series by the first use of each route, which the check
    of telemetry takes for one series per object: it is asked where it is expected only.
    """
    if mutant.ground is Ground.TABLES:
        return [POLICIES]
    every = [
        name
        for name in CHECKS
        if name.startswith("isolation.") and (name != TELEMETRY or name in SMOKE[mutant.id])
    ]
    return [name for name in every if name != POLICIES or mutant.ground is Ground.BOTH]
