"""
What came back is destroyed before a witness. Letters of a recall are worded first and drawn after.
Lots of shells have papers too.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CAME_BACK = "update containers set destroyed_at = returned_at where returned_at is not null"
"""Until now one entry said both, and named no witness."""
WITNESSED = """
create function destroyed_before_a_witness() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.destroyed_at is not null then
        raise exception 'what was destroyed stays destroyed'
            using errcode = 'check_violation', constraint = 'destruction_stands';
    end if;
    if new.destroyed_at is not null and num_nulls(new.destroyed_by, new.witnessed_by) > 0 then
        raise exception 'what came back is destroyed before a witness'
            using errcode = 'check_violation', constraint = 'destruction_witnessed';
    end if;
    return new;
end $$
"""
CHECKS = (
    (
        "destroyed_after_it_came_back",
        "destroyed_at is null or (returned_at is not null and destroyed_at >= returned_at)",
    ),
    (
        "destruction_whole",
        "(destroyed_by is null) = (witnessed_by is null)"
        " and (destroyed_by is null or destroyed_at is not null)",
    ),
    ("witness_is_another", "destroyed_by <> witnessed_by"),
)


ANSWERED = (
    "'sent_at', 'sent_by', 'means', 'answered_at', 'answer', 'answer_note', 'answer_by'"
)
DRAWN = "'pdf', 'pdf_sha256', 'drawn_at'"


def upgrade() -> None:
    op.add_column("shell_lots", sa.Column("certificate_sha256", sa.LargeBinary()))
    op.create_foreign_key(
        op.f("fk_shell_lots_certificate_sha256_certificates"),
        "shell_lots",
        "certificates",
        ["certificate_sha256"],
        ["sha256"],
    )
    _witnesses()
    _letters()


def downgrade() -> None:
    op.execute("drop trigger drawn_letters_stand on recall_notices")
    op.execute("drop trigger drafted_letters_stand on recall_notices")
    op.drop_index("ix_recall_notices_to_draw", table_name="recall_notices")
    op.drop_constraint(op.f("ck_recall_notices_drawn_whole"), "recall_notices")
    op.alter_column("recall_notices", "pdf_sha256", nullable=False)
    op.alter_column("recall_notices", "pdf", nullable=False)
    op.drop_column("recall_notices", "drawn_at")
    op.drop_column("recall_notices", "content")
    op.execute("drop trigger destroyed_before_a_witness on containers")
    op.execute("drop function destroyed_before_a_witness()")
    op.drop_index("ix_containers_to_destroy", table_name="containers")
    for name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_containers_{name}"), "containers")
    for column in ("witnessed_by", "destroyed_by", "destroyed_at"):
        op.drop_column("containers", column)
    op.drop_constraint(
        op.f("fk_shell_lots_certificate_sha256_certificates"), "shell_lots", type_="foreignkey"
    )
    op.drop_column("shell_lots", "certificate_sha256")


def _letters() -> None:
    op.add_column("recall_notices", sa.Column("content", postgresql.JSONB()))
    op.add_column("recall_notices", sa.Column("drawn_at", sa.DateTime(timezone=True)))
    op.execute("update recall_notices set drawn_at = drafted_at")
    op.alter_column("recall_notices", "pdf", nullable=True)
    op.alter_column("recall_notices", "pdf_sha256", nullable=True)
    op.create_check_constraint(
        op.f("ck_recall_notices_drawn_whole"),
        "recall_notices",
        "(pdf is null) = (pdf_sha256 is null) and (pdf is null) = (drawn_at is null)"
        " and (pdf is not null or content is not null)",
    )
    op.create_index(
        "ix_recall_notices_to_draw",
        "recall_notices",
        ["recall_id", "id"],
        postgresql_where=sa.text("drawn_at is null"),
    )
    for name, when, but in (
        ("drafted_letters_stand", "old.drawn_at is null", f"{ANSWERED}, {DRAWN}"),
        ("drawn_letters_stand", "old.drawn_at is not null", ANSWERED),
    ):
        op.execute(
            f"create trigger {name} before update or delete on recall_notices"
            f" for each row when ({when}) execute function refuse_rewriting({but})"
        )


def _witnesses() -> None:
    op.add_column("containers", sa.Column("destroyed_at", sa.DateTime(timezone=True)))
    op.add_column("containers", sa.Column("destroyed_by", sa.Uuid()))
    op.add_column("containers", sa.Column("witnessed_by", sa.Uuid()))
    op.execute(CAME_BACK)
    for name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_containers_{name}"), "containers", condition)
    op.create_index(
        "ix_containers_to_destroy",
        "containers",
        ["returned_at", "order_id"],
        postgresql_where=sa.text("returned_at is not null and destroyed_at is null"),
    )
    op.execute(WITNESSED)
    op.execute(
        "create trigger destroyed_before_a_witness"
        " before insert or update of destroyed_at, destroyed_by, witnessed_by on containers"
        " for each row execute function destroyed_before_a_witness()"
    )
