"""Does an artifact come back as the bytes that were sent, whole or in ranges?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.artifacts.choice import open_store
from app.artifacts.folder import Folder
from app.artifacts.ranges import Span, UnsatisfiableError, choose_span
from app.artifacts.store import Key, Transfer
from app.artifacts.sweep import sweep_artifacts, sweep_uploads
from app.config import Config, ConfigError
from app.database import Scope, db, enter
from app.errors import ProblemError
from app.factory import create_app
from app.models import Run, Upload
from tests.app.callers import (
    BYTES,
    NOBODY,
    Caller,
    begin_upload,
    build_world,
    send_parts,
    upload_artifact,
)

DIGEST = hashlib.sha256(BYTES).hexdigest()
RAW = "application/octet-stream"
PART = 5 << 20


@pytest.fixture
def run(owner: Caller) -> str:
    return build_world(owner, "own").run_id


def get(caller: Caller, artifact: str, method: str = "GET", **headers: str) -> Any:
    path = f"/v1/artifacts/{artifact}/content"
    sent = {"Authorization": f"Bearer {caller.key}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.client.open(path, method=method, headers=sent)


def test_an_uploaded_file_is_listed_and_comes_back(owner: Caller, run: str) -> None:
    made = upload_artifact(owner, run, "models/best/weights.bin")
    assert made["sha256"] == DIGEST
    assert owner.read(f"/v1/runs/{run}/artifacts")["items"][0] == made
    answer = get(owner, made["id"])
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
    assert get(owner, made["id"], Range="bytes=-10").data == content[-10:]
    assert hashlib.sha256(get(owner, made["id"]).data).hexdigest() == digest


def test_an_empty_file_has_no_parts(owner: Caller, run: str) -> None:
    made = upload_artifact(owner, run, "empty", b"")
    answer = get(owner, made["id"])
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")
    assert get(owner, made["id"], Range="bytes=0-").status_code == 416


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
    disposition = get(owner, made["id"]).headers["Content-Disposition"]
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


RANGES: list[tuple[str, int, slice, str | None]] = [
    ("bytes=0-3", 206, slice(4), "bytes 0-3/24"),
    ("bytes=4-", 206, slice(4, None), "bytes 4-23/24"),
    ("bytes=-5", 206, slice(-5, None), "bytes 19-23/24"),
    ("bytes=-999", 206, slice(None), "bytes 0-23/24"),
    ("bytes=20-999", 206, slice(20, None), "bytes 20-23/24"),
    ("bytes=3-1", 200, slice(None), None),
    ("bytes=0-1,3-4", 200, slice(None), None),
    ("bytes=a-b", 200, slice(None), None),
    ("lines=0-1", 200, slice(None), None),
]


@pytest.mark.parametrize(("asked", "status", "part", "content_range"), RANGES)
def test_a_range_gives_these_bytes(
    ranged: Callable[..., Any], asked: str, status: int, part: slice, content_range: str | None
) -> None:
    answer = ranged(Range=asked)
    assert (answer.status_code, answer.data) == (status, BYTES[part])
    assert answer.headers.get("Content-Range") == content_range
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.headers["ETag"] == f'"{DIGEST}"'


@pytest.fixture
def ranged(owner: Caller, run: str) -> Callable[..., Any]:
    """Asks for an artifact's content, with headers."""
    artifact = upload_artifact(owner, run, "ranged")["id"]
    return lambda **headers: get(owner, artifact, **headers)


@pytest.mark.parametrize("asked", ["bytes=24-", "bytes=-0", "bytes=999-1000"])
def test_a_range_without_a_byte_is_refused(ranged: Callable[..., Any], asked: str) -> None:
    answer = ranged(Range=asked)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */24")
    assert answer.get_json()["code"] == "range-not-satisfiable"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{DIGEST}"', 206),
        (f'W/"{DIGEST}"', 200),
        ('"other"', 200),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 200),
    ],
)
def test_a_range_counts_only_for_the_content_that_is_meant(
    ranged: Callable[..., Any], condition: str, status: int
) -> None:
    assert ranged(Range="bytes=0-3", If_Range=condition).status_code == status


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{DIGEST}"', 304),
        (f'W/"{DIGEST}"', 304),
        ("*", 304),
        (f'"a", "{DIGEST}"', 304),
        ('"other"', 200),
    ],
)
def test_content_that_the_caller_has_is_not_sent(
    ranged: Callable[..., Any], condition: str, status: int
) -> None:
    answer = ranged(If_None_Match=condition)
    assert answer.status_code == status
    assert answer.headers["ETag"] == f'"{DIGEST}"'
    assert bool(answer.data) == (status == 200)


def test_head_answers_like_get_without_the_bytes(owner: Caller, run: str) -> None:
    artifact = upload_artifact(owner, run, "head")["id"]
    names = ["ETag", "Content-Length", "Content-Type", "Accept-Ranges", "Content-Disposition"]
    headed, got = get(owner, artifact, "HEAD", Range="bytes=0-3"), get(owner, artifact)
    assert (headed.status_code, headed.data) == (200, b"")
    assert [headed.headers[name] for name in names] == [got.headers[name] for name in names]


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
    assert get(owner, artifact).status_code == 404
    assert list(Path(str(config.artifact_dir)).rglob(artifact)) == []


