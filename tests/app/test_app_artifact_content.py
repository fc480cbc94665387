"""Does an artifact's content come whole, in ranges, or not at all when the caller has it?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.artifacts.ranges import Span, UnsatisfiableError, choose_span
from app.config import Config
from tests.app.callers import (
    BYTES,
    Caller,
    build_world,
    get_content,
    upload_artifact,
)

DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def run(owner: Caller) -> str:
    return build_world(owner, "own").run_id


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
    return lambda **headers: get_content(owner, artifact, **headers)


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
    headed, got = (
        get_content(owner, artifact, "HEAD", Range="bytes=0-3"),
        get_content(owner, artifact),
    )
    assert (headed.status_code, headed.data) == (200, b"")
    assert [headed.headers[name] for name in names] == [got.headers[name] for name in names]


def test_lost_bytes_are_a_503_and_no_empty_file(owner: Caller, run: str, config: Config) -> None:
    artifact = upload_artifact(owner, run, "lost")["id"]
    (file,) = Path(str(config.artifact_dir)).rglob(artifact)
    file.unlink()
    answer = get_content(owner, artifact)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


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
