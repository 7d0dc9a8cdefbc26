"""A fill may be handed over in parts, and vials that were lost are replaced."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from alembic import op

revision: str = "0013"
down_revision = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PURPOSES = (
    "'reject', 'cancel', 'reallocate', 'send-back', 'return', 'hold', 'finding', 'override',"
    " 'take-over'"
)
ORIGINS = "'person', 'check', 'labels', 'key', 'clarification', 'recall'"
REASONS = (
    ("partial", "stock-short", "Too few capsules are there for all of it."),
    ("partial", "patient-asked", "The patient wants a part of it for now."),
    ("partial", "cost", "The patient pays for a part of it for now."),
    ("partial", "tolerance-unsure", "Whether the patient goes on at this dose is not sure."),
    ("partial", "beyond-use", "The capsules' date comes before the last dose."),
    ("partial", "other", "Something else; say what."),
    ("replace", "lost-in-transit", "The carrier lost it."),
    ("replace", "damaged", "It was damaged."),
    ("replace", "lost-by-patient", "The patient lost it."),
    ("replace", "stolen", "It was stolen from the patient."),
    ("replace", "other", "Something else; say what."),
)

NIGHTS = """
create function nights_are_given_once() returns trigger language plpgsql as $$
begin
    perform from prescriptions where id = new.prescription_id for no key update;
    if new.last_night > (select sum((step ->> 'days')::int)
                         from strength_plans p, jsonb_array_elements(p.fill -> 'steps') as step
                         where p.id = new.plan_id) then
        raise exception 'the fill has fewer nights'
            using errcode = 'check_violation', constraint = 'order_nights_of_fill';
    end if;
    if new.kind <> 'replacement' and new.status not in ('rejected', 'cancelled') and exists (
        select from orders o
        where o.prescription_id = new.prescription_id and o.fill_no = new.fill_no
          and o.id <> new.id and o.kind <> 'replacement'
          and o.status not in ('rejected', 'cancelled')
          and coalesce(o.first_night, 1) <= coalesce(new.last_night, 2147483647)
          and coalesce(new.first_night, 1) <= coalesce(o.last_night, 2147483647)
    ) then
        raise exception 'another order is for these nights of the fill'
            using errcode = 'check_violation', constraint = 'order_nights_given_once';
    end if;
    return new;
end $$
"""
"""The prescription's row is the lock: whoever divides a fill up sees what others did before."""

