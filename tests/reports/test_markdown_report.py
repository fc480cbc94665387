from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from gate.model import Block, Outcome, Result, Verdict
from reports.as_markdown import render
from tests.reports.examples import EXAMPLES, accept, crowded, failing
from tests.reports.hostile import HOSTILE, spoil
from tests.reports.strategies import unhurried, verdicts

TAGS = {"h2", "h3", "p", "ul", "li", "code", "strong"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}


def as_html(verdict: Verdict) -> str:
    return MarkdownIt("commonmark").enable("table").render(render(verdict))


@unhurried
@given(verdicts)
def test_it_never_exceeds_sixty_lines(verdict: Verdict) -> None:
    assert len(render(verdict).splitlines()) <= 60


def test_the_fullest_verdict_still_fits_and_says_what_is_omitted() -> None:
    names = [f"isolation.check-{number}" for number in range(100)]
    verdict = replace(
        failing(),
        results=tuple(Result(check=name, lacking=("database",)) for name in names),
        blocking=tuple(Block(check=name, outcome=Outcome.FAIL, reason="bad") for name in names),
        waived=(accept("a"),) * 50,
        stale=(accept("b"),) * 50,
        left_out=tuple(names),
    )
    lines = render(verdict).splitlines()
    assert 50 <= len(lines) <= 60
    omitted = [line for line in lines if "more" in line]
    assert [re.sub(r"\D+", " ", line).strip() for line in omitted] == ["91", "199", "92", "96"]


def test_the_worst_comes_first() -> None:
    text = render(failing())
    order = ["## FAIL", "### Blocking", "critical", "### Not tested", "| Check", "### Waivers"]
    places = [text.index(word) for word in [*order, "Reproduce with"]]
    assert places == sorted(places)


def test_a_pass_has_no_section_about_blocking() -> None:
    text = render(EXAMPLES["pass"])
    assert text.startswith("## PASS")
    assert "Blocking" not in text


def test_two_hundred_findings_are_counted_not_listed() -> None:
    assert "… and 111 more conditions" in render(crowded())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_makes_no_markup_mention_or_link(text: str) -> None:
    page = as_html(spoil(text))
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= TAGS
    assert not re.search(r"@everyone|#1|://evil|www\.", page)
    assert page.count("<h3>") == 3


@unhurried
@given(verdicts)
def test_no_verdict_makes_other_markup_than_ours(verdict: Verdict) -> None:
    assert set(re.findall(r"<([a-z0-9]+)", as_html(verdict))) <= TAGS
