"""The steps of a batch, several lots in one, and samples at a laboratory."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ONCE = {
    "batch_steps": (
        "timer_started_at",
        "timer_started_by",
        "timer_finished_at",
        "timer_finished_by",
        "done_at",
        "done_by",
    ),
    "batch_step_checks": ("ticked_at", "ticked_by"),
    "batch_calls": ("answer", "answered_at", "answered_by"),
    "lab_samples": (
        "verdict",
        "contents",
        "result",
        "document_sha256",
        "recorded_by",
        "recorded_at",
    ),
}
"""What is filled in later, once; nothing else of these tables changes."""

FILLED_IN_ONCE = """
create function only_fill_in_once() returns trigger language plpgsql as $$
declare
    name text;
begin
    if tg_op <> 'UPDATE' or (to_jsonb(new) - tg_argv) <> (to_jsonb(old) - tg_argv) then
        raise exception '% is not rewritten', tg_table_name using errcode = 'restrict_violation';
    end if;
    foreach name in array tg_argv loop
        if to_jsonb(old) ->> name is not null
           and to_jsonb(old) -> name is distinct from to_jsonb(new) -> name then
            raise exception '% is not rewritten', tg_table_name
                using errcode = 'restrict_violation';
        end if;
    end loop;
    return new;
end $$
"""

WHOLE_STEPS = """
create function only_whole_steps_are_done() returns trigger language plpgsql as $$
begin
    if old.done_at is not null or new.done_at is null then
        return new;
    end if;
    if exists (select from batch_steps
               where batch_id = new.batch_id and no < new.no and done_at is null) then
        raise exception 'a step before it is not done'
            using errcode = 'check_violation', constraint = 'batch_step_order';
    end if;
    if exists (select from batch_step_checks
               where batch_id = new.batch_id and step_no = new.no and ticked_at is null) then
        raise exception 'an item of its checklist is not ticked'
            using errcode = 'check_violation', constraint = 'batch_step_checklist';
    end if;
    if new.needs_photo and not exists (select from batch_photos
               where batch_id = new.batch_id and step_no = new.no) then
        raise exception 'its photograph is missing'
            using errcode = 'check_violation', constraint = 'batch_step_photo';
    end if;
    if exists (select from batch_calls
               where batch_id = new.batch_id and answered_at is null) then
        raise exception 'the batch waits for a pharmacist'
            using errcode = 'check_violation', constraint = 'batch_step_called';
    end if;
    return new;
end $$
"""

CALLED = """
create function only_answered_batches_go_on() returns trigger language plpgsql as $$
begin
    if new.called_at is null and old.called_at is not null
       and exists (select from batch_calls where batch_id = new.id and answered_at is null) then
        raise exception 'the batch waits for a pharmacist'
            using errcode = 'check_violation', constraint = 'batch_called';
    end if;
    if old.called_at is not null and new.called_at is not null
       and new.status <> old.status and new.status not in ('quarantined', 'rejected', 'weighing')
    then
        raise exception 'the batch waits for a pharmacist'
            using errcode = 'check_violation', constraint = 'batch_called';
    end if;
    if new.status = 'released' and old.status <> 'released'
       and exists (select from batch_steps where batch_id = new.id and done_at is null) then
        raise exception 'a step is not done'
            using errcode = 'check_violation', constraint = 'batch_release_steps';
    end if;
    return new;
end $$
"""

PHARMACISTS = """
create function only_pharmacists_answer() returns trigger language plpgsql as $$
declare
    who uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
begin
    if who is not null and not exists (select from account_roles
                                       where account_id = who and role = 'pharmacist') then
        raise exception 'only a pharmacist decides this'
            using errcode = 'check_violation', constraint = 'of_pharmacists';
    end if;
    return new;