FILLS = """
create function fills_are_authorised() returns trigger language plpgsql as $$
begin
    perform from prescriptions where id = new.prescription_id for no key update;
    if new.authorised_fills < (
        select greatest(max(o.fill_no) filter (where o.kind = 'fill'),
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
    op.create_table(
        "partial_rules",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_partial_rules_source_named")),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_partial_rules")),
    )
    _add_to_orders()
    _add_to_containers()
    _known("reason_codes", "purpose", f"{PURPOSES}, 'partial', 'replace'")
    _known("holds", "origin", f"{ORIGINS}, 'part'")
    _add_reasons()
    op.execute(NIGHTS)
    op.execute(
        "create trigger nights_are_given_once before insert on orders"
        " for each row when (new.kind <> 'fill') execute function nights_are_given_once()"
    )
    op.execute(
        "create trigger nights_stay_given_once"
        " before update of first_night, last_night, kind, fill_no on orders"
        " for each row execute function nights_are_given_once()"
    )
    op.execute(FILLS)
    op.execute(
        "create trigger fills_are_authorised before insert on orders"
        " for each row when (new.uses_fill or (new.kind = 'fill' and new.fill_no > 1))"
        " execute function fills_are_authorised()"
    )


def downgrade() -> None:
    for trigger in ("fills_are_authorised", "nights_stay_given_once", "nights_are_given_once"):
        op.execute(f"drop trigger {trigger} on orders")
    op.execute("drop function fills_are_authorised()")
    op.execute("drop function nights_are_given_once()")
    op.execute("alter table reason_codes disable trigger never_deleted")
    op.execute("delete from reason_codes where purpose in ('partial', 'replace')")
    op.execute("alter table reason_codes enable trigger never_deleted")
    _known("holds", "origin", ORIGINS)
    _known("reason_codes", "purpose", PURPOSES)
    op.drop_index(op.f("ix_containers_replaced_by"), table_name="containers")
    op.drop_constraint(op.f("ck_containers_loss_whole"), "containers")
    for name in ("replaced_by", "lost_reason", "lost_at"):
        op.drop_column("containers", name)
    op.drop_index(op.f("ix_orders_of_order_id"), table_name="orders")
    op.drop_constraint(op.f("uq_orders_prescription_id_fill_no_supplement_no"), "orders")
    op.create_unique_constraint(
        op.f("uq_orders_prescription_id_fill_no"), "orders", ["prescription_id", "fill_no"]
    )
    for name in (
        *("uses_fill_replacement", "nights_whole", "supplement_has_nights"),
        *("supplement_of_another", "kind_known"),
    ):
        op.drop_constraint(op.f(f"ck_orders_{name}"), "orders")
    for name in ("uses_fill", "last_night", "first_night", "of_order_id", "supplement_no", "kind"):
        op.drop_column("orders", name)
    op.drop_table("partial_rules")


def _add_to_orders() -> None:
    kinds = sa.Enum(
        *("fill", "remainder", "replacement"), name="orderkind", native_enum=False, length=40
    )
    op.add_column("orders", sa.Column("kind", kinds, server_default="fill", nullable=False))
    op.add_column(
        "orders",
        sa.Column("supplement_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("orders", sa.Column("of_order_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_orders_of_order_id_orders"), "orders", "orders", ["of_order_id"], ["id"]
    )
    op.add_column("orders", sa.Column("first_night", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("last_night", sa.BigInteger(), nullable=True))
    op.add_column(
        "orders",
        sa.Column("uses_fill", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    for name, rule in (
        ("kind_known", "kind in ('fill', 'remainder', 'replacement')"),
        (
            "supplement_of_another",
            "(kind = 'fill') = (supplement_no = 0) and (kind = 'fill') = (of_order_id is null)",
        ),
        ("supplement_has_nights", "kind = 'fill' or first_night is not null"),
        (
            "nights_whole",
            "(first_night is null) = (last_night is null)"
            " and first_night between 1 and last_night",
        ),
        ("uses_fill_replacement", "not uses_fill or kind = 'replacement'"),
    ):
        op.create_check_constraint(op.f(f"ck_orders_{name}"), "orders", rule)
    op.create_unique_constraint(
        op.f("uq_orders_prescription_id_fill_no_supplement_no"),
        "orders",
        ["prescription_id", "fill_no", "supplement_no"],
    )
    op.drop_constraint(op.f("uq_orders_prescription_id_fill_no"), "orders")
    op.create_index(
        op.f("ix_orders_of_order_id"),
        "orders",
        ["of_order_id"],
        postgresql_where=sa.text("of_order_id is not null"),
    )


def _add_to_containers() -> None:
    op.add_column("containers", sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("containers", sa.Column("lost_reason", sa.Text(), nullable=True))
    op.add_column("containers", sa.Column("replaced_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_containers_replaced_by_orders"), "containers", "orders", ["replaced_by"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_containers_loss_whole"),
        "containers",
        "(lost_at is null) = (lost_reason is null) and (lost_at is null) = (replaced_by is null)",
    )
    op.create_index(
        op.f("ix_containers_replaced_by"),
        "containers",
        ["replaced_by"],
        postgresql_where=sa.text("replaced_by is not null"),
    )


def _known(table: str, column: str, known: str) -> None:
    name = op.f(f"ck_{table}_{column}_known")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} in ({known})")


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
                "changed_at": datetime(2026, 11, 27, tzinfo=UTC),
            }
            for purpose, code, words in REASONS
        ],
    )
