"""All mutants, in one order that never depends on the machine."""

from __future__ import annotations

from functools import cache

from tests.mutants.model import Mutant
from tests.mutants.operators import filters, lookups, tables


@cache
def mutants() -> tuple[Mutant, ...]:
    return (
        *tables.policies(),
        *tables.keys(),
        *tables.grants(),
        *tables.slips(),
        *tables.trapped(),
        *filters.filters(),
        *filters.work(),
        *filters.unfiltered(),
        *lookups.lookups(),
    )
