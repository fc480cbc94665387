from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from gate.model import Outcome, Verdict
from reports import FORMATS, Format
from tests.reports.examples import EXAMPLES, crowded
from tests.reports.hostile import HOSTILE, spoil
from tests.reports.regenerate import GOLDEN
from tests.reports.strategies import unhurried, verdicts

each_format = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS.keys())


def test_the_examples_show_every_outcome() -> None:
    assert {verdict.outcome for verdict in EXAMPLES.values()} == set(Outcome)


@each_format
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_reads_as_its_golden_file(form: Format, name: str) -> None:
    golden = (GOLDEN / name / form.filename).read_text(encoding="utf-8")
    assert form.render(EXAMPLES[name]) == golden


def test_no_golden_file_is_left_over() -> None:
    expected = {GOLDEN / name / form.filename for name in EXAMPLES for form in FORMATS.values()}
    assert {path for path in GOLDEN.rglob("*") if path.is_file()} == expected


def test_names_and_files_are_unique_and_without_folders() -> None:
    files = [form.filename for form in FORMATS.values()]
    assert len(set(files)) == len(files)
    assert all(Path(name).name == name for name in files)
    assert all(form.name == name for name, form in FORMATS.items())


@each_format
@unhurried
@given(verdict=verdicts)
def test_every_verdict_can_be_rendered_and_stored(form: Format, verdict: Verdict) -> None:
    assert form.render(verdict).encode("utf-8")


@each_format
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_invisible_or_reordering_character_gets_through(form: Format, text: str) -> None:
    written = form.render(spoil(text)).replace("@\u200b", "@").replace("#\u200b", "#")
    written = written.replace(":\u200b//", "://").replace("w\u200bww", "www")
    assert not [letter for letter in written if not letter.isprintable() and letter not in "\n\t"]


@each_format
def test_rendering_twice_gives_the_same_text(form: Format) -> None:
    assert form.render(crowded()) == form.render(crowded())
