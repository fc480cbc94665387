from __future__ import annotations

from dataclasses import replace

from gate.exhibits import Exchange
from gate.model import Doubt
from reports.html.breadth import Breadth, Item, breadth
from reports.html.difference import MOST_LINES, difference
from reports.reading import read
from tests.reports.clean import CLEAN, verdict
from tests.reports.examples import EXAMPLES, failing


def of(items: tuple[Item, ...], name: str) -> Item:
    (found,) = [each for each in items if each.id == name]
    return found


def seen(name: str) -> Breadth:
    return breadth(read(EXAMPLES[name]))


def test_what_no_check_declares_was_not_looked_at() -> None:
    assert of(seen("pass").channels, "isolation:5").standing == "not looked at"
    assert of(seen("pass").channels, "isolation:1").standing == "looked at"
    assert of(seen("pass").risks, "API7:2023").standing == "not looked at"


def test_a_finding_shows_where_it_belongs() -> None:
    found = breadth(read(failing()))
    assert of(found.risks, "API1:2023").standing == "finding"
    assert of(found.risks, "API1:2023").findings == 2
    assert of(found.requirements, "ASVS:V8.4.1").findings == 2


def test_a_check_without_a_full_answer_has_not_looked() -> None:
    doubtful = replace(CLEAN["security.headers"], doubts=(Doubt(subject="x", reason="y"),))
    found = breadth(read(verdict(doubtful)))
    assert of(found.risks, "API8:2023").standing == "no full answer"


def test_an_operation_left_alone_has_no_facts() -> None:
    matrix = seen("pass").matrix
    rows = dict(matrix.rows)
    assert [one.check for one in matrix.checks] == ["contract.responses", "isolation.read-by-id"]
    assert rows["DELETE /v1/members/{member_id}"] == (0, 0)
    assert rows["GET /v1/runs/{run_id}"] == (2000, 372)


def test_requirements_are_in_the_order_of_their_numbers() -> None:
    assert [each.name for each in seen("pass").requirements] == ["V3.4.1", "V3.4.3", "V8.4.1"]


def test_a_difference_shows_what_was_expected_and_what_came() -> None:
    exchange = Exchange(
        method="GET",
        target="/v1/runs",
        status=200,
        received='{"id": 1, "same": 2}',
        expected_status=404,
        expected='{"same": 2}',
    )
    told = [(line.standing, line.text) for line in difference(exchange)]
    assert ("expected", "HTTP 404") in told
    assert ("received", "HTTP 200") in told
    assert ("same", '  "same": 2') in told


def test_without_an_expected_answer_there_is_no_difference() -> None:
    exchange = Exchange(method="GET", target="/", received="cut {off", status=None)
    assert [(line.standing, line.text) for line in difference(exchange)] == [
        ("same", "no answer"),
        ("same", "cut {off"),
    ]


def test_a_long_answer_is_cut_and_says_so() -> None:
    exchange = Exchange(method="GET", target="/", status=200, received="\n".join("x" * 500))
    lines = difference(exchange)
    assert len(lines) == MOST_LINES + 2
    assert lines[-1].text == "…"
