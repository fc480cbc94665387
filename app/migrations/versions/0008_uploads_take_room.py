"""Count what uploads are begun for, so that bytes on their way take room as whole ones do."""

from alembic import op

revision = "0008"
down_revision = "0007"

FORCE = "FORCE ROW LEVEL SECURITY"
ADD = "ON CONFLICT (tenant_id, resource, slot) DO UPDATE SET used = c.used + EXCLUDED.used"
TRIGGERS = {"insert": "NEW", "delete": "OLD"}


def upgrade() -> None:
    """Count the uploads that there are, and go on counting."""
    recount("+")
    for event, rows in TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER count_{event} AFTER {event} ON uploads "
            f"REFERENCING {rows} TABLE AS counted FOR EACH STATEMENT "
            "EXECUTE FUNCTION count_usage('artifact_bytes', 'size')"
        )


def downgrade() -> None:
    """Count only artifacts again."""
    for event in TRIGGERS:
        op.execute(f"DROP TRIGGER count_{event} ON uploads")
    recount("-")


def recount(sign: str) -> None:
    """Add or take away what the uploads that there are were begun for."""
    # The owner obeys the policies as well, and must see all tenants for once.
    for table in ("uploads", "usage_counters"):
        op.execute(f"ALTER TABLE {table} NO {FORCE}")
    found = f"SELECT tenant_id, 'artifact_bytes', 0, {sign}sum(size) FROM uploads GROUP BY 1"  # noqa: S608 - our own constants
    op.execute(f"INSERT INTO usage_counters AS c {found} {ADD}")
    for table in ("uploads", "usage_counters"):
        op.execute(f"ALTER TABLE {table} {FORCE}")
