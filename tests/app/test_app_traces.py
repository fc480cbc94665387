"""Do traces tell what happened, to whom they may, and nothing that a caller slipped in?"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from apiflask import APIFlask

from app.config import Config
from app.factory import create_app
from app.logs import TRACING, JsonLines
from app.telemetry.tracing import Tracing
from gate.testbed.embedded import CHECKOUT
from tests.app.callers import Caller, build_world
from tests.app.otlp import Receiver, attributes, receiver

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
FORCED = {
    "traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01",
    "tracestate": "vendor=canary-tracestate",
    "baggage": "tenant.id=canary-baggage",
}
READS = 25


@dataclass(frozen=True)
class Traced:
    """A service that traces, and where its traces arrive."""

    service: APIFlask
    received: Receiver
    caller: Caller

    def flush(self) -> None:
        self.service.extensions[TRACING].flush()


def traced(config: Config, owner: Caller, ratio: float) -> Iterator[Traced]:
    with receiver() as received:
        service = create_app(replace(config, otlp_endpoint=received.url, trace_ratio=ratio))
        yield Traced(service, received, Caller(service.test_client(), owner.key))
        service.extensions[TRACING].provider.shutdown()


@pytest.fixture
def everything(config: Config, owner: Caller) -> Iterator[Traced]:
    yield from traced(config, owner, 1.0)


@pytest.fixture
def nothing(config: Config, owner: Caller) -> Iterator[Traced]:
    yield from traced(config, owner, 0.0)


def test_every_request_has_one_root_and_its_database_spans(everything: Traced) -> None:
    world = build_world(everything.caller, "own")
    everything.flush()
    everything.received.bodies.clear()
    for _ in range(READS):
        everything.caller.read(f"/v1/runs/{world.run_id}")
    everything.caller.read("/v1/me")
    everything.flush()
    roots = {span.name: [] for span in everything.received.roots}
    for span in everything.received.roots:
        roots[span.name].append(span)
    reads = roots["GET /v1/runs/<uuid:run_id>"]
    assert len(reads) == READS
    assert len(everything.received.roots) == READS + 1
    calls = [span for span in everything.received.spans if span.parent_span_id]
    by_parent: dict[bytes, list[Any]] = {}
    for span in calls:
        by_parent.setdefault(span.parent_span_id, []).append(span)
    for root in reads:
        database = [each for each in by_parent[root.span_id] if each.name == "select runs"]
        assert len(database) == 1
        assert database[0].trace_id == root.trace_id
        assert attributes(database[0])["db.system.name"] == "postgresql"
        assert root.start_time_unix_nano <= database[0].start_time_unix_nano
        assert database[0].end_time_unix_nano <= root.end_time_unix_nano
    assert set(by_parent) <= {root.span_id for root in everything.received.roots}


def test_a_span_holds_what_is_listed_and_nothing_else(everything: Traced, owner: Caller) -> None:
    everything.caller.ask("GET", "/v1/projects?limit=1")
    everything.flush()
    root = everything.received.roots[-1]
    found = attributes(root)
    assert set(found) == {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "maestro.request_id",
        "maestro.tenant",
    }
    assert found["http.route"] == "/v1/projects"
    tenant = owner.read("/v1/me")["tenant_id"]
    assert len(found["maestro.tenant"]) == 16
    assert tenant.encode() not in b"".join(everything.received.bodies)
    assert tenant.replace("-", "")[:16] != found["maestro.tenant"]


def test_redis_and_failed_statements_have_spans(everything: Traced) -> None:
    everything.caller.ask("POST", "/v1/projects", {"name": "twice"})
    everything.caller.ask("POST", "/v1/projects", {"name": "twice"})
    everything.caller.ask("GET", "/readyz")
    everything.flush()
    spans = everything.received.spans
    failed = [span for span in spans if span.name == "insert projects" and span.status.code == 2]
    assert len(failed) == 1
    assert [span for span in spans if span.name == "redis ping"]


def test_a_caller_cannot_force_a_trace(nothing: Traced) -> None:
    for _ in range(50):
        nothing.caller.client.get("/healthz", headers=FORCED)
        nothing.caller.client.get(
            "/v1/me", headers=FORCED | {"Authorization": f"Bearer {nothing.caller.key}"}
        )
    nothing.flush()
    assert nothing.received.spans == []


def test_a_callers_trace_is_linked_and_not_joined(everything: Traced) -> None:
    everything.caller.client.get("/healthz", headers=FORCED)
    everything.caller.client.get("/healthz", headers={"traceparent": "nonsense"})
    everything.flush()
    first, second = everything.received.roots
    assert first.trace_id.hex() != THEIRS
    (link,) = first.links
    assert (link.trace_id.hex(), link.trace_state) == (THEIRS, "")
    assert len(second.links) == 0
    assert b"canary" not in b"".join(everything.received.bodies)


def test_the_default_traces_at_most_one_request_in_twenty(config: Config) -> None:
    assert config.trace_ratio <= 0.05
    assert config.otlp_endpoint is None


def test_without_an_endpoint_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys; from app.factory import create_app; from app.config import Config;"
        "create_app(Config(database_url='postgresql+psycopg2://h/d', redis_url='redis://h',"
        " cursor_secret='x' * 16));"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry.exporter')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[]\n"


def test_a_forked_worker_starts_its_own_exporter() -> None:
    with receiver() as received:
        tracing = Tracing(received.url, 1.0, "secret of the tests")
        tracing.begin("GET", None).end("/before", 200, {})
        tracing.flush()
        child = os.fork()
        if child == 0:
            tracing.begin("GET", None).end("/after", 200, {})
            tracing.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        if tracing.provider is not None:
            tracing.provider.shutdown()
        assert {span.name for span in received.roots} == {"GET /before", "GET /after"}


CANARY = "canary-5f1c"
SECRETS = {
    "Authorization": f"Bearer mml_{'0' * 32}_{CANARY}{'x' * 32}",
    "Cookie": f"session={CANARY}",
    "X-Api-Key": CANARY,
    "User-Agent": CANARY,
    "Referer": f"https://example.org/?token={CANARY}",
    "X-Forwarded-For": CANARY,
    "baggage": f"key={CANARY}",
}


def test_no_secret_reaches_logs_traces_or_metrics(
    everything: Traced, monkeypatch: pytest.MonkeyPatch, config: Config
) -> None:
    lines: list[str] = []

    class Memory(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines().format(record))

    for name in ("maestro", "flask-limiter", "opentelemetry", "sqlalchemy", "werkzeug"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [Memory()])
    logging.getLogger("maestro").setLevel(logging.INFO)
    client, caller = everything.service.test_client(), everything.caller
    client.get(f"/v1/projects?token={CANARY}", headers=SECRETS)
    client.get(f"/{CANARY}?token={CANARY}", headers=SECRETS)
    for body in ({"name": CANARY}, {"name": CANARY, CANARY: CANARY}, {"name": CANARY}):
        caller.ask("POST", "/v1/projects", body)
    caller.ask("GET", f"/v1/projects?{CANARY}={CANARY}")
    broken = f"postgresql+psycopg2://{CANARY}:{CANARY}@127.0.0.1:1/{CANARY}"
    dead = replace(config, database_url=broken, otlp_endpoint=everything.received.url)
    lost = create_app(replace(dead, trace_ratio=1.0))
    lost.test_client().get("/readyz")
    lost.extensions[TRACING].provider.shutdown()
    everything.flush()
    kept = "\n".join([*lines, caller.client.get("/metrics").text])
    assert len(lines) >= 7
    assert CANARY not in kept
    assert CANARY.encode() not in b"".join(everything.received.bodies)
    assert caller.key not in kept
    assert everything.received.roots


def test_a_log_line_names_the_trace(everything: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = []

    class Memory(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonLines().format(record)))

    logger = logging.getLogger("maestro")
    monkeypatch.setattr(logger, "handlers", [Memory()])
    logger.setLevel(logging.INFO)
    everything.caller.read("/v1/me")
    everything.flush()
    (root,) = everything.received.roots
    assert lines[0]["trace_id"] == root.trace_id.hex()
    assert lines[0]["span_id"] == root.span_id.hex()
