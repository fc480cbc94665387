"""A form is sent, printed for curl, kept as evidence and redacted like any other body."""

from __future__ import annotations

import csv
import json
import subprocess
from email import message_from_string
from tempfile import TemporaryFile
from typing import Any

import pytest
from flask import Flask, jsonify, request

from gate.exchanges import Tape
from gate.forms import MULTIPART, TABLE, URLENCODED, Form, content_of, write_form, write_table
from gate.model import Json
from gate.redaction import body as redacted
from gate.testbed.client import HttpClient
from tests.targets.serving import running, wsgi

FIELDS: dict[str, Json] = {
    "title": 'a "quoted"; title, with = & é',
    "tags": ["one", "two"],
    "vip": True,
    "count": 3,
    "none": None,
    "password": "hunter2-hunter2",
    "file": 'line one\nline "two"; @',
}
FILES = {"file": "text/csv"}


def echo() -> Flask:
    app = Flask("echo")

    def show() -> Any:
        files = {
            name: [each.filename, each.mimetype, each.read().decode()]
            for name, each in request.files.items()
        }
        return jsonify(
            form={name: request.form.getlist(name) for name in request.form},
            files=files,
            media=request.mimetype,
        )

    app.add_url_rule("/echo", view_func=show, methods=["POST"])
    return app


def expected(with_file: bool) -> dict[str, Any]:
    said = {
        "title": [FIELDS["title"]],
        "tags": ["one", "two"],
        "vip": ["true"],
        "count": ["3"],
        "password": ["hunter2-hunter2"],
    }
    return said if with_file else {**said, "file": [FIELDS["file"]]}


@pytest.mark.parametrize("media", [URLENCODED, MULTIPART])
def test_the_service_and_curl_get_the_same_fields(media: str) -> None:
    form = write_form(FIELDS, media, FILES if media == MULTIPART else {})
    with running(wsgi(echo())) as base_url:
        client = HttpClient(base_url=base_url)
        answer = client.request("POST", "/echo", body=form)
        line = client.curl("POST", "/echo", body=form).replace("curl -isSg", "curl -sSg")
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    said: Any = answer.json()
    assert said["media"] == media
    assert said["form"] == expected(media == MULTIPART)
    if media == MULTIPART:
        assert said["files"] == {"file": ["file.csv", "text/csv", FIELDS["file"]]}
    assert json.loads(done.stdout) == said


def test_a_row_is_a_table_with_a_header_that_any_reader_reads_back() -> None:
    row: Json = {"title": 'a "quoted", title', "price": 3, "vip": True}
    table = write_table(row)
    assert (table.media, content_of(table)) == (TABLE, str(table))
    (read,) = csv.DictReader(str(table).splitlines())
    assert read == {"title": 'a "quoted", title', "price": "3", "vip": "true"}


def test_the_same_fields_are_the_same_form_and_its_boundary_is_not_in_it() -> None:
    one, two = (write_form(FIELDS, MULTIPART, FILES) for _ in range(2))
    assert (one, one.media, one.curl) == (two, two.media, two.curl)
    boundary = one.media.partition("boundary=")[2]
    assert one.count(boundary) == len(message_from_string(mail(one)).get_payload()) + 1
    assert content_of({"a": 1}) == '{"a": 1}'
    assert content_of(None) is None


def mail(form: Form) -> str:
    return f"Content-Type: {form.media}\r\n\r\n{form}"


@pytest.mark.parametrize("media", [URLENCODED, MULTIPART])
def test_evidence_of_a_form_holds_no_password(media: str) -> None:
    form = write_form(FIELDS, media, {})
    with TemporaryFile() as file, running(wsgi(echo())) as base_url:
        tape = Tape(file)
        HttpClient(base_url=base_url, tape=tape).request("POST", "/echo", body=form)
        (kept,) = (tape.read(place) for place in tape.places)
    assert kept.request_body is not None
    assert "hunter2" not in kept.request_body
    assert "[redacted]" in kept.request_body.replace("%5B", "[").replace("%5D", "]")
    assert "one" in kept.request_body
    assert "hunter2" in str(form)


def test_a_part_that_is_no_secret_stays_as_it_is() -> None:
    form = write_form({"title": "plain", "note": "--\r\n--"}, MULTIPART, {})
    assert redacted(str(form), form.media, {}) == str(form)
