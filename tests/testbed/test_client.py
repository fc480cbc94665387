"""A client's answers are complete, and its curl lines run as printed."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.check import Client, NoAnswerError
from gate.errors import SetupError
from gate.model import Json
from gate.testbed.client import HttpClient, document, placeholder
from gate.testbed.embedded import Embedded
from gate.testbed.ports import LOOPBACK, reserve

TOKEN = "mml_secret-token_0123456789"
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126))
# A shell that shows which arguments curl would be given.
SPY = "curl() { printf '%s\\0' \"$@\"; }\n"


def client(headers: dict[str, str]) -> HttpClient:
    return HttpClient(
        base_url="http://127.0.0.1:1",
        tenant="acme",
        role="owner",
        credentials=headers,
        secrets={TOKEN: "$TOKEN_ACME_OWNER"},
    )


def arguments(line: str) -> list[str]:
    done = subprocess.run(
        ["/bin/sh", "-c", SPY + line],
        env={"TOKEN_ACME_OWNER": TOKEN},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split("\0")[:-1]


@settings(max_examples=60, deadline=None)
@given(before=PRINTABLE, after=PRINTABLE, path=PRINTABLE, name=PRINTABLE)
def test_a_shell_reads_the_curl_line_as_the_request(
    before: str, after: str, path: str, name: str
) -> None:
    signed = client({"Authorization": f"{before}{TOKEN}{after}"})
    line = signed.curl("POST", f"/{path}", body={"name": name})
    assert TOKEN not in line
    given_to_curl = arguments(line)
    assert given_to_curl[:4] == ["-isSg", "-X", "POST", f"http://127.0.0.1:1/{path}"]
    assert given_to_curl[4:8:2] == ["-H", "-H"]
    assert given_to_curl[5] == f"Authorization: {before}{TOKEN}{after}"
    assert json.loads(given_to_curl[-1]) == {"name": name}


def test_a_curl_line_without_credentials_or_body_is_plain() -> None:
    anonymous = HttpClient(base_url="http://127.0.0.1:1")
    assert anonymous.curl("GET", "/v1/me") == "curl -isSg -X GET http://127.0.0.1:1/v1/me"


def test_a_placeholder_is_a_shell_variable() -> None:
    assert placeholder("Acme & Sons", "owner") == "$TOKEN_ACME___SONS_OWNER"


def test_no_credential_is_in_a_repr_or_in_the_error_of_a_refused_request() -> None:
    with reserve() as port:
        signed = HttpClient(
            base_url=f"http://{LOOPBACK}:{port}",
            credentials={"Authorization": f"Bearer {TOKEN}"},
            secrets={TOKEN: "$T"},
        )
        with pytest.raises(NoAnswerError, match="GET /x: ConnectError") as raised:
            signed.request("GET", "/x")
    assert TOKEN not in repr(signed) + str(raised.value)


def test_an_answer_that_takes_too_long_is_no_answer() -> None:
    # Whoever only listens accepts the connection in the kernel and never answers.
    with reserve() as port, socket.create_server((LOOPBACK, port)):
        caller = HttpClient(base_url=f"http://{LOOPBACK}:{port}")
        with pytest.raises(NoAnswerError, match="ReadTimeout"):
            caller.request("GET", "/v1/projects", timeout=0.05)


def test_no_request_is_lost_after_a_failure_whose_connection_is_closed() -> None:
    def answer(listening: socket.socket) -> None:
        for status in (b"500 Oh", b"200 OK"):
            door, _ = listening.accept()
            with door:
                door.recv(65536)
                door.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
                if status.startswith(b"5"):
                    door.settimeout(0.5)
                    with suppress(TimeoutError):  # what comes on this connection is dropped
                        door.recv(65536)

    with reserve() as port, socket.create_server((LOOPBACK, port)) as listening:
        thread = threading.Thread(target=answer, args=(listening,), daemon=True)
        thread.start()
        client = HttpClient(base_url=f"http://{LOOPBACK}:{port}")
        statuses = [client.request("GET", "/").status for _ in "ab"]
        client.close()
        thread.join()
    assert statuses == [500, 200]


def test_header_names_are_lower_case_and_seconds_pass(testbed: Embedded) -> None:
    owner: Client = testbed.actor("acme")
    answer = owner.request("GET", "/v1/me")
    assert all(name == name.lower() for name in answer.headers)
    assert "content-type" in answer.headers
    assert answer.seconds > 0


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_headers_of_a_request_replace_the_credentials(testbed: Embedded, name: str) -> None:
    other = testbed.actor("globex", "viewer").credentials["Authorization"]
    answer = testbed.actor("acme").request("GET", "/v1/me", headers={name: other})
    assert json.loads(answer.body)["tenant_id"] == testbed.tenant_ids["globex"]


@pytest.mark.parametrize("body", [{"name": "a"}, [], "text", 0, False])
def test_every_body_but_none_is_sent_as_json(testbed: Embedded, body: Json) -> None:
    answer = testbed.actor("acme").request("POST", "/v1/projects", body=body)
    assert answer.status in {201, 400, 409, 422}


def test_what_is_no_openapi_document_is_reported(testbed: Embedded) -> None:
    nobody = testbed.actor("", "anonymous")
    assert "/v1/me" in str(document(nobody, "/openapi.json"))
    with pytest.raises(SetupError, match=r"/healthz is no OpenAPI document \(HTTP 200\)"):
        document(nobody, "/healthz")
    with pytest.raises(SetupError, match=r"is no OpenAPI document \(HTTP 404\)"):
        document(nobody, "/absent")
