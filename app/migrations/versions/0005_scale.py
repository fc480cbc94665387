"""Partition the metric points, by far the largest table, by run; index runs by status.

Every read and write of points names one run, so that one partition serves it. By time, no
statement could leave a partition out; by tenant, one large tenant would fill a partition alone.

The partitions live in a schema of their own, which the service's role may not use: its rows are
reached through `metric_points` and its policy only. Each partition is guarded all the same, without
any policy, so that even a role with rights on it sees nothing.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = "tenant_id, run_id, key, step, value, logged_at"
COPY = f"INSERT INTO metric_points ({COLUMNS}) SELECT {COLUMNS} FROM old_metric_points"  # noqa: S608 - names of ours
PARTITIONS = 8
SCHEMA = "metric_partitions"
TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
TABLE = """
    CREATE TABLE metric_points (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        key text NOT NULL,
        step bigint NOT NULL,
        value double precision NOT NULL,
        logged_at timestamptz NOT NULL,
        CONSTRAINT metric_points_pkey PRIMARY KEY (tenant_id, run_id, key, step),
        CONSTRAINT metric_points_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id)
            REFERENCES runs ON DELETE CASCADE
    )
"""


def upgrade() -> None:
    """Convert the table, with its rows."""
    move_aside()
    op.execute(f"{TABLE} PARTITION BY HASH (run_id)")
    op.execute(f"CREATE SCHEMA {SCHEMA}")
    for number in range(PARTITIONS):
        part = f"{SCHEMA}.points_{number}"
        bounds = f"WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
        op.execute(f"CREATE TABLE {part} PARTITION OF metric_points FOR VALUES {bounds}")
        guard(part)
    finish()
    op.execute("CREATE INDEX ON runs (tenant_id, experiment_id, status, id)")


def downgrade() -> None:
    """Make it one table again, with its rows."""
    op.execute("DROP INDEX runs_tenant_id_experiment_id_status_id_idx")
    move_aside()
    op.execute(TABLE)
    finish()
    op.execute(f"DROP SCHEMA {SCHEMA}")


def move_aside() -> None:
    """Keep the rows under another name; the owner must see all of them to copy them."""
    op.execute("ALTER TABLE metric_points NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE metric_points RENAME TO old_metric_points")
    for key in ("pkey", "tenant_id_run_id_fkey"):
        op.execute(
            f"ALTER TABLE old_metric_points RENAME CONSTRAINT metric_points_{key} TO old_{key}"
        )


def finish() -> None:
    """Copy the rows, drop the old table, and guard the new one."""
    op.execute(COPY)
    op.execute("DROP TABLE old_metric_points")
    guard("metric_points")
    own = f"tenant_id = {TENANT}"
    op.execute(f"CREATE POLICY own_rows ON metric_points USING ({own}) WITH CHECK ({own})")


def guard(table: str) -> None:
    """Enable and force row-level security."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
