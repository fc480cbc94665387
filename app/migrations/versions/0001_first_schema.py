"""Create tenants and everything they own, each table guarded by row-level security."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = {
    "tenants": """
        id uuid NOT NULL PRIMARY KEY,
        name text NOT NULL,
        plan text NOT NULL CHECK (plan IN ('free', 'team', 'business', 'enterprise')),
        created_at timestamptz NOT NULL
    """,
    "members": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        email text NOT NULL,
        role text NOT NULL
            CHECK (role IN ('viewer', 'contributor', 'maintainer', 'admin', 'owner')),
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, email)
    """,
    "api_keys": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        member_id uuid NOT NULL,
        name text NOT NULL,
        prefix text NOT NULL,
        digest bytea NOT NULL,
        scopes text[],
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, digest),
        FOREIGN KEY (tenant_id, member_id) REFERENCES members ON DELETE CASCADE
    """,
    "projects": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        name text NOT NULL,
        description text NOT NULL,
        tags jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
    """,
    "experiments": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        name text NOT NULL,
        description text NOT NULL,
        tags jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, project_id, name),
        FOREIGN KEY (tenant_id, project_id) REFERENCES projects ON DELETE CASCADE
    """,
    "runs": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        experiment_id uuid NOT NULL,
        name text NOT NULL,
        status text NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'killed')),
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, experiment_id) REFERENCES experiments ON DELETE CASCADE
    """,
    "run_params": """
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        key text NOT NULL,
        value text NOT NULL,
        PRIMARY KEY (tenant_id, run_id, key),
        FOREIGN KEY (tenant_id, run_id) REFERENCES runs ON DELETE CASCADE
    """,
    "run_tags": """
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        key text NOT NULL,
        value text NOT NULL,
        PRIMARY KEY (tenant_id, run_id, key),
        FOREIGN KEY (tenant_id, run_id) REFERENCES runs ON DELETE CASCADE
    """,
    "latest_metrics": """
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        key text NOT NULL,
        step bigint NOT NULL,
        value double precision NOT NULL,
        PRIMARY KEY (tenant_id, run_id, key),
        FOREIGN KEY (tenant_id, run_id) REFERENCES runs ON DELETE CASCADE
    """,
    "metric_points": """
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        key text NOT NULL,
        step bigint NOT NULL,
        value double precision NOT NULL,
        logged_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, run_id, key, step),
        FOREIGN KEY (tenant_id, run_id) REFERENCES runs ON DELETE CASCADE
    """,
    "models": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        name text NOT NULL,
        description text NOT NULL,
        tags jsonb NOT NULL,
        versions integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, project_id, name),
        FOREIGN KEY (tenant_id, project_id) REFERENCES projects ON DELETE CASCADE
    """,
    "model_versions": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        model_id uuid NOT NULL,
        version integer NOT NULL,
        source_run_id uuid,
        description text NOT NULL,
        tags jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, model_id, version),
        FOREIGN KEY (tenant_id, model_id) REFERENCES models ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, source_run_id) REFERENCES runs
            ON DELETE SET NULL (source_run_id)
    """,
}
INDEXES = {
    "api_keys": ["member_id, id"],
    "experiments": ["project_id, id"],
    "runs": ["experiment_id, id"],
    "models": ["project_id, id"],
    "model_versions": ["model_id, id", "source_run_id"],
}
TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
OPERATOR = "COALESCE(current_setting('app.operator', true) = 'on', false)"


def upgrade() -> None:
    """Create the tables, their indexes and their policies."""
    for table, columns in TABLES.items():
        op.execute(f"CREATE TABLE {table} ({columns})")
        for index in INDEXES.get(table, ()):
            op.execute(f"CREATE INDEX ON {table} (tenant_id, {index})")
        own = f"id = {TENANT} OR {OPERATOR}" if table == "tenants" else f"tenant_id = {TENANT}"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own}) WITH CHECK ({own})")


def downgrade() -> None:
    """Drop every table."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
