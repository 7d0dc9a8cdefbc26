"""What came back is destroyed before a witness."""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

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


def upgrade() -> None:
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


def downgrade() -> None:
    op.execute("drop trigger destroyed_before_a_witness on containers")
    op.execute("drop function destroyed_before_a_witness()")
    op.drop_index("ix_containers_to_destroy", table_name="containers")
    for name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_containers_{name}"), "containers")
    for column in ("witnessed_by", "destroyed_by", "destroyed_at"):
        op.drop_column("containers", column)
