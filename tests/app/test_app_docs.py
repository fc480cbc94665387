"""Is the documentation page whole, offline and unable to run anything of anybody else?"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from apiflask import APIFlask

from app.headers import DOCS_POLICY, POLICY, talisman_headers
from app.resources.docs import PAGE, START

PARTS = {
    "/docs": "text/html; charset=utf-8",
    "/docs/start.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "/docs/swagger-ui.css": "text/css; charset=utf-8",
}


class Parts(HTMLParser):
    """Everything that a page loads, and whether it has code or style of its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads |= {given[name] or "" for name in ("src", "href") if name in given}
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", PARTS)
def test_every_part_of_the_page_is_served_to_everybody(service: APIFlask, path: str) -> None:
    answer = service.test_client().get(path)
    assert (answer.status_code, answer.content_type) == (200, PARTS[path])
    assert len(answer.data) > 100


def test_the_page_loads_its_own_parts_only_and_has_nothing_inline() -> None:
    page = Parts(PAGE)
    assert page.loads == {*PARTS, "data:,"} - {"/docs"}
    assert page.inline == []
    assert re.findall(r"https?://", PAGE + START) == []
    assert "validatorUrl: null" in START


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_only_the_page_may_load_scripts_and_only_ours(service: APIFlask, path: str) -> None:
    headers = service.test_client().get(path).headers
    (policy,) = headers.getlist("Content-Security-Policy")
    assert policy == "; ".join(f"{name} {value}" for name, value in DOCS_POLICY.items())
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/docs/swagger-ui.css", "/docs/x", "/openapi.json", "/docsx"])
def test_everything_else_keeps_the_apis_policy(service: APIFlask, path: str) -> None:
    headers = service.test_client().get(path).headers
    (policy,) = headers.getlist("Content-Security-Policy")
    assert policy == "; ".join(f"{name} {value}" for name, value in POLICY.items())


def test_the_page_changes_no_other_header(service: APIFlask) -> None:
    usual, page = dict(talisman_headers()), dict(talisman_headers(DOCS_POLICY))
    assert {name for name in usual if usual[name] != page[name]} == {"Content-Security-Policy"}
    client = service.test_client()
    own = {"Content-Length", "Content-Type", "Content-Security-Policy", "X-Request-Id", "RateLimit"}
    at_docs = dict(client.get("/docs").headers)
    elsewhere = dict(client.get("/openapi.json").headers)
    assert {name: at_docs[name] for name in at_docs.keys() - own} == {
        name: elsewhere[name] for name in elsewhere.keys() - own
    }


def test_the_bundled_page_understands_the_documents_version(service: APIFlask) -> None:
    client = service.test_client()
    assert client.get("/openapi.json").get_json()["openapi"].startswith("3.1")
    bundle = client.get("/docs/swagger-ui-bundle.js").text
    assert re.search(r'swagger-ui["\s@/:,]*5\.\d+|"5\.\d+\.\d+"', bundle)
    assert "OpenAPI 3.1" in bundle or "oas31" in bundle.lower()
