"""Does the S3 store keep the same promises? Asked of moto's server, as no real S3 is at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from uuid import UUID

import httpx
import pytest
from apiflask import APIFlask
from moto.server import ThreadedMotoServer

from app.artifacts.bucket import Bucket
from app.config import Config
from app.context import NAME
from app.factory import create_app
from gate.testbed.ports import LOOPBACK, reserve
from tests.app.callers import (
    BYTES,
    Caller,
    begin_upload,
    build_world,
    send_parts,
    upload_artifact,
)

DIGEST = hashlib.sha256(BYTES).hexdigest()
PART = 5 << 20


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with reserve() as port:
        server = ThreadedMotoServer(ip_address=LOOPBACK, port=port, verbose=False)
        server.start()
        yield f"http://{LOOPBACK}:{port}"
        server.stop()


@pytest.fixture(scope="module")
def s3_service(config: Config, endpoint: str) -> Iterator[APIFlask]:
    """The service with its artifacts in a bucket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "access")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of the tests")
        wanted = {"artifact_bucket": "artifacts", "artifact_region": "us-east-1"}
        app = create_app(replace(config, artifact_endpoint=endpoint, **wanted))
        app.extensions[NAME].store.client.create_bucket(Bucket="artifacts")
        yield app


@pytest.fixture
def s3_owner(s3_service: APIFlask, owner: Caller) -> Caller:
    return Caller(s3_service.test_client(), owner.key)


@pytest.fixture
def bucket(s3_service: APIFlask) -> Bucket:
    found: Bucket = s3_service.extensions[NAME].store
    return found


@pytest.fixture
def run(s3_owner: Caller) -> str:
    project = s3_owner.make("/v1/projects", name="p")["id"]
    experiment = s3_owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    made: str = s3_owner.make(f"/v1/experiments/{experiment}/runs", name="r")["id"]
    return made


def keys(bucket: Bucket) -> set[str]:
    found = bucket.client.list_objects_v2(Bucket=bucket.name)
    return {each["Key"] for each in found.get("Contents", ())}


def test_parts_go_to_the_bucket_by_signed_urls(s3_owner: Caller, run: str, bucket: Bucket) -> None:
    content = b"x" * PART + BYTES
    size = len(content)
    upload = s3_owner.make("/v1/uploads", run_id=run, path="a/b", size=size, part_size=PART)
    tenant = s3_owner.read("/v1/me")["tenant_id"]
    for part in upload["parts"]:
        assert f"/artifacts/{tenant}/{upload['id']}?" in part["url"]
        start = (part["part"] - 1) * PART
        assert httpx.put(part["url"], content=content[start : start + PART]).status_code == 200
    digest = hashlib.sha256(content).hexdigest()
    made = s3_owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=digest)
    assert f"{tenant}/{made['id']}" in keys(bucket)
    answer = s3_owner.ask("GET", f"/v1/artifacts/{made['id']}/content")
    assert (answer.status_code, answer.data) == (200, content)
    assert answer.headers["ETag"] == f'"{digest}"'


def test_a_signed_url_gives_the_file_as_a_download(s3_owner: Caller, run: str) -> None:
    upload = begin_upload(s3_owner, run, "a/weights.bin")
    httpx.put(upload["parts"][0]["url"], content=BYTES)
    made = s3_owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=DIGEST)
    path = f"/v1/artifacts/{made['id']}/content?redirect=allowed"
    answer = s3_owner.ask("GET", path)
    assert (answer.status_code, answer.data) == (307, b"")
    got = httpx.get(answer.headers["Location"])
    assert got.content == BYTES
    assert got.headers["Content-Disposition"] == "attachment; filename=weights.bin"
    assert s3_owner.ask("HEAD", path).status_code == 307


def test_the_service_passes_parts_on_and_ranges_back(s3_owner: Caller, run: str) -> None:
    upload = begin_upload(s3_owner, run, "relayed")
    own = [part | {"url": f"/v1/uploads/{upload['id']}/parts/1"} for part in upload["parts"]]
    send_parts(s3_owner, upload | {"parts": own})
    made = s3_owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=DIGEST)
    path = f"/v1/artifacts/{made['id']}/content"
    headers = {"Authorization": f"Bearer {s3_owner.key}", "Range": "bytes=-5"}
    answer = s3_owner.client.get(path, headers=headers)
    assert (answer.status_code, answer.data) == (206, BYTES[-5:])


def test_an_empty_file_is_an_empty_object(s3_owner: Caller, run: str) -> None:
    made = upload_artifact(s3_owner, run, "empty", b"")
    assert s3_owner.ask("GET", f"/v1/artifacts/{made['id']}/content").data == b""


def test_another_digest_leaves_no_object(s3_owner: Caller, run: str, bucket: Bucket) -> None:
    upload = begin_upload(s3_owner, run, "wrong")
    httpx.put(upload["parts"][0]["url"], content=BYTES[::-1])
    path = f"/v1/uploads/{upload['id']}:complete"
    refused = s3_owner.ask("POST", path, {"sha256": DIGEST})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "wrong-digest")
    assert not any(upload["id"] in key for key in keys(bucket))


