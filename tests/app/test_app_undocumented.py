"""Is anything answered that the document does not name?"""

from __future__ import annotations

import re
from typing import Any

import pytest
from apiflask import APIFlask

from app.endpoint import declaration_of
from tests.app.callers import EMPTY_WORLD, Caller

AUTOMATIC = {"HEAD", "OPTIONS"}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO")
SHAPES = {
    "uuid": "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "integer": "[1-9][0-9]{0,8}",
}


@pytest.fixture(scope="module")
def document(service: APIFlask) -> dict[str, Any]:
    found: dict[str, Any] = service.test_client().get("/openapi.json").get_json()
    return found


def shape_of(parameter: dict[str, Any]) -> str:
    """What the document says of a path parameter, as a pattern."""
    schema = parameter["schema"]
    pattern: str = schema.get("pattern") or SHAPES[schema.get("format") or schema["type"]]
    return pattern.removeprefix("^").removesuffix("$")


def known_paths(document: dict[str, Any]) -> list[re.Pattern[str]]:
    """Every documented path, with the documented shape of its parameters."""
    patterns = []
    for path, item in document["paths"].items():
        parameters = next(iter(item.values())).get("parameters", ())
        shapes = {each["name"]: shape_of(each) for each in parameters if each["in"] == "path"}
        parts = re.split(r"{(\w+)}", path)
        patterns.append("".join(
            f"({shapes[part]})" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        ))  # fmt: skip
    return [re.compile(pattern) for pattern in patterns]


def neighbours(path: str) -> set[str]:
    """Paths that look like a documented one."""
    first, _, rest = path.removeprefix("/").partition("/")
    parent = path.rpartition("/")[0]
    return {
        *(path + end for end in ("/", "//", "/x", ".json", ":nope", ";x=1", "%20", "%2F", "%00")),
        *(f"/{first}/{rest.upper()}", f"/{first.upper()}/{rest}", f"//{first}/{rest}"),
        *(f"/v2/{rest}", f"/{rest}", f"/{first}/./{rest}", f"/{first}/../{first}/{rest}"),
        *(parent, path.rpartition(":")[0] or "/", path.replace(":", "/"), path.replace("-", "_")),
    }


def test_every_rule_and_method_is_documented(service: APIFlask, document: dict[str, Any]) -> None:
    answered = set()
    for rule in service.url_map.iter_rules():
        declared = declaration_of(service.view_functions[rule.endpoint])
        assert declared is not None
        assert rule.rule == declared.rule
        answered |= {(each, declared.path) for each in set(rule.methods or ()) - AUTOMATIC}
    assert answered == {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }


def test_a_path_that_is_not_documented_is_a_404_for_every_method(
    owner: Caller, document: dict[str, Any]
) -> None:
    known = known_paths(document)
    near = {each for path in document["paths"] for each in neighbours(EMPTY_WORLD.fill(path))}
    unknown = sorted(path for path in near if not any(pattern.fullmatch(path) for pattern in known))
    assert len(unknown) > 10 * len(known)
    wrong = [
        (path, method, answer.status_code, answer.content_type)
        for number, path in enumerate(unknown)
        for method in (METHODS if number % 10 == 0 else ("GET", METHODS[number % len(METHODS)]))
        if (answer := owner.ask(method, path)).status_code != 404
        or answer.content_type != "application/problem+json"
    ]
    assert wrong == []


def test_options_says_nothing_but_the_methods(owner: Caller, document: dict[str, Any]) -> None:
    for path in document["paths"]:
        answer = owner.ask("OPTIONS", EMPTY_WORLD.fill(path))
        assert (answer.status_code, answer.data) == (200, b"")
        assert "OPTIONS" in answer.headers["Allow"]
