"""Which mutants run? All, a part of them (`--part 1/4`), or those that were not killed before."""

from __future__ import annotations

import pytest

from tests.mutants.record import kept


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", default="1/1", help="run part I of N of the mutants: I/N")
    parser.addoption("--unsettled", action="store_true", help="only those without a good record")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Options are known only where this folder was named on the command line."""
    part, parts = map(int, config.getoption("--part", "1/1").split("/"))
    unsettled = config.getoption("--unsettled", default=False)
    settled = {fate.id for fate in kept() if fate.killed} if unsettled else set()
    mutants = [item for item in items if item.get_closest_marker("mutants")]
    chosen = {
        item
        for index, item in enumerate(mutants)
        if index % parts == part - 1 and item.name.partition("[")[2].rstrip("]") not in settled
    }
    left_out = [item for item in mutants if item not in chosen]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
