from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest
from markupsafe import Markup

from gate.model import Verdict
from reports.html import digest_of, environment, render, style
from reports.html.view import describe
from tests.browser.chromium import Chromium
from tests.reports.examples import EXAMPLES, crowded, remembering
from tests.reports.hostile import spoil

AXE = files("axe_playwright_python") / "axe.min.js"
PAGES: Mapping[str, Verdict] = {**EXAMPLES, "crowded": crowded(), "remembering": remembering()}
TELLING = ("pass", "skipped", "rehearsed", "remembering")
"""The pages that together hold every kind of element there is."""
OPEN = "document.querySelectorAll('details').forEach(each => { each.open = true })"
SCHEMES, WIDTHS = ("light", "dark"), (1280, 390)
BROKEN_IN = "broken-in"
ATTACKS = (
    f"<script>document.title = '{BROKEN_IN}'</script>",
    f"<img src=x onerror=\"document.title='{BROKEN_IN}'\">",
    f"'\"><svg onload=\"document.title='{BROKEN_IN}'\">",
    f"</style></title><script>document.title = '{BROKEN_IN}'</script>",
)
POLICY = '<meta http-equiv="Content-Security-Policy"'


def violations(browser: Chromium) -> list[list[Any]]:
    """What axe-core holds against the page: rules, and the elements that break them."""
    browser.ask(AXE.read_text(encoding="utf-8"))
    found = browser.ask(
        "axe.run(document).then(seen => seen.violations.map("
        "each => [each.id, each.nodes.map(node => node.html.slice(0, 200))]))"
    )
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", TELLING)
def test_axe_finds_nothing(browser: Chromium, name: str, scheme: str, width: int) -> None:
    browser.show(render(PAGES[name]), scheme=scheme, width=width)
    browser.ask(OPEN)
    assert violations(browser) == []


def test_axe_does_find_what_is_wrong(browser: Chromium) -> None:
    wrong = render(EXAMPLES["pass"]).replace('<html lang="en">', "<html>")
    assert [name for name, _ in violations(browser.show(wrong))] == ["html-has-lang"]


@pytest.mark.parametrize("name", PAGES)
def test_it_loads_nothing_and_breaks_no_rule_of_its_own_policy(
    browser: Chromium, name: str
) -> None:
    browser.show(render(PAGES[name]))
    assert browser.complaints == []
    assert len(browser.requests) == 1


def without_escaping(verdict: Verdict) -> str:
    """The page as it would be if a template forgot to escape."""
    page = environment().overlay(autoescape=False).get_template("report.html")
    return page.render(view=describe(verdict), style=Markup(style()), digest=digest_of(style()))  # noqa: S704


def without_policy(page: str) -> str:
    """The page without its second line of defence."""
    start = page.index(POLICY)
    return page[:start] + page[page.index(">", start) + 1 :]


def is_broken_in(browser: Chromium) -> bool:
    return bool(browser.ask("document.title") == BROKEN_IN)


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_in_every_field_does_not_run(browser: Chromium, attack: str) -> None:
    browser.show(render(spoil(attack)))
    assert browser.complaints == []
    assert not is_broken_in(browser)
    words = browser.ask("document.body.textContent")
    assert words.count(attack) >= 20


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_same_text_would_run_without_escaping_and_policy(
    browser: Chromium, attack: str
) -> None:
    browser.show(without_policy(without_escaping(spoil(attack))))
    assert is_broken_in(browser)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_policy_stops_what_escaping_would_miss(browser: Chromium, attack: str) -> None:
    browser.show(without_escaping(spoil(attack)))
    assert not is_broken_in(browser)
    assert any("Content Security Policy" in each for each in browser.complaints)


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_has_to_scroll_sideways(browser: Chromium, name: str) -> None:
    browser.show(render(PAGES[name]), width=390)
    browser.ask(OPEN)
    assert browser.ask("document.documentElement.scrollWidth") <= 390


def test_it_can_be_read_with_the_keyboard_alone(browser: Chromium) -> None:
    browser.show(render(EXAMPLES["fail"]))
    keyboard = browser.page.keyboard
    keyboard.press("Tab")
    assert browser.ask("document.activeElement.textContent") == "Skip to the report"
    keyboard.press("Enter")
    assert browser.ask("document.activeElement.id") == "report"
    reached = set()
    for _ in range(200):
        keyboard.press("Tab")
        tag = browser.ask("document.activeElement.tagName")
        if tag == "BODY":
            break
        reached.add(tag)
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert browser.ask(outline) != "none", browser.ask("document.activeElement.outerHTML")
    assert {"A", "SUMMARY", "DIV"} <= reached


def test_paper_shows_what_is_folded_on_a_screen(browser: Chromium) -> None:
    browser.show(render(EXAMPLES["fail"]), media="print")
    hidden = browser.ask(
        "[...document.querySelectorAll('details pre, details table, details li')]"
        ".filter(each => !each.closest('.exhibit'))"  # a chart's numbers are for the screen
        ".filter(each => each.getBoundingClientRect().height === 0).length"
    )
    assert hidden == 0
    assert len(browser.page.pdf(prefer_css_page_size=True)) > 10_000
