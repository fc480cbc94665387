"""Does a search find exactly the runs that it should, in order, and from an index?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from apiflask import APIFlask
from sqlalchemy import event

from app.database import db
from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from tests.app.callers import NOBODY, Caller, build_world

MANY = 60_000
WHOLE_TABLE = re.compile("Seq Scan on (runs|run_params|run_tags|latest_metrics)")
LONG = "0.01" + "x" * 200
LOGGED: list[dict[str, Any]] = [
    {"name": "alpha one", "metrics": {"loss": 0.1, "acc": 0.9}, "params": {"lr": "0.01"}},
    {"name": "alpha two", "metrics": {"loss": 0.5}, "params": {"lr": "0.1"}, "tags": {"a b": "`'"}},
    {"name": "beta_1", "metrics": {"loss": 0.9}, "params": {"lr": LONG}},
    {"name": "beta%2", "params": {"lr": "0.01"}, "tags": {"team": "red"}},
    {"name": "gamma", "tags": {"team": "red\\blue"}},
]
FOUND = {
    "metrics.loss < 0.5": {0},
    "metrics.loss <= 5e-1 and metrics.acc > 0.5": {0},
    "metrics.loss != 0.5": {0, 2},
    "params.lr = '0.01'": {0, 3},
    "params.lr != '0.01'": {1, 2},
    f"params.lr = '{LONG}'": {2},
    "params.lr like '0.01x%'": {2},
    "params.lr in ('0.1', '0.01')": {0, 1, 3},
    "params.lr not in ('0.1', '0.01')": {2},
    "tags.`a b` = '`'''": {1},
    "tags.team like 'red\\\\%'": {4},
    "tags.team ilike 'RED%'": {3, 4},
    "attributes.name like 'beta\\_%'": {2},
    "attributes.name like 'beta_%'": {2, 3},
    "attributes.name = 'gamma' or metrics.loss > 0.8": {2, 4},
    "attributes.name = 'gamma' or metrics.loss > 0 and params.lr = '0.1'": {1, 4},
    "attributes.status in ('failed')": {4},
    "attributes.status not in ('running', 'killed')": {4},
    f"attributes.id = '{NOBODY}'": set(),
    "attributes.created_at > 1000 and metrics.acc >= 0.9": {0},
    "attributes.created_at > 9e60": set(),
    "attributes.created_at <= -5": set(),
    "tags.team = 'red'' OR ''1''=''1'": set(),
    "params.lr = '%'": set(),
}
SEARCHES: list[dict[str, Any]] = [
    {},
    {"filter": "metrics.m0 < 0.001"},
    {"filter": "metrics.m0 < 0.5"},
    {"filter": "params.p0 = '7'"},
    {"filter": "metrics.m0 < 0.5 and params.p1 = '3' and tags.t0 like 'team1%'"},
    {"filter": "params.p1 = '3' or tags.t0 = 'team7'"},
    {"filter": "attributes.status = 'failed'"},
    {"filter": "attributes.name like 'run 4999%'"},
    {"filter": "tags.t0 != 'team1'"},
    {"order_by": "metrics.m0"},
    {"order_by": "metrics.m0 desc", "filter": "params.p0 = '3'"},
    {"order_by": "params.p0"},
    {"order_by": "attributes.name desc"},
]
SEED = """
SELECT set_config('app.tenant_id', %(tenant)s, false);
INSERT INTO runs (tenant_id, id, experiment_id, name, status, created_at, updated_at)
SELECT %(tenant)s::uuid, gen_random_uuid(), %(experiment)s::uuid, 'run ' || number,
    (array['running', 'finished', 'failed', 'killed'])[1 + number %% 4], now(), now()
