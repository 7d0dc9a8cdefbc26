"""
Found at once: given names, finished work, what somebody has in hand.
Kept: when an answer was said, and drafts that were decided.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
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
    op.create_index(
        "ix_orders_claimed",
        "orders",
        ["claimed_by", "due_at", "id"],
        postgresql_where=sa.text("claimed_by is not null"),
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
    op.execute(
        "create trigger decided_drafts_stand before update or delete on formulation_proposals"
        " for each row when (old.decided_at is not null) execute function refuse_change()"
    )


def downgrade() -> None:
    op.execute("drop trigger decided_drafts_stand on formulation_proposals")
    _never_rewritten(ANSWERED)
    op.drop_column("clarifications", "said_at")
    op.drop_index("ix_orders_claimed", table_name="orders")
    op.drop_index("ix_jobs_done", table_name="jobs")
    op.drop_index("ix_patients_given", table_name="patients")


def _never_rewritten(but: str) -> None:
    """Let an answer be written into these columns of a question, once, and nothing else."""
    op.execute("drop trigger never_rewritten on clarifications")
    op.execute(
        "create trigger never_rewritten before update or delete on clarifications"
        f" for each row execute function refuse_rewriting({but})"
    )
