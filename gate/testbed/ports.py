"""Which port may a server of ours listen on, without anybody else taking it first?

The reserved port lies below 32768, where Linux starts to hand out ports for outgoing connections
(`ip_local_port_range`, ip(7)), so no client of ours can be given it by accident.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from gate.errors import SetupError, UsageError

LOOPBACK = "127.0.0.1"
LOWEST, BEYOND = 20_000, 32_768
ATTEMPTS = 200


@contextmanager
def reserve(wanted: int = 0) -> Iterator[int]:
    """Hold a free loopback port for as long as the block lasts; SetupError when none is free.

    A port that is `wanted` is held or, when somebody has it, refused with a UsageError.

    The holding socket is bound alone and only then made sharable, and it never listens: a server
    that sets SO_REUSEADDR (PostgreSQL, Redis and granian do) can listen on the port, stop and
    come back, while no second reservation succeeds and a client is refused in between.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        port = bind_to(holder, wanted) if wanted else bind(holder)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield port


def bind_to(holder: socket.socket, wanted: int) -> int:
    """Bind to the port that the user asked for."""
    try:
        holder.bind((LOOPBACK, wanted))
    except OSError as error:
        raise UsageError(
            f"Port {wanted} cannot be used: {error.strerror}. Name another, or none for a free one."
        ) from error
    return wanted


def bind(holder: socket.socket) -> int:
    """Bind to the first of many random ports that the kernel grants."""
    for port in random.SystemRandom().sample(range(LOWEST, BEYOND), ATTEMPTS):
        try:
            holder.bind((LOOPBACK, port))
        except OSError:  # taken, or not allowed: the kernel's answer is the test
            continue
        return port
    raise SetupError(f"No free port was found between {LOWEST} and {BEYOND - 1} on {LOOPBACK}.")
