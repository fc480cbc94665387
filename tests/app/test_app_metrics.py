"""Are all metrics named, bounded, shown and counted where they should be?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from app.conduct import Readers
from app.endpoint import Audience, Declaration
from app.factory import declarations
from app.limits import STRICT, TIERS
from app.models import Base
from app.openapi import errors_of
from app.permissions import Permission
from app.telemetry.answers import DEFECTS
from app.telemetry.catalogue import METRICS
from app.telemetry.exposition import CENSUS
from app.telemetry.instruments import build
from app.telemetry.metric import Feed, Kind
from app.telemetry.page import render
from app.telemetry.redis_commands import KNOWN
from app.telemetry.slots import Slots
from app.telemetry.statements import CLASSES, VERBS, classify
from gate.testbed.embedded import CHECKOUT
from tests.app.callers import NOBODY, Caller, build_world

BUDGET = 10_000
ROUTES_PLANNED = 80
Value = Callable[..., float]


@pytest.fixture
def value(operator: Caller) -> Value:
    """The present value of a sample, 0 when it is not there."""

    def read(name: str, **labels: str) -> float:
        text = operator.client.get("/metrics").text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == f"maestro_{name}" and labels.items() <= sample.labels.items():
                    return sample.value
        return 0.0

    return read


def test_there_are_62_metrics_under_one_prefix() -> None:
    assert len(METRICS) == 62
    assert all(re.fullmatch(r"maestro_[a-z0-9_]+", metric.name) for metric in METRICS.values())
    counters = [each.name for each in METRICS.values() if each.kind is Kind.COUNTER]
    assert [name for name in counters if not name.endswith("_total")] == []


def test_every_gauge_says_how_workers_add_up_and_every_distribution_has_few_buckets() -> None:
    for metric in METRICS.values():
        assert (metric.kind is Kind.GAUGE) == (metric.mode is not None), metric.name
        assert (metric.kind is Kind.HISTOGRAM) == bool(metric.buckets), metric.name
        assert len(metric.buckets) <= 10
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert bool(metric.why) == (metric.feed is not Feed.WORKER)


def test_the_objectives_edges_are_buckets() -> None:
    assert {0.1, 0.5, 1.0} <= set(METRICS["http_request_duration_seconds"].buckets)


def test_no_label_can_hold_a_tenant() -> None:
    labels = {label for metric in METRICS.values() for label in metric.labels}
    assert not labels & {"tenant", "tenant_id", "path", "key", "run", "user", "member"}


def test_the_page_is_written_from_the_catalogue() -> None:
    assert (CHECKOUT / "docs" / "METRICS.md").read_text() == render(), "run `tox -e docs`"


def test_what_nobody_feeds_is_not_shown_as_zero(service: APIFlask) -> None:
    text = service.test_client().get("/metrics").text
    unfed = [metric.name for metric in METRICS.values() if metric.feed is not Feed.WORKER]
    assert unfed
    assert [name for name in unfed if re.search(rf"^{name}\b", text, re.MULTILINE)] == []
    fed = [metric.name for metric in METRICS.values() if metric.feed is Feed.WORKER]
    helped = {name for name in fed if f"# TYPE {name} " in text}
    assert helped == set(fed)


def label_values() -> dict[str, list[str]]:
    """For each label every value that the code can give it."""
    tables = [*Base.metadata.tables, "other"]
    return {
        "access": [],
        "cache": ["keys", "rows"],
        "class": [*DEFECTS, "other"],
        "direction": ["in", "out"],
        "kind": ["none", "key", "operator", "token"],
        "op": [*VERBS, "other"],
        "permission": list(Permission),
        "plan": list(TIERS),
        "reason": ["missing", "malformed", "unknown"],
        "resource": [f"noun{number}" for number in range(20)],
        "result": ["accepted", "refused", "unavailable"],
        "route": [f"/v1/route/{number}" for number in range(ROUTES_PLANNED)],
        "stage": ["none", "staging", "production", "archived", "other"],
        "status": ["finished", "failed", "killed"],
        "table": tables + [f"table{number}" for number in range(30 - len(tables))],
        "tier": [*TIERS, "operator", "address", *(tier.name for tier in STRICT.values())],
        "version": ["1.0"],
        "method": ["GET", "HEAD", "OPTIONS"],
    }


def series_of(name: str, values: dict[str, list[str]], declared: list[Declaration]) -> int:
    """Samples of one metric when every label has taken every value."""
    metric = METRICS[name]
    children = 1
    for label in metric.labels:
        children *= len(values[label])
    if name == "http_requests_total":
        readers = Readers.among({each.operation: each for each in declared})
        answers = [len(errors_of(each, readers)) + 2 for each in declared]
        children = ROUTES_PLANNED * (max(answers) + 2)
    if name == "cache_op_seconds":
        children = len(KNOWN) + 1
    if name in {"db_errors_total", "cache_errors_total"}:
        children = len(CLASSES) + 1
    registry = CollectorRegistry()
    instrument = build(metric, registry)
    if metric.labels:
        instrument.labels(*["x"] * len(metric.labels))
    lines = generate_latest(registry).decode().splitlines()
    return children * sum(not line.startswith("#") for line in lines)


def test_a_process_exposes_at_most_10000_series(service: APIFlask) -> None:
    values = label_values()
    declared = list(declarations(service).values())
    fed = [name for name, metric in METRICS.items() if metric.feed is Feed.WORKER]
    worst = {name: series_of(name, values, declared) for name in fed}
    assert sum(worst.values()) <= BUDGET, sorted(worst.items(), key=lambda each: -each[1])[:6]
    assert len({each.rule for each in declared}) <= ROUTES_PLANNED


def test_what_callers_invent_adds_no_series(owner: Caller) -> None:
    def series() -> set[str]:
        text = owner.client.get("/metrics").text
        return {line.rpartition(" ")[0] for line in text.splitlines() if line[0] != "#"}

    def attack(number: int) -> None:
        owner.ask("GET", f"/nowhere/{number}")
        owner.ask("GET", f"/v1/runs/{NOBODY[:-4]}{number:04}")
        owner.ask("GET", f"/v1/projects?unknown{number}=1")
        owner.client.open("/v1/projects", method=f"M{number}")
        Caller(owner.client, f"k{number}_x").ask("GET", "/v1/me")
        owner.client.get("/v1/me", headers={"Authorization": f"{number} {number}_x"})

    attack(0)
    series()
    before = series()
    for number in range(1, 20):
        attack(number)
    assert series() - before == set()


CHANGES: list[tuple[str, dict[str, str], float]] = [
    ("projects_created_total", {"plan": "enterprise"}, 1),
    ("experiments_created_total", {}, 1),
    ("runs_started_total", {}, 1),
    ("run_metrics_ingested_total", {}, 1),
    ("metric_ingest_batch_size_count", {}, 1),
    ("model_versions_total", {"stage": "none"}, 1),
    ("apikey_created_total", {}, 1),
]


def test_what_the_business_does_is_counted_once(value: Value, owner: Caller) -> None:
    before = [value(name, **labels) for name, labels, _ in CHANGES]
    world = build_world(owner, "own")
    after = [value(name, **labels) for name, labels, _ in CHANGES]
    grown = [new - old for old, new in zip(before, after, strict=True)]
    assert grown == [growth for _, _, growth in CHANGES]
    finished = value("runs_finished_total", status="finished")
    owner.ask("PATCH", f"/v1/runs/{world.run_id}", {"status": "finished"})
    owner.ask("PATCH", f"/v1/runs/{world.run_id}", {"name": "x"})
    owner.ask("PATCH", f"/v1/runs/{NOBODY}", {"status": "finished"})
    assert value("runs_finished_total", status="finished") - finished == 1
    revoked = value("apikey_revoked_total")
    owner.ask("DELETE", f"/v1/api-keys/{world.key_id}")
    assert value("apikey_revoked_total") - revoked == 1


ASKED: list[tuple[str, dict[str, str], str, dict[str, Any]]] = [
    ("http_requests_total", {"route": "/v1/me", "status": "200"}, "GET /v1/me", {}),
    ("http_request_duration_seconds_count", {"route": "/v1/me"}, "GET /v1/me", {}),
    ("http_unmatched_total", {}, "GET /nowhere", {}),
    ("http_validation_failures_total", {"route": "/v1/projects"}, "GET /v1/projects?limit=0", {}),
    ("auth_attempts_total", {"kind": "key", "result": "accepted"}, "GET /v1/me", {}),
    ("cache_requests_total", {"cache": "keys", "result": "hit"}, "GET /v1/me", {}),
    (
        "permission_checks_total",
        {"permission": "projects:read", "result": "allowed"},
        "GET /v1/projects",
        {},
    ),
    ("tenant_guard_denied_total", {"resource": "run"}, f"GET /v1/runs/{NOBODY}", {}),
    (
        "ratelimit_decisions_total",
        {"tier": "enterprise", "result": "allowed"},
        "GET /v1/me",
        {},
    ),
    (
        "db_query_duration_seconds_count",
        {"op": "select", "table": "projects"},
        "GET /v1/projects",
        {},
    ),
    ("db_queries_per_request_sum", {"route": "/v1/projects"}, "GET /v1/projects", {}),
    ("db_pool_wait_seconds_count", {}, "GET /v1/projects", {}),
    ("db_errors_total", {"class": "integrity"}, "POST /v1/projects", {"name": "twice"}),
]


@pytest.mark.parametrize("case", ASKED, ids=[f"{each[0]}" for each in ASKED])
def test_an_answer_moves_its_metric(
    value: Value, owner: Caller, case: tuple[str, dict[str, str], str, Any]
) -> None:
    name, labels, asked, body = case
    owner.ask("POST", "/v1/projects", {"name": "twice"})
    before = value(name, **labels)
    method, path = asked.split(" ")
    owner.ask(method, path, body or None)
    assert value(name, **labels) > before


REFUSED = [("", "none", "missing"), ("mml_x", "key", "malformed"), ("abc", "token", "unknown")]


@pytest.mark.parametrize(("key", "kind", "reason"), REFUSED)
def test_a_refused_credential_is_counted_by_its_shape(
    value: Value, operator: Caller, key: str, kind: str, reason: str
) -> None:
    before = value("token_rejected_total", reason=reason)
    refused = value("auth_attempts_total", kind=kind, result="refused")
    Caller(operator.client, key).ask("GET", "/v1/me")
    assert value("token_rejected_total", reason=reason) - before == 1
    assert value("auth_attempts_total", kind=kind, result="refused") - refused == 1


def test_a_denied_permission_and_a_spent_rate_are_counted(
    value: Value, owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    before = value("permission_checks_total", permission="projects:create", result="denied")
    owner.key_for("viewer").ask("POST", "/v1/projects", {"name": "x"})
    after = value("permission_checks_total", permission="projects:create", result="denied")
    assert after - before == 1
    poor = new_owner("free")
    limited = value("ratelimit_decisions_total", tier="free", result="limited")
    statuses = [poor.ask("GET", "/v1/me").status_code for _ in range(130)]
    counted = value("ratelimit_decisions_total", tier="free", result="limited") - limited
    assert counted == statuses.count(429) > 0


def test_nothing_is_in_flight_and_no_connection_in_use_when_all_is_answered(
    value: Value, owner: Caller
) -> None:
    for path in ("/v1/me", "/v1/projects", f"/v1/runs/{NOBODY}", "/nowhere", "/v1/projects?x=1"):
        owner.ask("GET", path)
    assert value("http_in_flight") == 1  # the scrape itself
    assert value("db_pool_size") > 0
    assert value("tenants_active", plan="enterprise") >= 1
    assert value("build_info") == 1


def test_a_plan_that_its_last_tenant_left_is_shown_as_empty(
    value: Value, new_owner: Callable[..., Caller], superuser: Cursor
) -> None:
    new_owner("business")
    CENSUS.until = 0
    assert value("tenants_active", plan="business") >= 1
    superuser.execute("DELETE FROM tenants WHERE plan = 'business'")
    CENSUS.until = 0
    assert value("tenants_active", plan="business") == 0


@pytest.mark.parametrize(
    ("text", "verb", "table", "needs_scope"),
    [
        ("SELECT runs.id, (SELECT x FROM run_tags WHERE y) AS t FROM runs", "select", "runs", True),
        (
            "SELECT set_config('app.tenant_id', %(s)s, true); SELECT models.id FROM models",
            "select",
            "models",
            False,
        ),
        ("INSERT INTO metric_points (a) VALUES (1)", "insert", "metric_points", True),
        ("UPDATE runs SET name=1 WHERE id = 2", "update", "runs", True),
        ("DELETE FROM run_tags WHERE x", "delete", "run_tags", True),
        ("SELECT 1", "select", "other", False),
        ("SELECT * FROM tenants", "select", "tenants", False),
        ("WITH a AS (INSERT INTO runs (x) SELECT 1) SELECT 1", "insert", "runs", True),
        ("VACUUM", "other", "other", False),
        ("", "other", "other", False),
    ],
)
def test_a_statement_is_named_by_its_verb_and_main_table(
    text: str, verb: str, table: str, *, needs_scope: bool
) -> None:
    found = classify(text)
    assert (found.verb, found.table, found.needs_scope) == (verb, table, needs_scope)


def test_no_request_works_without_its_tenant(value: Value, owner: Caller) -> None:
    before = value("tenant_context_missing_total")
    world = build_world(owner, "own")
    owner.read(f"/v1/runs/{world.run_id}")
    assert value("tenant_context_missing_total") == before


WORKER = """
import os, sys
from app.telemetry.instruments import count, gauge
count("http_unmatched_total", by=int(sys.argv[1]))
gauge("http_in_flight").inc()
print("up", flush=True)
if sys.stdin.readline().strip() == "fork":
    if os.fork() == 0:
        count("http_unmatched_total", by=100)
        gauge("http_in_flight").inc()
        os._exit(0)
    os.wait()
    sys.stdin.readline()
