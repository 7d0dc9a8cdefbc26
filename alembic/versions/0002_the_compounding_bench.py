"""The compounding bench."""

from collections.abc import Sequence

import sqlalchemy as sa


from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


GUARDS = (
    "create trigger append_only before update or delete or truncate on formulations for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on ingredient_moves for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on shell_moves for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on shell_tares for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on certificates for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on lot_components for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on recall_lots for each statement execute function refuse_change()",
    "alter table holds drop constraint ck_holds_origin_known",
    "alter table holds add constraint ck_holds_origin_known check (origin in ('person', 'check', 'labels', 'key', 'recall'))",
    """
create function only_sound_batches_are_released() returns trigger language plpgsql as $$
begin
    if new.status <> 'released' or old.status = 'released' then
        return new;
    end if;
    if old.status <> 'filled' then
        raise exception 'a batch that is % is not released', old.status
            using errcode = 'check_violation', constraint = 'batch_release_filled';
    end if;
    if not exists (select from account_roles
                   where account_id = new.released_by and role = 'pharmacist') then
        raise exception 'only a pharmacist releases a batch'
            using errcode = 'check_violation', constraint = 'batch_release_pharmacist';
    end if;
    if not exists (select from weighings where batch_id = new.id and voided_at is null
                   and verdict = 'within')
       or exists (select from weighings where batch_id = new.id and voided_at is null
                  and verdict = 'within'
                  and (verified_by is null or weighed_by = new.released_by)) then
        raise exception 'a weighing is not verified, or the releaser weighed'
            using errcode = 'check_violation', constraint = 'batch_release_weighings';
    end if;
    if coalesce((select verdict from batch_tests where batch_id = new.id and test = 'release'
                 and round_no = new.round_no order by id desc limit 1), '') <> 'passed' then
        raise exception 'the release test was not passed'
            using errcode = 'check_violation', constraint = 'batch_release_test';
    end if;
    if exists (select from investigations where batch_id = new.id and closed_at is null) then
        raise exception 'an investigation is open'
            using errcode = 'check_violation', constraint = 'batch_release_investigation';
    end if;
    return new;
end $$
""",
    "create trigger only_sound_batches_are_released before update on batches for each row execute function only_sound_batches_are_released()",
    """
create function only_verify_or_void() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.voided_at is null
       and (old.verified_by is null or new.verified_by = old.verified_by)
       and (to_jsonb(new) - '{verified_by,verified_at,voided_by,voided_at,void_reason}'::text[])
         = (to_jsonb(old) - '{verified_by,verified_at,voided_by,voided_at,void_reason}'::text[])
    then
        return new;
    end if;
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$
""",
    "create trigger append_only before update or delete on weighings for each row execute function only_verify_or_void()",
    "create trigger append_only before update or delete or truncate on capsule_weights for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on batch_tests for each statement execute function refuse_change()",
    "create trigger append_only before update or delete or truncate on batch_events for each statement execute function refuse_change()",
)

