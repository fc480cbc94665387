from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given

from gate.model import Attempt, Outcome, Sabotage, Verdict
from reports.html import render
from reports.wording import printable
from tests.reports.clean import CLEAN, verdict
from tests.reports.examples import EXAMPLES, accept, crowded, failing, header, leak, remembering
from tests.reports.hostile import HOSTILE, spoil
from tests.reports.strategies import unhurried, verdicts

VOID = {"meta", "br"}
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class Page(HTMLParser):
    """What a browser would find: elements in order, text, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def test_the_policy_allows_exactly_the_one_style_sheet() -> None:
    text = render(failing())
    (policy,) = [
        each["content"] for each in Page(text).all("meta") if each.get("http-equiv") is not None
    ]
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def assert_inert(page: Page) -> None:
    """Nothing that runs, loads, or that the page's own policy would block."""
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form"}
    for _, attributes in page.found:
        assert not [name for name in attributes if name.startswith("on")]
        assert not attributes.keys() & {"style", "src", "srcset", "xlink:href"}
        target = attributes.get("href") or "#"
        assert target.startswith(("#", "https://cwe.mitre.org/data/definitions/"))
    assert page.open == []


@unhurried
@given(verdicts)
def test_no_verdict_makes_a_page_that_runs_or_loads_anything(verdict: Verdict) -> None:
    assert_inert(Page(render(verdict)))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_and_is_shown(text: str) -> None:
    page = Page(render(spoil(text)))
    assert_inert(page)
    assert "".join(page.words).count(printable(text)) >= 20


@pytest.mark.parametrize("name", EXAMPLES)
def test_headings_are_in_order_and_ids_are_unique(name: str) -> None:
    page = Page(render(EXAMPLES[name]))
    levels = [HEADINGS.index(tag) for tag, _ in page.found if tag in HEADINGS]
    assert levels[0] == 0
    assert levels.count(0) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = Counter(attributes["id"] for _, attributes in page.found if "id" in attributes)
    assert set(ids.values()) == {1}
    links = {each["href"] for each in page.all("a") if str(each["href"]).startswith("#")}
    assert {str(link)[1:] for link in links} <= ids.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_can_be_read_without_eyes(name: str) -> None:
    page = Page(render(EXAMPLES[name]))
    assert page.all("html") == [{"lang": "en"}]
    assert all(each.get("scope") in {"col", "row"} for each in page.all("th"))
    assert len(page.all("main")) == len(page.all("nav")) == len(page.all("footer")) == 1
    drawings = [each for each in page.all("svg") if each.get("aria-hidden") != "true"]
    assert all(each["role"] == "img" and each["aria-label"] for each in drawings)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_outcome_is_a_word_and_not_only_a_colour(name: str) -> None:
    verdict = EXAMPLES[name]
    words = "".join(Page(render(verdict)).words)
    for outcome in {verdict.outcome, *(result.outcome for result in verdict.results)}:
        assert outcome.label.capitalize() in words


def test_verdict_and_gaps_come_before_results() -> None:
    text = render(failing())
    order = ("5 conditions to clear", "What was not tested", '"results"', '"health"', '"waivers"')
    places = [text.index(word) for word in order]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["fail", "rehearsed"])
def test_an_accepted_defect_or_an_unnoticed_lie_makes_a_check_untrustworthy(name: str) -> None:
    assert "Untrustworthy" in render(EXAMPLES[name])
    assert "Untrustworthy" not in render(EXAMPLES["pass"])


def test_a_lie_that_went_unnoticed_is_told_in_words_on_the_first_screen() -> None:
    text = render(EXAMPLES["rehearsed"])
    first = " ".join(text[: text.index("What was not tested, and why")].split())
    assert "adds what the owner would have read to a refusal" in first
    assert "planted in the live target on purpose" in first
    assert "maestro gate --profile standard --seed 20260316" in first


def test_waivers_say_how_long_they_last_or_why_they_do_not() -> None:
    text = render(failing())
    for state in ("In use, 17 days left", "Expired 15 days ago", "Unused: nothing matches"):
        assert state in text


def test_a_waiver_about_to_end_says_so() -> None:
    ending = accept(header().key, date(2026, 3, 19))
    found = replace(CLEAN["security.headers"], findings=(header(),))
    assert "In use, ends in 3 days" in render(verdict(found, waivers=(ending,)))


