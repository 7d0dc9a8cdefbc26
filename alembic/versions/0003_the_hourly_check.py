"""The hourly check of all records."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "record_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invariants", sa.BigInteger(), nullable=False),
        sa.Column("broken", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("invariants > 0", name=op.f("ck_record_checks_something_checked")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_checks")),
    )
    op.create_index(op.f("ix_record_checks_checked_at"), "record_checks", ["checked_at"])
    op.execute(
        "create trigger append_only before update or delete or truncate on record_checks"
        " for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("record_checks")
