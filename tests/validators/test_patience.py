"""One silent operation is a fact, a silent target is an error, a busy one is asked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from gate.check import Answer, NoAnswerError
from validators.messages.patience import MOST_SILENT, Patient, Silence

BUSY = Answer(status=429, headers={"retry-after": "2"}, body="", seconds=0.0)
MINUTE = Answer(status=429, headers={"retry-after": "60"}, body="", seconds=0.0)
LONG = Answer(status=429, headers={"retry-after": "3600"}, body="", seconds=0.0)
WELL = Answer(status=200, headers={}, body="{}", seconds=0.0)


@dataclass
class Script:
    """A client that answers what it is told to; None is silence."""

    answers: Iterator[Answer | None]
    tenant: str = "acme"
    role: str = "owner"
    credentials: Mapping[str, str] = ()  # type: ignore[assignment]

    def request(self, *_: Any, **__: Any) -> Answer:
        answer = next(self.answers)
        if answer is None:
            raise NoAnswerError("silent")
        return answer

    def curl(self, *_: Any, **__: Any) -> str:
        return "curl"


def patient(*answers: Answer | None) -> tuple[Patient, list[float]]:
    waited: list[float] = []
    client = Script(iter(answers))
    return Patient(client=client, silence=Silence(), sleep=waited.append), waited


def test_one_silent_operation_is_an_answer_with_status_0() -> None:
    client, _ = patient(None, WELL)
    assert client.request("GET", "/").status == 0
    assert client.request("GET", "/").status == 200
    assert client.silence.times == 0


def test_a_target_that_stays_silent_is_dead() -> None:
    client, _ = patient(*[None] * MOST_SILENT)
    for _ in range(MOST_SILENT - 1):
        assert client.request("GET", "/").status == 0
    with pytest.raises(NoAnswerError):
        client.request("GET", "/")


def test_a_busy_service_is_asked_again_when_it_says_soon() -> None:
    client, waited = patient(BUSY, WELL)
    assert client.request("GET", "/").status == 200
    assert waited == [2.0]


def test_a_long_wait_is_no_answer_to_wait_for() -> None:
    client, waited = patient(LONG)
    assert client.request("GET", "/").status == 429
    assert waited == []


def test_a_limit_that_ends_within_a_minute_is_waited_for_but_not_again_and_again() -> None:
    client, waited = patient(*[MINUTE, WELL] * 2, MINUTE)
    assert [client.request("GET", "/").status for _ in range(3)] == [200, 200, 429]
    assert waited == [60.0, 60.0]
