"""Does seeding give the promised rows, the same ones each time, to one tenant only?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from uuid import UUID

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import sql

from app.seed import Dataset, SeedError, chunks, fill, seed, sizes
from gate.testbed.embedded import CHECKOUT
from gate.testbed.provision import Schema
from tests.app.callers import NOBODY, Caller

SMALL = Dataset(projects=2, experiments=4, runs=60, models=3, versions=2)
TABLES = {
    "projects": 2,
    "experiments": 4,
    "runs": 60,
    "run_params": 600,
    "run_tags": 480,
    "latest_metrics": 600,
    "metric_points": 1200,
    "models": 3,
    "model_versions": 6,
}
quietly: Callable[[str], None] = lambda _: None  # noqa: E731


def tenant_of(caller: Caller) -> UUID:
    return UUID(caller.read("/v1/me")["tenant_id"])


def rows(schema: Schema, tenant: UUID, table: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(schema.app_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        cursor.execute(sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(table)))
        found: list[tuple[object, ...]] = cursor.fetchall()
    connection.close()
    return found


def clear(schema: Schema, tenant: UUID) -> None:
    connection = psycopg2.connect(schema.app_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        cursor.execute("DELETE FROM projects")
    connection.close()


@given(
    st.builds(
        Dataset,
        experiments=st.integers(1, 60),
        runs=st.integers(0, 70_000),
        projects=st.integers(1, 9),
    )
)
def test_every_run_is_in_one_chunk_of_its_experiment(dataset: Dataset) -> None:
    counts = sizes(dataset)
    assert len(counts) == dataset.experiments
    assert sum(counts) == dataset.runs
    parts = chunks(dataset)
    assert all(0 < part.runs <= 2000 for part in parts)
    runs = sorted(number for part in parts for number in range(part.first, part.first + part.runs))
    assert runs == list(range(dataset.runs))
    per_experiment = [0] * dataset.experiments
    for part in parts:
        per_experiment[part.experiment] += part.runs
    assert per_experiment == counts


def test_the_default_has_the_shape_of_the_public_comparison() -> None:
    assert sizes(Dataset())[:3] == [1000, 50_000, 188]
    assert Dataset().rows > 2_900_000


def test_a_dataset_without_projects_is_refused() -> None:
    with pytest.raises(SeedError, match="projects"):
        Dataset(projects=0)


def test_seeding_gives_the_promised_rows_and_the_api_shows_them(
    schema: Schema, owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    tenant, other = tenant_of(owner), tenant_of(new_owner())
    said: list[str] = []
    seed(schema.app_url, tenant, SMALL, said.append)
    assert {table: len(rows(schema, tenant, table)) for table in TABLES} == TABLES
    assert [len(rows(schema, other, table)) for table in TABLES] == [0] * len(TABLES)
    assert said[-1].startswith(f"{SMALL.rows:,} rows in ")
    assert sum(TABLES.values()) == SMALL.rows
    experiments = owner.read(f"/v1/projects/{only(owner, '/v1/projects')}/experiments")["items"]
    listed = owner.read(f"/v1/experiments/{experiments[0]['id']}/runs")["items"]
    run = owner.read(f"/v1/runs/{listed[0]['id']}")
    assert (len(run["params"]), len(run["tags"]), len(run["metrics"])) == (10, 8, 10)
    assert UUID(run["id"]).version == 7
    points = owner.read(f"/v1/runs/{run['id']}/metrics/metric_0")["points"]
    assert [point["step"] for point in points] == [0, 1]
    assert run["metrics"]["metric_0"] == {"step": 1, "value": points[1]["value"]}


def only(owner: Caller, path: str) -> str:
    found: str = owner.read(path)["items"][0]["id"]
    return found


def test_an_interrupted_seeding_goes_on_to_the_same_end(schema: Schema, owner: Caller) -> None:
    tenant = tenant_of(owner)
    connection = psycopg2.connect(schema.app_url)
    interrupted = fill(connection, tenant, SMALL)
    assert 0 < next(interrupted) < SMALL.runs
    connection.close()
    seed(schema.app_url, tenant, SMALL, quietly)
    once = {table: rows(schema, tenant, table) for table in TABLES}
    seed(schema.app_url, tenant, SMALL, quietly)
    assert {table: rows(schema, tenant, table) for table in TABLES} == once
    assert {table: len(found) for table, found in once.items()} == TABLES


def test_a_seed_is_repeatable_and_another_seed_differs(schema: Schema, owner: Caller) -> None:
    tenant = tenant_of(owner)
    seed(schema.app_url, tenant, SMALL, quietly)
    first = rows(schema, tenant, "metric_points")
    clear(schema, tenant)
    assert rows(schema, tenant, "metric_points") == []
    seed(schema.app_url, tenant, SMALL, quietly)
    assert rows(schema, tenant, "metric_points") == first
    other = Dataset(projects=2, experiments=4, runs=60, models=3, versions=2, seed=1)
    seed(schema.app_url, tenant, other, quietly)
    assert len(rows(schema, tenant, "metric_points")) == 2 * len(first)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--tenant", NOBODY], 64, "no tenant"),
        (["--tenant", NOBODY, "--projects", "0"], 64, "at least one"),
        (["--tenant", "x"], 2, "invalid"),
        (["--tenant", NOBODY, "--runs", "-1"], 2, "invalid"),
    ],
)
def test_the_command_says_what_is_wrong(
    schema: Schema, arguments: list[str], code: int, said: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "app", "seed", *arguments],
        env={"MAESTRO_DATABASE_URL": schema.app_url},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, said in ended.stderr) == (code, True), ended.stderr
    assert len(ended.stderr.splitlines()) == 1 or code == 2


def test_more_than_the_plan_allows_is_refused_in_one_sentence(
    schema: Schema, new_owner: Callable[..., Caller]
) -> None:
    many = Dataset(projects=11, experiments=11, runs=0, models=0)
    with pytest.raises(SeedError, match="quota of projects is used up"):
        seed(schema.app_url, tenant_of(new_owner("free")), many, quietly)
