"""How does one principal of one tenant speak HTTP to the target?"""

from __future__ import annotations

import re
import shlex
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from gate.check import Answer, NoAnswerError
from gate.errors import SetupError
from gate.exchanges import Exchange, Tape
from gate.forms import MULTIPART, Form, as_curl, content_of
from gate.model import Json
from gate.testbed.documents import read_document

NOBODY: Mapping[str, str] = {}
FAILED = 500


def new_http() -> httpx.Client:
    """Connections of one principal, kept alive; proxies of the environment are ignored.

    No cookie of an answer is kept: whoever signs in as nobody would be somebody from then on.
    """
    none = CookieJar(policy=DefaultCookiePolicy(allowed_domains=()))
    return httpx.Client(verify=tls(), trust_env=False, follow_redirects=False, cookies=none)


@cache
def tls() -> ssl.SSLContext:
    """The (slow to build) TLS settings, built once."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpClient:
    """A client with keep-alive connections and no cookies of others; safe among threads.

    `secrets` maps what must never be printed to its placeholder; `tape` hears of every exchange.
    `called` is what the principal said of himself when he signed in, without what is secret.
    """

    base_url: str
    tenant: str = ""
    role: str = "anonymous"
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    called: Mapping[str, str] = field(default_factory=dict, repr=False)
    http: httpx.Client = field(default_factory=new_http, repr=False, compare=False)
    tape: Tape | None = field(default=None, repr=False, compare=False)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Answer:
        """Send one request; NoAnswerError when no whole HTTP answer comes back.

        `timeout` bounds each step: connect, send, and every wait for more of the answer. No body
        is sent for None. Redirects are answers like any other.
        """
        sent = httpx.Headers(content_type(body))
        for more in (self.credentials, headers or {}):
            sent.update(more)
        request = self.http.build_request(
            method,
            self.base_url + path,
            content=content_of(body),
            headers=sent,
            timeout=timeout,
        )
        return self.send(request, f"{method} {path}")

    def send(self, request: httpx.Request, label: str) -> Answer:
        """Send a request that is ready; the tape hears of it once it has an end."""
        now, started = datetime.now(UTC), time.monotonic()
        try:
            response = self.http.send(request)
        except httpx.RequestError as error:
            seconds = time.monotonic() - started
            said = f"{label}: {type(error).__name__}: {error}"
            if self.tape is not None:
                self.tape.record(replace(exchange(request, now, seconds), error=said))
            raise NoAnswerError(said) from error
        hang_up(response)
        answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.text,
            seconds=time.monotonic() - started,
        )
        if self.tape is not None:
            self.tape.record(
                replace(
                    exchange(request, now, answer.seconds),
                    status=answer.status,
                    reason=response.reason_phrase,
                    answer_headers=tuple(response.headers.multi_items()),
                    answer_body=answer.body,
                )
            )
        return answer

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        """The same request as a shell line, with `$TOKEN…` in place of the credential."""
        signed = [f"-H {self.signed(name, value)}" for name, value in self.credentials.items()]
        said = {} if isinstance(body, Form) and MULTIPART in body.media else content_type(body)
        typed = [f"-H {shlex.quote(': '.join(item))}" for item in said.items()]
        url = shlex.quote(self.base_url + path)
        sent = as_curl(body)
        return " ".join(["curl -isSg -X", shlex.quote(method), url, *signed, *typed, *sent])

    def signed(self, name: str, value: str) -> str:
        """A credential's header in double quotes, so that the shell fills in the placeholder."""
        # A copy, because other threads add to them.
        secret = re.compile("|".join(map(re.escape, tuple(self.secrets))) or "(?!)")
        plain = iter(secret.split(value))
        shown = escape(next(plain))
        for found, rest in zip(secret.findall(value), plain, strict=True):
            variable = self.secrets[found]
            ends = not re.match(r"\w", rest)
            shown += (variable if ends else f"${{{variable[1:]}}}") + escape(rest)
        return f'"{escape(name)}: {shown}"'

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def hang_up(response: httpx.Response) -> None:
    """Send nothing more on the connection of a failure.

    Servers that have caught an exception answer 500 and close without saying so (uvicorn does);
    the next request on it would be lost, and nobody could tell whether it was carried out.
    """
    stream = response.extensions.get("network_stream")
    if response.status_code >= FAILED and stream is not None:
        stream.close()


@dataclass(frozen=True, slots=True)
class Cast:
    """All principals that a testbed has, by tenant and role; `guests` are there for a while."""

    clients: Mapping[tuple[str, str], HttpClient] = field(repr=False)
    guests: dict[tuple[str, str], HttpClient] = field(default_factory=dict, repr=False)

    @property
    def present(self) -> Mapping[tuple[str, str], HttpClient]:
        """Everybody who may ask something now."""
        return {**self.clients, **self.guests}

    def actor(self, tenant: str, role: str) -> HttpClient:
        """The principal; SetupError when the testbed has none like this."""
        client = self.present.get((tenant, role))
        if client is None:
            raise SetupError(f"The testbed has no {role} of {tenant or 'no tenant'}.")
        return client

    def taped(self, tape: Tape | None) -> Cast:
        """The same principals, with a tape that hears all they say."""
        taped = {seat: replace(client, tape=tape) for seat, client in self.clients.items()}
        return replace(self, clients=taped)

    def close(self) -> None:
        """Close all connections."""
        for client in self.clients.values():
            client.close()


def remembered(secrets: dict[str, str], tape: Tape | None) -> dict[str, str]:
    """The secrets, which grow with the tape where there is one."""
    if tape is None:
        return secrets
    tape.secrets.update(secrets)
    return tape.secrets


def exchange(request: httpx.Request, now: datetime, seconds: float) -> Exchange:
    """A request that was sent, without an answer yet."""
    content = request.content.decode(errors="replace")
    return Exchange(
        started=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        seconds=seconds,
        method=request.method,
        url=str(request.url),
        request_headers=tuple(request.headers.multi_items()),
        request_body=content or None,
    )


def document(client: HttpClient, path: str) -> Mapping[str, Json]:
    """The OpenAPI document at a path; SetupError when there is none."""
    try:
        answer = client.request("GET", path)
    except NoAnswerError as error:
        raise SetupError(f"{client.base_url} does not answer ({error}).") from error
    place = f"{client.base_url}{path}"
    if answer.status != httpx.codes.OK:
        raise SetupError(f"{place} is no OpenAPI document (HTTP {answer.status}).")
    return read_document(answer.body, place, f" (HTTP {answer.status})")


def placeholder(tenant: str, role: str) -> str:
    """The shell variable that stands for a principal's token."""
    return "$TOKEN_" + re.sub(r"\W", "_", f"{tenant}_{role}").upper()


def content_type(body: Json) -> Mapping[str, str]:
    """The header that a body needs."""
    if body is None:
        return NOBODY
    return {"Content-Type": body.media if isinstance(body, Form) else "application/json"}


def escape(text: str) -> str:
    """Text that stays the same between double quotes of a shell."""
    return re.sub(r'([\\"$`])', r"\\\1", text)
