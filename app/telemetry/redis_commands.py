"""How long do Redis commands take, and does Redis answer at all?"""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Late

from app.telemetry.instruments import count, gauge, observe
from app.telemetry.watch import CURRENT

# The commands that this service and its limiter send; a label must not grow with what is sent.
KNOWN = frozenset(
    {"get", "mget", "set", "del", "expire", "ping", "publish", "evalsha", "eval", "script load"}
)
PLAIN: Any = Redis.execute_command


def watch() -> None:
    """Watch the commands of every client in this process; watching twice changes nothing.

    The limiter makes its own clients, so the class is the one place that sees them all.
    """
    Redis.execute_command = _watched  # type: ignore[method-assign, assignment]


def _watched(client: Any, *arguments: Any, **options: Any) -> Any:
    name = str(arguments[0]).lower()
    command = name if name in KNOWN else "other"
    began = time.perf_counter()
    try:
        answer = PLAIN(client, *arguments, **options)
    except (RedisError, OSError) as error:
        _note(command, time.perf_counter() - began, failed=True)
        _count_error(error)
        raise
    _note(command, time.perf_counter() - began, failed=False)
    gauge("redis_up").set(1)
    return answer


def _note(command: str, seconds: float, *, failed: bool) -> None:
    observe("cache_op_seconds", seconds, command)
    current = CURRENT.get()
    if current is not None and current.trace is not None:
        attributes = {"db.system.name": "redis", "db.operation.name": command}
        current.trace.add(f"redis {command}", seconds, attributes, failed=failed)


def _count_error(error: Exception) -> None:
    lost = isinstance(error, Lost | Late | OSError)
    kind = "timeout" if isinstance(error, Late) else "connection" if lost else "answer"
    count("cache_errors_total", kind)
    if lost:
        gauge("redis_up").set(0)
