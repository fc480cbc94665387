"""Are answers compressed as negotiated, with tags of their own, and never beside a secret?"""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import brotli
import pytest
from apiflask import APIFlask
from backports import zstd
from flask import Response, request
from pydantic import BaseModel

from app.compression import CODINGS
from app.config import Config
from app.endpoint import Audience, Declaration
from app.factory import create_app, declarations
from tests.app.callers import Caller, build_world

LARGE = "<p>words</p>" * 400
DECODE = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
NEGOTIATED = {
    "gzip": "gzip",
    "br": "br",
    "zstd": "zstd",
    "gzip, deflate, br, zstd": "zstd",
    "gzip, deflate, br": "br",
    "gzip;q=1.0, br;q=0.1": "gzip",
    "*": "zstd",
    "GZIP": "gzip",
    "": None,
    "identity": None,
    "deflate": None,
    "gzip;q=0": None,
    "gzip; q=0": None,
    "gzip;q=0, br": "br",
    "nonsense;;q=x,,": None,
}


@pytest.fixture
def project(owner: Caller) -> str:
    """The path of something large."""
    made = owner.make("/v1/projects", name="large", description=LARGE[:5000])
    return f"/v1/projects/{made['id']}"


def ask(caller: Caller, path: str, method: str = "GET", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    key = {"Authorization": f"Bearer {caller.key}"}
    return caller.client.open(path, method=method, headers=key | named)


@pytest.mark.parametrize("accepts", NEGOTIATED)
def test_the_coding_is_the_negotiated_one(owner: Caller, project: str, accepts: str) -> None:
    plain = ask(owner, project)
    answer = ask(owner, project, Accept_Encoding=accepts)
    coding = NEGOTIATED[accepts]
    assert answer.headers.get("Content-Encoding") == coding
    decoded = DECODE[coding](answer.data) if coding else answer.data
    assert decoded == plain.data
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.headers.getlist("Vary") == ["Authorization, Accept-Encoding"]
    if coding:
        assert len(answer.data) < len(plain.data) / 4


@pytest.mark.parametrize("coding", CODINGS)
def test_small_answers_errors_and_writes_stay_as_they_are(
    owner: Caller, project: str, coding: str
) -> None:
    for path in ("/v1/me", f"{project}?unknown={'x' * 2000}", "/healthz"):
        assert "Content-Encoding" not in ask(owner, path, Accept_Encoding=coding).headers
    body = {"description": LARGE[:5000]}
    headers = {"Authorization": f"Bearer {owner.key}", "Accept-Encoding": coding}
    answer = owner.client.patch(project, json=body, headers=headers)
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)


def test_head_and_get_say_the_same(owner: Caller, project: str) -> None:
    got = ask(owner, project, Accept_Encoding="gzip")
    headed = ask(owner, project, "HEAD", Accept_Encoding="gzip")
    assert headed.data == b""
    for name in ("Content-Encoding", "Content-Length", "Vary"):
        assert headed.headers[name] == got.headers[name]


SECRETS = {"secret", "api_key", "token", "password", "upload_url", "signing_secret"}


def holds_secret(model: type[BaseModel] | None) -> bool:
    return model is not None and bool(SECRETS & set(model.model_fields))


def test_no_answer_with_a_secret_is_one_that_can_be_compressed(service: APIFlask) -> None:
    declared = [one for one in declarations(service).values() if holds_secret(one.model)]
    assert {"create_api_key", "create_tenant"} <= {one.operation for one in declared}
    assert [one.operation for one in declared if is_read(one)] == []


def is_read(declared: Declaration) -> bool:
    reading = ("/search", ":search", "/compare", ":compare")
    return declared.method == "GET" or declared.path.endswith(reading)


class Typed(BaseModel):
    """What the page takes."""

    type: str = ""


def tagged(config: Config) -> APIFlask:
    """The service with one more page, whose answer has a tag and whose change needs it."""
    app = create_app(config)
    template = next(iter(declarations(app).values()))

    def page() -> Response:
        if request.method == "PUT" and not request.if_match.contains("v1"):
            return Response(status=412)
        response = Response(LARGE, content_type=request.args.get("type", "application/json"))
        response.set_etag("v1")
        ranged = "type" in request.args
        return response.make_conditional(request, accept_ranges=ranged, complete_length=len(LARGE))

    promise = {"access": Audience.PUBLIC, "body": None, "operation": "page", "fail_closed": False}
    page.maestro_declaration = replace(  # type: ignore[attr-defined]
        template, **promise, query=Typed
    )
    app.add_url_rule("/tagged", "page", page, methods=["GET", "PUT"])
    return app


@pytest.mark.parametrize("coding", CODINGS)
def test_each_coding_has_a_strong_tag_of_its_own_and_stands_for_the_same_state(
    config: Config, coding: str
) -> None:
    client = tagged(config).test_client()
    plain = client.get("/tagged")
    encoded = client.get("/tagged", headers={"Accept-Encoding": coding})
    assert (plain.headers["ETag"], encoded.headers["ETag"]) == ('"v1"', f'"v1:{coding}"')
    for tag, sent in (('"v1"', {}), (f'"v1:{coding}"', {"Accept-Encoding": coding})):
        again = client.get("/tagged", headers={"If-None-Match": tag, **sent})
        assert (again.status_code, again.headers["ETag"], again.data) == (304, tag, b"")
    for tag, expected in (('"v1"', 200), (f'"v1:{coding}"', 200), (f'"v2:{coding}"', 412)):
        assert client.put("/tagged", headers={"If-Match": tag}).status_code == expected
    mixed = client.get("/tagged", headers={"If-None-Match": '"v1:gzip"'})
    assert mixed.status_code == 200


def test_part_of_an_answer_is_never_compressed(config: Config) -> None:
    client = tagged(config).test_client()
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=10-2009"}
    part = client.get("/tagged?type=text/plain", headers=headers)
    assert (part.status_code, part.headers.get("Content-Encoding")) == (206, None)
    assert part.text == LARGE[10:2010]
    whole = client.get("/tagged?type=text/plain", headers={"Accept-Encoding": "gzip"})
    assert whole.headers["Content-Encoding"] == "gzip"


def test_the_document_and_the_metrics_travel_compressed(owner: Caller) -> None:
    build_world(owner, "w")
    for path in ("/openapi.json", "/metrics", "/v1/members?limit=200"):
        answer = ask(owner, path, Accept_Encoding="br")
        if len(ask(owner, path).data) >= 1000:
            assert answer.headers["Content-Encoding"] == "br"


@pytest.mark.parametrize("matching", [True, False])
def test_a_condition_that_is_for_changes_means_nothing_to_a_read_compressed_or_not(
    owner: Caller, project: str, matching: bool
) -> None:
    tag = ask(owner, project).headers["ETag"] if matching else '"another"'
    for accepts in ("identity", "gzip"):
        answer = ask(owner, project, Accept_Encoding=accepts, If_Match=tag)
        assert answer.status_code == 200, accepts
