"""A fill whose order ended is ordered again; vials that came back or were recalled are replaced."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PURPOSES = (
    "'reject', 'cancel', 'reallocate', 'send-back', 'return', 'hold', 'finding', 'override',"
    " 'take-over', 'partial', 'replace'"
)
REASONS = (
    ("reorder", "patient-wants-it", "The patient wants it after all."),
    ("reorder", "finding-settled", "What stood against it is settled."),
    ("reorder", "stopped-in-error", "It was stopped by mistake."),
    ("reorder", "can-be-made", "It can be made now."),
    ("reorder", "other", "Something else; say what."),
    ("replace", "undeliverable", "The carrier brought it back."),
    ("replace", "recalled", "Its lot was recalled."),
)
STANDS = "o.status not in ('rejected', 'cancelled')"


def _fills(of: str) -> str:
    """Return the function that counts fills and counted replacements; `of` are the fills."""
    return f"""
create or replace function fills_are_authorised() returns trigger language plpgsql as $$
begin
    perform from prescriptions where id = new.prescription_id for no key update;
    if new.authorised_fills < (
        select greatest(max(o.fill_no) filter (where {of}),
                        case when new.kind = 'fill' then new.fill_no end)
               + count(*) filter (
                   where o.uses_fill and o.status not in ('rejected', 'cancelled'))
               + new.uses_fill::int
        from orders o
        where o.prescription_id = new.prescription_id
    ) then
        raise exception 'the prescription authorises fewer fills'
            using errcode = 'check_violation', constraint = 'order_fills_authorised';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    _supplements("(supplement_no = 0) = (of_order_id is null)"
                 " and (kind = 'fill' or supplement_no > 0)")
    op.create_index(
        "uq_orders_standing_fill",
        "orders",
        ["prescription_id", "fill_no"],
        unique=True,
        postgresql_where=sa.text("kind = 'fill' and status not in ('rejected','cancelled')"),
    )
    op.execute(_fills(f"o.kind = 'fill' and {STANDS}"))
    _before_insert("nights_are_given_once", "new.kind <> 'fill' or new.supplement_no > 0")
    _before_insert(
        "fills_are_authorised",
        "new.uses_fill or (new.kind = 'fill' and (new.fill_no > 1 or new.supplement_no > 0))",
    )
    _purposes(f"{PURPOSES}, 'reorder'")
    _add_reasons()


def downgrade() -> None:
    op.execute("alter table reason_codes disable trigger never_deleted")
    op.execute(
        "delete from reason_codes where purpose = 'reorder'"
        " or (purpose = 'replace' and code in ('undeliverable', 'recalled'))"
    )
    op.execute("alter table reason_codes enable trigger never_deleted")
    _purposes(PURPOSES)
    _before_insert(
        "fills_are_authorised", "new.uses_fill or (new.kind = 'fill' and new.fill_no > 1)"
    )
    _before_insert("nights_are_given_once", "new.kind <> 'fill'")
    op.execute(_fills("o.kind = 'fill'"))
    op.drop_index("uq_orders_standing_fill", table_name="orders")
    _supplements("(kind = 'fill') = (supplement_no = 0) and (kind = 'fill') = (of_order_id is null)")


def _supplements(rule: str) -> None:
    name = op.f("ck_orders_supplement_of_another")
    op.drop_constraint(name, "orders")
    op.create_check_constraint(name, "orders", rule)


def _before_insert(function: str, when: str) -> None:
    """Have a function look at new orders of which something is true. Triggers are named alike."""
    op.execute(f"drop trigger {function} on orders")
    op.execute(
        f"create trigger {function} before insert on orders"
        f" for each row when ({when}) execute function {function}()"
    )


def _purposes(known: str) -> None:
    name = op.f("ck_reason_codes_purpose_known")
    op.drop_constraint(name, "reason_codes")
    op.create_check_constraint(name, "reason_codes", f"purpose in ({known})")


def _add_reasons() -> None:
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
                "asks_for_words": code == "other",
                "is_active": True,
                "changed_at": datetime(2026, 11, 28, tzinfo=UTC),
            }
            for purpose, code, words in REASONS
        ],
    )
