"""Which public keys does the issuer sign with now?

PyJWT's own client forgets all keys when the issuer is down and then asks it for every token; this
one goes on with the keys it knows, and asks at most once per `COOLDOWN`, whatever comes in.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from threading import Lock
from typing import IO, Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from app.config import is_safe

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
SHORTEST_RSA = 2048
SECONDS = 1.0
LARGEST = 1 << 20
# Seconds: between two questions, until known keys are asked for anew, and until they are dropped.
COOLDOWN, LIFESPAN, OLDEST = 15.0, 300.0, 86_400.0
Keys = Mapping[str, PyJWK]
log = logging.getLogger("maestro")


class IssuerError(Exception):
    """The issuer did not answer as OpenID Connect Discovery 1.0 wants it to."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's own signature
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """An issuer that sends us elsewhere is not followed."""


def fetch(issuer: str) -> Keys:
    """The issuer's signing keys by `kid`, through its discovery document; IssuerError when not."""
    found = _get(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise IssuerError("The discovery document is another issuer's.")
    return usable(_get(str(found.get("jwks_uri"))))


def usable(jwks: Mapping[str, Any]) -> Keys:
    """The keys of a JWK set (RFC 7517) that may sign: public, of an allowed kind, long enough."""
    listed = jwks.get("keys")
    found = map(_usable, listed if isinstance(listed, list) else ())
    return {key.key_id: key for key in found if key is not None and key.key_id}


def _usable(jwk: Any) -> PyJWK | None:
    try:
        key = PyJWK(jwk)
    except (PyJWTError, AttributeError, TypeError, ValueError):
        return None
    if key.algorithm_name not in ALGORITHMS or key.public_key_use not in {"sig", None}:
        return None
    weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < SHORTEST_RSA
    return None if weak or not isinstance(key.key_id, str) else key


def _get(url: str) -> dict[str, Any]:
    if not is_safe(url):
        raise IssuerError("The issuer names a URL that is not https.")
    try:
        with build_opener(_NoRedirect).open(Request(url), timeout=SECONDS) as answer:  # noqa: S310
            found = json.loads(answer.read(LARGEST))
    except (OSError, HTTPException, ValueError) as error:
        raise IssuerError(f"The issuer did not answer: {type(error).__name__}.") from error
    if not isinstance(found, dict):
        raise IssuerError("The issuer did not answer with a JSON object.")
    return found


@dataclass(slots=True)
class SigningKeys:
    """The issuer's keys as this worker knows them. Safe among threads; one of them asks."""

    ask: Callable[[], Keys]
    clock: Callable[[], float] = time.monotonic
    known: Keys = field(default_factory=dict)
    asked: float = float("-inf")
    answered: float = float("-inf")
    lock: Lock = field(default_factory=Lock, repr=False)

    def find(self, kid: str) -> PyJWK | None:
        """The key of this id, or None; the issuer is asked for an unknown one, not too often."""
        if kid not in self.known or self.clock() - self.answered > LIFESPAN:
            self._renew()
        return self.known.get(kid)

    def _renew(self) -> None:
        # Who finds another thread asking waits only when there is nothing to go on with.
        if not self.lock.acquire(blocking=not self.known):
            return
        try:
            if self.clock() - self.asked >= COOLDOWN:
                self.asked = self.clock()
                self._ask()
        finally:
            self.lock.release()

    def _ask(self) -> None:
        try:
            self.known = self.ask()
        except IssuerError as error:
            log.warning("issuer", extra={"error": type(error).__name__})
            if self.clock() - self.answered > OLDEST:
                self.known = {}
            return
        self.answered = self.clock()
