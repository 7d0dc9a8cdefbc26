"""Given names and finished work found at once; when a prescriber answered on the telephone."""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0016"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_patients_given", "patients", [sa.text("lower(given) text_pattern_ops"), "birth_date"]
    )
    op.create_index(
        "ix_jobs_done",
        "jobs",
        ["ref_id", "kind", "id"],
        postgresql_where=sa.text("state = 'done'"),
    )
    op.add_column(
        "clarifications", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        "ck_clarifications_said_before_it_was_noted",
        "clarifications",
        "said_at is null or (said_at >= asked_at and said_at <= answered_at)",
    )


def downgrade() -> None:
    op.drop_column("clarifications", "said_at")
    op.drop_index("ix_jobs_done", table_name="jobs")
    op.drop_index("ix_patients_given", table_name="patients")
