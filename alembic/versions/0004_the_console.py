"""The console: browsers' sessions that lock, quick PINs, signed approvals, news of changes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEWS = """
create function tell_of_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('pharmacy_changes', tg_argv[0] || ':' || new.id);
    return null;
end $$
"""
TELLERS = (
    "create trigger tell_of_change after insert or update on orders"
    " for each row execute function tell_of_change('ord')",
    "create trigger tell_of_change after insert or update on batches"
    " for each row execute function tell_of_change('bat')",
)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("pin_hash", sa.Text(), nullable=True))
    op.add_column(
        "sign_in_sessions",
        sa.Column("browser", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "sign_in_sessions", sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "sign_in_sessions",
        sa.Column("wrong_pins", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "sign_in_sessions", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("record_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(record_sha256) = 32", name=op.f("ck_approvals_hash_whole")),
        sa.CheckConstraint(
            "at between proven_at and proven_at + interval '5 minutes'",
            name=op.f("ck_approvals_proof_fresh"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_approvals_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(
        op.f("ix_approvals_subject_id_approvals_at"),
        "approvals",
        ["subject_id", "at"],
        unique=False,
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on approvals"
        " for each statement execute function refuse_change()"
    )
    op.execute(NEWS)
    for statement in TELLERS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger tell_of_change on orders")
    op.execute("drop trigger tell_of_change on batches")
    op.execute("drop function tell_of_change()")
    op.drop_index(op.f("ix_approvals_subject_id_approvals_at"), table_name="approvals")
    op.drop_table("approvals")
    for column in ("proven_at", "wrong_pins", "locked_at", "browser"):
        op.drop_column("sign_in_sessions", column)
    op.drop_column("accounts", "pin_hash")
