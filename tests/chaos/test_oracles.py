from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos import oracles
from chaos.history import Ending, Exchange, Write

STATUSES = st.sampled_from([201, 200, 400, 409, 429, 500, 502, 503, None])


@st.composite
def histories(draw: st.DrawFn, least: int = 0) -> tuple[list[Write], list[str]]:
    """Writes, and what a right service holds afterwards: all ok, no fail, some info."""
    statuses = [*draw(st.lists(STATUSES, max_size=30)), *[201] * least]
    writes = [
        Write(
            name=f"w-{number}",
            exchange=Exchange(subject="POST /x", called=number, returned=number + 1, status=status),
        )
        for number, status in enumerate(statuses)
    ]
    present = [
        write.name
        for write in writes
        if write.ending is Ending.OK or (write.ending is Ending.INFO and draw(st.booleans()))
    ]
    return writes, draw(st.permutations(present))


def wrong(writes: Sequence[Write], present: Sequence[str]) -> list[list[str]]:
    return [
        oracles.lost(writes, present),
        oracles.phantom(writes, present),
        oracles.contradicted(writes, present),
        oracles.duplicated(present),
    ]


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (200, Ending.OK),
        (201, Ending.OK),
        (302, Ending.INFO),
        (400, Ending.FAIL),
        (429, Ending.FAIL),
        (500, Ending.INFO),
        (503, Ending.INFO),
        (None, Ending.INFO),
    ],
)
def test_only_2xx_and_4xx_say_whether_it_happened(status: int | None, ending: Ending) -> None:
    assert Exchange(subject="POST /x", called=0, returned=1, status=status).ending is ending


@given(histories())
def test_a_right_service_is_never_accused(history: tuple[list[Write], list[str]]) -> None:
    assert wrong(*history) == [[], [], [], []]


@given(histories(least=1), st.data())
def test_any_acknowledged_element_that_is_gone_is_named_lost(
    history: tuple[list[Write], list[str]], data: st.DataObject
) -> None:
    writes, present = history
    gone = data.draw(st.sampled_from(sorted(oracles.named(writes, Ending.OK))))
    assert wrong(writes, [name for name in present if name != gone]) == [[gone], [], [], []]


@given(histories(least=1), st.data())
def test_any_element_that_is_there_twice_is_named(
    history: tuple[list[Write], list[str]], data: st.DataObject
) -> None:
    writes, present = history
    twice = data.draw(st.sampled_from(present))
    assert wrong(writes, [twice, *present]) == [[], [], [], [twice]]


@given(histories())
def test_an_element_that_nobody_wrote_is_named(history: tuple[list[Write], list[str]]) -> None:
    writes, present = history
    assert wrong(writes, [*present, "stranger"]) == [[], ["stranger"], [], []]


@given(histories(least=1), st.data())
def test_a_refused_write_that_is_there_is_named(
    history: tuple[list[Write], list[str]], data: st.DataObject
) -> None:
    writes, present = history
    name = data.draw(st.sampled_from(present))
    refused = [
        replace(write, exchange=replace(write.exchange, status=409))
        if write.name == name
        else write
        for write in writes
    ]
    assert wrong(refused, present) == [[], [], [name], []]


@given(histories())
def test_an_element_without_a_clear_answer_may_be_there_or_not(
    history: tuple[list[Write], list[str]],
) -> None:
    writes, present = history
    found = set(oracles.recovered(writes, present))
    assert found == set(present) - oracles.named(writes, Ending.OK)
    assert wrong(writes, [name for name in present if name not in found]) == [[], [], [], []]
