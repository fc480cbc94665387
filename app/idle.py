"""Is a pooled connection that has rested for a while still alive?

SQLAlchemy's pre-ping asks the server before every single use, which is half the round trips of a
read. A connection that was used a moment ago is taken on trust: if its server has died since, the
request is answered 503 and the pool starts anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

TRUSTED_SECONDS = 1.0
USED = "maestro_used"


def ping_idle(engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
    """Ping a connection of this engine before use, if it has rested for over a second."""

    def check(connection: Any, entry: Any, _: Any) -> None:
        used = entry.info.get(USED)
        if used is not None and clock() - used > TRUSTED_SECONDS and not alive(connection):
            raise InvalidatePoolError

    def rest(_: Any, entry: Any) -> None:
        entry.info[USED] = clock()

    def alive(connection: Any) -> bool:
        try:
            return bool(engine.dialect.do_ping(connection))
        except engine.dialect.loaded_dbapi.Error as error:
            if engine.dialect.is_disconnect(error, connection, None):
                return False
            raise

    event.listen(engine, "checkout", check)
    event.listen(engine, "checkin", rest)