os._exit(0)
"""


def start(folder: Path, number: int) -> subprocess.Popen[str]:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(number)],
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder)},
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout
    assert worker.stdout.readline() == "up\n"
    return worker


def end(worker: subprocess.Popen[str]) -> None:
    worker.kill()
    worker.communicate()


def total(folder: Path, name: str) -> float:
    """What a scrape shows, with the dead forgotten."""
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    Slots(folder).forget_dead()
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return registry.get_sample_value(f"maestro_{name}") or 0.0


def test_restarts_lose_no_count_and_add_no_file(tmp_path: Path) -> None:
    pair = [start(tmp_path, 1), start(tmp_path, 2)]
    assert (total(tmp_path, "http_unmatched_total"), total(tmp_path, "http_in_flight")) == (3, 2)
    files = {path.name for path in tmp_path.iterdir()}
    assert not any(str(worker.pid) in name for worker in pair for name in files)
    for number in range(3):
        end(pair.pop(0))
        assert total(tmp_path, "http_in_flight") == 1
        pair.append(start(tmp_path, 10))
        assert total(tmp_path, "http_in_flight") == 2
        assert total(tmp_path, "http_unmatched_total") == 3 + 10 * (number + 1)
    assert {path.name for path in tmp_path.iterdir()} == files
    for worker in pair:
        end(worker)
    assert (total(tmp_path, "http_unmatched_total"), total(tmp_path, "http_in_flight")) == (33, 0)


def test_a_forked_worker_counts_for_itself(tmp_path: Path) -> None:
    worker = start(tmp_path, 1)
    assert worker.stdin
    worker.stdin.write("fork\nend\n")
    worker.stdin.close()
    assert worker.wait(timeout=30) == 0
    assert total(tmp_path, "http_unmatched_total") == 101
    if worker.stdout:
        worker.stdout.close()


def test_operators_audience_is_no_permission() -> None:
    assert not {str(each) for each in Audience} & {str(each) for each in Permission}
