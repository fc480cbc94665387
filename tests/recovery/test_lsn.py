from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.lsn import LOW, Lsn, segment_name

MEGABYTES_16 = 16 << 20


@given(st.integers(0, LOW * LOW - 1))
def test_a_position_is_read_back_as_it_was_written(position: int) -> None:
    assert Lsn.parse(str(Lsn(position))) == Lsn(position)


@pytest.mark.parametrize("text", ["", "0", "0/", "/0", "0/G", "0/100000000", "-1/0", "latest"])
def test_anything_else_is_no_position(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no position|invalid literal"):
        Lsn.parse(text)


@pytest.mark.parametrize(
    ("position", "name"),
    [
        ("0/0", "000000010000000000000000"),
        ("0/1000000", "000000010000000000000001"),
        ("0/FFFFFFFF", "0000000100000000000000FF"),
        ("1/0", "000000010000000100000000"),
        ("16/B374D848", "0000000100000016000000B3"),
    ],
)
def test_segments_are_named_as_postgresql_names_them(position: str, name: str) -> None:
    assert segment_name(1, Lsn.parse(position).segment(MEGABYTES_16), MEGABYTES_16) == name
