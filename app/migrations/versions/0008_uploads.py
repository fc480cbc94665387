"""Say of an upload that it is being completed."""

from alembic import op

revision = "0008"
down_revision = "0006"


def upgrade() -> None:
    """Add the moment."""
    op.execute("ALTER TABLE uploads ADD COLUMN completing_at timestamptz")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE uploads DROP COLUMN completing_at")
