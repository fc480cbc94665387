from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.model import Json
from validators.document.operations import Object, as_object
from validators.messages.bodies import Author, draw_canaries


def author(document: Object | None = None, *, full: bool = True) -> Author:
    chance = Random(1)
    return Author(
        document=document or {},
        chance=chance,
        canaries=draw_canaries(chance),
        refer={"run_id": "01a2", "lorry": "77"}.get,
        full=full,
    )


texts = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": st.integers(0, 30),
        "maxLength": st.integers(30, 300),
        "pattern": st.sampled_from(
            ["^[a-z0-9-]+$", r"^[^\u0000]*$", "^[A-Za-z0-9_][\\w.-]{0,99}$"]
        ),
    },
)
numbers = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={
        "minimum": st.integers(-50, 50),
        "maximum": st.integers(51, 100),
    },
)
plain = st.one_of(
    texts,
    numbers,
    st.just({"type": "boolean"}),
    st.just({"enum": ["a", "b"]}),
    st.just({"type": "string", "format": "uuid"}),
    st.just({"anyOf": [{"type": "null"}, {"type": "string"}]}),
    st.just({"type": ["null", "integer"]}),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least},
            inner,
            st.integers(0, 3),
        ),
        st.builds(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties)[::2],
                "additionalProperties": False,
            },
            st.dictionaries(st.sampled_from(["name", "note", "tags", "size"]), inner, min_size=1),
        ),
        st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner),
        st.builds(lambda one: {"allOf": [one]}, inner),
    )


@given(st.recursive(plain, containers, max_leaves=8), st.booleans())
def test_what_is_written_is_valid(schema: Json, full: bool) -> None:
    Draft202012Validator(schema).validate(author(full=full).write(schema))


def test_optional_texts_carry_a_mark_and_other_optional_fields_are_left_out() -> None:
    writer = author()
    schema: Json = {
        "properties": {
            "name": {"type": "string"},
            "note": {"anyOf": [{"type": "string", "maxLength": 500}, {"type": "null"}]},
            "tags": {"additionalProperties": {"type": "string"}},
            "parent_id": {"type": "string", "format": "uuid"},
            "size": {"type": "integer"},
        },
        "required": ["name"],
    }
    body = writer.write(schema)
    assert isinstance(body, dict)
    assert set(body) == {"name", "note", "tags"}
    assert all(writer.canaries.token in str(value) for value in body.values())
    assert [*as_object(author(full=False).write(schema))] == ["name"]


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({"type": "string", "format": "email"}, "@example.org"),
        ({"type": "string", "pattern": r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$"}, "@example.org"),
        ({"type": "string", "format": "uri"}, "https://"),
    ],
)
def test_a_mark_fits_into_addresses(schema: Json, part: str) -> None:
    writer = author()
    written = str(writer.write(schema))
    assert part in written
    assert writer.canaries.token in written


def test_a_field_that_names_an_object_refers_to_a_known_one() -> None:
    assert author().write({"type": "string", "format": "uuid"}, "run_id") == "01a2"


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("watcher", "Run", "01a2"),
        ("watchers", "The runs' ids", ["01a2"]),
        ("watcher", "Name of the run", None),
        ("watcher", "Lorry", None),
        ("run", "Run", None),
        ("lorry", "Run", "77"),
    ],
)
def test_a_field_that_is_said_to_be_an_object_refers_to_a_known_one(
    name: str, said: str, expected: Json
) -> None:
    schema: dict[str, Json] = {"type": "string"}
    if isinstance(expected, list):
        schema = {"type": "array", "items": schema}
    whole: Json = {"properties": {name: {**schema, "description": said}}, "required": [name]}
    written = as_object(author().write(whole))[name]
    assert written == expected or (expected is None and written != "01a2")


def test_a_list_of_plain_ids_refers_to_what_it_is_a_list_of() -> None:
    ids: Json = {"type": "array", "items": {"type": "string"}}
    known = {"ids": "01a2", "customer_id": "c-1"}
    writer = replace(author(), refer=known.get)
    schema: Object = {
        "type": "object",
        "required": ["ids", "customer"],
        "properties": {
            "ids": ids,
            "customer": {"type": "object", "required": ["ids"], "properties": {"ids": ids}},
        },
    }
    assert writer.write(schema) == {"ids": ["01a2"], "customer": {"ids": ["c-1"]}}


def test_references_are_followed_and_a_circle_is_named() -> None:
    document: Object = {"x": {"$ref": "#/y"}, "y": {"type": "integer", "minimum": 7}}
    assert author(document).write({"$ref": "#/x"}) == 7
    with pytest.raises(ValueError, match="circle"):
        author({"x": {"$ref": "#/x"}}).write({"$ref": "#/x"})


def test_a_schema_that_contains_itself_is_written_to_a_certain_depth() -> None:
    node: Json = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "next": {"$ref": "#/node"}},
        "required": ["name", "next"],
    }
    assert "name" in as_object(author({"node": node}).write({"$ref": "#/node"}))


def test_a_change_is_written_unlike_what_stands_there() -> None:
    now: Object = {"status": "open", "size": 4, "live": True}
    schema: Json = {
        "properties": {
            "status": {"enum": ["open", "closed"]},
            "size": {"type": "integer"},
            "live": {"type": "boolean"},
        },
        "required": ["status", "size", "live"],
    }
    written = as_object(replace(author(), current=now).write(schema))
    assert written == {"status": "closed", "size": 5, "live": False}


def test_a_given_value_is_used_and_a_change_of_nothing_is_filled_up() -> None:
    schema: Json = {"properties": {"role": {"enum": ["a"]}, "x": {}}, "minProperties": 1}
    assert author().write(schema)
    given = replace(author(), given={"country": "DE"})
    assert given.write({"properties": {"country": {"type": "string"}}}) == {"country": "DE"}
