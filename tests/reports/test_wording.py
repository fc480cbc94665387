from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.wording import clip, count, last, printable, spell

anything = st.text(st.characters(codec=None))


@given(anything)
def test_printable_leaves_nothing_invisible_and_can_be_stored(text: str) -> None:
    shown = printable(text)
    assert all(letter.isprintable() or letter in "\n\t" for letter in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_printable_leaves_ordinary_text_alone(text: str) -> None:
    assert printable(text) == text


def test_a_reversed_file_name_is_shown_as_it_is_stored() -> None:
    assert printable("a\u202egnp.exe\x1b[1m") == r"a\u202egnp.exe\x1b[1m"


@given(anything, st.integers(2, 50))
def test_clip_gives_one_line_of_the_length_asked_for(text: str, length: int) -> None:
    line = clip(text, length)
    assert len(line) <= length
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (-0.0, "0"),
        (12345.0, "12,345"),
        (0.25, "0.25"),
        (12345.678, "12,345.68"),
        (1e18, "1e+18"),
        (1e-7, "1e-07"),
        (-3.5, "-3.5"),
    ],
)
def test_numbers_are_written_for_people(value: float, written: str) -> None:
    assert spell(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (0.314, "0.31 s"),
        (9.999, "10 s"),
        (59.7, "1 min 0 s"),
        (252, "4 min 12 s"),
        (3780, "1 h 3 min"),
    ],
)
def test_durations_are_written_for_people(seconds: float, written: str) -> None:
    assert last(seconds) == written


def test_one_is_singular() -> None:
    assert [count(number, "finding") for number in (0, 1, 1200)] == [
        "0 findings",
        "1 finding",
        "1,200 findings",
    ]
