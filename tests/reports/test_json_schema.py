from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from gate.model import Verdict
from reports.as_json import render
from tests.reports.examples import EXAMPLES, failing
from tests.reports.regenerate import SCHEMA, published
from tests.reports.strategies import unhurried, verdicts

PUBLISHED = json.loads(SCHEMA.read_text())
VALIDATOR = jsonschema.Draft202012Validator(PUBLISHED)


def test_the_published_schema_is_the_model_s() -> None:
    assert SCHEMA.read_text() == published(), "run `python -m tests.reports.regenerate`"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)


@unhurried
@given(verdicts)
def test_every_report_keeps_it(verdict: Verdict) -> None:
    assert [each.message for each in VALIDATOR.iter_errors(json.loads(render(verdict)))] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_keeps_it(name: str) -> None:
    assert [
        each.message for each in VALIDATOR.iter_errors(json.loads(render(EXAMPLES[name])))
    ] == []


def drop(document: dict[str, Any]) -> None:
    del document["results"][0]["outcome"]


def add(document: dict[str, Any]) -> None:
    document["results"][0]["findings"][0]["extra"] = 1


def mistake(document: dict[str, Any]) -> None:
    document["outcome"] = "passed"


@pytest.mark.parametrize("spoil", [drop, add, mistake])
def test_a_report_with_a_mistake_is_refused(spoil: Any) -> None:
    document = json.loads(render(failing()))
    spoil(document)
    assert not VALIDATOR.is_valid(document)
