"""Does a search by name show what begins so, and only what the key may read?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.app.callers import Caller, build_world

KINDS = {"experiments:read": "experiment", "models:read": "model", "runs:read": "run"}


def found(caller: Caller, path: str) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["name"]) for hit in caller.read(path)["items"]]


def test_everything_whose_name_begins_so_is_found_by_name(owner: Caller) -> None:
    world = build_world(owner, "alpha")
    owner.make("/v1/projects", name="alphabet")
    owner.make("/v1/projects", name="Alpha")
    owner.make("/v1/projects", name="al%")
    kinds = ["project", "experiment", "model", "run"]
    expected = {(kind, "alpha") for kind in kinds} | {("project", "alphabet")}
    assert set(found(owner, "/v1/search?q=alph")) == expected
    assert found(owner, "/v1/search?q=alpha&limit=2") == found(owner, "/v1/search?q=alpha")[:2]
    assert found(owner, "/v1/search?q=al%25") == [("project", "al%")]
    ids = {hit["id"] for hit in owner.read("/v1/search?q=alpha")["items"]}
    assert {world.project_id, world.run_id, world.model_id, world.experiment_id} < ids


@pytest.mark.parametrize("scope", KINDS)
def test_a_key_finds_only_kinds_that_it_may_read(owner: Caller, scope: str) -> None:
    build_world(owner, "alpha")
    assert found(owner.key_for("viewer", [scope]), "/v1/search?q=a") == [(KINDS[scope], "alpha")]


def test_a_key_without_a_right_to_read_finds_nothing(owner: Caller) -> None:
    build_world(owner, "alpha")
    assert found(owner.key_for("viewer", ["usage:read"]), "/v1/search?q=a") == []


def test_names_of_another_tenant_are_not_found(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    build_world(owner, "alpha")
    assert found(new_owner(), "/v1/search?q=alpha") == []


@pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=x&limit=0"])
def test_a_search_needs_a_beginning(owner: Caller, query: str) -> None:
    assert owner.ask("GET", f"/v1/search?{query}").status_code == 422
