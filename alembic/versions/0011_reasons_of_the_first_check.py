"""Coded reasons for holds and for decisions about findings."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "'reject', 'cancel', 'reallocate', 'send-back', 'return'"
REASONS = (
    ("hold", "question", "A question must be answered first."),
    ("hold", "dose-unclear", "The dose or the titration is not clear."),
    ("hold", "patient-unreachable", "The patient cannot be reached."),
    ("hold", "patient-asked", "The patient asked to wait."),
    ("hold", "payment", "Payment is not settled."),
    ("hold", "address-unclear", "Where it is to go is not clear."),
    ("hold", "something-missing", "Something is missing; say what."),
    ("finding", "prescriber-confirmed", "The prescriber knows of it and confirmed the order."),
    ("finding", "monitored", "It is being monitored."),
    ("finding", "benefit-outweighs", "The benefit outweighs the risk."),
    ("finding", "known-and-stable", "It is known, and stable under treatment."),
    ("finding", "not-taken-now", "The patient does not take it any more."),
    ("finding", "data-wrong", "What the rule saw is not so for this patient."),
    ("finding", "risk-too-high", "The risk is too high to go on like this."),
    ("finding", "other", "Something else; say what."),
)
ASK_FOR_WORDS = {("hold", "something-missing"), ("finding", "other")}


def upgrade() -> None:
    _purposes(f"{BEFORE}, 'hold', 'finding'")
    reasons = sa.table(
        "reason_codes",
        *(sa.column(name, sa.Text()) for name in ("purpose", "code", "words")),
        *(sa.column(name, sa.Boolean()) for name in ("asks_for_words", "is_active")),
        sa.column("changed_at", sa.DateTime(timezone=True)),
    )
    op.bulk_insert(
        reasons,
        [
            {
                "purpose": purpose,
                "code": code,
                "words": words,
                "asks_for_words": (purpose, code) in ASK_FOR_WORDS,
                "is_active": True,
                "changed_at": datetime(2026, 11, 27, tzinfo=UTC),
            }
            for purpose, code, words in REASONS
        ],
    )
    op.add_column("findings", sa.Column("reason_code", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("findings", "reason_code")
    op.execute("alter table reason_codes disable trigger never_deleted")
    op.execute("delete from reason_codes where purpose in ('hold', 'finding')")
    op.execute("alter table reason_codes enable trigger never_deleted")
    _purposes(BEFORE)


def _purposes(known: str) -> None:
    name = op.f("ck_reason_codes_purpose_known")
    op.drop_constraint(name, "reason_codes")
    op.create_check_constraint(name, "reason_codes", f"purpose in ({known})")
