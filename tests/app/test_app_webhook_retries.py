"""Is a failed delivery made again, and not for ever?"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.work import deliveries
from app.work.deliveries import LONGEST_PAUSE, MOST_ATTEMPTS, MOST_FAILURES, pause_after
from app.work.runner import run_due
from app.work.worker import Worker
from tests.app.callers import Caller
from tests.app.receivers import MEMBER, Receiver, hasten, listen, told


def test_a_failed_attempt_is_made_again_later_with_the_same_id(
    owner: Caller, worker: Worker, receiver: Receiver, superuser: Cursor
) -> None:
    receiver.statuses = [500, 503, 200]
    hook = listen(owner, receiver, "member.added")
    run_due(worker)
    owner.make("/v1/members", **MEMBER)
    for attempt in (1, 2):
        assert run_due(worker) == 1
        assert run_due(worker) == 0
        [delivery] = told(owner, hook)
        assert (delivery["state"], delivery["attempts"]) == ("pending", attempt)
        assert owner.read("/v1/webhooks")["items"][0]["failures"] == attempt
        hasten(superuser)
    run_due(worker)
    assert told(owner, hook)[0]["state"] == "delivered"
    assert owner.read("/v1/webhooks")["items"][0]["failures"] == 0
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({body for _, body in receiver.received}) == 1


def test_a_delivery_is_given_up_in_the_end(
    owner: Caller, worker: Worker, receiver: Receiver, superuser: Cursor
) -> None:
    receiver.statuses = [500]
    hook = listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    for _ in range(MOST_ATTEMPTS + 2):
        run_due(worker)
        hasten(superuser)
    [delivery] = told(owner, hook)
    assert (delivery["state"], delivery["attempts"]) == ("failed", MOST_ATTEMPTS)
    assert len(receiver.received) == MOST_ATTEMPTS


def test_a_delivery_whose_worker_died_is_made_again_and_not_for_ever(
    owner: Caller,
    worker: Worker,
    receiver: Receiver,
    superuser: Cursor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook = listen(owner, receiver, "member.added")
    run_due(worker)
    owner.make("/v1/members", **MEMBER)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deliveries, "send", die)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            run_due(worker)
        hasten(superuser)
    run_due(worker)
    [delivery] = told(owner, hook)
    assert (delivery["state"], delivery["last_error"]) == ("failed", "worker-died")


def test_a_webhook_that_only_fails_is_disabled_and_can_be_enabled(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    hook = listen(owner, receiver, "member.added")
    for number in range(MOST_FAILURES + 1):
        owner.make("/v1/members", email=f"m{number}@example.org", role="viewer")
    run_due(worker)
    [shown] = owner.read("/v1/webhooks")["items"]
    assert (shown["enabled"], shown["failures"]) == (False, MOST_FAILURES)
    assert len(receiver.received) == MOST_FAILURES
    enabled = owner.ask("PATCH", f"/v1/webhooks/{hook['id']}", {"enabled": True}).get_json()
    assert (enabled["enabled"], enabled["failures"]) == (True, 0)


def test_a_receiver_that_is_gone_is_not_asked_again(
    owner: Caller, worker: Worker, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    hook = listen(owner, receiver, "member.added")
    owner.make("/v1/members", **MEMBER)
    run_due(worker)
    assert told(owner, hook)[0]["state"] == "failed"
    assert owner.read("/v1/webhooks")["items"][0]["enabled"] is False


@given(st.integers(min_value=1, max_value=40), st.integers())
def test_pauses_grow_within_bounds_and_differ(attempts: int, seed: int) -> None:
    chance = random.Random(seed)
    pause = pause_after(attempts, chance)
    assert 2.5 <= pause <= LONGEST_PAUSE
    assert pause_after(attempts, chance) != pause
    assert pause_after(1, chance) <= 5
