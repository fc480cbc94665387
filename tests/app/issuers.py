"""Who issues tokens in tests? A real HTTP server with discovery, keys and their rotation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gate.testbed.ports import LOOPBACK, reserve

AUDIENCE = "maestro-ml"
DISCOVERY = "/.well-known/openid-configuration"
TRAITS: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def new_key(algorithm: str, bits: int = 2048) -> Any:
    """A private key for the algorithm."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, bits)


@dataclass(slots=True)
class Issuer:
    """Signs tokens; `pages` is what its server answers by path, and `asked` what it was asked."""

    url: str
    pages: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pages[DISCOVERY] = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        self.pages["/jwks"] = {"keys": []}

    def add(self, kid: str, algorithm: str, **more: Any) -> None:
        """Publish a new key."""
        private = new_key(algorithm)
        self.keys[kid] = (algorithm, private)
        public = json.loads(TRAITS[algorithm].to_jwk(private.public_key()))
        self.pages["/jwks"]["keys"].append(public | {"kid": kid, "use": "sig"} | more)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Good claims with changes; None takes one away."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "exp": now + 300, "sub": "subject", "iat": now}
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, kid: str, **changed: Any) -> str:
        """A signed token."""
        algorithm, private = self.keys[kid]
        return jwt.encode(self.claims(**changed), private, algorithm, headers={"kid": kid})


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer whose server runs as long as the block lasts."""
    with reserve() as port:
        issuer = Issuer(f"http://{LOOPBACK}:{port}")

        class Pages(BaseHTTPRequestHandler):
            protocol_version: ClassVar[str] = "HTTP/1.0"

            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                page = issuer.pages.get(self.path)
                if isinstance(page, str):
                    self.send_response(302)
                    self.send_header("Location", page)
                    self.end_headers()
                    return
                body = page if isinstance(page, bytes) else json.dumps(page).encode()
                self.send_response(200 if page is not None else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Tests read `asked`."""

        server = ThreadingHTTPServer((LOOPBACK, port), Pages)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
