"""Tie members to the subjects of an OIDC issuer."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the subject, unique in its tenant."""
    op.execute("ALTER TABLE members ADD COLUMN subject text")
    op.execute(
        "ALTER TABLE members ADD CONSTRAINT members_tenant_id_subject_key"
        " UNIQUE (tenant_id, subject)"
    )


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE members DROP COLUMN subject")
