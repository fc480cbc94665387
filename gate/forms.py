"""How is a body written that is no plain JSON object?

A form, URL-encoded (WHATWG URL, section 5) or in parts (RFC 7578), a table, or a JSON Patch. The
first three are a `Form`, which is a text already, so that every client sends it as it is.
"""

from __future__ import annotations

import csv
import io
import json
import mimetypes
import shlex
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Self
from urllib.parse import urlencode

from gate.model import Json

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PLAIN = "text/plain"
TABLE = "text/csv"
JSON_PATCH = "application/json-patch+json"
NO_FILES: Mapping[str, str] = {}


class Form(str):  # noqa: SLOT000 - a text that also says what it is
    """A written form: its text, its media type, and how curl is told to write the same."""

    media: str
    curl: tuple[str, ...]

    @classmethod
    def of(cls, text: str, media: str, curl: tuple[str, ...]) -> Self:
        """The form with what is known of it."""
        made = cls(text)
        made.media, made.curl = media, curl
        return made


def is_form(media: str) -> bool:
    """Is a body of this media type a form?"""
    return media.partition(";")[0].strip() in {URLENCODED, MULTIPART}


def write_form(body: Json, media: str, files: Mapping[str, str] = NO_FILES) -> Form:
    """The members of an object as a form's fields.

    `files` gives the media types of the fields that are files. A list is a field that is repeated,
    null is none, and an object is written as JSON (OpenAPI 3.1, section 4.8.15).
    """
    fields = list(fields_of(body))
    if media.startswith(MULTIPART):
        return parts(fields, files)
    text = urlencode(fields)
    return Form.of(text, URLENCODED, ("--data-raw", text))


def write_table(body: Json) -> Form:
    """The members of an object as the columns of a table with one row (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerows(zip(*fields_of(body), strict=True))
    return Form.of(out.getvalue(), TABLE, ("--data-raw", out.getvalue()))


def write_patch(body: Json) -> Json:
    """The members of an object as the operations that give a known object these (RFC 6902)."""
    members = body if isinstance(body, dict) else {}
    return [
        {"op": "replace", "path": f"/{name.replace('~', '~0').replace('/', '~1')}", "value": value}
        for name, value in members.items()
    ]


def fields_of(body: Json) -> Iterator[tuple[str, str]]:
    """Names and texts, in order."""
    for name, value in body.items() if isinstance(body, dict) else ():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                yield name, each if isinstance(each, str) else json.dumps(each)


def parts(fields: list[tuple[str, str]], files: Mapping[str, str]) -> Form:
    """One part for each field; the boundary follows from the content, so that it is repeatable."""
    boundary = f"form-{sha256(repr(fields).encode()).hexdigest()[:24]}"
    written: list[str] = []
    curl: list[str] = []
    for name, value in fields:
        media = files.get(name)
        file = "" if media is None else f'; filename="{file_name(name, media)}"'
        typed = "" if media is None else f"Content-Type: {media}\r\n"
        head = f'Content-Disposition: form-data; name="{escaped(name)}"{file}\r\n{typed}'
        written.append(f"--{boundary}\r\n{head}\r\n{value}\r\n")
        curl.extend(argument(name, value, media))
    text = "".join(written) + f"--{boundary}--\r\n"
    return Form.of(text, f"{MULTIPART}; boundary={boundary}", tuple(curl))


def argument(name: str, value: str, media: str | None) -> tuple[str, str]:
    """A field for curl; a file's content stands in the command itself."""
    if media is None:
        return "--form-string", f"{name}={value}"
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return "-F", f'{name}="{quoted}";filename={file_name(name, media)};type={media}'


def file_name(name: str, media: str) -> str:
    """What the file is called: what it holds marks, so that its name need not."""
    plain = "".join(each for each in name if each.isalnum()) or "file"
    return plain + (mimetypes.guess_extension(media.partition(";")[0]) or ".bin")


def escaped(name: str) -> str:
    """A field's name between quotation marks (WHATWG HTML, multipart/form-data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def as_curl(body: Json) -> list[str]:
    """How curl is told of a body."""
    if body is None:
        return []
    said = body.curl if isinstance(body, Form) else ("--data-raw", json.dumps(body))
    return [each if each.startswith("-") else shlex.quote(each) for each in said]


def content_of(body: Json) -> str | None:
    """The text that is sent."""
    return None if body is None else str(body) if isinstance(body, Form) else json.dumps(body)
