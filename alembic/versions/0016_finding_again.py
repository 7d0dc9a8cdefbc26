"""Given names and finished work found at once; when a prescriber answered on the telephone."""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0016"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ANSWERED = (
    "'reminded_at', 'escalated_at', 'answer', 'answer_words', 'spoke_with', 'read_back',"
    " 'replacement_id', 'answered_by', 'answered_by_kind', 'answered_at', 'withdrawn_by',"
    " 'withdrawn_at', 'withdraw_reason'"
)


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
        "said_at between asked_at - interval '1 minute' and answered_at",
    )
    _never_rewritten(f"{ANSWERED}, 'said_at'")


def downgrade() -> None:
    _never_rewritten(ANSWERED)
    op.drop_column("clarifications", "said_at")
    op.drop_index("ix_jobs_done", table_name="jobs")
    op.drop_index("ix_patients_given", table_name="patients")


def _never_rewritten(but: str) -> None:
    """Let an answer be written into these columns of a question, once, and nothing else."""
    op.execute("drop trigger never_rewritten on clarifications")
    op.execute(
        "create trigger never_rewritten before update or delete on clarifications"
        f" for each row execute function refuse_rewriting({but})"
    )