def test_lost_bytes_are_a_503_and_no_empty_file(owner: Caller, run: str, config: Config) -> None:
    artifact = upload_artifact(owner, run, "lost")["id"]
    (file,) = Path(str(config.artifact_dir)).rglob(artifact)
    file.unlink()
    answer = get(owner, artifact)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_foreign_run_gets_no_artifact(owner: Caller, new_owner: Callable[..., Caller]) -> None:
    foreign = build_world(new_owner(), "victim")
    body = {"run_id": foreign.run_id, "path": "x", "size": 1}
    assert owner.ask("POST", "/v1/uploads", body).status_code == 404
    assert owner.ask("POST", "/v1/uploads", body | {"run_id": NOBODY}).status_code == 404


def test_a_folder_store_gives_no_url(owner: Caller, run: str) -> None:
    artifact = upload_artifact(owner, run, "direct")["id"]
    answer = owner.ask("GET", f"/v1/artifacts/{artifact}/content?redirect=allowed")
    assert (answer.status_code, answer.data) == (200, BYTES)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_span_is_what_slicing_gives(size: int, first: int, more: int) -> None:
    content = bytes(index % 251 for index in range(size))
    wanted = {
        f"bytes={first}-{first + more}": content[first : first + more + 1],
        f"bytes={first}-": content[first:],
        f"bytes=-{first}": content[max(0, size - first) :],
    }
    for header, expected in wanted.items():
        try:
            span = choose_span(header, size)
        except UnsatisfiableError:
            span = Span(0, 0)
        assert span is not None
        assert content[span.start : span.start + span.length] == expected


class Broken(BytesIO):
    """A body whose sender goes away."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found:
            raise OSError("gone")
        return found


def test_a_part_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store, key = Folder(tmp_path), Key(UUID(NOBODY), UUID(NOBODY))
    transfer = Transfer(key, store.begin(key), 10, PART)
    for body in (Broken(b"half"), BytesIO(b"half")):
        with pytest.raises(ProblemError):
            store.put(transfer, 1, body)
        assert store.missing(transfer) == [1]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_transfer_that_is_over_takes_no_part(tmp_path: Path) -> None:
    store, key = Folder(tmp_path), Key(UUID(NOBODY), UUID(NOBODY))
    transfer = Transfer(key, store.begin(key), 4, PART)
    store.abort(transfer)
    with pytest.raises(ProblemError) as caught:
        store.put(transfer, 1, BytesIO(b"late"))
    assert caught.value.status == 404


def test_by_default_artifacts_are_in_a_private_folder(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    plain = replace(config, artifact_dir=None)
    first, second = open_store(plain), open_store(plain)
    assert first == second
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="MAESTRO_ARTIFACT_DIR"):
        open_store(plain)


def test_a_folder_that_cannot_be_made_is_a_wrong_configuration(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="MAESTRO_ARTIFACT_DIR"):
        create_app(replace(config, artifact_dir=str(tmp_path / "file" / "folder")))


def test_two_workers_share_the_folder(service: APIFlask, config: Config, owner: Caller) -> None:
    run = build_world(owner, "own").run_id
    upload = begin_upload(owner, run, "shared")
    other = Caller(create_app(config).test_client(), owner.key)
    send_parts(other, upload)
    made = owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=DIGEST)
    assert get(other, made["id"]).data == BYTES
    assert service is not other.client.application


def test_a_sweep_removes_what_nobody_needs(
    service: APIFlask, owner: Caller, config: Config
) -> None:
    world = build_world(owner, "own")
    kept = upload_artifact(owner, world.run_id, "kept")["id"]
    owner.make(f"/v1/models/{world.model_id}/versions", artifact_ids=[kept])
    other = build_world_run(owner, world.experiment_id)
    fresh = begin_upload(owner, other, "fresh")["id"]
    root = Path(str(config.artifact_dir))
    with service.app_context():
        enter(Scope(UUID(world.tenant_id)))
        began = db.session.get_one(Upload, (UUID(world.tenant_id), UUID(fresh))).created_at
        store, tenant_id = open_store(config), UUID(world.tenant_id)
        assert sweep_uploads(db.session.connection(), store, tenant_id, began) == 1
        db.session.commit()
    assert list(root.rglob(world.upload_id)) == []
    owner.ask("DELETE", f"/v1/runs/{world.run_id}")
    with service.app_context():
        enter(Scope(UUID(world.tenant_id)))
        assert sweep_artifacts(db.session.connection(), store, tenant_id) == 0
        db.session.execute(delete(Run).where(Run.id == UUID(world.run_id)))
        assert sweep_artifacts(db.session.connection(), store, tenant_id) == 1
        db.session.commit()
    assert list(root.rglob(world.artifact_id)) == []
    assert get(owner, kept).data == BYTES
    assert len(list(root.rglob(fresh))) == 1


def build_world_run(owner: Caller, experiment_id: str) -> str:
    made: str = owner.make(f"/v1/experiments/{experiment_id}/runs", name="other")["id"]
    return made


def test_a_forgotten_tenant_leaves_no_bytes_and_others_stay(
    owner: Caller, new_owner: Callable[..., Caller], config: Config
) -> None:
    world, other = build_world(owner, "own"), build_world(new_owner(), "other")
    store = open_store(config)
    for _ in range(2):
        store.forget(UUID(world.tenant_id))
    root = Path(str(config.artifact_dir))
    assert list(root.glob(world.tenant_id)) == []
    assert len(list(root.rglob(other.artifact_id))) == 1
