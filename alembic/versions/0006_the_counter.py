"""The counter: finding orders, asking prescribers, pictures, attestations, hand-over, shipping."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
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
COUNSELLED = """
create function only_pharmacists_counsel() returns trigger language plpgsql as $$
begin
    if new.counselled_by is not null and not exists (
        select from account_roles where account_id = new.counselled_by and role = 'pharmacist'
    ) then
        raise exception 'advice is a pharmacist''s'
            using errcode = 'check_violation', constraint = 'hand_over_counsellor';
    end if;
    return new;
end $$
"""
LICENSED = """
create function only_licensed_states() returns trigger language plpgsql as $$
declare
    own site;
begin
    select * into own from site;
    if new.state <> own.state and not exists (
        select from site_state_licenses
        where state = new.state and scope = 'ship'
          and expires_on >= (new.shipped_at at time zone own.time_zone)::date
    ) then
        raise exception 'no licence to ship into this state'
            using errcode = 'check_violation', constraint = 'parcel_state_licensed';
    end if;
    return new;
end $$
"""
ENDED = """
create function ended_questions_stand() returns trigger language plpgsql as $$
begin
    raise exception 'what was answered or withdrawn stands' using errcode = 'restrict_violation';
end $$
"""
ORIGINS = "'person', 'check', 'labels', 'key', 'clarification', 'recall'"
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
    op.create_index(op.f("ix_audit_entries_by_id_audit_entries_id"), "audit_entries", ["by_id", "id"])
    op.create_index(
        op.f("ix_audit_entries_action_audit_entries_id"), "audit_entries", ["action", "id"]
    )
    op.create_index(
        "ix_audit_listed",
        "audit_entries",
        ["detail"],
        postgresql_using="gin",
        postgresql_ops={"detail": "jsonb_path_ops"},
        postgresql_where=sa.text("detail ? 'orders'"),
    )


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
        "create trigger only_attested_orders_are_released after update of status on orders"
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


def _leaving() -> None:
    op.create_table(
        "hand_overs",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("identifiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("collector", sa.String(40), nullable=False),
        sa.Column("collector_name", sa.Text(), nullable=False),
        sa.Column("counselling", sa.String(40), nullable=False),
        sa.Column("counselled_by", sa.Uuid(), nullable=True),
        sa.Column("counselling_needed_for", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "collector in ('patient', 'representative', 'carrier')",
            name=op.f("ck_hand_overs_collector_known"),
        ),
        sa.CheckConstraint(
            "counselling in ('accepted', 'declined', 'written-notice')",
            name=op.f("ck_hand_overs_counselling_known"),
        ),
        sa.CheckConstraint(
            "collector = 'carrier' or jsonb_array_length(identifiers) >= 2",
            name=op.f("ck_hand_overs_two_identifiers"),
        ),
        sa.CheckConstraint(
            "(collector = 'carrier') = (counselling = 'written-notice')",
            name=op.f("ck_hand_overs_counselling_fits"),
        ),
        sa.CheckConstraint(
            "(counselling = 'accepted') = (counselled_by is not null)",
            name=op.f("ck_hand_overs_counsellor_named"),
        ),
        sa.CheckConstraint(
            "collector <> 'representative' or length(collector_name) > 0",
            name=op.f("ck_hand_overs_collector_named"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_hand_overs_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_hand_overs")),
    )
    op.execute(APPEND_ONLY.format("hand_overs"))
    op.execute(COUNSELLED)
    op.execute(
        "create trigger only_pharmacists_counsel before insert on hand_overs"
        " for each row execute function only_pharmacists_counsel()"
    )
    op.add_column(
        "site_state_licenses",
        sa.Column("scope", sa.String(40), nullable=False, server_default="ship"),
    )
    op.create_check_constraint(
        op.f("ck_site_state_licenses_scope_known"),
        "site_state_licenses",
        "scope in ('ship', 'collect')",
    )
    op.create_table(
        "parcels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.String(40), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.String(40), server_default="shipped", nullable=False),
        sa.Column("shipped_by", sa.Uuid(), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("carrier in ('ups', 'usps', 'fedex')", name=op.f("ck_parcels_carrier_known")),
        sa.CheckConstraint(
            "status in ('shipped', 'delivered', 'returned', 'lost')",
            name=op.f("ck_parcels_status_known"),
        ),
        sa.CheckConstraint(
            "(status = 'shipped') = (ended_at is null)", name=op.f("ck_parcels_end_dated")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_parcels_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
        sa.UniqueConstraint("order_id", name=op.f("uq_parcels_order_id")),
        sa.UniqueConstraint(
            "carrier", "tracking_number", name=op.f("uq_parcels_carrier_tracking_number")
        ),
    )
    op.create_index(op.f("ix_parcels_tracking_number"), "parcels", ["tracking_number"])
    op.create_index(
        "ix_parcels_open",
        "parcels",
        ["shipped_at", "id"],
        postgresql_where=sa.text("status = 'shipped'"),
    )
    op.execute(LICENSED)
    op.execute(
        "create trigger only_licensed_states before insert on parcels"
        " for each row execute function only_licensed_states()"
    )


def _asking() -> None:
    waiting = sa.text("answered_at is null and withdrawn_at is null")
    op.execute("alter table holds drop constraint ck_holds_origin_known")
    op.execute(f"alter table holds add constraint ck_holds_origin_known check (origin in ({ORIGINS}))")
    op.create_table(
        "clarifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(40), nullable=True),
        sa.Column("answer_words", sa.Text(), nullable=True),
        sa.Column("spoke_with", sa.Text(), nullable=True),
        sa.Column("read_back", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("replacement_id", sa.Uuid(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_by_kind", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('dose', 'titration', 'quantity', 'directions', 'refills', 'patient', 'safety',"
            " 'clinical-need', 'other')",
            name=op.f("ck_clarifications_kind_known"),
        ),
        sa.CheckConstraint(
            "answer in ('text', 'prescription', 'telephone')",
            name=op.f("ck_clarifications_answer_known"),
        ),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_clarifications_words_given")),
        sa.CheckConstraint(
            "(answer is null) = (answered_at is null)", name=op.f("ck_clarifications_answer_dated")
        ),
        sa.CheckConstraint(
            "answered_at is null or withdrawn_at is null", name=op.f("ck_clarifications_one_end")
        ),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdraw_reason is null)",
            name=op.f("ck_clarifications_withdrawal_reasoned"),
        ),
        sa.CheckConstraint(
            "(answer is not distinct from 'prescription') = (replacement_id is not null)",
            name=op.f("ck_clarifications_replacement_named"),
        ),
        sa.CheckConstraint(
            "answer is distinct from 'telephone' or (read_back and length(spoke_with) > 0)",
            name=op.f("ck_clarifications_telephone_read_back"),
        ),
        sa.CheckConstraint(
            "answer is null or answer = 'prescription' or length(answer_words) > 0",
            name=op.f("ck_clarifications_answer_worded"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_clarifications_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name=op.f("fk_clarifications_finding_id_findings")
        ),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["holds.id"], name=op.f("fk_clarifications_hold_id_holds")
        ),
        sa.ForeignKeyConstraint(
            ["replacement_id"],
            ["prescriptions.id"],
            name=op.f("fk_clarifications_replacement_id_prescriptions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clarifications")),
    )
    op.create_index(
        "uq_clarifications_open",
        "clarifications",
        ["order_id", "kind"],
        unique=True,
        postgresql_where=waiting,
    )
    op.create_index(
        "ix_clarifications_waiting",
        "clarifications",
        ["remind_at", "id"],
        postgresql_where=waiting,
    )
    op.create_index(
        op.f("ix_clarifications_order_id_clarifications_asked_at"),
        "clarifications",
        ["order_id", "asked_at"],
    )
    op.create_index(op.f("ix_clarifications_asked_at"), "clarifications", ["asked_at"])
    op.execute(
        "create trigger never_rewritten before update or delete on clarifications"
        " for each row execute function refuse_rewriting('reminded_at', 'escalated_at', 'answer',"
        " 'answer_words', 'spoke_with', 'read_back', 'replacement_id', 'answered_by',"
        " 'answered_by_kind', 'answered_at', 'withdrawn_by', 'withdrawn_at', 'withdraw_reason')"
    )
    op.execute(
        "create trigger never_truncated before truncate on clarifications"
        " for each statement execute function refuse_change()"
    )
    op.execute(ENDED)
    op.execute(
        "create trigger ended_questions_stand before update on clarifications for each row"
        " when (old.answered_at is not null or old.withdrawn_at is not null)"
        " execute function ended_questions_stand()"
    )


REASONS = (
    ("reject", "prescriber-not-verified", "The prescriber could not be verified."),
    ("reject", "clinically-unsafe", "It is not safe for this patient."),
    ("reject", "not-clarified", "A question was not answered."),
    ("reject", "duplicate", "The same medicine is on order already."),
    ("reject", "cannot-be-made", "It cannot be made here."),
    ("reject", "patient-declined", "The patient does not want it."),
    ("reject", "out-of-area", "We may not dispense there."),
    ("cancel", "prescriber-asked", "The prescriber asked for it."),
    ("cancel", "patient-asked", "The patient asked for it."),
    ("cancel", "dose-changed", "The dose was changed."),
    ("cancel", "key-compromised", "The signing key was compromised."),
    ("cancel", "not-collected", "It was not collected."),
    ("cancel", "lot-withdrawn", "A lot was withdrawn."),
    ("cancel", "replaced", "A new prescription replaces it."),
    ("cancel", "entered-in-error", "It was entered in error."),
    ("reallocate", "lot-withdrawn", "A lot was withdrawn."),
    ("reallocate", "out-of-date", "A lot would not last for the doses."),
    ("reallocate", "damaged", "It was damaged."),
    ("reallocate", "other", "Something else; say what."),
    ("send-back", "wrong-count", "The count is wrong."),
    ("send-back", "wrong-capsules", "The capsules are others."),
    ("send-back", "wrong-label", "The label is another."),
    ("send-back", "label-unreadable", "The label cannot be read."),
    ("send-back", "container-damaged", "The vial is damaged."),
    ("send-back", "leaflet-missing", "The leaflet is missing."),
    ("return", "dose-changed", "The dose was changed."),
    ("return", "stopped", "The patient stopped."),
    ("return", "dispensing-error", "We dispensed something wrong."),
    ("return", "damaged", "It was damaged."),
    ("return", "recalled", "It was recalled."),
    ("return", "undeliverable", "The carrier brought it back."),
)


def _reasons() -> None:
    reasons = op.create_table(
        "reason_codes",
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asks_for_words", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose in ('reject', 'cancel', 'reallocate', 'send-back', 'return')",
            name=op.f("ck_reason_codes_purpose_known"),
        ),
        sa.CheckConstraint(
            "code ~ '^[a-z][a-z0-9-]{2,39}$'", name=op.f("ck_reason_codes_code_form")
        ),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_reason_codes_words_given")),
        sa.PrimaryKeyConstraint("purpose", "code", name=op.f("pk_reason_codes")),
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
                "changed_by": None,
                "changed_at": datetime(2026, 11, 27, tzinfo=UTC),
            }
            for purpose, code, words in REASONS
        ],
    )
    op.execute(
        "create trigger never_deleted before delete or truncate on reason_codes"
        " for each statement execute function refuse_change()"
    )


FIGURES = (
    ("ix_orders_handed_over_at", "orders", ["handed_over_at"]),
    ("ix_holds_order_id", "holds", ["order_id"]),
    ("ix_order_events_action_order_events_at", "order_events", ["action", "at"]),
    ("ix_refills_run_out_on", "refills", ["run_out_on"]),
)


def upgrade() -> None:
    for name, table, columns in FIGURES:
        op.create_index(op.f(name), table, columns)
    _reasons()
    _finding()
    _second_check()
    _leaving()
    _asking()


def downgrade() -> None:
    op.drop_table("reason_codes")
    for name, table, _ in FIGURES:
        op.drop_index(op.f(name), table)
    op.drop_table("clarifications")
    op.execute("drop function ended_questions_stand()")
    op.execute("alter table holds drop constraint ck_holds_origin_known")
    op.execute(
        "alter table holds add constraint ck_holds_origin_known"
        " check (origin in ('person', 'check', 'labels', 'key', 'recall'))"
    )
    op.drop_table("parcels")
    op.execute("drop function only_licensed_states()")
    op.drop_column("site_state_licenses", "scope")
    op.drop_table("hand_overs")
    op.execute("drop function only_pharmacists_counsel()")
    op.drop_table("order_pictures")
    op.execute("drop trigger only_attested_orders_are_released on orders")
    op.execute("drop function only_attested_orders_are_released()")
    op.drop_column("approvals", "method")
    op.drop_column("sign_in_sessions", "proven_with")
    op.drop_index("ix_audit_listed", "audit_entries")
    op.drop_index(op.f("ix_audit_entries_action_audit_entries_id"), "audit_entries")
    op.drop_index(op.f("ix_audit_entries_by_id_audit_entries_id"), "audit_entries")
    op.drop_index(op.f("ix_patients_birth_date"), "patients")
    op.drop_index("ix_holds_open_owner", "holds")
    op.drop_index(op.f("ix_orders_due_at_orders_id"), "orders")
