"""Does a mask cut an answer to the asked fields, and does a page say where the next one is?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from apiflask import APIBlueprint, APIFlask
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.config import Config
from app.endpoint import Audience, Declaration, Deprecation, endpoint
from app.factory import create_app, declarations
from app.masks import PART, fields_of, item_of, kept
from app.schemas.projects import ProjectOut, ProjectPage
from app.schemas.system import Alive
from tests.app.callers import Caller, World, build_world


@pytest.fixture
def world(owner: Caller) -> World:
    return build_world(owner, "own")


def maskable(service: APIFlask) -> list[Declaration]:
    return [declared for declared in declarations(service).values() if declared.maskable]


def test_every_get_shows_just_the_asked_fields(
    service: APIFlask, owner: Caller, operator: Caller, world: World
) -> None:
    assert len(maskable(service)) >= 16
    for declared in maskable(service):
        assert declared.model is not None
        caller = operator if declared.access is Audience.OPERATOR else owner
        names = list(fields_of(declared.model))
        whole = caller.read(world.url(declared.path))
        for asked in (names[:1], names[:2], names[-1:], names):
            answer = caller.ask("GET", world.url(declared.path, fields=",".join(asked)))
            assert answer.content_type == PART
            found = answer.get_json()
            if item_of(declared.model) is None:
                assert found == {name: whole[name] for name in asked}
            else:
                assert found["items"] == [
                    {name: item[name] for name in asked} for item in whole["items"]
                ]


def test_a_field_that_does_not_exist_is_422(
    service: APIFlask, owner: Caller, operator: Caller, world: World
) -> None:
    for declared in maskable(service):
        caller = operator if declared.access is Audience.OPERATOR else owner
        for fields in ("secret", "", "id,", "id,,id", "ID"):
            path = world.url(declared.path, fields=fields)
            assert caller.ask("GET", path).status_code == 422, path


def test_a_part_has_a_tag_of_its_own(owner: Caller, world: World) -> None:
    path = world.fill("/v1/projects/{project_id}")
    part = owner.ask("GET", f"{path}?fields=name")
    assert part.headers["ETag"] != owner.ask("GET", path).headers["ETag"]
    held = {"If-None-Match": part.headers["ETag"]}
    assert owner.ask("GET", f"{path}?fields=name", headers=held).status_code == 304
    assert owner.ask("GET", path, headers=held).status_code == 200


def test_parts_match_their_documented_schemas(
    service: APIFlask, owner: Caller, world: World
) -> None:
    document = service.test_client().get("/openapi.json").get_json()
    for declared in maskable(service):
        if declared.access is Audience.OPERATOR or declared.model is None:
            continue
        schema = document["paths"][declared.path]["get"]["responses"]["200"]["content"][PART]
        reference = schema["schema"]["$ref"]
        validator = Draft202012Validator({"$ref": reference, "components": document["components"]})
        name = fields_of(declared.model)[0]
        part: Any = owner.read(world.url(declared.path, fields=name))
        validator.validate(part)
        assert not validator.is_valid({**part, "foreign": 1})


def test_a_page_links_to_the_next_with_the_same_filter_and_mask(owner: Caller) -> None:
    for number in range(5):
        owner.make("/v1/projects", name=f"p{number}")
    path, seen = "/v1/projects?limit=2&fields=name&state=active", []
    while path:
        answer = owner.ask("GET", path)
        seen += [item["name"] for item in answer.get_json()["items"]]
        cursor = answer.get_json()["next_cursor"]
        assert ("Link" in answer.headers) == (cursor is not None)
        link = answer.headers.get("Link", "<>")
        path = link[1 : link.index(">")]
        if path:
            assert link.endswith('>; rel="next"')
            query = parse_qs(urlsplit(path).query)
            assert query == {
                "limit": ["2"],
                "fields": ["name"],
                "state": ["active"],
                "cursor": [cursor],
            }
    assert seen == ["p4", "p3", "p2", "p1", "p0"]


def test_a_deprecated_operation_says_so_in_answer_and_document(config: Config) -> None:
    bp = APIBlueprint("old", __name__)
    since, sunset = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)

    @endpoint(
        bp,
        "GET /v1/old",
        access=Audience.PUBLIC,
        reply=(200, Alive),
        deprecation=Deprecation(since, sunset),
    )
    def read_old() -> dict[str, str]:
        """Tell it the old way."""
        return {"status": "alive"}

    app = create_app(config)
    app.register_blueprint(bp)
    answer = app.test_client().get("/v1/old")
    assert answer.headers["Deprecation"] == "@1767225600"
    assert answer.headers["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    operation = app.spec["paths"]["/v1/old"]["get"]
    assert operation["deprecated"] is True
    assert {"Deprecation", "Sunset"} <= operation["responses"]["200"]["headers"].keys()


@given(names=st.lists(st.sampled_from(fields_of(ProjectOut)), min_size=1))
def test_a_mask_names_fields_in_any_order_and_number(names: list[str]) -> None:
    assert kept(ProjectOut, ",".join(names)) == set(names)
    assert kept(ProjectPage, ",".join(names))["items"] == {"__all__": set(names)}
    assert kept(ProjectOut, None) is None
