"""Does every wrong request get the right refusal, as a problem detail without secrets?"""

from __future__ import annotations

import json
import logging
from typing import Any

import psycopg2
import pytest

from app.headers import OTHERS, talisman_headers
from app.logs import JsonLines
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import NOBODY, OPERATOR_KEY, Caller

JSON = "application/json"
BIG = b'{"name": "' + b"x" * (1 << 20) + b'"}'
NOTHING = (b"null", b"false", b"0", b'""', b"[]")
REFUSED: list[tuple[int, str, str, dict[str, Any]]] = [
    (400, "POST", "/v1/projects", {"data": b"{", "content_type": JSON}),
    (400, "POST", "/v1/projects", {"data": b"", "content_type": JSON}),
    (400, "POST", "/v1/projects", {"data": b'{"name": NaN}', "content_type": JSON}),
    (422, "POST", "/v1/projects", {"data": b'{"name": "\\ud800"}', "content_type": JSON}),
    (422, "POST", "/v1/projects", {"data": b'{"\\udfff": 1}', "content_type": JSON}),
    (400, "POST", "/v1/projects", {"data": b'{"name": "\xff"}', "content_type": JSON}),
    (404, "GET", "/v1/projects/no-uuid", {}),
    (404, "GET", f"/v1/projects/{NOBODY}", {}),
    (404, "GET", f"/v1/models/{NOBODY}/versions/0", {}),
    (404, "GET", f"/v1/models/{NOBODY}/versions/99999999999", {}),
    (404, "GET", "/nowhere", {}),
    (405, "PUT", "/v1/projects", {}),
    (413, "POST", "/v1/projects", {"data": BIG, "content_type": JSON}),
    (415, "POST", "/v1/projects", {"data": b"{}", "content_type": "text/plain"}),
    (415, "POST", "/v1/projects", {"data": b"{}"}),
    (422, "POST", "/v1/projects", {"json": {"name": "\0"}}),
    (422, "POST", "/v1/projects", {"json": {"name": "x", "tags": {"\0": "x"}}}),
    (422, "POST", "/v1/projects", {"json": {"name": ""}}),
    (422, "POST", "/v1/projects", {"json": {"name": 1}}),
    (422, "POST", "/v1/projects", {"json": {"name": "x", "tenant_id": NOBODY}}),
    (422, "POST", "/v1/projects", {"json": []}),
    (422, "POST", "/v1/runs:search", {"data": b"null", "content_type": JSON}),
    (404, "DELETE", f"/v1/models/{NOBODY}/versions/2147483648", {}),
    *((422, "POST", "/v1/exports", {"data": body, "content_type": JSON}) for body in NOTHING),
    (422, "POST", "/v1/api-keys", {"json": {"name": "x", "expires_in_days": 0}}),
    (422, "POST", "/v1/purges", {"json": {"older_than_days": 3651}}),
    (422, "PATCH", "/v1/quotas", {"json": {"unheard_of": 1}}),
    (422, "PATCH", f"/v1/projects/{NOBODY}", {"json": {}}),
    (422, "PATCH", f"/v1/projects/{NOBODY}", {"json": {"name": None}}),
    (422, "GET", "/v1/projects?limit=201", {}),
    (422, "GET", "/v1/projects?limit=1_0", {}),
    (422, "GET", "/v1/projects?limit=1&limit=2", {}),
    (422, "GET", "/v1/projects?unknown=1", {}),
    (422, "DELETE", f"/v1/projects/{NOBODY}?force=1", {}),
    (422, "POST", "/v1/members", {"json": {"email": "nobody", "role": "viewer"}}),
    (422, "POST", "/v1/members", {"json": {"email": "a@b.c", "role": "god"}}),
]


