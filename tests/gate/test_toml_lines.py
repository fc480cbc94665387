from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.toml_lines import line_of, line_with

TEXT = """\
version = 1  # "nowhere"
# "commented"
[profiles]
smoke = [
    "a.b",
]
[limits]
"a.b.p99_ms" = 1.0
[budget]
new.medium = 3
[relative.'a.b.p99_ms']
last_n = 3
[[waivers]]
owner = "ada"
[[waivers]]
owner = "grace"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 1),
        (("profiles",), 3),
        (("profiles", "smoke", 0), 4),
        (("limits", "a.b.p99_ms"), 8),
        (("budget", "new", "medium"), 10),
        (("budget", "existing", "medium"), 9),
        (("relative", "a.b.p99_ms", "last_n"), 12),
        (("relative", "a.b.p99_ms", "max_regression_pct"), 11),
        (("waivers", 0, "owner"), 14),
        (("waivers", 1, "owner"), 16),
        (("waivers", 1, "expires"), 15),
        (("absent",), None),
    ],
)
def test_a_key_or_the_nearest_around_it_is_found(path: tuple[str, ...], line: int | None) -> None:
    assert line_of(TEXT, path) == line


def test_a_word_is_found_where_it_is_used() -> None:
    assert line_with(TEXT, "a.b") == 5
    assert line_with(TEXT, "commented") is None


@given(st.text(st.sampled_from("[]=\"'.#a\n "), max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    line_of(text, ("a", 0, "a"))
    line_with(text, "a")


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers(), max_size=9))
def test_every_key_of_a_flat_file_is_on_its_line(values: dict[str, int]) -> None:
    text = "".join(f"{name} = {value}\n" for name, value in values.items())
    assert tomllib.loads(text) == values
    for number, name in enumerate(values, start=1):
        assert line_of(text, (name,)) == number
