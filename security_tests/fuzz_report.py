"""What did Schemathesis send, what came back, and which of its checks failed?

The report is NDJSON, one engine event a line: the only format of Schemathesis 4.32 that holds every
case with its request, answer and check results (JUnit and JSON hold totals, VCR and HAR no checks),
and the command line with a report is its stable interface, while the engine's Python API is not.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gate.model import Json
from security_tests.document import as_object

UNTRIED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One failed check of one case."""

    check: str
    type: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request of the fuzzer; `status` is 0 when no answer came."""

    operation: str
    phase: str
    method: str
    path: str
    body: Json
    sent: str
    signed: bool
    status: int
    answer: str
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that kept the fuzzer from its work."""

    subject: str
    message: str


Event = tuple[str, Mapping[str, Json]]


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Each line is an object with one member: the event's name and what it holds."""
    for line in lines:
        for name, held in as_object(json.loads(line)).items():
            yield name, as_object(held)


def list_cases(events: Iterable[Event], credential: str) -> Iterator[Case]:
    """Every case; `credential` is the header (lower case) that shows whether it was signed."""
    for name, held in events:
        if name == "ScenarioFinished":
            recorder = as_object(held.get("recorder"))
            for key, sent in as_object(recorder.get("interactions")).items():
                case = as_object(as_object(as_object(recorder.get("cases")).get(key)).get("value"))
                label = str(recorder.get("label", ""))
                if "/" not in label:
                    label = f"{case.get('method')} {case.get('path')}"
                checks = as_object(recorder.get("checks")).get(key)
                yield read_case(label, str(held.get("phase")), as_object(sent), checks, credential)


def read_case(
    label: str, phase: str, sent: Mapping[str, Json], checks: Json, credential: str
) -> Case:
    """One interaction with the results of its checks."""
    request, response = as_object(sent.get("request")), as_object(sent.get("response"))
    parts = urlsplit(str(request.get("uri", "")))
    status = response.get("status_code", UNTRIED)
    sent_body = text_of(request.get("body"))
    return Case(
        operation=label,
        phase=phase,
        method=str(request.get("method", "")),
        path=parts.path + (f"?{parts.query}" if parts.query else ""),
        body=as_json(sent_body),
        sent=sent_body,
        signed=any(name.lower() == credential for name in as_object(request.get("headers"))),
        status=status if isinstance(status, int) else UNTRIED,
        answer=text_of(response.get("content")),
        failed=tuple(list_failed(checks)),
    )


def list_failed(checks: Json) -> Iterator[Failed]:
    """The checks that did not succeed."""
    for check in checks if isinstance(checks, list) else ():
        result = as_object(check)
        failure = as_object(as_object(result.get("failure_info")).get("failure"))
        if failure:
            yield Failed(
                check=str(result.get("name")),
                type=str(failure.get("title", failure.get("type", ""))),
                message=str(failure.get("message", "")),
            )


def list_troubles(events: Iterable[Event]) -> Iterator[Trouble]:
    """Errors of the fuzzer itself, and the lack of an orderly end."""
    ended = False
    for name, held in events:
        if name in {"NonFatalError", "FatalError"}:
            message = as_object(held.get("value", held.get("exception"))).get("message", name)
            yield Trouble(subject=str(held.get("label", "schemathesis")), message=str(message))
        ended = ended or (name == "EngineFinished" and held.get("stop_reason") == "completed")
    if not ended:
        yield Trouble(subject="schemathesis", message="the run did not come to its end")


def text_of(value: Json) -> str:
    """A recorded payload as text; bytes that are no UTF-8 are shown as such."""
    encoded = as_object(value).get("$base64")
    if isinstance(encoded, str):
        return b64decode(encoded).decode(errors="backslashreplace")
    return value if isinstance(value, str) else ""


def as_json(text: str) -> Json:
    """The text as JSON; a text that is none stays one."""
    try:
        value: Json = json.loads(text) if text else None
    except ValueError:
        return text
    return value
