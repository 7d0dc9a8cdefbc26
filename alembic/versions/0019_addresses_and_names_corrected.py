"""
Addresses of patients and names of prescribers are corrected, and what was there stays on record.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CONTACT = ("phone", "address_line", "city", "state", "postal_code")
SETTLED_FIRST = f"""
create function contact_settled_first() returns trigger language plpgsql as $$
begin
    if not exists (
        select from contact_changes c
        where c.patient_id = new.id and c.decision = 'taken-over'
          and {" and ".join(f"c.{name} = new.{name}" for name in CONTACT)}
          and c.on_file = jsonb_build_object({", ".join(f"'{n}', old.{n}" for n in CONTACT)})
    ) then
        raise exception 'an address changes by a settled change alone'
            using errcode = 'check_violation', constraint = 'contact_settled_first';
    end if;
    return new;
end $$
"""
PERSON = ("family", "given", "practice_state", "birth_date")
CONFIRMED_FIRST = f"""
create function correction_confirmed_first() returns trigger language plpgsql as $$
begin
    if not exists (
        select from prescriber_corrections c
        where c.npi = new.npi and c.decision = 'confirmed'
          and {" and ".join(f"c.{name} is not distinct from new.{name}" for name in PERSON)}
          and c.was = jsonb_build_object({", ".join(f"'{n}', old.{n}" for n in PERSON)})
    ) then
        raise exception 'a prescriber changes by a confirmed correction alone'
            using errcode = 'check_violation', constraint = 'correction_confirmed_first';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    _contact_changes()
    _prescriber_corrections()


def downgrade() -> None:
    op.execute("drop trigger correction_confirmed_first on prescribers")
    op.execute("drop function correction_confirmed_first()")
    op.drop_table("prescriber_corrections")
    op.execute("drop trigger contact_settled_first on patients")
    op.execute("drop function contact_settled_first()")
    op.drop_table("contact_changes")


def _contact_changes() -> None:
    op.create_table(
        "contact_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in CONTACT),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(40), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on_file", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "source in ('prescription', 'staff')", name=op.f("ck_contact_changes_source_known")
        ),
        sa.CheckConstraint(
            "decision in ('taken-over', 'kept')", name=op.f("ck_contact_changes_decision_known")
        ),
        sa.CheckConstraint(
            "reason in ('patient-said', 'representative-said', 'clinic-said', 'came-back',"
            " 'same-place', 'written-wrongly', 'another-person')",
            name=op.f("ck_contact_changes_reason_known"),
        ),
        sa.CheckConstraint(
            "(decision is null) = (settled_at is null)"
            " and (decision is null) = (settled_by is null)"
            " and (decision is null) = (reason is null)"
            " and (decision is null) = (on_file is null)",
            name=op.f("ck_contact_changes_settled_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_contact_changes_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_changes")),
    )
    op.create_index(
        op.f("ix_contact_changes_patient_id_contact_changes_given_at"), "contact_changes", ["patient_id", "given_at"]
    )
    op.create_index(
        "ix_contact_changes_open",
        "contact_changes",
        ["patient_id"],
        postgresql_where=sa.text("settled_at is null"),
    )
    _stands("contact_changes", "settled_at", but=("decision", "reason", "words", "settled_by", "on_file"))
    op.execute(SETTLED_FIRST)
    same = " or ".join(f"old.{name} is distinct from new.{name}" for name in CONTACT)
    op.execute(
        "create trigger contact_settled_first before update on patients for each row"
        f" when ({same}) execute function contact_settled_first()"
    )


def _prescriber_corrections() -> None:
    op.create_table(
        "prescriber_corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("practice_state", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("was", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(40), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason in ('changed', 'written-wrongly')",
            name=op.f("ck_prescriber_corrections_reason_known"),
        ),
        sa.CheckConstraint(
            "decision in ('confirmed', 'rejected')",
            name=op.f("ck_prescriber_corrections_decision_known"),
        ),
        sa.CheckConstraint(
            "(decision is null) = (decided_by is null)"
            " and (decision is null) = (decided_at is null)",
            name=op.f("ck_prescriber_corrections_decided_whole"),
        ),
        sa.CheckConstraint(
            "decision is distinct from 'confirmed' or decided_by <> proposed_by",
            name=op.f("ck_prescriber_corrections_second_person"),
        ),
        sa.ForeignKeyConstraint(
            ["npi"], ["prescribers.npi"], name=op.f("fk_prescriber_corrections_npi_prescribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriber_corrections")),
    )
    op.create_index(
        op.f("ix_prescriber_corrections_npi_prescriber_corrections_proposed_at"),
        "prescriber_corrections",
        ["npi", "proposed_at"],
    )
    op.create_index(
        "uq_prescriber_corrections_waiting",
        "prescriber_corrections",
        ["npi"],
        unique=True,
        postgresql_where=sa.text("decision is null"),
    )
    _stands("prescriber_corrections", "decided_at", but=("decision", "decided_by"))
    op.execute(CONFIRMED_FIRST)
    same = " or ".join(f"old.{name} is distinct from new.{name}" for name in PERSON)
    op.execute(
        "create trigger correction_confirmed_first before update on prescribers for each row"
        f" when ({same}) execute function correction_confirmed_first()"
    )


def _stands(table: str, ended: str, *, but: tuple[str, ...]) -> None:
    """Let these columns be written once, with the one that says when; nothing else, ever."""
    named = ", ".join(f"'{name}'" for name in (*but, ended))
    op.execute(
        f"create trigger never_rewritten before update or delete on {table}"
        f" for each row execute function refuse_rewriting({named})"
    )
    op.execute(
        f"create trigger never_truncated before truncate on {table}"
        " for each statement execute function refuse_change()"
    )
    op.execute(
        f"create trigger ended_stands before update on {table} for each row"
        f" when (old.{ended} is not null) execute function refuse_change()"
    )
