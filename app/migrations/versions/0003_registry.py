"""Add artifacts, stages, aliases and deployments, and what searching by name and value needs."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = {
    "artifacts": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        run_id uuid,
        path text NOT NULL,
        size bigint NOT NULL CHECK (size >= 0),
        sha256 text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, run_id, path),
        FOREIGN KEY (tenant_id, run_id) REFERENCES runs ON DELETE SET NULL (run_id)
    """,
    "uploads": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        run_id uuid NOT NULL,
        path text NOT NULL,
        size bigint NOT NULL CHECK (size >= 0),
        part_size integer NOT NULL CHECK (part_size > 0),
        reference text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, run_id) REFERENCES runs ON DELETE CASCADE
    """,
    "model_aliases": """
        tenant_id uuid NOT NULL,
        model_id uuid NOT NULL,
        alias text NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, model_id, alias),
        FOREIGN KEY (tenant_id, model_id, version)
            REFERENCES model_versions (tenant_id, model_id, version) ON DELETE CASCADE
    """,
    # A check at commit lets a tenant go with everything in any order, and still refuses the rest.
    "version_artifacts": """
        tenant_id uuid NOT NULL,
        version_id uuid NOT NULL,
        artifact_id uuid NOT NULL,
        PRIMARY KEY (tenant_id, version_id, artifact_id),
        FOREIGN KEY (tenant_id, version_id) REFERENCES model_versions ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, artifact_id) REFERENCES artifacts
            DEFERRABLE INITIALLY DEFERRED
    """,
    "deployments": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        name text NOT NULL,
        environment text NOT NULL,
        model_id uuid NOT NULL,
        version_id uuid NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        desired_state text NOT NULL CHECK (desired_state IN ('running', 'stopped')),
        observed_state text NOT NULL
            CHECK (observed_state IN ('pending', 'running', 'stopped', 'failed')),
        observed_revision integer,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, environment, name),
        FOREIGN KEY (tenant_id, model_id) REFERENCES models ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, version_id) REFERENCES model_versions
            DEFERRABLE INITIALLY DEFERRED
    """,
    "deployment_revisions": """
        tenant_id uuid NOT NULL,
        deployment_id uuid NOT NULL,
        revision integer NOT NULL,
        action text NOT NULL CHECK (action IN ('create', 'promote', 'rollback')),
        version integer NOT NULL,
        version_id uuid,
        alias text,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, deployment_id, revision),
        FOREIGN KEY (tenant_id, deployment_id) REFERENCES deployments ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, version_id) REFERENCES model_versions
            ON DELETE SET NULL (version_id)
    """,
}
INDEXES = {
    "artifacts": ["run_id, id"],
    "uploads": ["run_id, id"],
    "model_aliases": ["model_id, version"],
    "version_artifacts": ["artifact_id"],
    "deployments": ["environment, id", "model_id, id", "version_id"],
    "deployment_revisions": ["version_id"],
    "experiments": ["name, id"],
    "models": ["name, id"],
    "runs": ["name, id", "status, id"],
    "run_params": ["key, head, run_id"],
    "run_tags": ["key, head, run_id"],
    "latest_metrics": ["key, value, run_id"],
}
# By code point, whatever the server's locale: only so can a prefix be read from an index.
NAMED = ("projects", "experiments", "models", "runs")
# A value has up to 20,000 bytes, of which an index row takes no more than 2,700.
VALUED = ("run_params", "run_tags")
TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
STAGES = "stage IN ('none', 'staging', 'production', 'archived')"


def upgrade() -> None:
    """Create the tables with their policies, then the columns and the indexes."""
    _add_columns()
    for table, columns in TABLES.items():
        op.execute(f"CREATE TABLE {table} ({columns})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        own = f"tenant_id = {TENANT}"
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own}) WITH CHECK ({own})")
    for table, indexes in INDEXES.items():
        for index in indexes:
            op.execute(f"CREATE INDEX {_name(table, index)} ON {table} (tenant_id, {index})")


def downgrade() -> None:
    """Drop what `upgrade` made."""
    for table, indexes in INDEXES.items():
        for index in indexes:
            op.execute(f"DROP INDEX {_name(table, index)}")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    for table in VALUED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN head")
    for table in NAMED:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN name TYPE text COLLATE "default"')
    op.execute("ALTER TABLE model_versions DROP COLUMN stage, DROP COLUMN updated_at")


def _name(table: str, index: str) -> str:
    return "_".join([table, "tenant_id", *index.split(", "), "idx"])


def _add_columns() -> None:
    for table in NAMED:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN name TYPE text COLLATE "C"')
    for table in VALUED:
        op.execute(
            f'ALTER TABLE {table} ADD COLUMN head text COLLATE "C" '
            'GENERATED ALWAYS AS ("left"(value, 100)) STORED'
        )
    op.execute(
        "ALTER TABLE model_versions "
        f"ADD COLUMN stage text NOT NULL DEFAULT 'none' CHECK ({STAGES}), "
        "ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now()"
    )
    for column in ("stage", "updated_at"):
        op.execute(f"ALTER TABLE model_versions ALTER COLUMN {column} DROP DEFAULT")
