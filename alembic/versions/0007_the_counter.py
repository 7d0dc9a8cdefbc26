"""The counter: finding orders, asking prescribers, pictures, attestations, hand-over, shipping."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APPEND_ONLY = (
    "create trigger append_only before update or delete or truncate on {}"
    " for each statement execute function refuse_change()"
)
ATTESTED = """
create function only_attested_orders_are_released() returns trigger language plpgsql as $$
begin
    if not exists (select from account_roles
                   where account_id = new.checked_by and role = 'pharmacist') then
        raise exception 'only a pharmacist releases an order'
            using errcode = 'check_violation', constraint = 'order_release_pharmacist';
    end if;
    if not exists (select from approvals
                   where subject_id = new.id and meaning = 'released'
                     and account_id = new.checked_by and at = new.checked_at) then
        raise exception 'an order is released by signature'
            using errcode = 'check_violation', constraint = 'order_release_attested';
    end if;
    return new;
end $$
"""
PROOFS = "('password', 'pin')"


def _finding() -> None:
    op.create_index(op.f("ix_orders_due_at_orders_id"), "orders", ["due_at", "id"])
    op.create_index(
        "ix_holds_open_owner",
        "holds",
        ["owner", "code", "order_id"],
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.create_index(op.f("ix_patients_birth_date"), "patients", ["birth_date"])


def _second_check() -> None:
    op.add_column("sign_in_sessions", sa.Column("proven_with", sa.String(40), nullable=True))
    op.create_check_constraint(
        op.f("ck_sign_in_sessions_proven_with_known"), "sign_in_sessions", f"proven_with in {PROOFS}"
    )
    op.add_column(
        "approvals", sa.Column("method", sa.String(40), nullable=False, server_default="password")
    )
    op.alter_column("approvals", "method", server_default=None)
    op.create_check_constraint(
        op.f("ck_approvals_method_known"), "approvals", f"method in {PROOFS}"
    )
    op.execute(ATTESTED)
    op.execute(
        "create trigger only_attested_orders_are_released before update of status on orders"
        " for each row when (new.status = 'ready' and old.status <> 'ready')"
        " execute function only_attested_orders_are_released()"
    )
    op.create_table(
        "order_pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "media_type in ('image/jpeg', 'image/png', 'image/webp')",
            name=op.f("ck_order_pictures_media_type_known"),
        ),
        sa.CheckConstraint("width > 0 and height > 0", name=op.f("ck_order_pictures_size_positive")),
        sa.CheckConstraint(
            "size = octet_length(data) and size between 1 and 4194304",
            name=op.f("ck_order_pictures_size_true"),
        ),
        sa.CheckConstraint("sha256 = sha256(data)", name=op.f("ck_order_pictures_digest_true")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_pictures_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_pictures")),
    )
    op.create_index(
        op.f("ix_order_pictures_order_id_order_pictures_taken_at"),
        "order_pictures",
        ["order_id", "taken_at"],
    )
    op.execute(APPEND_ONLY.format("order_pictures"))


def upgrade() -> None:
    _finding()
    _second_check()


def downgrade() -> None:
    op.drop_table("order_pictures")
    op.execute("drop trigger only_attested_orders_are_released on orders")
    op.execute("drop function only_attested_orders_are_released()")
    op.drop_column("approvals", "method")
    op.drop_column("sign_in_sessions", "proven_with")
    op.drop_index(op.f("ix_patients_birth_date"), "patients")
    op.drop_index("ix_holds_open_owner", "holds")
    op.drop_index(op.f("ix_orders_due_at_orders_id"), "orders")