def test_missing_parts_are_named(s3_owner: Caller, run: str) -> None:
    upload = begin_upload(s3_owner, run, "slow")
    httpx.put(upload["parts"][0]["url"], content=b"short")
    answer = s3_owner.ask("POST", f"/v1/uploads/{upload['id']}:complete", {"sha256": DIGEST})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "parts-missing")


def test_what_is_deleted_leaves_the_bucket(s3_owner: Caller, run: str, bucket: Bucket) -> None:
    made = upload_artifact_by_url(s3_owner, run)
    assert any(made in key for key in keys(bucket))
    assert s3_owner.ask("DELETE", f"/v1/artifacts/{made}").status_code == 204
    assert not any(made in key for key in keys(bucket))


def upload_artifact_by_url(caller: Caller, run: str) -> str:
    upload = begin_upload(caller, run, "short-lived")
    httpx.put(upload["parts"][0]["url"], content=BYTES)
    made: str = caller.make(f"/v1/uploads/{upload['id']}:complete", sha256=DIGEST)["id"]
    return made


def test_an_upload_that_was_given_up_is_gone_from_the_bucket(
    s3_owner: Caller, run: str, bucket: Bucket
) -> None:
    upload = begin_upload(s3_owner, run, "over")
    path = f"/v1/uploads/{upload['id']}"
    assert upload["id"] in str(bucket.client.list_multipart_uploads(Bucket=bucket.name))
    assert [s3_owner.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert upload["id"] not in str(bucket.client.list_multipart_uploads(Bucket=bucket.name))


def test_a_lost_object_is_a_503_without_the_stores_words(
    s3_owner: Caller, run: str, bucket: Bucket
) -> None:
    made = upload_artifact_by_url(s3_owner, run)
    bucket.client.delete_object(Bucket=bucket.name, Key=next(k for k in keys(bucket) if made in k))
    answer = s3_owner.ask("GET", f"/v1/artifacts/{made}/content")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert "NoSuchKey" not in answer.text


def test_a_bucket_that_does_not_answer_is_a_503(
    config: Config, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "access")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of the tests")
    run = build_world(owner, "own").run_id
    with reserve() as silent:
        place = {"artifact_bucket": "b", "artifact_endpoint": f"http://{LOOPBACK}:{silent}"}
        app = create_app(replace(config, artifact_region="us-east-1", **place))
        caller = Caller(app.test_client(), owner.key)
        answer = caller.ask("POST", "/v1/uploads", {"run_id": run, "path": "x", "size": 1})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_neither_the_repr_nor_an_error_shows_the_secret(bucket: Bucket) -> None:
    assert "secret" not in repr(bucket)


def test_a_forgotten_tenant_leaves_nothing_in_the_bucket(
    s3_owner: Caller, run: str, bucket: Bucket
) -> None:
    made = upload_artifact_by_url(s3_owner, run)
    begin_upload(s3_owner, run, "open")
    tenant = s3_owner.read("/v1/me")["tenant_id"]
    assert any(made in key for key in keys(bucket))
    bucket.forget(UUID(tenant))
    assert not any(key.startswith(tenant) for key in keys(bucket))
    assert tenant not in str(bucket.client.list_multipart_uploads(Bucket=bucket.name))


class Breaking(BaseHTTPRequestHandler):
    """In front of a bucket: objects that are read break off in the middle."""

    behind: ClassVar[str]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url, headers = f"{self.behind}{self.path}", dict(self.headers)
        found = httpx.request(self.command, url, content=body, headers=headers)
        broken = self.command == "GET" and "Range" in self.headers
        self.send_response(found.status_code)
        for name in ("Content-Type", "ETag", "Content-Range"):
            if name in found.headers:
                self.send_header(name, found.headers[name])
        self.send_header("Content-Length", str(len(found.content)))
        self.end_headers()
        self.wfile.write(found.content[: len(found.content) // 2] if broken else found.content)
        self.close_connection = broken

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_an_object_that_breaks_off_while_it_is_checked_ends_the_upload_with_503(
    config: Config, s3_owner: Caller, run: str, endpoint: str, bucket: Bucket
) -> None:
    upload = begin_upload(s3_owner, run, "breaking")
    httpx.put(upload["parts"][0]["url"], content=BYTES)
    methods = {f"do_{method}": Breaking.answer for method in ("GET", "PUT", "POST", "DELETE")}
    relay = ThreadingHTTPServer(
        (LOOPBACK, 0), type("Relay", (Breaking,), {"behind": endpoint, **methods})
    )
    Thread(target=relay.serve_forever, daemon=True).start()
    place = {"artifact_bucket": bucket.name, "artifact_region": "us-east-1"}
    there = f"http://{LOOPBACK}:{relay.server_port}"
    caller = Caller(
        create_app(replace(config, artifact_endpoint=there, **place)).test_client(), s3_owner.key
    )
    path = f"/v1/uploads/{upload['id']}:complete"
    assert caller.ask("POST", path, {"sha256": DIGEST}).status_code == 503
    relay.shutdown()
    relay.server_close()
    assert not any(upload["id"] in key for key in keys(bucket))
    assert s3_owner.ask("POST", path, {"sha256": DIGEST}).status_code == 404
