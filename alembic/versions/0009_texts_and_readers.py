"""The words of labels and leaflets as reviewed data, and how each patient reads."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "label_text_editions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "part",
            sa.Enum("directions", "label", "leaflet", name="part", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("texts_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.Uuid(), nullable=True),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("approved", "rejected", name="outcome", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "part in ('directions', 'label', 'leaflet')",
            name=op.f("ck_label_text_editions_part_known"),
        ),
        sa.CheckConstraint(
            "outcome in ('approved', 'rejected')",
            name=op.f("ck_label_text_editions_outcome_known"),
        ),
        sa.CheckConstraint(
            "language ~ '^[a-z]{2,3}$'", name=op.f("ck_label_text_editions_language_coded")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_label_text_editions_version_positive")),
        sa.CheckConstraint(
            "(outcome is null) = (decided_at is null) and (outcome is null) = (decided_by is null)",
            name=op.f("ck_label_text_editions_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "outcome is distinct from 'approved' or drafted_by is distinct from decided_by",
            name=op.f("ck_label_text_editions_second_person"),
        ),
        sa.CheckConstraint(
            "(outcome is not distinct from 'rejected') = (rejected_because is not null)",
            name=op.f("ck_label_text_editions_rejected_for_a_reason"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_text_editions")),
        sa.UniqueConstraint(
            "language", "part", "version", name=op.f("uq_label_text_editions_language_part_version")
        ),
    )
    op.create_index(
        "uq_label_text_editions_draft",
        "label_text_editions",
        ["language", "part"],
        unique=True,
        postgresql_where=sa.text("outcome is null"),
    )
    op.execute(
        "create trigger filled_in_once before update or delete on label_text_editions for each row"
        " execute function only_fill_in_once("
        "'outcome', 'decided_by', 'decided_at', 'rejected_because')"
    )
    op.execute(
        "create trigger never_truncated before truncate on label_text_editions"
        " for each statement execute function refuse_change()"
    )
    op.add_column(
        "patients",
        sa.Column("large_print", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("patients", sa.Column("reading_chosen_by", sa.Uuid(), nullable=True))
    op.add_column(
        "patients", sa.Column("reading_chosen_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_patients_language_coded"), "patients", "language ~ '^[a-z]{2,3}$'"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_patients_language_coded"), "patients")
    op.drop_column("patients", "reading_chosen_at")
    op.drop_column("patients", "reading_chosen_by")
    op.drop_column("patients", "large_print")
    op.drop_table("label_text_editions")
