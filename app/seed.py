"""How does a tenant get a large, realistic body of work: for demos, load tests and drills?

PostgreSQL makes the rows itself, from their numbers: nothing but a few statements travels, and the
same seed gives the same rows. It works as the service's own role under row-level security, which
allows no COPY, and which checks every row. Each chunk of runs is one transaction; a chunk that is
there already is left out, so that an interrupted seeding goes on where it ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case
from psycopg2.extensions import cursor as Cursor  # noqa: N812

CHUNK = 2000
# Of the triggers that count (migration 0004).
QUOTA = "MQ403"
# Ids begin with this moment, in milliseconds (RFC 9562 §5.7), plus their number.
EPOCH = 1_704_067_200_000
Say = Callable[[str], None]


class SeedError(Exception):
    """The tenant cannot be seeded; one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """How much of everything; by default the shape that public comparisons of trackers use."""

    seed: int = 0
    projects: int = 1
    experiments: int = 50
    runs: int = 60_000
    params: int = 10
    tags: int = 8
    metrics: int = 10
    steps: int = 2
    models: int = 1000
    versions: int = 5

    def __post_init__(self) -> None:
        """A run needs an experiment, and an experiment a project."""
        for name in ("projects", "experiments", "steps"):
            if getattr(self, name) < 1:
                raise SeedError(f"There must be at least one of the {name}.")

    @property
    def rows(self) -> int:
        """Everything in all tables."""
        each = 1 + self.params + self.tags + self.metrics * (1 + self.steps)
        models = self.models * (1 + self.versions)
        return self.projects + self.experiments + self.runs * each + models


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some runs of one experiment, all or none of which are there; `first` counts all runs."""

    experiment: int
    first: int
    runs: int


def sizes(dataset: Dataset) -> list[int]:
    """Runs of each experiment: one huge, one middling, the others share what is left evenly."""
    if dataset.experiments <= 2:  # noqa: PLR2004
        return spread(dataset.runs, dataset.experiments)
    huge, middling = dataset.runs * 5 // 6, dataset.runs // 60
    rest = spread(dataset.runs - huge - middling, dataset.experiments - 2)
    return [middling, huge, *rest]


def spread(total: int, places: int) -> list[int]:
    """As even as whole numbers allow."""
    return [total // places + (place < total % places) for place in range(places)]


def chunks(dataset: Dataset) -> list[Chunk]:
    """All runs, with the experiments interleaved as they are in life."""
    counts = sizes(dataset)
    firsts = accumulate(counts, initial=0)
    found = [
        (start, Chunk(experiment, first + start, min(CHUNK, runs - start)))
        for experiment, (runs, first) in enumerate(zip(counts, firsts, strict=False))
        for start in range(0, runs, CHUNK)
    ]
    return [chunk for _, chunk in sorted(found, key=lambda each: (each[0], each[1].experiment))]


# An id from kind and number: a UUIDv7 whose random part is a digest, different for each tenant.
ID = """(lpad(to_hex(%(epoch)s + {number}), 12, '0') || '7' || substr({digest}, 1, 3) || '8' ||
    substr({digest}, 4, 15))::uuid"""


def id_of(kind: str, number: str) -> str:
    """SQL for the id of the object of this kind with this number; both are texts of ours."""
    digest = f"md5(%(salt)s || '{kind}' || {number})"
    return ID.format(number=number, digest=digest)


# Evenly distributed in [0, 1), from the run's number and another one.
CHANCE = "(('x' || substr(md5(%(salt)s || n || '/' || {other}), 1, 7))::bit(28)::int / 268435456.0)"
RUNS = "FROM generate_series(%(first)s, %(first)s + %(runs)s - 1) AS n"
MOMENT = "to_timestamp((%(epoch)s + n) / 1000.0)"
BEGUN = "to_timestamp(%(epoch)s / 1000.0)"
# Lower with every step, as a loss is.
VALUE = f"{CHANCE.format(other='k')} / (step + 1)"

BASE = (
    f"""INSERT INTO projects (tenant_id, id, name, description, tags, created_at, updated_at)
    SELECT %(tenant)s, {id_of("project", "n")}, 'seed ' || %(seed)s || ' project ' || n, 'Seeded.',
        '{{}}', {BEGUN}, {BEGUN} FROM generate_series(0, %(projects)s - 1) AS n
    ON CONFLICT DO NOTHING""",
    f"""INSERT INTO experiments
        (tenant_id, id, project_id, name, description, tags, created_at, updated_at)
    SELECT %(tenant)s, {id_of("experiment", "n")}, {id_of("project", "(n %% %(projects)s)")},
        'experiment ' || n, 'Seeded.', '{{}}', {BEGUN}, {BEGUN}
    FROM generate_series(0, %(experiments)s - 1) AS n ON CONFLICT DO NOTHING""",
    f"""INSERT INTO models (tenant_id, id, project_id, name, description, tags, versions,
        created_at, updated_at)
    SELECT %(tenant)s, {id_of("model", "n")}, {id_of("project", "(n %% %(projects)s)")},
        'model ' || n, 'Seeded.', '{{"team": "vision", "tier": "1"}}', %(versions)s, {BEGUN},
        {BEGUN} FROM generate_series(0, %(models)s - 1) AS n ON CONFLICT DO NOTHING""",
    f"""INSERT INTO model_versions
        (tenant_id, id, model_id, version, stage, description, tags, created_at, updated_at)
    SELECT %(tenant)s, {id_of("version", "(n * %(versions)s + v)")}, {id_of("model", "n")}, v,
        'none', 'Seeded.', '{{}}', {BEGUN}, {BEGUN}
    FROM generate_series(0, %(models)s - 1) AS n, generate_series(1, %(versions)s) AS v
    ON CONFLICT DO NOTHING""",
)
PARTS = (
    f"""INSERT INTO runs (tenant_id, id, experiment_id, name, status, created_at, updated_at)
    SELECT %(tenant)s, {id_of("run", "n")}, {id_of("experiment", "%(experiment)s")}, 'run ' || n,
        (ARRAY['finished', 'finished', 'finished', 'failed', 'running'])[1 + n %% 5], {MOMENT},
        {MOMENT} {RUNS}""",
    f"""INSERT INTO run_params (tenant_id, run_id, key, value)
    SELECT %(tenant)s, {id_of("run", "n")}, 'param_' || k, round({CHANCE.format(other="k")}, 4)
    {RUNS}, generate_series(0, %(params)s - 1) AS k""",
    f"""INSERT INTO run_tags (tenant_id, run_id, key, value)
    SELECT %(tenant)s, {id_of("run", "n")}, 'tag_' || k, 'value ' || (n + k) %% 20
    {RUNS}, generate_series(0, %(tags)s - 1) AS k""",
    f"""INSERT INTO metric_points (tenant_id, run_id, key, step, value, logged_at)
    SELECT %(tenant)s, {id_of("run", "n")}, 'metric_' || k, step, {VALUE}, {MOMENT}
    {RUNS}, generate_series(0, %(metrics)s - 1) AS k, generate_series(0, %(steps)s - 1) AS step""",
    f"""INSERT INTO latest_metrics (tenant_id, run_id, key, step, value)
    SELECT %(tenant)s, {id_of("run", "n")}, 'metric_' || k, step, {VALUE}
    {RUNS}, generate_series(0, %(metrics)s - 1) AS k, (SELECT %(steps)s - 1 AS step) AS last""",
)
THERE = (
    f"SELECT count(*) FROM runs WHERE tenant_id = %(tenant)s AND id = {id_of('run', '%(first)s')}"
)


def seed(database_url: str, tenant: UUID, dataset: Dataset, say: Say) -> None:
    """Fill the tenant; `database_url` is the service's own. `say` hears of the progress.

    Raises `SeedError` when there is no such tenant, or no room for so much on its plan.
    """
    connection = psycopg2.connect(database_url.replace("+psycopg2", ""), connect_timeout=5)
    try:
        began = time.monotonic()
        for done in fill(connection, tenant, dataset):
            say(f"{done:,} of {dataset.runs:,} runs")
    except psycopg2.Error as error:
        if error.pgcode != QUOTA:
            raise
        spent = f"The tenant's quota of {error.diag.constraint_name} is used up."
        raise SeedError(spent) from error
    else:
        seconds = time.monotonic() - began
        say(f"{dataset.rows:,} rows in {seconds:.1f} s: {dataset.rows / seconds:,.0f} rows/s")
    finally:
        connection.close()


def fill(connection: Connection, tenant: UUID, dataset: Dataset) -> Iterator[int]:
    """Make everything that is missing; how many runs there are after each transaction."""
    values = {name: getattr(dataset, name) for name in dataset.__slots__}
    values |= {"tenant": str(tenant), "epoch": EPOCH, "salt": f"{dataset.seed} {tenant} "}
    with connection, connection.cursor() as cursor:
        enter(cursor, tenant)
        cursor.execute("SELECT count(*) FROM tenants WHERE id = %s", [str(tenant)])
        if cursor.fetchone() != (1,):
            raise SeedError(f"There is no tenant {tenant}.")
        for statement in BASE:
            cursor.execute(statement, values)
    done = 0
    for chunk in chunks(dataset):
        here = values | {each: getattr(chunk, each) for each in chunk.__slots__}
        with connection, connection.cursor() as cursor:
            enter(cursor, tenant)
            cursor.execute(THERE, here)
            if cursor.fetchone() == (0,):
                for statement in PARTS:
                    cursor.execute(statement, here)
        done += chunk.runs
        yield done


def enter(cursor: Cursor, tenant: UUID) -> None:
    """Give the transaction its tenant."""
    cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
