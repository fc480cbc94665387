"""Is what PostgreSQL writes itself what the declared model would have written?"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.run_rows import COLUMNS
from app.schemas.runs import RunOut, RunPage
from tests.app.callers import Caller, World, build_world

AWKWARD = {
    '"': "\\",
    "'": "\t\n\r\b\f\x01\x1f\x7f",
    "</script>": "\u2028",
    "ä": "\U0001f600",
    "B": "a",
}
LOGGED = {
    "metrics": [
        {"key": "loss", "step": 2**53 - 1, "value": 0.1},
        {"key": "zero", "step": 0, "value": -0.0},
        {"key": "tiny", "step": 1, "value": 5e-324},
        {"key": "huge", "step": 1, "value": 1.7e308},
        {"key": "Whole", "step": 1, "value": 3},
    ],
    "params": AWKWARD,
    "tags": {"none": ""},
}


@pytest.fixture
def world(owner: Caller) -> World:
    made = build_world(owner, "own")
    owner.make(f"/v1/runs/{made.run_id}/log", **LOGGED)
    return made


def by_model(model: Any, body: bytes) -> Any:
    """The body as its model reads and writes it."""
    return model.model_validate_json(body).model_dump(mode="json")


def test_a_run_has_the_columns_that_its_model_declares() -> None:
    assert {column.key for column in COLUMNS} == set(RunOut.model_fields)


def test_a_run_is_what_its_model_says(owner: Caller, world: World) -> None:
    body = owner.ask("GET", f"/v1/runs/{world.run_id}").data
    run = orjson.loads(body)
    assert run == by_model(RunOut, body)
    assert run["params"].items() >= AWKWARD.items()
    assert run["metrics"]["tiny"] == {"step": 1, "value": 5e-324}
    assert list(run) == sorted(run)


def test_a_page_and_a_search_are_what_their_model_says(owner: Caller, world: World) -> None:
    listed = owner.ask("GET", f"/v1/experiments/{world.experiment_id}/runs").data
    found = owner.ask("POST", "/v1/runs:search", {"filter": "metrics.Whole = 3"}).data
    for body in (listed, found):
        page = orjson.loads(body)
        assert page == by_model(RunPage, body)
        assert page["items"][0]["id"] == world.run_id


def test_equal_runs_are_equal_bytes_whoever_shows_them(owner: Caller, world: World) -> None:
    path = f"/v1/runs/{world.run_id}"
    changed = owner.ask("PATCH", path, {"name": "renamed"})
    shown = owner.ask("GET", path)
    listed = owner.ask("GET", f"/v1/experiments/{world.experiment_id}/runs").data
    assert (changed.data, changed.headers["ETag"]) == (shown.data, shown.headers["ETag"])
    assert shown.data in listed


def test_the_order_of_what_was_sent_is_not_the_order_of_the_answer(
    owner: Caller, world: World
) -> None:
    path = f"/v1/experiments/{world.experiment_id}/runs"
    params = {"b": "2", "a": "1", "c": "3"}
    runs = [
        owner.make(path, name="r", params=dict(each))
        for each in (params.items(), sorted(params.items()))
    ]
    bodies = [owner.ask("GET", f"/v1/runs/{run['id']}?fields=params").data for run in runs]
    assert bodies[0] == bodies[1] == b'{"params":{"a":"1","b":"2","c":"3"}}'
