"""Is a part that fails left alone, and tried again by exactly one caller?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from redis import Redis

from app.breaker import Breaker, State
from app.config import Config
from app.factory import create_app
from app.redis_pool import FAILED, FAILURES, new_pool
from gate.testbed.ports import LOOPBACK, reserve
from tests.app.callers import Caller


@pytest.mark.parametrize("attempt", range(5))
def test_exactly_one_of_many_threads_tries_again(attempt: int) -> None:
    now = [0.0]
    breaker = Breaker(failures=1, seconds=1.0, clock=lambda: now[0])
    breaker.failed()
    for period in range(1, 20):
        now[0] = float(period)
        barrier = Barrier(16)

        def ask(_: int, barrier: Barrier = barrier) -> bool:
            barrier.wait(10)
            return breaker.admits()

        with ThreadPoolExecutor(16) as threads:
            assert sum(threads.map(ask, range(16))) == 1, attempt


class AnyHistory(RuleBasedStateMachine):
    """Whatever happens: closed below the limit, and never two trials in one period."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = Breaker(failures=3, seconds=1.0, clock=lambda: self.now)
        self.in_a_row = 0
        self.opened = 0.0
        self.trying = 0

    @rule(seconds=st.floats(0.01, 2))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def somebody_asks(self) -> None:
        admitted = self.breaker.admits()
        if self.in_a_row < 3:
            assert admitted
        else:
            assert admitted == (self.now >= self.opened + 1.0)
            if admitted:
                self.opened = self.now
                self.trying += 1

    @rule()
    def a_call_fails(self) -> None:
        self.breaker.failed()
        self.in_a_row += 1
        self.opened = self.now
        self.trying = 0

    @precondition(lambda self: self.in_a_row < 3 or self.trying)
    @rule()
    def a_call_succeeds(self) -> None:
        self.breaker.succeeded()
        self.in_a_row = self.trying = 0

    @invariant()
    def its_state_is_told(self) -> None:
        told = State.HALF_OPEN if self.trying else State.OPEN
        assert self.breaker.state is (told if self.in_a_row >= 3 else State.CLOSED)

    @invariant()
    def a_closed_breaker_admits_everybody(self) -> None:
        if self.in_a_row < 3:
            assert self.breaker.admits()


AnyHistory.TestCase.settings = settings(max_examples=200, stateful_step_count=30)
test_a_breaker_keeps_its_promise_in_any_history = AnyHistory.TestCase


@contextmanager
def silent_redis() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that accepts and never answers, with the connections it has got."""
    with reserve() as port, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(64)
        listener.setblocking(False)
        yield f"redis://{LOOPBACK}:{port}/0", [listener]


def accepted(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_a_hung_redis_is_asked_three_times_and_not_for_every_request(
    config: Config, owner: Caller
) -> None:
    with silent_redis() as (url, (listener,)):
        app = create_app(replace(config, redis_url=url))
        caller = Caller(app.test_client(), owner.key)
        pool = app.extensions["maestro"].redis.connection_pool
        pool.breaker.clock = lambda: 0.0  # no period ends while this test runs
        app.extensions["maestro"].changes.stop()
        accepted(listener)
        for number in range(20):
            caller.make("/v1/projects", name=f"p{number}")
            assert caller.ask("POST", "/v1/api-keys", {"name": "x"}).status_code == 503
        assert accepted(listener) == FAILURES


def test_every_command_has_its_timeouts_and_is_sent_once(config: Config) -> None:
    options = new_pool(config).connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (0.15, 0.15)
    assert options["retry"].get_retries() == 0


def test_a_live_redis_closes_the_breaker(config: Config, redis_url: str) -> None:
    redis = Redis(connection_pool=new_pool(replace(config, redis_url=redis_url)))
    breaker = redis.connection_pool.breaker
    breaker.failed()
    breaker.failed()
    assert redis.ping()
    assert breaker.in_a_row == 0
    for _ in range(FAILURES):
        breaker.failed()
    with pytest.raises(FAILED):
        redis.ping()
    breaker.clock = lambda: 10.0**12
    assert redis.ping()
    assert breaker.admits()