def test_a_history_shows_states_earlier_runs_and_checks_that_never_failed() -> None:
    words = " ".join("".join(Page(render(remembering())).words).split())
    for told in (
        "New, first seen 2026-03-16",
        "Regressed, first seen 2026-03-02",
        "Fixed since the run before contract.responses:undocumented",
        "passed in each of 4 runs on record, never failed",
        "Within the policy's budget, so it does not block. Server",
        "load.arrivals.p99: fewer than 3 passing runs to compare with",
    ):
        assert told in words
    assert "given without a history" in render(EXAMPLES["pass"])


def test_an_earlier_attempt_is_never_hidden() -> None:
    before = Attempt(outcome=Outcome.FAIL, reasons=("p99 is beyond its limit",))
    tried = replace(CLEAN["load.arrivals"], attempts=(before,))
    words = "".join(Page(render(verdict(tried))).words)
    assert "an attempt before this one came to Fail p99 is beyond its limit" in words


def test_lies_in_the_live_target_are_shown_by_operation() -> None:
    told = (
        Sabotage(lie="read", operation="GET /v1/runs", told=2, caught=True),
        Sabotage(lie="error", operation="GET /v1/runs", told=1),
        Sabotage(lie="error", operation="GET /v1/models", told=1, doubt="too little seen"),
        Sabotage(lie="role", doubt="was never told"),
    )
    tried = replace(CLEAN["security.headers"], sabotages=told)
    words = " ".join("".join(Page(render(verdict(tried))).words).split())
    assert "In the live target: 2 kinds of lie, found out in 1 of 3 places" in words
    assert "Unnoticed: the lie error in GET /v1/runs" in words
    assert "The lie role was never told" in words
    assert "GET /v1/modelsnot toldundecided" in words
    assert "GET /v1/runsfound outunnoticed" in words


def test_a_check_that_was_not_rehearsed_says_so() -> None:
    plain = verdict(CLEAN["security.headers"])
    pages = tuple(replace(page, lies=("header",)) for page in plain.pages)
    assert "Not rehearsed in the live target" in render(replace(plain, pages=pages))
    assert "Not rehearsed" not in render(plain)


def test_what_was_not_looked_at_is_named() -> None:
    words = " ".join("".join(Page(render(EXAMPLES["pass"])).words).split())
    assert "a check of this run looks at 2" in words
    assert "5 List, search, filter and sort" in words
    assert "Server Side Request ForgeryNot looked atnone" in words


def test_the_first_screen_says_what_was_found() -> None:
    text = render(failing())
    first = text[: text.index("What was not tested")]
    assert "asked for an object of acme and got 200" in first


def test_no_check_for_a_risk_is_a_gap_of_the_run() -> None:
    words = " ".join("".join(Page(render(EXAMPLES["pass"])).words).split())
    assert "6 of the 10 risks of the OWASP API Security Top 10 (API2:2023, API4:2023" in words
    assert "34 of the 36 ways in which one tenant can meet another" in words


def test_a_finding_without_evidence_can_be_seen_again_too() -> None:
    bare = replace(leak(), evidence=())
    text = render(verdict(replace(CLEAN["isolation.read-by-id"], findings=(bare,))))
    assert "maestro gate isolation.read-by-id --profile standard --seed 20260316" in text


def test_a_finding_shows_its_score_and_how_the_answer_differs() -> None:
    text = render(failing())
    assert "CVSS 4.0 8.3 High" in text
    assert '<del><span class="sign">\N{MINUS SIGN}</span>HTTP 404</del>' in text
    assert '<ins><span class="sign">+</span>HTTP 200</ins>' in text


def test_a_fault_is_shaded_and_a_chart_has_its_numbers() -> None:
    page = Page(render(EXAMPLES["pass"]))
    classes = Counter(each.get("class") for each in page.all("rect"))
    assert classes["span span-0"] == 2
    assert classes["span span-1"] == 1
    assert sum(each.get("class") == "exhibit" for each in page.all("figure")) == 4
    assert {"postgres-killed", "seconds since the first write"} <= set(page.words)


def test_evidence_without_a_signature_says_so() -> None:
    assert "The evidence is not signed" in render(EXAMPLES["pass"])


def test_the_banner_counts_what_the_page_lists() -> None:
    page = Page(render(crowded()))
    words = " ".join("".join(page.words).split())
    assert "120 conditions to clear" in words
    assert "Findings200 0 waived" in words
    findings = [each for each in page.all("div") if str(each.get("class")).startswith("finding")]
    assert len(findings) == 200


def test_a_pass_says_what_was_waived_and_what_was_left_out() -> None:
    assert "1 waiver is in use." in render(EXAMPLES["waived"])
    partial = verdict(only=("security.headers",))
    assert partial.outcome is Outcome.PASS
    assert "5 required checks were left out of this run." in render(partial)