UNGUARDS = (
    "drop trigger append_only on capsule_weights",
    "drop trigger append_only on batch_tests",
    "drop trigger append_only on batch_events",
    "drop trigger append_only on weighings",
    "drop function only_verify_or_void()",
    "drop trigger only_sound_batches_are_released on batches",
    "drop function only_sound_batches_are_released()",
    "drop trigger if exists append_only on formulations",
    "drop trigger if exists append_only on ingredient_moves",
    "drop trigger if exists append_only on shell_moves",
    "drop trigger if exists append_only on shell_tares",
    "drop trigger if exists append_only on certificates",
    "drop trigger if exists append_only on lot_components",
    "drop trigger if exists append_only on recall_lots",
    "alter table holds drop constraint ck_holds_origin_known",
    "alter table holds add constraint ck_holds_origin_known check (origin in ('person', 'check', 'labels', 'key')) not valid",
)


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "protocol",
            sa.Enum("mt-sics", "continuous", name="protocol", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("port", sa.BigInteger(), nullable=True),
        sa.Column("step_ug", sa.BigInteger(), nullable=False),
        sa.Column("minimum_ug", sa.BigInteger(), nullable=False),
        sa.Column("error_percent", sa.Numeric(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "protocol in ('mt-sics', 'continuous')", name=op.f("ck_balances_protocol_known")
        ),
        sa.CheckConstraint(
            "(host is null) = (port is null)", name=op.f("ck_balances_address_whole")
        ),
        sa.CheckConstraint(
            "error_percent > 0 and error_percent < 100", name=op.f("ck_balances_error_sane")
        ),
        sa.CheckConstraint(
            "step_ug > 0 and minimum_ug >= step_ug", name=op.f("ck_balances_figures_sane")
        ),
        sa.CheckConstraint("verified_on <= due_on", name=op.f("ck_balances_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balances")),
        sa.UniqueConstraint("name", name=op.f("uq_balances_name")),
    )
    op.create_table(
        "certificates",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_by", sa.Uuid(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(content) > 0", name=op.f("ck_certificates_not_empty")),
        sa.CheckConstraint(
            "sha256(content) = sha256", name=op.f("ck_certificates_digest_is_of_content")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_certificates")),
    )
    op.create_table(
        "recalls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("ingredient", "shell", "capsule", name="lotkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.Column("notice_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('ingredient', 'shell', 'capsule')", name=op.f("ck_recalls_kind_known")
        ),
        sa.CheckConstraint(
            "(closed_at is null) = (closing_note is null)", name=op.f("ck_recalls_closed_with_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalls")),
    )
    op.create_index(
        op.f("ix_recalls_opened_at_recalls_id"), "recalls", ["opened_at", "id"], unique=False
    )
    op.create_table(
        "shell_lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("lot_number", sa.Text(), nullable=False),
        sa.Column("capsule_size", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "quarantined",
                "released",
                "recalled",
                "rejected",
                name="lotstatus",
                native_enum=False,
                length=40,
            ),
            server_default="quarantined",
            nullable=False,
        ),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("mean_tare_ug", sa.BigInteger(), nullable=True),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('quarantined', 'released', 'recalled', 'rejected')",
            name=op.f("ck_shell_lots_status_known"),
        ),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_shell_lots_never_negative")),
        sa.CheckConstraint(
            "released_by is null or released_by <> received_by",
            name=op.f("ck_shell_lots_second_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shell_lots")),
        sa.UniqueConstraint("maker", "lot_number", name=op.f("uq_shell_lots_maker_lot_number")),
    )
    op.create_table(
        "formulation_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("strength_ug", sa.BigInteger(), nullable=False),
        sa.Column("formula", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_because", sa.Text(), nullable=True),
        sa.Column("formulation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null)",
            name=op.f("ck_formulation_proposals_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "formulation_id is null or rejected_because is null",
            name=op.f("ck_formulation_proposals_decided_one_way"),
        ),
        sa.CheckConstraint(
            "proposed_by <> decided_by", name=op.f("ck_formulation_proposals_second_person")
        ),
        sa.ForeignKeyConstraint(
            ["formulation_id"],
            ["formulations.id"],
            name=op.f("fk_formulation_proposals_formulation_id_formulations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_formulation_proposals")),
    )
    op.create_index(
        "uq_formulation_proposals_open",
        "formulation_proposals",
        ["strength_ug"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )
    op.create_table(
        "recall_lots",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("ingredient", "shell", "capsule", name="lotkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("status_before", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('ingredient', 'shell', 'capsule')", name=op.f("ck_recall_lots_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recalls.id"], name=op.f("fk_recall_lots_recall_id_recalls")
        ),
        sa.PrimaryKeyConstraint("recall_id", "lot_id", name=op.f("pk_recall_lots")),
    )
    op.create_table(
        "recall_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column(
            "recipient",
            sa.Enum(
                "patient", "prescriber", "board", name="noticeto", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("vials", sa.BigInteger(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("means", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answer",
            sa.Enum(
                "confirmed",
                "none-left",
                "will-return",
                "returned",
                "harm-reported",
                "unreachable",
                name="answer",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("answer_note", sa.Text(), nullable=True),
        sa.Column("answer_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(recipient = 'patient') = (patient_id is not null)",
            name=op.f("ck_recall_notices_patient_named"),
        ),
        sa.CheckConstraint(
            "(recipient = 'prescriber') = (npi is not null)",
            name=op.f("ck_recall_notices_prescriber_named"),
        ),
        sa.CheckConstraint(
            "answer in ('confirmed', 'none-left', 'will-return', 'returned', 'harm-reported', 'unreachable')",
            name=op.f("ck_recall_notices_answer_known"),
        ),
        sa.CheckConstraint(
            "recipient in ('patient', 'prescriber', 'board')",
            name=op.f("ck_recall_notices_recipient_known"),
        ),
        sa.CheckConstraint(
            "(answered_at is null) = (answer is null)", name=op.f("ck_recall_notices_answer_dated")
        ),
        sa.CheckConstraint(
            "sha256(pdf) = pdf_sha256", name=op.f("ck_recall_notices_digest_is_of_letter")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_recall_notices_patient_id_patients")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recalls.id"], name=op.f("fk_recall_notices_recall_id_recalls")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_notices")),
        sa.UniqueConstraint(
            "recall_id",
            "recipient",
            "patient_id",
            "npi",
            name="uq_recall_notices_recipient",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "recall_timers",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "notify-recipients-and-board",
                "report-to-medwatch",
                name="timerkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind in ('notify-recipients-and-board', 'report-to-medwatch')",
            name=op.f("ck_recall_timers_kind_known"),
        ),
        sa.CheckConstraint(
            "(met_at is null) = (met_by is null)", name=op.f("ck_recall_timers_met_by_someone")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recalls.id"], name=op.f("fk_recall_timers_recall_id_recalls")
        ),
        sa.PrimaryKeyConstraint("recall_id", "kind", name=op.f("pk_recall_timers")),
    )
    op.create_table(
        "shell_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "received", "filled", "wasted", name="shellreason", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind in ('received', 'filled', 'wasted')", name=op.f("ck_shell_moves_kind_known")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shell_moves_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["shell_lots.id"], name=op.f("fk_shell_moves_lot_id_shell_lots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shell_moves")),
        sa.UniqueConstraint(
            "lot_id", "kind", "cause_id", name=op.f("uq_shell_moves_lot_id_kind_cause_id")
        ),
    )
    op.create_table(
        "shell_tares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shell_lot_id", sa.Uuid(), nullable=False),
        sa.Column("weights_ug", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mean_ug", sa.BigInteger(), nullable=False),
        sa.Column("weighed_by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shell_lot_id"], ["shell_lots.id"], name=op.f("fk_shell_tares_shell_lot_id_shell_lots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shell_tares")),
    )
    op.create_index(
        op.f("ix_shell_tares_shell_lot_id"), "shell_tares", ["shell_lot_id"], unique=False
    )
    op.create_table(
        "ingredient_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "received",
                "weighed",
                "wasted",
                "sampled",
                "returned",
                name="powderreason",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("quantity_ug", sa.BigInteger(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind in ('received', 'weighed', 'wasted', 'sampled', 'returned')",
            name=op.f("ck_ingredient_moves_kind_known"),
        ),
        sa.CheckConstraint("quantity_ug > 0", name=op.f("ck_ingredient_moves_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_ingredient_moves_lot_id_ingredient_lots"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingredient_moves")),
        sa.UniqueConstraint(
            "lot_id", "kind", "cause_id", name=op.f("uq_ingredient_moves_lot_id_kind_cause_id")
        ),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("strength_ug", sa.BigInteger(), nullable=False),
        sa.Column("formulation_id", sa.Uuid(), nullable=False),
        sa.Column("capsules", sa.BigInteger(), nullable=False),
        sa.Column("is_anticipatory", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("justification", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "weighing",
                "weighed",
                "blended",
                "filled",
                "released",
                "quarantined",
                "rejected",
                name="batchstatus",
                native_enum=False,
                length=40,
            ),
            server_default="planned",
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_lot_id", sa.Uuid(), nullable=True),
        sa.Column("filler_lot_id", sa.Uuid(), nullable=True),
        sa.Column("shell_lot_id", sa.Uuid(), nullable=True),
        sa.Column("sheet", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "working",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("theoretical_net_mg", sa.Numeric(), nullable=True),
        sa.Column("compounded_on", sa.Date(), nullable=True),
        sa.Column("blended_by", sa.Uuid(), nullable=True),
        sa.Column("blended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filled", sa.BigInteger(), nullable=True),
        sa.Column("filled_by", sa.Uuid(), nullable=True),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("yield_percent", sa.Numeric(), nullable=True),
        sa.Column("beyond_use_on", sa.Date(), nullable=True),
        sa.Column("beyond_use_set_by", sa.Text(), nullable=True),
        sa.Column("round_no", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("capsule_lot_id", sa.Uuid(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'released' or released_by is not null",
            name=op.f("ck_batches_released_by_whom"),
        ),
        sa.CheckConstraint(
            "status in ('planned', 'weighing', 'weighed', 'blended', 'filled', 'released', 'quarantined', 'rejected')",
            name=op.f("ck_batches_status_known"),
        ),
        sa.CheckConstraint(
            "(filled is null) = (capsule_lot_id is null)", name=op.f("ck_batches_fill_whole")
        ),
        sa.CheckConstraint(
            "(released_by is null) = (released_at is null)", name=op.f("ck_batches_release_whole")
        ),
        sa.CheckConstraint("capsules > 0 and strength_ug > 0", name=op.f("ck_batches_positive")),
        sa.CheckConstraint("filled is null or filled > 0", name=op.f("ck_batches_filled_positive")),
        sa.CheckConstraint(
            "not is_anticipatory or length(justification) > 0",
            name=op.f("ck_batches_anticipation_justified"),
        ),
        sa.CheckConstraint(
            "released_by is null or (released_by is distinct from blended_by and released_by is distinct from filled_by)",
            name=op.f("ck_batches_second_person"),
        ),
        sa.ForeignKeyConstraint(
            ["active_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_batches_active_lot_id_ingredient_lots"),
        ),
        sa.ForeignKeyConstraint(
            ["capsule_lot_id"],
            ["capsule_lots.id"],
            name=op.f("fk_batches_capsule_lot_id_capsule_lots"),
        ),
        sa.ForeignKeyConstraint(
            ["filler_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_batches_filler_lot_id_ingredient_lots"),
        ),
        sa.ForeignKeyConstraint(
            ["formulation_id"],
            ["formulations.id"],
            name=op.f("fk_batches_formulation_id_formulations"),
        ),
        sa.ForeignKeyConstraint(
            ["shell_lot_id"], ["shell_lots.id"], name=op.f("fk_batches_shell_lot_id_shell_lots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("capsule_lot_id", name=op.f("uq_batches_capsule_lot_id")),
        sa.UniqueConstraint("number", name=op.f("uq_batches_number")),
    )
    op.create_index(op.f("ix_batches_formulation_id"), "batches", ["formulation_id"], unique=False)
    op.create_index(op.f("ix_batches_shell_lot_id"), "batches", ["shell_lot_id"], unique=False)
    op.create_index(
        "ix_batches_status_planned", "batches", ["status", "planned_at", "id"], unique=False
    )
    op.create_table(
        "lot_components",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("capsule_lot_id", sa.Uuid(), nullable=True),
        sa.Column("made_powder_id", sa.Uuid(), nullable=True),
        sa.Column("ingredient_lot_id", sa.Uuid(), nullable=True),
        sa.Column("shell_lot_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "made_powder_id <> ingredient_lot_id", name=op.f("ck_lot_components_not_of_itself")
        ),
        sa.CheckConstraint(
            "num_nonnulls(capsule_lot_id, made_powder_id) = 1",
            name=op.f("ck_lot_components_one_product"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(ingredient_lot_id, shell_lot_id) = 1",
            name=op.f("ck_lot_components_one_component"),
        ),
        sa.ForeignKeyConstraint(
            ["capsule_lot_id"],
            ["capsule_lots.id"],
            name=op.f("fk_lot_components_capsule_lot_id_capsule_lots"),
        ),
        sa.ForeignKeyConstraint(
            ["ingredient_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_lot_components_ingredient_lot_id_ingredient_lots"),
        ),
        sa.ForeignKeyConstraint(
            ["made_powder_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_lot_components_made_powder_id_ingredient_lots"),
        ),
        sa.ForeignKeyConstraint(
            ["shell_lot_id"],
            ["shell_lots.id"],
            name=op.f("fk_lot_components_shell_lot_id_shell_lots"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_components")),
        sa.UniqueConstraint(
            "capsule_lot_id",
            "made_powder_id",
            "ingredient_lot_id",
            "shell_lot_id",
            name="uq_lot_components_edge",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("ix_lot_components_ingredient_lot_id"),
        "lot_components",
        ["ingredient_lot_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_lot_components_made_powder_id"), "lot_components", ["made_powder_id"], unique=False
    )
    op.create_index(
        op.f("ix_lot_components_shell_lot_id"), "lot_components", ["shell_lot_id"], unique=False
    )
    op.create_table(
        "batch_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_events_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_events")),
    )
    op.create_index(
        op.f("ix_batch_events_batch_id_batch_events_id"),
        "batch_events",
        ["batch_id", "id"],
        unique=False,
    )
    op.create_table(
        "batch_tests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("round_no", sa.BigInteger(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_tests_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_tests")),
    )
    op.create_index(
        op.f("ix_batch_tests_batch_id_batch_tests_id"),
        "batch_tests",
        ["batch_id", "id"],
        unique=False,
    )
    op.create_table(
        "capsule_weights",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("round_no", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("shell", "capsule", name="weightkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("shown_ug", sa.BigInteger(), nullable=False),
        sa.Column(
            "captured",
            sa.Enum("balance", "typed", name="captured", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("balance_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "captured in ('balance', 'typed')", name=op.f("ck_capsule_weights_captured_known")
        ),
        sa.CheckConstraint(
            "kind in ('shell', 'capsule')", name=op.f("ck_capsule_weights_kind_known")
        ),
        sa.CheckConstraint("shown_ug > 0", name=op.f("ck_capsule_weights_positive")),
        sa.ForeignKeyConstraint(
            ["balance_id"], ["balances.id"], name=op.f("fk_capsule_weights_balance_id_balances")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_capsule_weights_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capsule_weights")),
        sa.UniqueConstraint(
            "batch_id",
            "round_no",
            "kind",
            "no",
            name=op.f("uq_capsule_weights_batch_id_round_no_kind_no"),
        ),
    )
    op.create_table(
        "investigations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "cleared", "reworked", "scrapped", name="outcome", native_enum=False, length=40
            ),
            nullable=True,
        ),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome in ('cleared', 'reworked', 'scrapped')",
            name=op.f("ck_investigations_outcome_known"),
        ),
        sa.CheckConstraint(
            "(closed_at is null) = (outcome is null) and (closed_at is null) = (findings is null)",
            name=op.f("ck_investigations_closed_whole"),
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_investigations_reasoned")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_investigations_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_investigations")),
    )
    op.create_index(
        "uq_investigations_open",
        "investigations",
        ["batch_id"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "weighings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "item",
            sa.Enum(
                "active",
                "filler",
                "trituration-active",
                "trituration-diluent",
                "trituration-part",
                name="item",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("ingredient_lot_id", sa.Uuid(), nullable=True),
        sa.Column("target_ug", sa.BigInteger(), nullable=False),
        sa.Column("tolerance_ug", sa.BigInteger(), nullable=False),
        sa.Column("shown_ug", sa.BigInteger(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "within",
                "too-little",
                "too-much",
                name="weighingverdict",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "captured",
            sa.Enum("balance", "typed", name="captured", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("balance_id", sa.Uuid(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("weighed_by", sa.Uuid(), nullable=False),
        sa.Column("weighed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(item = 'trituration-part') = (ingredient_lot_id is null)",
            name=op.f("ck_weighings_part_has_no_lot"),
        ),
        sa.CheckConstraint(
            "(verdict = 'within') = (abs(shown_ug - target_ug) <= tolerance_ug)",
            name=op.f("ck_weighings_verdict_true"),
        ),
        sa.CheckConstraint(
            "captured = 'balance' or second_by is not null", name=op.f("ck_weighings_typed_by_two")
        ),
        sa.CheckConstraint(
            "captured in ('balance', 'typed')", name=op.f("ck_weighings_captured_known")
        ),
        sa.CheckConstraint(
            "item in ('active', 'filler', 'trituration-active', 'trituration-diluent', 'trituration-part')",
            name=op.f("ck_weighings_item_known"),
        ),
        sa.CheckConstraint(
            "verdict in ('within', 'too-little', 'too-much')",
            name=op.f("ck_weighings_verdict_known"),
        ),
        sa.CheckConstraint(
            "verified_by is null or verdict = 'within'",
            name=op.f("ck_weighings_only_good_verified"),
        ),
        sa.CheckConstraint(
            "(verified_by is null) = (verified_at is null)",
            name=op.f("ck_weighings_verified_whole"),
        ),
        sa.CheckConstraint(
            "(voided_at is null) = (void_reason is null)", name=op.f("ck_weighings_void_reasoned")
        ),
        sa.CheckConstraint("second_by <> weighed_by", name=op.f("ck_weighings_second_person")),
        sa.CheckConstraint(
            "target_ug > 0 and shown_ug > 0 and tolerance_ug > 0",
            name=op.f("ck_weighings_positive"),
        ),
        sa.CheckConstraint(
            "verified_by <> weighed_by", name=op.f("ck_weighings_verifier_is_another")
        ),
        sa.ForeignKeyConstraint(
            ["balance_id"], ["balances.id"], name=op.f("fk_weighings_balance_id_balances")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_weighings_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["ingredient_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_weighings_ingredient_lot_id_ingredient_lots"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weighings")),
    )
    op.create_index(
        op.f("ix_weighings_ingredient_lot_id"), "weighings", ["ingredient_lot_id"], unique=False
    )
    op.create_index(
        "uq_weighings_counts",
        "weighings",
        ["batch_id", "item"],
        unique=True,
        postgresql_where=sa.text("voided_at is null and verdict = 'within'"),
    )
    op.create_index(
        op.f("ix_capsule_lots_active_lot_id"), "capsule_lots", ["active_lot_id"], unique=False
    )
    op.add_column(
        "formulations", sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column("ingredient_lots", sa.Column("establishment", sa.Text(), nullable=True))
    op.add_column("ingredient_lots", sa.Column("active_ug_per_g", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_ingredient_lots_certificate_sha256_certificates"),
        "ingredient_lots",
        "certificates",
        ["certificate_sha256"],
        ["sha256"],
    )
    op.add_column("packing_statistics", sa.Column("density_g_ml", sa.Numeric(), nullable=True))
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    for statement in UNGUARDS:
        op.execute(statement)
    op.drop_column("packing_statistics", "density_g_ml")
    op.drop_constraint(
        op.f("fk_ingredient_lots_certificate_sha256_certificates"),
        "ingredient_lots",
        type_="foreignkey",
    )
    op.drop_column("ingredient_lots", "active_ug_per_g")
    op.drop_column("ingredient_lots", "establishment")
    op.drop_column("formulations", "record")
    op.drop_index(op.f("ix_capsule_lots_active_lot_id"), table_name="capsule_lots")
    op.drop_index(
        "uq_weighings_counts",
        table_name="weighings",
        postgresql_where=sa.text("voided_at is null and verdict = 'within'"),
    )
    op.drop_index(op.f("ix_weighings_ingredient_lot_id"), table_name="weighings")
    op.drop_table("weighings")
    op.drop_index(
        "uq_investigations_open",
        table_name="investigations",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.drop_table("investigations")
    op.drop_table("capsule_weights")
    op.drop_index(op.f("ix_batch_tests_batch_id_batch_tests_id"), table_name="batch_tests")
    op.drop_table("batch_tests")
    op.drop_index(op.f("ix_batch_events_batch_id_batch_events_id"), table_name="batch_events")
    op.drop_table("batch_events")
    op.drop_index(op.f("ix_lot_components_shell_lot_id"), table_name="lot_components")
    op.drop_index(op.f("ix_lot_components_made_powder_id"), table_name="lot_components")
    op.drop_index(op.f("ix_lot_components_ingredient_lot_id"), table_name="lot_components")
    op.drop_table("lot_components")
    op.drop_index("ix_batches_status_planned", table_name="batches")
    op.drop_index(op.f("ix_batches_shell_lot_id"), table_name="batches")
    op.drop_index(op.f("ix_batches_formulation_id"), table_name="batches")
    op.drop_table("batches")
    op.drop_table("ingredient_moves")
    op.drop_index(op.f("ix_shell_tares_shell_lot_id"), table_name="shell_tares")
    op.drop_table("shell_tares")
    op.drop_table("shell_moves")
    op.drop_table("recall_timers")
    op.drop_table("recall_notices")
    op.drop_table("recall_lots")
    op.drop_index(
        "uq_formulation_proposals_open",
        table_name="formulation_proposals",
        postgresql_where=sa.text("decided_at is null"),
    )
    op.drop_table("formulation_proposals")
    op.drop_table("shell_lots")
    op.drop_index(op.f("ix_recalls_opened_at_recalls_id"), table_name="recalls")
    op.drop_table("recalls")
    op.drop_table("certificates")
    op.drop_table("balances")
