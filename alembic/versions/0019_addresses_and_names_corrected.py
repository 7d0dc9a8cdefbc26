"""
Addresses of patients are settled by a person, and what was on file stays on record.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0019"
down_revision: str | None = "0015"
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


def upgrade() -> None:
    _contact_changes()


def downgrade() -> None:
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
    op.execute(
        "create trigger never_rewritten before update or delete on contact_changes"
        " for each row execute function refuse_rewriting('decision', 'reason', 'words',"
        " 'settled_by', 'settled_at', 'on_file')"
    )
    op.execute(
        "create trigger never_truncated before truncate on contact_changes"
        " for each statement execute function refuse_change()"
    )
    op.execute(
        "create trigger settled_stands before update on contact_changes for each row"
        " when (old.settled_at is not null) execute function refuse_change()"
    )
    op.execute(SETTLED_FIRST)
    same = " or ".join(f"old.{name} is distinct from new.{name}" for name in CONTACT)
    op.execute(
        "create trigger contact_settled_first before update on patients for each row"
        f" when ({same}) execute function contact_settled_first()"
    )
