"""How does a probe ask a service that may be slow, busy or silent, without giving up too early?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate.check import Answer, Client, NoAnswerError
from gate.model import Json
from validators.messages.callers import Called

NO_ANSWER = 0
LIMITED = 429
MOST_SILENT = 8
LONGEST_WAIT = 60.0
MOST_WAITED = 120.0
TIMEOUT = 8.0


@dataclass(slots=True)
class Silence:
    """How often in a row the target gave no answer at all; shared by all principals."""

    times: int = 0
    waited: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A principal who speaks through another client; implements `gate.check.Client`."""

    client: Client

    @property
    def tenant(self) -> str:
        """The tenant's name in this testbed, or "" for nobody."""
        return self.client.tenant

    @property
    def role(self) -> str:
        """The principal's role, or "anonymous"."""
        return self.client.role

    @property
    def credentials(self) -> Mapping[str, str]:
        """The headers that sign this principal in. Secret: never record them."""
        return self.client.credentials

    @property
    def called(self) -> Mapping[str, str]:
        """What this principal said of himself when he signed in, where that is known."""
        return self.client.called if isinstance(self.client, Called) else {}

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Send one request."""
        return self.ask(method, path, body, headers, timeout)

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        """One attempt."""
        return self.client.request(method, path, body=body, headers=headers, timeout=timeout)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        """The same request as a shell line, with `$TOKEN…` in place of the credential."""
        return self.client.curl(method, path, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient(Relay):
    """A client whose unanswered request is an answer with status 0; implements `gate.check.Client`.

    One operation that hangs is a fact about that operation; a target that is silent again and
    again is dead, and then NoAnswerError is raised. A 429 is asked again after its Retry-After.
    """

    silence: Silence
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Send one request; NoAnswerError only when the target has been silent for long."""
        answer = self.ask(method, path, body, headers, timeout)
        wait = pause_of(answer)
        if wait is not None and self.silence.waited < MOST_WAITED:
            self.silence.waited += wait
            self.sleep(wait)
            answer = self.ask(method, path, body, headers, timeout)
        return answer

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        """One attempt."""
        try:
            answer = self.client.request(method, path, body=body, headers=headers, timeout=timeout)
        except NoAnswerError as error:
            self.silence.times += 1
            if self.silence.times >= MOST_SILENT:
                raise
            return Answer(status=NO_ANSWER, headers={}, body=str(error), seconds=timeout)
        self.silence.times = 0
        return answer


def pause_of(answer: Answer) -> float | None:
    """Seconds that a 429 asks to wait, when they are few; else None."""
    said = answer.headers.get("retry-after", "")
    if answer.status != LIMITED or not said.isdigit() or int(said) > LONGEST_WAIT:
        return None
    return float(said)
