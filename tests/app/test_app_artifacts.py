"""Does an artifact come back as the bytes that were sent, whole or in ranges?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from app.config import Config
from tests.app.callers import (
    BYTES,
    NOBODY,
    Caller,
    begin_upload,
    build_world,
    get_content,
    send_parts,
    upload_artifact,
)

DIGEST = hashlib.sha256(BYTES).hexdigest()
RAW = "application/octet-stream"
PART = 5 << 20


@pytest.fixture
def run(owner: Caller) -> str:
    return build_world(owner, "own").run_id


def test_an_uploaded_file_is_listed_and_comes_back(owner: Caller, run: str) -> None:
    made = upload_artifact(owner, run, "models/best/weights.bin")
    assert made["sha256"] == DIGEST
    assert owner.read(f"/v1/runs/{run}/artifacts")["items"][0] == made
    answer = get_content(owner, made["id"])
    assert (answer.status_code, answer.data) == (200, BYTES)
    assert answer.content_type == RAW
    assert answer.headers["ETag"] == f'"{DIGEST}"'
    assert answer.headers["Content-Disposition"] == "attachment; filename=weights.bin"
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_parts_may_come_in_any_order_and_again(owner: Caller, run: str) -> None:
    content = bytes(range(256)) * (2 * PART // 256) + b"the end"
    upload = owner.make("/v1/uploads", run_id=run, path="big", size=len(content), part_size=PART)
    assert [part["size"] for part in upload["parts"]] == [PART, PART, 7]
    first = upload["parts"][0]["url"]
    assert owner.ask("PUT", first, data=b"x" * PART, content_type=RAW).status_code == 204
    send_parts(owner, upload | {"parts": upload["parts"][::-1]}, content)
    digest = hashlib.sha256(content).hexdigest()
    made = owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=digest)
    assert get_content(owner, made["id"], Range="bytes=-10").data == content[-10:]
    assert hashlib.sha256(get_content(owner, made["id"]).data).hexdigest() == digest


def test_an_empty_file_has_no_parts(owner: Caller, run: str) -> None:
    made = upload_artifact(owner, run, "empty", b"")
    answer = get_content(owner, made["id"])
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")
    assert get_content(owner, made["id"], Range="bytes=0-").status_code == 416


def test_another_digest_makes_no_artifact_and_ends_the_upload(owner: Caller, run: str) -> None:
    upload = begin_upload(owner, run, "wrong")
    send_parts(owner, upload)
    path = f"/v1/uploads/{upload['id']}:complete"
    refused = owner.ask("POST", path, {"sha256": "0" * 64})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "wrong-digest")
    assert owner.ask("POST", path, {"sha256": DIGEST}).status_code == 404
    assert "wrong" not in str(owner.read(f"/v1/runs/{run}/artifacts"))
    assert upload_artifact(owner, run, "wrong")["sha256"] == DIGEST


def test_missing_parts_are_named_and_the_upload_goes_on(owner: Caller, run: str) -> None:
    upload = begin_upload(owner, run, "slow")
    path = f"/v1/uploads/{upload['id']}:complete"
    refused = owner.ask("POST", path, {"sha256": DIGEST})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "parts-missing")
    send_parts(owner, upload)
    assert owner.make(path, sha256=DIGEST)["size"] == len(BYTES)


def test_a_path_is_used_once_in_a_run(owner: Caller, run: str) -> None:
    late = begin_upload(owner, run, "same")
    send_parts(owner, late)
    upload_artifact(owner, run, "same")
    body = {"run_id": run, "path": "same", "size": 1}
    assert owner.ask("POST", "/v1/uploads", body).status_code == 409
    refused = owner.ask("POST", f"/v1/uploads/{late['id']}:complete", {"sha256": DIGEST})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "already-exists")


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (BYTES[:-1], RAW, 409),
        (BYTES + b"x", RAW, 409),
        (BYTES, "text/plain", 415),
        (b"x" * ((64 << 20) + 1), RAW, 413),
    ],
    ids=["short", "long", "text", "huge"],
)
def test_a_part_has_its_size_and_type(
    owner: Caller, run: str, data: bytes, content_type: str, status: int
) -> None:
    upload = begin_upload(owner, run, "strict")
    url = upload["parts"][0]["url"]
    assert owner.ask("PUT", url, data=data, content_type=content_type).status_code == status
    refused = owner.ask("POST", f"/v1/uploads/{upload['id']}:complete", {"sha256": DIGEST})
    assert refused.get_json()["code"] == "parts-missing"


def test_a_part_tells_its_size_in_advance(owner: Caller, run: str) -> None:
    url = begin_upload(owner, run, "chunked")["parts"][0]["url"]
    headers = {"Authorization": f"Bearer {owner.key}", "Content-Type": RAW}
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = owner.client.put(
        url, headers=headers, input_stream=BytesIO(BYTES), environ_overrides=chunked
    )
    assert answer.status_code == 411


def test_there_is_no_part_behind_the_last(owner: Caller, run: str) -> None:
    upload = begin_upload(owner, run, "one")
    path = f"/v1/uploads/{upload['id']}/parts"
    statuses = [
        owner.ask("PUT", f"{path}/{part}", data=BYTES, content_type=RAW).status_code
        for part in (0, 2, 1025)
    ]
    assert statuses == [404, 409, 409]


def test_an_upload_that_was_given_up_takes_nothing_more(owner: Caller, run: str) -> None:
    upload = begin_upload(owner, run, "over")
    path = f"/v1/uploads/{upload['id']}"
    assert [owner.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]
    url = upload["parts"][0]["url"]
    assert owner.ask("PUT", url, data=BYTES, content_type=RAW).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "a//b", "..", "../a", "a/../b", ".", "a/.", "a\\b", "a\nb", "\0", "x" * 501],
)
def test_a_path_that_could_leave_a_folder_is_refused(owner: Caller, run: str, path: str) -> None:
    body = {"run_id": run, "path": path, "size": 1}
    assert owner.ask("POST", "/v1/uploads", body).status_code == 422


@pytest.mark.parametrize("path", ["..a", "a/.b", "...", 'ü/\U0001f600 ".bin', "a;b='c'", "%2e%2e"])
def test_any_other_path_is_kept_and_named_safely(owner: Caller, run: str, path: str) -> None:
    made = upload_artifact(owner, run, path)
    assert made["path"] == path
    disposition = get_content(owner, made["id"]).headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert disposition.isascii()
    assert disposition.isprintable()


def test_no_path_of_a_caller_becomes_a_file_name(owner: Caller, run: str, config: Config) -> None:
    tenant = owner.read("/v1/me")["tenant_id"]
    made = upload_artifact(owner, run, "sensitive-name/etc.passwd")
    root = Path(str(config.artifact_dir))
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    assert f"{tenant}/objects/{made['id']}" in names
    assert not any("sensitive" in name or "passwd" in name for name in names)


def test_a_repeated_completion_gets_the_same_artifact(owner: Caller, run: str) -> None:
    upload = begin_upload(owner, run, "once")
    send_parts(owner, upload)
    path, key = f"/v1/uploads/{upload['id']}:complete", {"Idempotency-Key": "once"}
    body = {"sha256": hashlib.sha256(BYTES).hexdigest()}
    first, again = (owner.ask("POST", path, body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data == first.data
    assert owner.ask("POST", path, body).status_code == 404


def test_a_deleted_artifact_is_gone_with_its_bytes(owner: Caller, run: str, config: Config) -> None:
    artifact = upload_artifact(owner, run, "gone")["id"]
    path = f"/v1/artifacts/{artifact}"
    assert [owner.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert get_content(owner, artifact).status_code == 404
    assert list(Path(str(config.artifact_dir)).rglob(artifact)) == []


def test_a_foreign_run_gets_no_artifact(owner: Caller, new_owner: Callable[..., Caller]) -> None:
    foreign = build_world(new_owner(), "victim")
    body = {"run_id": foreign.run_id, "path": "x", "size": 1}
    assert owner.ask("POST", "/v1/uploads", body).status_code == 404
    assert owner.ask("POST", "/v1/uploads", body | {"run_id": NOBODY}).status_code == 404
