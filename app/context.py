"""What does one application hold while it runs?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app
from redis import Redis

from app.artifacts.store import Store
from app.auth import KeyCache
from app.config import Config
from app.invalidation import Invalidations
from app.leases import Counter
from app.oidc import TokenVerifier
from app.read_cache import ReadCache

NAME = "maestro"


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one application that requests share. Without an issuer `tokens` is None."""

    config: Config
    keys: KeyCache
    redis: Redis
    changes: Invalidations
    counter: Counter
    rows: ReadCache
    tokens: TokenVerifier | None
    store: Store


def current() -> Context:
    """The context of the application that answers this request."""
    return cast(Context, current_app.extensions[NAME])
