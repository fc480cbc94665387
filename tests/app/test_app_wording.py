"""Does a refusal say what to change, in words that need no knowledge of the code?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.callers import NOBODY, Caller, build_world

PROJECTS = "/v1/projects"


def problem(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    body = answer.get_json()
    errors = [(each["location"], each["detail"]) for each in body["errors"]]
    return answer.status_code, body["detail"], errors


@pytest.mark.parametrize(
    ("body", "location", "detail"),
    [
        ({"name": "x", "colour": 1}, "json.colour", "This field does not exist."),
        ({"name": "a\0b"}, "json.name", "NUL is not a character of a text."),
        ({}, "json.name", "This field is required."),
        ({"name": 5}, "json.name", "Input should be a valid string"),
    ],
)
def test_a_wrong_field_is_named(
    owner: Caller, body: dict[str, Any], location: str, detail: str
) -> None:
    found = problem(owner.ask("POST", PROJECTS, body))
    assert found == (422, "The request is not valid.", [(location, detail)])


@pytest.mark.parametrize("body", [b'{"name": ', b"", b"{'name': 'x'}"])
def test_a_body_that_is_no_json_is_called_so(owner: Caller, body: bytes) -> None:
    sent = owner.ask("POST", PROJECTS, data=body, content_type="application/json")
    assert problem(sent) == (400, "The body is not JSON.", [])


def test_what_is_wrong_with_a_body_as_a_whole_has_no_made_up_field(owner: Caller) -> None:
    run = build_world(owner, "own").run_id
    _, _, errors = problem(owner.ask("POST", f"/v1/runs/{run}/log", {}))
    assert errors == [("json", "give metrics, params or tags")]


def test_a_path_that_is_none_and_an_id_that_is_none_say_so(owner: Caller) -> None:
    said = "This is no path of the API, or an id in it is malformed: see /docs."
    for path in ("/v1/nope", f"{PROJECTS}/12", f"{PROJECTS}/{NOBODY}x"):
        assert problem(owner.ask("GET", path)) == (404, said, [])


def test_a_wrong_method_points_at_the_right_ones(owner: Caller) -> None:
    said = "This path has no such method: Allow has those that it has."
    assert problem(owner.ask("PUT", PROJECTS)) == (405, said, [])
