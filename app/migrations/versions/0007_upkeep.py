"""Say of an upload that it is being completed, and give each tenant its daily retention."""

from alembic import op

revision = "0007"
down_revision = "0006"

KINDS = "('job', 'delivery')"
KINDS_WITH_RETENTION = "('job', 'delivery', 'retention')"
FORCE = "FORCE ROW LEVEL SECURITY"


def upgrade() -> None:
    """Add the moment and the kind, and spread the tenants that there are over a day."""
    op.execute("ALTER TABLE uploads ADD COLUMN completing_at timestamptz")
    allow(KINDS_WITH_RETENTION)
    # The owner obeys the policies as well, and must see all tenants for once.
    change("tenants", f"NO {FORCE}")
    change("tasks", f"NO {FORCE}")
    op.execute(
        "INSERT INTO tasks (tenant_id, id, kind, due_at, leased) "
        "SELECT id, id, 'retention', now() + random() * interval '1 day', false FROM tenants"
    )
    change("tenants", FORCE)
    change("tasks", FORCE)


def downgrade() -> None:
    """Remove them."""
    change("tasks", f"NO {FORCE}")
    op.execute("DELETE FROM tasks WHERE kind = 'retention'")
    change("tasks", FORCE)
    allow(KINDS)
    op.execute("ALTER TABLE uploads DROP COLUMN completing_at")


def allow(kinds: str) -> None:
    """Let tasks be of these kinds only."""
    change("tasks", "DROP CONSTRAINT tasks_kind_check")
    change("tasks", f"ADD CONSTRAINT tasks_kind_check CHECK (kind IN {kinds})")


def change(table: str, what: str) -> None:
    """Alter a table of ours."""
    op.execute(f"ALTER TABLE {table} {what}")
