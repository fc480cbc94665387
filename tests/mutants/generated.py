"""All mutants, in one order that never depends on the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from tests.mutants.model import Mutant
from tests.mutants.operators import (
    behind,
    filters,
    lookups,
    memory,
    permissions,
    tables,
    trust,
    words,
)

FAMILIES: tuple[Callable[[], Iterator[Mutant]], ...] = (
    *(trust.confused, trust.bodies, trust.fields, trust.credentials),
    *(memory.sessions, memory.caches, memory.cursors, memory.tags),
    *(words.logs, words.labels, words.refusals, words.errors),
    *(behind.budgets, behind.neighbours, behind.stores, behind.removals),
    *(behind.audits, behind.routes, permissions.ranks, permissions.lowered),
    *(filters.filters, filters.work, filters.unfiltered, lookups.lookups),
    *(permissions.permissions, tables.grants, tables.slips, tables.keys, tables.policies),
    *(tables.trapped, tables.layers),
)


@cache
def mutants() -> tuple[Mutant, ...]:
    return tuple(mutant for family in FAMILIES for mutant in family())
