"""Keep deleted objects, answers to be repeated, and an audit log of every change."""

from alembic import op

revision = "0002"
down_revision = "0001"

# Each with what its name is unique in, if it is.
REMOVABLE = {
    "projects": "tenant_id, name",
    "experiments": "tenant_id, project_id, name",
    "runs": None,
    "models": "tenant_id, project_id, name",
}
TABLES = {
    "audit_events": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        seq bigint NOT NULL,
        action text NOT NULL,
        actor text NOT NULL,
        member_id uuid,
        key_id uuid,
        object_type text NOT NULL,
        object_id text,
        path text NOT NULL,
        request_id text NOT NULL,
        prev_hash bytea NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, seq)
    """,
    "audit_heads": """
        tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
        seq bigint NOT NULL,
        hash bytea NOT NULL
    """,
    "kept_answers": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        claim bytea NOT NULL,
        by_operator boolean NOT NULL,
        request_hash bytea NOT NULL,
        status smallint NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, claim)
    """,
}
INDEXES = {
    "audit_events": ["action, seq", "member_id, seq", "object_id, seq", "created_at"],
    "kept_answers": ["created_at"],
}
TENANT = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
OPERATOR = "by_operator AND COALESCE(current_setting('app.operator', true) = 'on', false)"


def upgrade() -> None:
    """Mark deletions, and create the new tables with their indexes and policies."""
    for table, named in REMOVABLE.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN deleted_at timestamptz")
        if named is not None:
            name = _name(table, named)
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}_key")
            living = f"ON {table} ({named}) WHERE deleted_at IS NULL"
            op.execute(f"CREATE UNIQUE INDEX {name}_idx {living}")
    for table, columns in TABLES.items():
        op.execute(f"CREATE TABLE {table} ({columns})")
        for index in INDEXES.get(table, ()):
            op.execute(f"CREATE INDEX ON {table} (tenant_id, {index})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        # The operator repeats requests before it is known which tenant they made.
        own = f"{TENANT} OR {OPERATOR}" if table == "kept_answers" else TENANT
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own}) WITH CHECK ({own})")
    op.execute("CREATE INDEX ON kept_answers (claim) WHERE by_operator")


def downgrade() -> None:
    """Drop the new tables, and for good what was deleted."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    for table, named in REMOVABLE.items():
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"DELETE FROM {table} WHERE deleted_at IS NOT NULL")  # noqa: S608
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DROP COLUMN deleted_at")
        if named is not None:
            op.execute(f"ALTER TABLE {table} ADD UNIQUE ({named})")


def _name(table: str, columns: str) -> str:
    return f"{table}_{columns.replace(', ', '_')}"
