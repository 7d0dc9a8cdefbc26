"""Vials leave with dates that are still to come, and with labels that were scanned."""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AHEAD = """
create function only_dates_ahead_leave() returns trigger language plpgsql as $$
declare
    today date := (new.handed_over_at at time zone (select time_zone from site where id = 1))::date;
begin
    if new.first_dose_on < today
       or exists (select from containers c
                  where c.order_id = new.id and c.voided_at is null and c.first_dose_on < today) then
        raise exception 'a label in this order begins before it is handed over'
            using errcode = 'check_violation', constraint = 'order_dates_ahead';
    end if;
    return new;
end $$
"""
SCANNED = "labels_are_scanned_before_release"


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column(
            "first_dose_named", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column(
        "labels",
        sa.Column(
            "newest_copy_no", sa.BigInteger(), server_default=sa.text("1"), nullable=False
        ),
    )
    _never_rewritten("'voided_at', 'newest_copy_no'")
    op.execute(
        "update labels l set newest_copy_no = k.newest"
        " from (select label_id, max(copy_no) as newest from label_copies group by label_id) k"
        " where k.label_id = l.id and k.newest > 1"
    )
    _reprints_are_reasoned("copy_no > 1 or reason is null")
    op.execute(AHEAD)
    op.execute(
        "create trigger only_dates_ahead_leave before update of status on orders for each row"
        " when (new.status = 'handed-over' and old.status <> 'handed-over')"
        " execute function only_dates_ahead_leave()"
    )
    _scanned_when("new.status in ('ready', 'handed-over') and old.status <> new.status")


def downgrade() -> None:
    _scanned_when("new.status = 'ready' and old.status <> 'ready'")
    op.execute("drop trigger only_dates_ahead_leave on orders")
    op.execute("drop function only_dates_ahead_leave()")
    op.execute(
        "update label_copies set reason = 'not-printed' where copy_no > 1 and reason is null"
    )  # before this, a second copy needed a reason
    _reprints_are_reasoned("(copy_no = 1) = (reason is null)")
    _never_rewritten("'voided_at'")
    op.drop_column("labels", "newest_copy_no")
    op.drop_column("orders", "first_dose_named")


def _never_rewritten(but: str) -> None:
    """Of a drawn label only these change: whether it stands, and how often it was printed."""
    op.execute("drop trigger never_rewritten on labels")
    op.execute(
        "create trigger never_rewritten before update or delete on labels for each row"
        f" execute function refuse_rewriting({but})"
    )


def _reprints_are_reasoned(rule: str) -> None:
    name = op.f("ck_label_copies_reprint_reasoned")
    op.drop_constraint(name, "label_copies")
    op.create_check_constraint(name, "label_copies", rule)


def _scanned_when(condition: str) -> None:
    """Ask for a scan of each container's newest label when an order takes these steps."""
    op.execute(f"drop trigger {SCANNED} on orders")
    op.execute(
        f"create constraint trigger {SCANNED} after update of status on orders for each row"
        f" when ({condition}) execute function {SCANNED}()"
    )
