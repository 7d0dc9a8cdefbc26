"""Who waits for a renewal, found by the day when the medicine is due."""

import sqlalchemy as sa

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_refills_renewal",
        "refills",
        ["due_on", "id"],
        postgresql_where=sa.text("state = 'renewal-needed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_refills_renewal", table_name="refills")
