"""Every place that a mutant changes is still there, and every operator still finds its places.

Nothing is started here: `tox -e mutants` runs them.
"""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from app.models import Base
from gate.coverage import CHANNELS
from tests.mutants.document import MADE_BY, labels, narrowed
from tests.mutants.generated import FAMILIES, mutants
from tests.mutants.model import Ground
from tests.mutants.operators.filters import conditions, without_conditions
from tests.mutants.operators.tables import tables
from tests.mutants.reach import operations, reaching
from tests.mutants.smoke import SMOKE
from tests.mutants.source import ROOT, AnchorError, Source, anchored, source
from tests.mutants.survivors import SURVIVORS


def test_there_are_at_least_150_mutants_each_with_a_name_of_its_own() -> None:
    flaws = [mutant for mutant in mutants() if not mutant.harmless]
    assert len(flaws) >= 150
    assert max(Counter(mutant.id for mutant in mutants()).values()) == 1


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_every_operator_finds_places(family: object) -> None:
    assert callable(family)
    assert list(family())


def test_every_mutant_changes_the_service_and_is_still_a_program() -> None:
    for mutant in mutants():
        assert mutant.edits or mutant.slip or mutant.harmless, mutant.id
        for name, text in mutant.edits.items():
            path = ROOT / name
            assert not path.exists() or path.read_text(encoding="utf-8") != text, mutant.id
            ast.parse(text)


def test_every_mutant_names_channels_and_operations_that_there_are() -> None:
    known = set(operations().values())
    for mutant in mutants():
        assert mutant.channels, mutant.id
        assert {f"isolation:{number}" for number in mutant.channels} <= CHANNELS.keys()
        assert set(mutant.about) <= known, mutant.id


def test_every_table_has_its_mutants() -> None:
    opened = "the policy lets all rows through"
    guarded = {mutant.place for mutant in mutants() if mutant.operator == opened}
    assert guarded == set(tables()) == set(Base.metadata.tables)


def test_what_is_said_of_survivors_and_of_the_smoke_set_is_said_of_mutants() -> None:
    known = {mutant.id for mutant in mutants()}
    assert SURVIVORS.keys() <= known
    assert SMOKE.keys() <= known
    assert all(reason.strip() for reason in SURVIVORS.values())


def test_a_place_that_is_gone_is_an_error() -> None:
    with pytest.raises(AnchorError, match="0 times"):
        anchored("app/ids.py", "what was never written", "")
    with pytest.raises(AnchorError, match="gone"):
        source("app/nowhere.py")
    with pytest.raises(AnchorError, match="0 functions"):
        source("app/ids.py").function("nothing")


def test_a_place_that_occurs_twice_is_an_error() -> None:
    with pytest.raises(AnchorError, match="2 times"):
        Source("two.py", "a = 1\na = 1\n").exactly("a = 1\n", "")


def test_an_expression_is_replaced_where_it_stands_whatever_comes_before_it() -> None:
    text = Source("one.py", 'def f() -> None:\n    "≥ ä"; g(A.tenant_id == 1, "ö")\n')
    (found,) = conditions(text)
    assert text.around(found) == "f"
    assert text.swap(found, "True").endswith('"≥ ä"; g(True, "ö")\n')


def test_without_conditions_none_is_left() -> None:
    for path, text in without_conditions().items():
        assert not list(conditions(Source(path, text)))


def test_an_operation_is_reached_through_the_functions_that_it_calls() -> None:
    assert reaching("app/version_rows.py", "find_alias")[:2] == (
        "DELETE /v1/models/{model_id}/aliases/{alias}",
        "GET /v1/models/{model_id}/aliases/{alias}",
    )
    assert "GET /v1/runs/{run_id}" in reaching("app/run_rows.py", "READ_RUN")


def test_a_narrowed_document_has_what_an_operation_needs_and_no_more() -> None:
    paths = {
        path: {method.lower(): {} for method, other in pairs if other == path}
        for pairs in [[label.split(" ") for label in sorted(operations().values())]]
        for path in {path for _, path in pairs}
    }
    document = {"openapi": "3.1.0", "paths": paths}
    assert narrowed(document, ()) is document
    assert labels(narrowed(document, ["PATCH /v1/experiments/{experiment_id}"])) == {
        "PATCH /v1/experiments/{experiment_id}",
        "GET /v1/experiments/{experiment_id}",
        "POST /v1/projects/{project_id}/experiments",
        "GET /v1/projects/{project_id}/experiments",
        "POST /v1/projects",
        "GET /v1/projects",
        "GET /v1/projects/{project_id}",
        "GET /v1/me",
    }
    assert {label for made in MADE_BY.values() for label in made} <= set(operations().values())


def test_flaws_of_the_code_are_looked_for_without_the_policies() -> None:
    for mutant in mutants():
        if mutant.operator in {"condition dropped", "the tenant of a new object"}:
            assert mutant.ground is Ground.CODE
