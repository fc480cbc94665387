"""What is one request to an operation, and how is a part of it exchanged?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from gate.check import Answer, Client
from gate.forms import JSON_PATCH, TABLE, Form, is_form, write_form, write_patch, write_table
from gate.model import Json
from validators.document.names import PARAMETER
from validators.document.operations import Operation
from validators.document.resource_names import in_places, said_by

Pointer = tuple[str | int, ...]
SHORTEST_SENT = 8
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operation with everything that it is called with."""

    operation: Operation
    path: tuple[str, ...] = ()
    query: Mapping[str, Json] = field(default_factory=dict)
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    exchanged: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The path and query to ask for."""
        query = {name: as_text(value) for name, value in self.query.items()}
        return expand(self.operation.path, self.path) + (f"?{urlencode(query)}" if query else "")

    @property
    def sent(self) -> tuple[str, ...]:
        """What the caller said himself and so does not learn from an answer."""
        said = [text for _, text in leaves({"query": dict(self.query), "body": self.body})]
        long = (each for each in said if len(each) >= SHORTEST_SENT)
        return (*said_by(self.operation.path, self.path), *self.exchanged, *long)

    def put(self, pointer: Pointer, value: Json) -> Call:
        """The call with another value at a place that `slots` gave."""
        place, *rest = pointer
        if place == "path":
            index = int(rest[0])
            return replace(self, path=(*self.path[:index], str(value), *self.path[index + 1 :]))
        said = (*self.exchanged, *(text for _, text in leaves(value)))
        if place == "query":
            return replace(self, query={**self.query, str(rest[0]): value}, exchanged=said)
        return replace(self, body=exchange(self.body, tuple(rest), value), exchanged=said)


def send(client: Client, call: Call) -> Answer:
    """Ask as this principal. What is neither JSON nor a form is a JSON text of its type."""
    headers, body = dict(call.headers), written(call)
    if body is not None and not isinstance(body, Form) and call.operation.media not in {"", JSON}:
        headers["Content-Type"] = call.operation.media
    return client.request(call.operation.method, call.target, body=body, headers=headers or None)


def written(call: Call) -> Json:
    """The body as it is sent."""
    media = call.operation.media
    if media.startswith(TABLE) and isinstance(call.body, dict):
        return write_table(call.body)
    if media.startswith(JSON_PATCH):
        return write_patch(call.body)
    if call.body is None or not is_form(media):
        return call.body
    return write_form(call.body, media, call.operation.files)


def curl(client: Client, call: Call) -> str:
    """The same request as a shell line, with the credential's placeholder."""
    line = client.curl(call.operation.method, call.target, body=written(call))
    if call.operation.media and not is_form(call.operation.media):
        line = line.replace(f"Content-Type: {JSON}", f"Content-Type: {call.operation.media}")
    more = "".join(f" -H {shlex.quote(f'{name}: {each}')}" for name, each in call.headers.items())
    return line + more


def retrace(*lines: str) -> str:
    """Requests one after the other as one shell line."""
    return "; ".join(line for line in lines if line)


def leaves(value: Json, place: Pointer = ()) -> Iterator[tuple[Pointer, str]]:
    """Every text and number in a JSON value, with where it stands."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*place, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, (*place, index))
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield place, str(value)


def exchange(value: Json, pointer: Pointer, new: Json) -> Json:
    """A copy of the value with `new` at the pointer; a missing member is added."""
    if not pointer:
        return new
    head, rest = pointer[0], pointer[1:]
    if isinstance(value, list) and isinstance(head, int):
        return [exchange(each, rest, new) if at == head else each for at, each in enumerate(value)]
    members = value if isinstance(value, dict) else {}
    return {**members, str(head): exchange(members.get(str(head)), rest, new)}


def value_at(value: Json, pointer: Pointer) -> Json:
    """What stands at a place; None when there is no such place."""
    for part in pointer:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def expand(path: str, values: tuple[str, ...]) -> str:
    """The path with its parameters replaced from left to right, percent-encoded (RFC 3986)."""
    left = iter(in_places(path, values))
    return PARAMETER.sub(lambda _: quote(next(left), safe=""), path)


def as_text(value: Json) -> str:
    """A value in a query string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(as_text, value)) if isinstance(value, list) else str(value)


def like_type(value: str, old: Json) -> Json:
    """The value as a number where a number stood before."""
    return int(value) if isinstance(old, int) and value.lstrip("-").isdigit() else value
