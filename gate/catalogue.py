"""Which checks are there? One explicit list, in the order in which they run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import chaos
import loadtests
import security_tests
import validators
from gate.check import Check
from gate.errors import UsageError

# Checks that break things come last: what they break has been looked at by then.
CHECKS: Mapping[str, Check] = {
    check.id: check
    for check in (
        *validators.CHECKS,
        *loadtests.CHECKS,
        *security_tests.CHECKS,
        *chaos.CHECKS,
    )
}
MEASURES = frozenset(f"{check.id}.{name}" for check in CHECKS.values() for name in check.limits)
GATES = frozenset(check.gate for check in CHECKS.values())


def select(names: Iterable[str]) -> tuple[str, ...]:
    """The ids of the checks that these check ids or gate names mean, in running order."""
    wanted: set[str] = set()
    for name in names:
        wanted |= {find(name).id} if name not in GATES else of_gate(name)
    return tuple(check for check in CHECKS if check in wanted)


def of_gate(gate: str) -> set[str]:
    """The ids of a gate's checks."""
    return {check.id for check in CHECKS.values() if check.gate == gate}


def find(name: str) -> Check:
    """The check with this id; UsageError names the nearest when there is none."""
    if name in CHECKS:
        return CHECKS[name]
    near = difflib.get_close_matches(name, [*CHECKS, *sorted(GATES)], n=1)
    hint = f"did you mean {near[0]}?" if near else "`maestro list` prints them all."
    raise UsageError(f"There is no check or gate {name!r}; {hint}")
