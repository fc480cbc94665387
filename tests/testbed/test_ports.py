"""A reserved port belongs to one testbed only, and to no client."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from gate.errors import SetupError, UsageError
from gate.testbed import ports
from gate.testbed.ports import BEYOND, LOOPBACK, reserve


def test_ports_stay_clear_of_those_that_clients_are_given() -> None:
    with reserve() as port:
        assert 1024 < port < BEYOND == 32_768


def test_no_port_is_reserved_twice() -> None:
    with ExitStack() as stack:
        taken = [stack.enter_context(reserve()) for _ in range(300)]
        assert len(set(taken)) == 300


def test_a_server_can_listen_on_its_reserved_port_and_come_back() -> None:
    with reserve() as port:
        for _ in range(2):
            with socket.create_server((LOOPBACK, port)):
                socket.create_connection((LOOPBACK, port)).close()


def test_a_reserved_port_refuses_clients_while_no_server_listens() -> None:
    with reserve() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port))


def test_a_port_with_a_server_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with reserve() as port:
        monkeypatch.setattr(ports, "LOWEST", port)
        monkeypatch.setattr(ports, "BEYOND", port + 1)
        monkeypatch.setattr(ports, "ATTEMPTS", 1)
        with pytest.raises(SetupError, match="No free port"), reserve():
            pass


def test_a_wanted_port_is_held_and_a_taken_one_is_refused_in_one_sentence() -> None:
    with (
        reserve() as taken,
        pytest.raises(UsageError, match=f"Port {taken} cannot be used: Address already"),
        reserve(taken),
    ):
        raise AssertionError
    with reserve(taken) as port:
        assert port == taken
