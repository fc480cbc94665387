from __future__ import annotations

import json

import pytest
from hypothesis import given

from gate.model import Outcome, Verdict
from reports.as_json import render
from tests.reports.examples import EXAMPLES, failing, header, leak, lone_info
from tests.reports.hostile import HOSTILE, spoil
from tests.reports.strategies import unhurried, verdicts


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_tells_the_outcome_and_the_sensitivity(name: str) -> None:
    verdict = EXAMPLES[name]
    document = json.loads(render(verdict))
    assert Outcome.parse(document["outcome"]) is verdict.outcome
    assert tuple(document["sensitivity"].values()) == verdict.sensitivity
    assert document["schema_version"] == 1


def test_each_finding_has_its_key_and_its_standing() -> None:
    found = {
        finding["key"]: (finding["blocks"], finding["waived"])
        for result in json.loads(render(failing()))["results"]
        for finding in result["findings"]
    }
    assert found[leak().key] == (True, False)
    assert found[header().key] == (False, True)
    assert found[lone_info().key] == (False, False)


def test_no_exit_code_is_told() -> None:
    assert "exit_code" not in render(failing())


@unhurried
@given(verdicts)
def test_it_holds_every_result_and_every_required_check(verdict: Verdict) -> None:
    told = [result["check"] for result in json.loads(render(verdict))["results"]]
    assert sorted(told) == sorted(
        [result.check for result in verdict.results]
        + [
            check
            for check in dict.fromkeys(
                [*verdict.required, *(block.check for block in verdict.blocking)]
            )
            if check not in {result.check for result in verdict.results}
        ]
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    document = json.loads(render(spoil(text)))
    assert document["target"]["name"] == text
    assert document["provenance"]["command"] == text
