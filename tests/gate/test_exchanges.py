from __future__ import annotations

import gzip
import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from threading import Thread

import pytest

from gate import exchanges, har
from gate.exchanges import Exchange, Tape
from gate.journal import Entry, EvidenceError
from gate.model import Doubt, Evidence, Result
from tests.make import finding, observation

CHECK = "security.headers"


def exchange(path: str = "/a", method: str = "GET") -> Exchange:
    return Exchange(
        started="2026-03-01T00:00:00.000Z",
        seconds=0.25,
        method=method,
        url=f"http://h{path}",
        request_headers=(("Authorization", "Bearer s3cret-token"), ("content-type", "text/plain")),
        request_body="hello",
        status=200,
        reason="OK",
        answer_headers=(("location", "/b"), ("content-type", "application/json")),
        answer_body='{"a": 1}',
    )


@pytest.fixture
def tape() -> Tape:
    made = Tape(BytesIO(), {"s3cret-token": "$T"})
    made.note(Entry(event="began", check=CHECK))
    return made


def see(tape: Tape, *paths: str) -> None:
    for path in paths:
        tape.record(exchange(path))
    tape.note(Entry(event="observed", check=CHECK, observation=observation()))


def citing(*, reproduce: str = "", index: int | None = None) -> Result:
    evidence = Evidence(summary="seen", reproduce=reproduce, observation=index)
    return Result(check=CHECK, findings=(replace(finding(), evidence=(evidence,)),))


def paths(tape: Tape, result: Result) -> list[str]:
    return [each.url.removeprefix("http://h") for each, _ in tape.cited(result)]


def test_a_finding_s_request_is_found_by_its_command(tape: Tape) -> None:
    see(tape, "/a", "/ab")
    see(tape, "/a/b?x=1")
    curl = shlex.join(["curl", "-X", "GET", "http://h/a"])
    assert paths(tape, citing(reproduce=curl)) == ["/a"]
    assert tape.cited(citing(reproduce=curl))[0][1] == finding().key


def test_else_by_the_observation_that_it_cites(tape: Tape) -> None:
    see(tape, "/a", "/b")
    see(tape, "/c")
    assert paths(tape, citing(index=0)) == ["/a", "/b"]
    assert paths(tape, citing(index=1, reproduce="it's no shell line")) == ["/c"]


def test_without_findings_the_last_requests_are_a_sample(tape: Tape) -> None:
    see(tape, *(f"/{number}" for number in range(30)))
    assert paths(tape, Result(check=CHECK)) == [f"/{number}" for number in range(10, 30)]
    doubtful = Result(check=CHECK, doubts=(Doubt(subject="x", reason="y"),))
    assert {why for _, why in tape.cited(doubtful)} == {"last before the end"}


def test_a_check_starts_with_an_empty_tape(tape: Tape) -> None:
    see(tape, "/a")
    tape.note(Entry(event="began", check="load.arrivals"))
    assert tape.cited(Result(check="load.arrivals")) == []
    see(tape, "/b")
    assert paths(tape, Result(check="load.arrivals")) == ["/b"]


def test_a_full_tape_counts_what_it_drops(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "LARGEST_TAPE", 900)
    see(tape, *["/a", "/b", "/c"])
    assert tape.dropped == 3 - len(tape.places) > 0


def test_a_tape_that_cannot_be_kept_ends_the_run() -> None:
    class Full(BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(EvidenceError, match="No space left"):
        Tape(Full()).record(exchange())


def test_many_threads_share_a_tape(tape: Tape) -> None:
    def talk(name: int) -> None:
        for number in range(50):
            tape.record(exchange(f"/{name}/{number}"))

    threads = [Thread(target=talk, args=(name,)) for name in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({tape.read(place).url for place in tape.places}) == 200


def test_many_threads_mint_secrets_and_each_has_a_name_of_its_own(tape: Tape) -> None:
    def mint(number: int) -> Exchange:
        return replace(
            exchange(), answer_body=json.dumps({"token": f"made-for-caller-{number:06}"})
        )

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(tape.record, mint(number)) for number in range(200)]:
            done.result()
    assert len(set(tape.secrets.values())) == len(tape.secrets) == 1 + 200
    tape.file.seek(0)
    assert b"made-for-caller" not in tape.file.read()


def test_a_long_body_says_how_much_is_left_out(tape: Tape) -> None:
    tape.record(replace(exchange(), answer_body="x" * 70_000))
    body = tape.cited(Result(check=CHECK))[0][0].answer_body
    assert len(body) < 66_000
    assert body.endswith("[… 4464 more characters]")


def test_an_archive_is_har_1_2_and_the_same_each_time(tape: Tape) -> None:
    see(tape, "/a?q=1&q=2")
    tape.record(replace(exchange("/x"), status=0, error="ConnectError: refused", request_body=None))
    data = har.archive(tape.cited(Result(check=CHECK)), "1")
    assert data == har.archive(tape.cited(Result(check=CHECK)), "1")
    log = json.loads(gzip.decompress(data))["log"]
    first, second = log["entries"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "Maestro", "version": "1"})
    assert first.keys() >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert first["request"].keys() >= {
        "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
        "bodySize",
    }  # fmt: skip
    assert first["response"].keys() >= {
        "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
        "headersSize", "bodySize",
    }  # fmt: skip
    assert first["request"]["queryString"] == [
        {"name": "q", "value": "1"},
        {"name": "q", "value": "2"},
    ]
    assert first["request"]["headers"][0]["value"] == "Bearer $T"
    assert first["request"]["postData"] == {"mimeType": "text/plain", "text": "hello"}
    assert first["time"] == 250
    assert first["response"]["redirectURL"] == "/b"
    assert second["_error"] == "ConnectError: refused"
    assert "postData" not in second["request"]
