"""Which requests did a check make, and which of them does a reviewer need to see?

A tape is told of every request and answer; after a check, those that its findings cite are kept.
The tape's own file is private and holds no secrets; it is gone with the run.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import SEEK_END
from threading import Lock
from typing import BinaryIO

from gate import redaction
from gate.codec import decode, encode
from gate.journal import Entry, EvidenceError
from gate.model import Finding, Outcome, Result

LONGEST_BODY = 64 * 1024
LARGEST_TAPE = 256 * 1024 * 1024
MOST_PER_FINDING, MOST_PER_CHECK, SAMPLE = 20, 500, 20
CUT = "\n[… {} more characters]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer; `status` 0 and `error` where none came.

    `started` is RFC 3339 in UTC; `seconds` the time to the last byte.
    """

    started: str
    seconds: float
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str | None
    status: int = 0
    reason: str = ""
    answer_headers: tuple[tuple[str, str], ...] = ()
    answer_body: str = ""
    error: str | None = None

    def without(self, secrets: Mapping[str, str]) -> Exchange:
        """The same without credentials and without the far end of long bodies."""
        sent, got = media_type(self.request_headers), media_type(self.answer_headers)
        body = self.request_body
        secrets = redaction.occurring(self.texts(), secrets)
        return replace(
            self,
            url=redaction.url(self.url, secrets),
            request_headers=tuple(hide(self.request_headers, secrets)),
            request_body=None if body is None else clip(redaction.body(body, sent, secrets)),
            answer_headers=tuple(hide(self.answer_headers, secrets)),
            answer_body=clip(redaction.body(self.answer_body, got, secrets)),
            error=None if self.error is None else redaction.clean(self.error, secrets),
        )

    def texts(self) -> Iterator[str]:
        """All that a secret could stand in."""
        yield from (self.url, self.request_body or "", self.answer_body, self.error or "")
        for name, value in (*self.request_headers, *self.answer_headers):
            yield f"{name}: {value}"


def minted(exchange: Exchange) -> Iterator[str]:
    """The credentials that the answer hands out."""
    headers = exchange.answer_headers
    cookies, locations = (
        [value for name, value in headers if name.lower() == wanted]
        for wanted in ("set-cookie", "location")
    )
    return redaction.minted(exchange.answer_body, cookies, locations)


def media_type(headers: Iterable[tuple[str, str]]) -> str:
    """The value of Content-Type, or an empty text."""
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def hide(
    headers: Iterable[tuple[str, str]], secrets: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Headers whose credentials are placeholders."""
    return ((name, redaction.header(name, value, secrets)) for name, value in headers)


def clip(body: str) -> str:
    """A body that says how much of it is left out."""
    rest = len(body) - LONGEST_BODY
    return body if rest <= 0 else body[:LONGEST_BODY] + CUT.format(rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an exchange stands on the tape, and between which observations it was made."""

    offset: int
    size: int
    method: str
    url: str
    observation: int


@dataclass(slots=True)
class Tape:
    """Records exchanges between the observations of one check after the other; safe among threads.

    `secrets` grows with every credential that an answer hands out. `dropped` counts the exchanges
    of the current check that no longer fitted.
    """

    file: BinaryIO
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    places: list[Place] = field(default_factory=list)
    observed: int = 0
    dropped: int = 0
    lock: Lock = field(default_factory=Lock, repr=False)

    def record(self, exchange: Exchange) -> None:
        """Keep one exchange, without secrets; what it hands out is a secret from now on."""
        clean = exchange.without(self.learn(minted(exchange)))
        line = encode(clean).encode()
        with self.lock:
            offset = self.file.seek(0, SEEK_END)
            if offset + len(line) > LARGEST_TAPE:
                self.dropped += 1
                return
            try:
                self.file.write(line)
            except OSError as error:
                raise EvidenceError(f"An exchange cannot be kept: {error.strerror}.") from error
            place = Place(
                offset=offset,
                size=len(line),
                method=clean.method,
                url=clean.url,
                observation=self.observed,
            )
            self.places.append(place)

    def learn(self, minted: Iterable[str]) -> Mapping[str, str]:
        """All secrets up to these, each with a name of its own; other threads add to the rest."""
        with self.lock:
            for secret in minted:
                self.secrets.setdefault(secret, f"$MINTED_{len(self.secrets)}")
            return dict(self.secrets)

    def note(self, entry: Entry) -> None:
        """Follow the journal: what is recorded belongs to the observation that comes next."""
        with self.lock:
            if entry.event == "began":
                self.file.truncate(0)
                self.places.clear()
                self.observed = self.dropped = 0
            elif entry.event == "observed":
                self.observed += 1

    def cited(self, result: Result) -> list[tuple[Exchange, str]]:
        """The exchanges that a result rests on, each with the reason, in the order made."""
        with self.lock:
            return [(self.read(place), why) for place, why in choose(result, self.places)]

    def read(self, place: Place) -> Exchange:
        """One exchange, from the file."""
        self.file.seek(place.offset)
        return decode(Exchange, self.file.read(place.size), source="the tape")


def choose(result: Result, places: Sequence[Place]) -> list[tuple[Place, str]]:
    """The exchanges that the findings cite; without findings, the last ones as a sample."""
    chosen: dict[Place, str] = {}
    for finding in result.findings:
        for place in of_finding(finding, places):
            chosen.setdefault(place, finding.key)
    if not chosen:
        why = "sample" if result.outcome is Outcome.PASS else "last before the end"
        chosen = dict.fromkeys(places[-SAMPLE:], why)
    return sorted(chosen.items(), key=lambda item: item[0].offset)[:MOST_PER_CHECK]


def of_finding(finding: Finding, places: Sequence[Place]) -> list[Place]:
    """By the request that the evidence names, else by the observation that it cites."""
    named = {word for each in finding.evidence for word in words(each.reproduce)}
    indices = {each.observation for each in finding.evidence}
    near = [place for place in places if place.observation in indices]
    exact = [
        place
        for group in (near, places)
        for place in group
        if place.url in named and place.method in named
    ]
    return list(dict.fromkeys(exact or near[-MOST_PER_FINDING:]))[:MOST_PER_FINDING]


def words(command: str) -> set[str]:
    """The words of a shell line; none where it is no shell line."""
    try:
        return set(shlex.split(command))
    except ValueError:
        return set()