end $$
"""


def guard() -> None:
    for function in (FILLED_IN_ONCE, WHOLE_STEPS, CALLED, PHARMACISTS):
        op.execute(function)
    for table, columns in ONCE.items():
        named = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"create trigger filled_in_once before update or delete on {table} "
            f"for each row execute function only_fill_in_once({named})"
        )
        op.execute(
            f"create trigger never_truncated before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute(
        "create trigger append_only before update or delete or truncate on batch_photos "
        "for each statement execute function refuse_change()"
    )
    op.execute(
        "create trigger only_whole_steps_are_done before update on batch_steps "
        "for each row execute function only_whole_steps_are_done()"
    )
    op.execute(
        "create trigger only_answered_batches_go_on before update on batches "
        "for each row execute function only_answered_batches_go_on()"
    )
    op.execute(
        "create trigger only_pharmacists_answer before update on batch_calls "
        "for each row execute function only_pharmacists_answer('answered_by')"
    )
    op.execute(
        "create trigger only_pharmacists_answer before update on lab_samples "
        "for each row execute function only_pharmacists_answer('recorded_by')"
    )


def unguard() -> None:
    op.execute("drop trigger only_answered_batches_go_on on batches")


def upgrade() -> None:
    op.create_table(
        "batch_active_lots",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ingredient_lot_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_active_lots_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["ingredient_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_batch_active_lots_ingredient_lot_id_ingredient_lots"),
        ),
        sa.PrimaryKeyConstraint("batch_id", "no", name=op.f("pk_batch_active_lots")),
        sa.UniqueConstraint(
            "batch_id",
            "ingredient_lot_id",
            name=op.f("uq_batch_active_lots_batch_id_ingredient_lot_id"),
        ),
    )
    op.create_index(
        op.f("ix_batch_active_lots_ingredient_lot_id"),
        "batch_active_lots",
        ["ingredient_lot_id"],
        unique=False,
    )
    op.create_table(
        "batch_steps",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("wait_seconds", sa.BigInteger(), nullable=True),
        sa.Column("needs_photo", sa.Boolean(), nullable=False),
        sa.Column("timer_started_by", sa.Uuid(), nullable=True),
        sa.Column("timer_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timer_finished_by", sa.Uuid(), nullable=True),
        sa.Column("timer_finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(done_at is null) = (done_by is null)", name=op.f("ck_batch_steps_done_by_someone")
        ),
        sa.CheckConstraint(
            "(timer_started_at is null) = (timer_started_by is null) and (timer_finished_at is null) = (timer_finished_by is null)",
            name=op.f("ck_batch_steps_timer_by_someone"),
        ),
        sa.CheckConstraint(
            "done_at is null or wait_seconds is null or timer_finished_at is not null",
            name=op.f("ck_batch_steps_done_after_timer"),
        ),
        sa.CheckConstraint("no > 0", name=op.f("ck_batch_steps_numbered")),
        sa.CheckConstraint(
            "timer_finished_at is null or timer_started_at is not null",
            name=op.f("ck_batch_steps_timer_in_order"),
        ),
        sa.CheckConstraint(
            "timer_finished_at is null or wait_seconds is null or timer_finished_at >= timer_started_at + make_interval(secs => wait_seconds)",
            name=op.f("ck_batch_steps_timer_waited"),
        ),
        sa.CheckConstraint(
            "wait_seconds is null or wait_seconds > 0", name=op.f("ck_batch_steps_wait_positive")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_steps_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("batch_id", "no", name=op.f("pk_batch_steps")),
    )
    op.create_table(
        "lab_samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "composite-assay",
                "content-uniformity",
                name="samplekind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "cause",
            sa.Enum(
                "new-formulation",
                "new-operator",
                "quarterly",
                "investigation",
                name="samplecause",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("capsules", sa.BigInteger(), nullable=False),
        sa.Column("laboratory", sa.Text(), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contents", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cause in ('new-formulation', 'new-operator', 'quarterly', 'investigation')",
            name=op.f("ck_lab_samples_cause_known"),
        ),
        sa.CheckConstraint(
            "kind in ('composite-assay', 'content-uniformity')",
            name=op.f("ck_lab_samples_kind_known"),
        ),
        sa.CheckConstraint("capsules > 0", name=op.f("ck_lab_samples_capsules_positive")),
        sa.CheckConstraint("length(laboratory) > 0", name=op.f("ck_lab_samples_laboratory_named")),
        sa.CheckConstraint(
            "num_nulls(verdict, contents, result, document_sha256, recorded_by, recorded_at) in (0, 6)",
            name=op.f("ck_lab_samples_result_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_lab_samples_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["document_sha256"],
            ["certificates.sha256"],
            name=op.f("fk_lab_samples_document_sha256_certificates"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab_samples")),
    )
    op.create_index(op.f("ix_lab_samples_batch_id"), "lab_samples", ["batch_id"], unique=False)
    op.create_table(
        "batch_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("step_no", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(answered_at is null) = (answer is null) and (answered_at is null) = (answered_by is null)",
            name=op.f("ck_batch_calls_answer_whole"),
        ),
        sa.CheckConstraint("answered_by <> asked_by", name=op.f("ck_batch_calls_second_person")),
        sa.CheckConstraint("length(question) > 0", name=op.f("ck_batch_calls_asked")),
        sa.ForeignKeyConstraint(
            ["batch_id", "step_no"],
            ["batch_steps.batch_id", "batch_steps.no"],
            name=op.f("fk_batch_calls_batch_id_step_no_batch_steps"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_calls")),
    )
    op.create_index(
        "uq_batch_calls_open",
        "batch_calls",
        ["batch_id"],
        unique=True,
        postgresql_where=sa.text("answered_at is null"),
    )
    op.create_table(
        "batch_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("step_no", sa.BigInteger(), nullable=False),
        sa.Column(
            "media_type",
            sa.Enum(
                "image/jpeg",
                "image/png",
                "image/webp",
                name="mediatype",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "media_type in ('image/jpeg', 'image/png', 'image/webp')",
            name=op.f("ck_batch_photos_media_type_known"),
        ),
        sa.CheckConstraint("width > 0 and height > 0", name=op.f("ck_batch_photos_size_positive")),
        sa.CheckConstraint(
            "size = octet_length(data) and size between 1 and 4194304",
            name=op.f("ck_batch_photos_size_true"),
        ),
        sa.CheckConstraint("sha256 = sha256(data)", name=op.f("ck_batch_photos_digest_true")),
        sa.ForeignKeyConstraint(
            ["batch_id", "step_no"],
            ["batch_steps.batch_id", "batch_steps.no"],
            name=op.f("fk_batch_photos_batch_id_step_no_batch_steps"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_photos")),
    )
    op.create_index(
        op.f("ix_batch_photos_batch_id_batch_photos_step_no"),
        "batch_photos",
        ["batch_id", "step_no"],
        unique=False,
    )
    op.create_table(
        "batch_step_checks",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("step_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("ticked_by", sa.Uuid(), nullable=True),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(ticked_at is null) = (ticked_by is null)",
            name=op.f("ck_batch_step_checks_ticked_by_someone"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id", "step_no"],
            ["batch_steps.batch_id", "batch_steps.no"],
            name=op.f("fk_batch_step_checks_batch_id_step_no_batch_steps"),
        ),
        sa.PrimaryKeyConstraint("batch_id", "step_no", "no", name=op.f("pk_batch_step_checks")),
    )
    op.add_column("balances", sa.Column("device", sa.Text(), nullable=True))
    op.add_column("balances", sa.Column("baud", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_balances_device_whole"), "balances", "(device is null) = (baud is null)"
    )
    op.create_check_constraint(
        op.f("ck_balances_one_wire"), "balances", "host is null or device is null"
    )
    op.add_column("batches", sa.Column("called_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(
        op.f("uq_weighings_counts"),
        table_name="weighings",
        postgresql_where="((voided_at IS NULL) AND ((verdict)::text = 'within'::text))",
    )
    op.create_index(
        "uq_weighings_counts",
        "weighings",
        ["batch_id", "item", "ingredient_lot_id"],
        unique=True,
        postgresql_where=sa.text("voided_at is null and verdict = 'within'"),
        postgresql_nulls_not_distinct=True,
    )
    op.execute(
        "insert into batch_active_lots (batch_id, no, ingredient_lot_id) "
        "select id, 1, active_lot_id from batches where active_lot_id is not null"
    )
    guard()


def downgrade() -> None:
    unguard()
    op.drop_index(
        "uq_weighings_counts",
        table_name="weighings",
        postgresql_where=sa.text("voided_at is null and verdict = 'within'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        op.f("uq_weighings_counts"),
        "weighings",
        ["batch_id", "item"],
        unique=True,
        postgresql_where="((voided_at IS NULL) AND ((verdict)::text = 'within'::text))",
    )
    op.drop_column("batches", "called_at")
    op.drop_column("balances", "baud")
    op.drop_column("balances", "device")
    op.drop_table("batch_step_checks")
    op.drop_index(op.f("ix_batch_photos_batch_id_batch_photos_step_no"), table_name="batch_photos")
    op.drop_table("batch_photos")
    op.drop_index(
        "uq_batch_calls_open",
        table_name="batch_calls",
        postgresql_where=sa.text("answered_at is null"),
    )
    op.drop_table("batch_calls")
    op.drop_index(op.f("ix_lab_samples_batch_id"), table_name="lab_samples")
    op.drop_table("lab_samples")
    op.drop_table("batch_steps")
    op.drop_index(op.f("ix_batch_active_lots_ingredient_lot_id"), table_name="batch_active_lots")
    op.drop_table("batch_active_lots")
    for function in (
        "only_fill_in_once",
        "only_whole_steps_are_done",
        "only_answered_batches_go_on",
        "only_pharmacists_answer",
    ):
        op.execute(f"drop function {function}()")