FROM generate_series(1, %(many)s) number;
INSERT INTO run_params (tenant_id, run_id, key, value)
SELECT tenant_id, id, 'p' || part, (hashtext(name || part) %% (1000 - 990 * part))::text
FROM runs, generate_series(0, 1) part WHERE tenant_id = %(tenant)s::uuid;
INSERT INTO run_tags (tenant_id, run_id, key, value)
SELECT tenant_id, id, 't0', 'team' || (hashtext(name) %% 20)::text
FROM runs WHERE tenant_id = %(tenant)s::uuid;
INSERT INTO latest_metrics (tenant_id, run_id, key, step, value)
SELECT tenant_id, id, 'm0', 1, (hashtext(name) & 65535) / 65536.0
FROM runs WHERE tenant_id = %(tenant)s::uuid;
ANALYZE;
"""


@pytest.fixture
def runs(owner: Caller) -> list[str]:
    """The ids of runs that logged what is `LOGGED`."""
    project = owner.make("/v1/projects", name="p")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    made = []
    for wanted in LOGGED:
        words = {name: wanted[name] for name in ("name", "params", "tags") if name in wanted}
        made.append(owner.make(f"/v1/experiments/{experiment}/runs", **words)["id"])
        for key, value in wanted.get("metrics", {}).items():
            owner.make(f"/v1/runs/{made[-1]}/log", metrics=[{"key": key, "value": value}])
    owner.ask("PATCH", f"/v1/runs/{made[4]}", {"status": "failed"})
    return made


def search(caller: Caller, **wanted: Any) -> list[str]:
    """The ids of every page, one run a page."""
    found, cursor = [], {}
    while True:
        page = caller.make("/v1/runs:search", limit=1, **wanted, **cursor)
        found += [run["id"] for run in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_a_filter_finds_exactly_the_runs_it_describes(owner: Caller, runs: list[str]) -> None:
    wrong = {}
    for text, expected in FOUND.items():
        items = owner.make("/v1/runs:search", filter=text)["items"]
        found = {runs.index(run["id"]) for run in items}
        if found != expected:
            wrong[text] = found
    assert wrong == {}


def test_a_found_run_is_whole(owner: Caller, runs: list[str]) -> None:
    (found,) = owner.make("/v1/runs:search", filter="metrics.acc = 0.9")["items"]
    assert found == owner.read(f"/v1/runs/{runs[0]}")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, [4, 3, 2, 1, 0]),
        ("attributes.created_at", [0, 1, 2, 3, 4]),
        ("attributes.created_at desc", [4, 3, 2, 1, 0]),
        ("metrics.loss", [0, 1, 2]),
        ("metrics.loss desc", [2, 1, 0]),
        ("attributes.name", [0, 1, 3, 2, 4]),
        ("params.lr", [0, 3, 2, 1]),
        ("params.lr DESC", [1, 2, 3, 0]),
        ("tags.team", [3, 4]),
    ],
)
def test_pages_follow_the_order_and_miss_nothing(
    owner: Caller, runs: list[str], order: str | None, expected: list[int]
) -> None:
    wanted = {} if order is None else {"order_by": order}
    assert search(owner, **wanted) == [runs[index] for index in expected]


def test_a_search_can_be_kept_to_experiments(owner: Caller, runs: list[str]) -> None:
    other = build_world(owner, "other")
    assert search(owner, experiment_ids=[other.experiment_id]) == [other.run_id]
    assert search(owner, experiment_ids=[NOBODY]) == []
    assert len(search(owner)) == len(runs) + 1


def test_a_searchs_cursor_is_bound_to_tenant_and_filter(
    owner: Caller, runs: list[str], new_owner: Callable[..., Caller]
) -> None:
    cursor = owner.make("/v1/runs:search", limit=1)["next_cursor"]
    bodies = [{"cursor": cursor, "filter": "metrics.loss > 0"}, {"cursor": f"{cursor}x"}]
    answers = [owner.ask("POST", "/v1/runs:search", body) for body in bodies]
    answers.append(new_owner().ask("POST", "/v1/runs:search", {"cursor": cursor}))
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    again = owner.make("/v1/runs:search", limit=1, cursor=cursor)["items"]
    assert [run["id"] for run in again] == [runs[3]]


@pytest.mark.parametrize(
    ("body", "location", "column"),
    [
        ({"filter": "metrics.loss < 'x'"}, "json.filter", "column 16:"),
        ({"filter": "params.a = 'x' UNION SELECT"}, "json.filter", "column 16:"),
        ({"order_by": "metrics.loss sideways"}, "json.order_by", "column 14:"),
    ],
)
def test_a_wrong_filter_is_refused_with_the_column(
    owner: Caller, body: dict[str, str], location: str, column: str
) -> None:
    answer = owner.ask("POST", "/v1/runs:search", body)
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["location"] == location
    assert error["detail"].startswith(column)


def test_nobody_finds_another_tenants_runs(
    runs: list[str], new_owner: Callable[..., Caller]
) -> None:
    stranger = new_owner()
    assert search(stranger) == search(stranger, filter="params.lr like '%'") == []
    answer = stranger.ask("POST", "/v1/runs:compare", {"run_ids": runs[:2]})
    assert answer.status_code == 404


def test_a_comparison_lines_values_up_and_tells_what_differs(
    owner: Caller, runs: list[str]
) -> None:
    found = owner.make("/v1/runs:compare", run_ids=[runs[3], runs[0], runs[1]])
    assert [run["name"] for run in found["runs"]] == ["beta%2", "alpha one", "alpha two"]
    assert found["params"] == [{"key": "lr", "values": ["0.01", "0.01", "0.1"], "differs": True}]
    assert found["tags"][1] == {"key": "team", "values": ["red", None, None], "differs": True}
    assert found["metrics"] == [
        {"key": "acc", "values": [None, 0.9, None], "differs": True},
        {"key": "loss", "values": [None, 0.1, 0.5], "differs": True},
    ]
    (same,) = owner.make("/v1/runs:compare", run_ids=[runs[0], runs[3]])["params"]
    assert same["differs"] is False


@pytest.mark.parametrize("ids", [[0], [0, 0], list(range(5)) * 5])
def test_a_comparison_takes_2_to_20_different_runs(
    owner: Caller, runs: list[str], ids: list[int]
) -> None:
    body = {"run_ids": [runs[index] for index in ids]}
    assert owner.ask("POST", "/v1/runs:compare", body).status_code == 422


def test_a_comparison_with_an_absent_run_is_refused(owner: Caller, runs: list[str]) -> None:
    body = {"run_ids": [runs[0], NOBODY]}
    assert owner.ask("POST", "/v1/runs:compare", body).status_code == 404


def test_a_tag_is_taken_off_once(owner: Caller, runs: list[str]) -> None:
    path = f"/v1/runs/{runs[1]}/tags/a%20b"
    assert [owner.ask("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert owner.read(f"/v1/runs/{runs[1]}")["tags"] == {}
    assert owner.ask("DELETE", f"/v1/runs/{runs[3]}/tags/%00").status_code == 404
    assert owner.read(f"/v1/runs/{runs[3]}")["tags"] == {"team": "red"}


@pytest.fixture(scope="module")
def full(
    service: APIFlask, schema: Schema, postgresql: PostgreSQL, operator_key: str
) -> tuple[Caller, str]:
    """The owner of a tenant with 60,000 runs, and the tenant's id; other tenants are small."""
    operator = Caller(service.test_client(), operator_key)
    made = operator.make("/v1/tenants", name="f", plan="enterprise", owner_email="o@example.org")
    owner, tenant = Caller(operator.client, made["api_key"]), made["tenant"]["id"]
    project = owner.make("/v1/projects", name="p")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    connection.autocommit = True
    bound = {"tenant": tenant, "experiment": experiment, "many": MANY}
    connection.cursor().execute(SEED, bound)
    connection.close()
    return owner, tenant


def test_no_search_reads_a_whole_table_at_60_000_runs(
    service: APIFlask, schema: Schema, full: tuple[Caller, str]
) -> None:
    owner, tenant = full
    statements: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        statements.append((arguments[2], arguments[3]))

    with service.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for body in SEARCHES:
            assert owner.make("/v1/runs:search", **body)["items"], body
        assert owner.read("/v1/search?q=run%20599")["items"]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    reads = [(text, bound) for text, bound in statements if "FROM runs" in text]
    assert len(reads) >= 2 * len(SEARCHES)
    plans = list(explain(schema, tenant, reads))
    assert [plan for plan in plans if WHOLE_TABLE.search(plan)] == []


def explain(schema: Schema, tenant: str, statements: list[tuple[str, Any]]) -> Iterator[str]:
    """The plans that the service's own role gets."""
    connection = psycopg2.connect(schema.app_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [tenant])
        for text, bound in statements:
            # A scope travels in one message with what it is for.
            query = text.partition("; ")[2] if text.startswith("SELECT set_config") else text
            cursor.execute(f"EXPLAIN {query}", bound)
            yield "\n".join(line for (line,) in cursor.fetchall())
    connection.close()
