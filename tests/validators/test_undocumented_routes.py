"""What no document mentions is found in a service that was never seen before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gate.check import Control
from gate.model import Doubt, Finding, Outcome
from gate.run import run
from gate.testbed.embedded import Embedded
from gate.testbed.external import External, external
from tests.targets.serving import SHOP_HINTS, actors, running, wsgi
from tests.targets.shop import DOCUMENT, Shop
from validators.behind.undocumented import prefix_of, spellings
from validators.channels.undocumented_routes import CHECK, CLEAN
from validators.document.operations import Operation
from validators.messages.calls import Call

RED = "Bearer red-owner-0123456789"
KNOWN = {path.strip("/").partition("/")[0] for path in DOCUMENT["paths"]} | {"openapi.json"}
FLAWS = {
    "admin": "undocumented-route",
    "dump": "undocumented-data",
    "internal": "undocumented-refusal",
    "below": "undocumented-data",
    "action": "undocumented-route",
    "method": "undocumented-method",
    "trace": "trace-echo",
    "slash": "other-spelling",
}


@dataclass
class Hidden:
    """The shop, with something that its document does not mention in front of it."""

    flaw: str
    shop: Shop = field(default_factory=lambda: Shop(""))

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        found: Any = None
        if self.flaw == "catch-all" and "/" not in path[1:]:
            found = None if path[1:] in KNOWN else "welcome"
        found = self.hidden().get((self.flaw, path), found)
        if (self.flaw, path) == ("internal", "/internal") or (
            self.flaw == "guarded" and path.startswith("/internal/")
        ):
            start("403 Forbidden", [("Content-Type", "application/json")])
            return [b'{"error": "not for you"}']
        if (self.flaw, method) == ("trace", "TRACE"):
            found = environ["HTTP_AUTHORIZATION"]
        if (self.flaw, method) == ("method", "PATCH") and path.startswith("/orders/"):
            found = {"changed": True}
        if self.flaw == "slash" and path.endswith("/"):
            environ = environ | {"PATH_INFO": path.rstrip("/"), "HTTP_AUTHORIZATION": RED}
        if found is None and self.flaw == "words":
            return in_words(self.shop, environ, start)
        if found is None:
            return self.shop(environ, start)
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(found).encode()]

    def hidden(self) -> dict[tuple[str, str], Any]:
        """What is answered where, by flaw."""
        orders = [*self.shop.rows["order"].values()]
        return {
            ("admin", "/admin"): {"users": 3},
            ("dump", "/debug/vars"): {
                kind: [*rows.values()] for kind, rows in self.shop.rows.items()
            },
            ("below", "/internal/orders"): orders,
            ("action", "/catalogue/export"): {"rows": 0},
        }


def in_words(app: Any, environ: dict[str, Any], start: Any) -> Any:
    """The answer with its status in the body alone."""
    status: list[str] = []
    body = b"".join(app(environ, lambda said, _: status.append(said)))
    if environ["PATH_INFO"] != "/openapi.json":
        said = json.loads(body) if body else None
        good = status[0].startswith("2")
        told = {"ok": good, "code": status[0][:3], "result": said if good else None}
        body = json.dumps(told).encode()
    start("200 OK", [("Content-Type", "application/json")])
    return [body]


@contextmanager
def hidden(flaw: str, folder: Path) -> Iterator[External]:
    text, environment = actors(Shop.tokens, "Authorization", "Bearer ")
    with running(wsgi(Hidden(flaw))) as base_url:
        file = folder / "target.toml"
        head = f'name = "shop"\nbase_url = "{base_url}"\n'
        file.write_text(head + text + SHOP_HINTS, encoding="utf-8")
        with external(file, folder, 3, environment) as testbed:
            yield testbed


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_hidden_way_in_is_found(flaw: str, tmp_path: Path) -> None:
    with hidden(flaw, tmp_path) as testbed:
        result = run(CHECK, testbed, lambda _: None)
    assert {each.rule for each in result.findings} == {FLAWS[flaw]}
    assert result.failures == ()


def test_a_page_for_every_name_is_no_route(tmp_path: Path) -> None:
    with hidden("catch-all", tmp_path) as testbed:
        result = run(CHECK, testbed, lambda _: None)
    assert result.findings == ()


def test_a_section_that_is_refused_whatever_is_asked_for_is_no_route(tmp_path: Path) -> None:
    with hidden("guarded", tmp_path) as testbed:
        result = run(CHECK, testbed, lambda _: None)
    assert result.findings == ()


def test_a_method_that_is_refused_in_words_alone_is_none(tmp_path: Path) -> None:
    with hidden("words", tmp_path) as testbed:
        result = run(CHECK, testbed, lambda _: None)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS, (result.doubts, result.failures)


def test_maestro_ml_keeps_the_promise(testbed: Embedded) -> None:
    written: list[Any] = []
    result = run(CHECK, testbed, written.append)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS, (result.doubts, result.failures)
    assert [each for each in testbed.secrets if each in str(written)] == []


def test_a_clean_record_has_no_finding() -> None:
    assert not list(CHECK.judge(CLEAN))


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda each: each.defect)
def test_each_control_breaks_one_rule(control: Control) -> None:
    found = [each for each in CHECK.judge(control.record) if isinstance(each, Finding)]
    assert len({each.rule for each in found}) == 1


def test_a_known_path_that_looks_unknown_leaves_a_doubt() -> None:
    blind = [replace(each, data={**each.data, "positive": False}) for each in CLEAN[:1]]
    assert [type(each) for each in CHECK.judge(blind)] == [Doubt]


@pytest.mark.parametrize(
    ("path", "prefix"),
    [("/v1/runs", "/v1"), ("/api/v2/runs", "/api/v2"), ("/api/runs", "/api"), ("/runs", "")],
)
def test_the_prefix_of_a_path(path: str, prefix: str) -> None:
    assert prefix_of(path) == prefix


def test_spellings_keep_the_query_and_differ_from_the_path() -> None:
    call = Call(operation=Operation(method="GET", path="/v1/x/{id}"), path=("a b",), query={"q": 1})
    found = dict(spellings(call))
    assert found["trailing slash"] == "/v1/x/a%20b/?q=1"
    assert found["encoded letter"] == "/v1/x/%61%20b?q=1"
    assert call.target not in found.values()
    assert len(set(found.values())) == len(found)