@pytest.mark.parametrize(("status", "method", "path", "sent"), REFUSED)
def test_a_wrong_request_is_refused_with_a_problem(
    owner: Caller, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    answer = owner.ask(method, path, **sent)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["code"]
    assert not {"psycopg2", "sqlalchemy", "traceback"} & set(answer.text.lower().split())


def test_a_wrong_method_names_the_right_ones(owner: Caller) -> None:
    answer = owner.ask("PUT", "/v1/projects")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_answers_like_get_without_a_body(owner: Caller) -> None:
    got, headed = owner.ask("GET", "/v1/projects"), owner.ask("HEAD", "/v1/projects")
    assert (headed.status_code, headed.text) == (200, "")
    assert headed.headers["Content-Length"] == got.headers["Content-Length"]


def test_a_taken_name_is_a_conflict_and_only_in_its_own_tenant(
    owner: Caller, new_owner: Any
) -> None:
    owner.make("/v1/projects", name="one")
    answer = owner.ask("POST", "/v1/projects", {"name": "one"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already-exists")
    assert "projects_tenant_id_name_key" not in answer.text
    new_owner().make("/v1/projects", name="one")


def test_free_text_is_echoed_as_it_came(owner: Caller) -> None:
    words = {"name": "<b>Ä\U0001f600\u202e'\"--;", "description": "\n\t\x7f", "tags": {" ": "\\"}}
    made = owner.make("/v1/projects", **words)
    assert owner.read(f"/v1/projects/{made['id']}").items() >= words.items()


@pytest.mark.parametrize("key", ["", "x", "mml_x", f"mml_{'0' * 32}_{'x' * 43}", "mmo_x", "ü"])
def test_a_wrong_key_is_asked_for_a_right_one(operator: Caller, key: str) -> None:
    answer = Caller(operator.client, key).ask("GET", "/v1/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_log_is_stored_whole_or_not_at_all(owner: Caller) -> None:
    project = owner.make("/v1/projects", name="p")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    run = f"/v1/runs/{owner.make(f'/v1/experiments/{experiment}/runs', name='r')['id']}"
    steps = [{"key": "loss", "step": step, "value": step / 2} for step in (2, 1, 3, 2)]
    owner.make(f"{run}/log", metrics=steps, params={"lr": "0.1"}, tags={"who": "me"})
    owner.make(f"{run}/log", metrics=[{"key": "loss", "step": 0, "value": 9}], params={"lr": "1"})
    too_many = {"params": {str(number): "x" for number in range(600)}}
    too_many["tags"] = too_many["params"]
    assert owner.ask("POST", f"{run}/log", too_many).status_code == 422
    found = owner.read(run)
    assert found["metrics"] == {"loss": {"step": 3, "value": 1.5}}
    assert (found["params"], found["tags"]) == ({"lr": "1"}, {"who": "me"})
    first = owner.read(f"{run}/metrics/loss?limit=3")
    assert [point["step"] for point in first["points"]] == [0, 1, 2]
    rest = owner.read(f"{run}/metrics/loss?after={first['next_after']}")
    assert [point["step"] for point in rest["points"]] == [3]
    assert rest["next_after"] is None


def test_a_deleted_run_leaves_the_versions_it_made(
    owner: Caller, postgresql: PostgreSQL, schema: Schema
) -> None:
    project = owner.make("/v1/projects", name="p")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    run = owner.make(f"/v1/experiments/{experiment}/runs", name="r")["id"]
    model = owner.make(f"/v1/projects/{project}/models", name="m")["id"]
    made = owner.make(f"/v1/models/{model}/versions", source_run_id=run)
    assert (made["version"], made["source_run_id"]) == (1, run)
    assert owner.ask("DELETE", f"/v1/runs/{run}").status_code == 204
    # The reference stays while the run can be restored, and leads nowhere.
    assert owner.read(f"/v1/models/{model}/versions/1")["source_run_id"] == run
    assert owner.ask("GET", f"/v1/runs/{run}").status_code == 404
    purge(postgresql, schema, run)
    assert owner.read(f"/v1/models/{model}/versions/1")["source_run_id"] is None
    assert owner.make(f"/v1/models/{model}/versions")["version"] == 2


def purge(postgresql: PostgreSQL, schema: Schema, run: str) -> None:
    """What purging does: the row goes for good."""
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM runs WHERE id = %s", [run])
        assert cursor.rowcount == 1
    connection.close()


EXPECTED = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": "accelerometer=(), camera=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31556926; includeSubDomains",
    "Vary": "Authorization, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}


@pytest.mark.parametrize("path", ["/healthz", "/v1/me", "/nowhere", "/v1/projects?x=1", "/metrics"])
def test_every_answer_carries_each_security_header_once(owner: Caller, path: str) -> None:
    headers = owner.ask("GET", path).headers
    assert {name: headers.getlist(name) for name in EXPECTED} == {
        name: [value] for name, value in EXPECTED.items()
    }
    assert len(headers["X-Request-Id"]) == 32
    assert not {"Server", "X-Powered-By"} & set(headers.keys())


def test_talisman_gives_its_part_of_the_headers() -> None:
    assert {name for name, _ in talisman_headers()} == set(EXPECTED) - {name for name, _ in OTHERS}


def test_the_log_has_one_json_line_per_request_and_no_secret(
    owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("maestro")
    lines: list[str] = []

    class Memory(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record))

    monkeypatch.setattr(logger, "handlers", [Memory()])
    logger.setLevel(logging.INFO)
    answer = owner.ask("POST", "/v1/projects", {"name": "a private name"})
    (line,) = [json.loads(line) for line in lines]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["tenant_id"] == owner.read("/v1/me")["tenant_id"]
    assert line["status"] == 201
    assert not any(secret in "".join(lines) for secret in (owner.key, OPERATOR_KEY, "private"))


def test_metrics_name_routes_and_never_ids(owner: Caller) -> None:
    owner.ask("GET", f"/v1/projects/{NOBODY}")
    text = owner.ask("GET", "/metrics").text
    assert 'route="/v1/projects/<uuid:project_id>",status="404"' in text
    assert NOBODY not in text
