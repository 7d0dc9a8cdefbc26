"""The first schema."""

from collections.abc import Sequence

import sqlalchemy as sa


from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


APPEND_ONLY = (
    "evidence",
    "verifications",
    "prescriber_checks",
    "order_events",
    "capsule_moves",
    "health_answers",
    "policy_changes",
    "audit_seals",
)
"""Rows of these are written once. Not even the owner of the database changes one by accident."""

REFUSE_CHANGE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$
"""

MAY_CHANGE = {
    "prescriptions": ("cancelled_at", "cancelled_by"),
    "strength_plans": ("state", "approved_by", "approved_at", "first_dose_on"),
    "labels": ("voided_at",),
}
"""Of what was signed, planned or printed, only its standing changes. Nothing of it is deleted."""

REFUSE_REWRITING = """
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and (to_jsonb(new) - tg_argv) = (to_jsonb(old) - tg_argv) then
        return new;
    end if;
    raise exception '% is not rewritten', tg_table_name using errcode = 'restrict_violation';
end $$
"""

ONLY_SEAL = """
create function only_seal() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.seal_seq is null and new.seal_seq is not null
       and (to_jsonb(new) - 'seal_seq') = (to_jsonb(old) - 'seal_seq') then
        return new;
    end if;
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$
"""

WAKE_RELAY = """
create function wake_relay() returns trigger language plpgsql as $$
begin
    perform pg_notify('pharmacy_jobs', '');
    return null;
end $$
"""


def guard() -> None:
    """Hold by trigger what no constraint can say."""
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute(REFUSE_REWRITING)
    for table, columns in MAY_CHANGE.items():
        named = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"create trigger never_rewritten before update or delete on {table} "
            f"for each row execute function refuse_rewriting({named})"
        )
        op.execute(
            f"create trigger never_truncated before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    op.execute(ONLY_SEAL)
    op.execute(
        "create trigger append_only before update or delete on audit_entries "
        "for each row execute function only_seal()"
    )
    op.execute(
        "create trigger never_truncated before truncate on audit_entries "
        "for each statement execute function refuse_change()"
    )
    op.execute(WAKE_RELAY)
    op.execute(
        "create trigger wake_relay after insert on jobs "
        "for each statement execute function wake_relay()"
    )


def unguard() -> None:
    for table in (*APPEND_ONLY, *MAY_CHANGE, "audit_entries", "jobs"):
        op.execute(f"drop trigger if exists append_only on {table}")
        op.execute(f"drop trigger if exists never_rewritten on {table}")
        op.execute(f"drop trigger if exists never_truncated on {table}")
        op.execute(f"drop trigger if exists wake_relay on {table}")
    for function in ("refuse_change", "refuse_rewriting", "only_seal", "wake_relay"):
        op.execute(f"drop function {function}()")


def upgrade() -> None:
    op.execute("create sequence rx_numbers start 100001")
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("failed_sign_ins", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(
        "uq_accounts_username", "accounts", [sa.literal_column("lower(username)")], unique=True
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("seal_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        op.f("ix_audit_entries_patient_id_audit_entries_id"),
        "audit_entries",
        ["patient_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_entries_seal_seq_audit_entries_id"),
        "audit_entries",
        ["seal_seq", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_entries_subject_id_audit_entries_id"),
        "audit_entries",
        ["subject_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_audit_unsealed",
        "audit_entries",
        ["id"],
        unique=False,
        postgresql_where=sa.text("seal_seq is null"),
    )
    op.create_table(
        "audit_seals",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("entries_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seals")),
    )
    op.create_table(
        "ehr_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ehr_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_ehr_clients_name")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("set_system", sa.Text(), nullable=False),
        sa.Column("set_value", sa.Text(), nullable=False),
        sa.Column("jws", sa.LargeBinary(), nullable=False),
        sa.Column("jws_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("source_address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint(
            "npi", "set_system", "set_value", name=op.f("uq_evidence_npi_set_system_set_value")
        ),
    )
    op.create_index(
        op.f("ix_evidence_payload_sha256"), "evidence", ["payload_sha256"], unique=False
    )
    op.create_table(
        "formulations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("strength_ug", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("capsule_size", sa.Text(), nullable=False),
        sa.Column("filler", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("overage_fraction", sa.Numeric(), nullable=False),
        sa.Column("beyond_use_days", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=False),
        sa.Column("second_approved_by", sa.Uuid(), nullable=False),
        sa.Column(
            "approved_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "approved_by <> second_approved_by", name=op.f("ck_formulations_second_person")
        ),
        sa.CheckConstraint("strength_ug > 0", name=op.f("ck_formulations_strength_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_formulations")),
        sa.UniqueConstraint(
            "strength_ug", "version", name=op.f("uq_formulations_strength_ug_version")
        ),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("caller_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False
    )
    op.create_table(
        "ingredient_lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ingredient", sa.Text(), nullable=False),
        sa.Column("lot_number", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("salt_form", sa.Text(), nullable=True),
        sa.Column("assay_pct", sa.Numeric(), nullable=True),
        sa.Column("assay_basis", sa.Text(), nullable=True),
        sa.Column("water_pct", sa.Numeric(), nullable=True),
        sa.Column("certificate_sha256", sa.LargeBinary(), nullable=True),
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
        sa.Column("on_hand_ug", sa.BigInteger(), nullable=False),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('quarantined', 'released', 'recalled', 'rejected')",
            name=op.f("ck_ingredient_lots_status_known"),
        ),
        sa.CheckConstraint(
            "assay_pct is null or assay_pct between 50 and 110",
            name=op.f("ck_ingredient_lots_assay_sane"),
        ),
        sa.CheckConstraint("on_hand_ug >= 0", name=op.f("ck_ingredient_lots_never_negative")),
        sa.CheckConstraint(
            "released_by is null or released_by <> received_by",
            name=op.f("ck_ingredient_lots_second_person"),
        ),
        sa.CheckConstraint(
            "water_pct is null or water_pct between 0 and 50",
            name=op.f("ck_ingredient_lots_water_sane"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingredient_lots")),
        sa.UniqueConstraint(
            "ingredient", "lot_number", name=op.f("uq_ingredient_lots_ingredient_lot_number")
        ),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "orders.check",
                "labels.render",
                "refills.schedule",
                name="jobkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("ref_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ready", "running", "done", "dead", name="jobstate", native_enum=False, length=40
            ),
            server_default="ready",
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), server_default=sa.text("8"), nullable=False),
        sa.Column(
            "run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "send_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('ready', 'running', 'done', 'dead')", name=op.f("ck_jobs_state_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_jobs_dedupe_key")),
    )
    op.create_index(
        "ix_jobs_dead", "jobs", ["id"], unique=False, postgresql_where=sa.text("state = 'dead'")
    )
    op.create_index(
        "ix_jobs_ready",
        "jobs",
        ["run_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_jobs_to_send",
        "jobs",
        ["send_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_table(
        "patients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identifier_system", sa.Text(), nullable=False),
        sa.Column("identifier_value", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address_line", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint(
            "identifier_system",
            "identifier_value",
            name=op.f("uq_patients_identifier_system_identifier_value"),
        ),
    )
    op.create_index(
        "ix_patients_name",
        "patients",
        [sa.literal_column("lower(family) text_pattern_ops"), "birth_date"],
        unique=False,
    )
    op.create_table(
        "policy_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_changes")),
    )
    op.create_index(op.f("ix_policy_changes_name"), "policy_changes", ["name"], unique=False)
    op.create_table(
        "prescriber_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "identity",
                "license",
                "exclusion",
                "key",
                name="checkkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "verified",
                "failed",
                "undecided",
                "error",
                name="checkoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answer_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('identity', 'license', 'exclusion', 'key')",
            name=op.f("ck_prescriber_checks_kind_known"),
        ),
        sa.CheckConstraint(
            "outcome in ('verified', 'failed', 'undecided', 'error')",
            name=op.f("ck_prescriber_checks_outcome_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriber_checks")),
    )
    op.create_index(
        op.f("ix_prescriber_checks_npi_prescriber_checks_kind_prescriber_checks_answered_at"),
        "prescriber_checks",
        ["npi", "kind", "answered_at"],
        unique=False,
    )
    op.create_table(
        "prescribers",
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("practice_state", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("npi", name=op.f("pk_prescribers")),
        sa.UniqueConstraint("id", name=op.f("uq_prescribers_id")),
    )
    op.create_table(
        "registry_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_date", sa.Date(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_kept", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_imports")),
    )
    op.create_table(
        "site",
        sa.Column(
            "id", sa.BigInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("address_line", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_hours", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_site_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_table(
        "site_state_licenses",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_site_state_licenses")),
    )
    op.create_table(
        "account_roles",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "technician",
                "pharmacist",
                "physician",
                "administrator",
                "auditor",
                "ehr-client",
                "worker",
                "operator",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column(
            "granted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role in ('technician', 'pharmacist', 'physician', 'administrator', 'auditor', 'ehr-client', 'worker', 'operator')",
            name=op.f("ck_account_roles_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_roles_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_account_roles")),
    )
    op.create_table(
        "capsule_lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_number", sa.Text(), nullable=False),
        sa.Column("strength_ug", sa.BigInteger(), nullable=False),
        sa.Column("capsule_size", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("filler", sa.Text(), nullable=False),
        sa.Column("active_lot_id", sa.Uuid(), nullable=False),
        sa.Column("compounded_on", sa.Date(), nullable=False),
        sa.Column("beyond_use_on", sa.Date(), nullable=False),
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
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('quarantined', 'released', 'recalled', 'rejected')",
            name=op.f("ck_capsule_lots_status_known"),
        ),
        sa.CheckConstraint(
            "on_hand >= 0 and on_hand <= made", name=op.f("ck_capsule_lots_never_negative")
        ),
        sa.CheckConstraint(
            "released_by is null or released_by <> made_by",
            name=op.f("ck_capsule_lots_second_person"),
        ),
        sa.CheckConstraint(
            "reserved >= 0 and reserved <= on_hand", name=op.f("ck_capsule_lots_never_oversold")
        ),
        sa.CheckConstraint("strength_ug > 0", name=op.f("ck_capsule_lots_strength_positive")),
        sa.ForeignKeyConstraint(
            ["active_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_capsule_lots_active_lot_id_ingredient_lots"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capsule_lots")),
        sa.UniqueConstraint("lot_number", name=op.f("uq_capsule_lots_lot_number")),
    )
    op.create_index(
        "ix_capsule_lots_first_expired",
        "capsule_lots",
        ["strength_ug", "beyond_use_on", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'released'"),
    )
    op.create_table(
        "ehr_client_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["ehr_clients.id"], name=op.f("fk_ehr_client_keys_client_id_ehr_clients")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_ehr_client_keys")),
    )
    op.create_index(
        op.f("ix_ehr_client_keys_client_id"), "ehr_client_keys", ["client_id"], unique=False
    )
    op.create_table(
        "ehr_enrolments",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column(
            "enrolled_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["ehr_clients.id"], name=op.f("fk_ehr_enrolments_client_id_ehr_clients")
        ),
        sa.PrimaryKeyConstraint("client_id", "npi", name=op.f("pk_ehr_enrolments")),
    )
    op.create_table(
        "health_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column(
            "answer",
            sa.Enum("no", "yes", "unknown", name="reply", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "answer in ('no', 'yes', 'unknown')", name=op.f("ck_health_answers_answer_known")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_health_answers_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_answers")),
    )
    op.create_index(
        op.f("ix_health_answers_patient_id_health_answers_topic_health_answers_asked_at"),
        "health_answers",
        ["patient_id", "topic", "asked_at"],
        unique=False,
    )
    op.create_table(
        "packing_statistics",
        sa.Column("ingredient_lot_id", sa.Uuid(), nullable=False),
        sa.Column("capsule_size", sa.Text(), nullable=False),
        sa.Column("fill_mg", sa.Numeric(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("measured_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ingredient_lot_id"],
            ["ingredient_lots.id"],
            name=op.f("fk_packing_statistics_ingredient_lot_id_ingredient_lots"),
        ),
        sa.PrimaryKeyConstraint(
            "ingredient_lot_id", "capsule_size", name=op.f("pk_packing_statistics")
        ),
    )
    op.create_table(
        "prescriber_key_proposals",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("alg", sa.Text(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "not_before < not_after", name=op.f("ck_prescriber_key_proposals_window")
        ),
        sa.ForeignKeyConstraint(
            ["npi"], ["prescribers.npi"], name=op.f("fk_prescriber_key_proposals_npi_prescribers")
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_prescriber_key_proposals")),
    )
    op.create_index(
        op.f("ix_prescriber_key_proposals_npi"), "prescriber_key_proposals", ["npi"], unique=False
    )
    op.create_table(
        "prescriber_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("alg", sa.Text(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("thumbprint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_by", sa.Uuid(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=False),
        sa.Column("proof_of_possession", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "revocation",
            sa.Enum(
                "routine",
                "superseded",
                "compromised",
                "deceased",
                "license-lost",
                name="revocation",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("compromised_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(revocation is not distinct from 'compromised') = (compromised_since is not null)",
            name=op.f("ck_prescriber_keys_compromise_dated"),
        ),
        sa.CheckConstraint(
            "alg in ('Ed25519', 'ES256')", name=op.f("ck_prescriber_keys_alg_known")
        ),
        sa.CheckConstraint(
            "(revoked_at is null) = (revocation is null)",
            name=op.f("ck_prescriber_keys_revocation_whole"),
        ),
        sa.CheckConstraint(
            "enrolled_by <> approved_by", name=op.f("ck_prescriber_keys_second_person")
        ),
        sa.CheckConstraint("not_before < not_after", name=op.f("ck_prescriber_keys_window")),
        sa.ForeignKeyConstraint(
            ["npi"], ["prescribers.npi"], name=op.f("fk_prescriber_keys_npi_prescribers")
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_prescriber_keys")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_prescriber_keys_thumbprint")),
    )
    op.create_index(op.f("ix_prescriber_keys_npi"), "prescriber_keys", ["npi"], unique=False)
    op.create_table(
        "prescriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("request_system", sa.Text(), nullable=False),
        sa.Column("request_value", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "titration", "maintenance", name="prescriptionkind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("authorised_fills", sa.BigInteger(), nullable=False),
        sa.Column("days_per_fill", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("regimen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("disagreements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind in ('titration', 'maintenance')", name=op.f("ck_prescriptions_kind_known")
        ),
        sa.CheckConstraint(
            "authorised_fills between 1 and 12", name=op.f("ck_prescriptions_fills_bounded")
        ),
        sa.CheckConstraint("days_per_fill > 0", name=op.f("ck_prescriptions_days_positive")),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_prescriptions_window")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_prescriptions_evidence_id_evidence")
        ),
        sa.ForeignKeyConstraint(
            ["follows_id"],
            ["prescriptions.id"],
            name=op.f("fk_prescriptions_follows_id_prescriptions"),
        ),
        sa.ForeignKeyConstraint(
            ["npi"], ["prescribers.npi"], name=op.f("fk_prescriptions_npi_prescribers")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_prescriptions_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriptions")),
        sa.UniqueConstraint(
            "id", "authorised_fills", name=op.f("uq_prescriptions_id_authorised_fills")
        ),
        sa.UniqueConstraint(
            "npi",
            "request_system",
            "request_value",
            name=op.f("uq_prescriptions_npi_request_system_request_value"),
        ),
    )
    op.create_index(
        op.f("ix_prescriptions_evidence_id"), "prescriptions", ["evidence_id"], unique=False
    )
    op.create_index(
        op.f("ix_prescriptions_follows_id"), "prescriptions", ["follows_id"], unique=False
    )
    op.create_index(
        op.f("ix_prescriptions_patient_id_prescriptions_written_on"),
        "prescriptions",
        ["patient_id", "written_on"],
        unique=False,
    )
    op.create_table(
        "registry_exclusions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("family_key", sa.Text(), nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("exclusion_type", sa.Text(), nullable=False),
        sa.Column("excluded_on", sa.Date(), nullable=False),
        sa.Column("reinstated_on", sa.Date(), nullable=True),
        sa.Column("waiver_on", sa.Date(), nullable=True),
        sa.Column("waiver_state", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["registry_imports.id"],
            name=op.f("fk_registry_exclusions_import_id_registry_imports"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_exclusions")),
    )
    op.create_index(
        op.f("ix_registry_exclusions_family_key"),
        "registry_exclusions",
        ["family_key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_registry_exclusions_npi"), "registry_exclusions", ["npi"], unique=False
    )
    op.create_table(
        "registry_licenses",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("license_type", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("family_key", sa.Text(), nullable=False),
        sa.Column("status_raw", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("disciplined", sa.Boolean(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["registry_imports.id"],
            name=op.f("fk_registry_licenses_import_id_registry_imports"),
        ),
        sa.PrimaryKeyConstraint("state", "number", name=op.f("pk_registry_licenses")),
    )
    op.create_index(op.f("ix_registry_licenses_npi"), "registry_licenses", ["npi"], unique=False)
    op.create_index(
        op.f("ix_registry_licenses_state_registry_licenses_family_key"),
        "registry_licenses",
        ["state", "family_key"],
        unique=False,
    )
    op.create_table(
        "registry_providers",
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("other_family", sa.Text(), nullable=False),
        sa.Column("other_given", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("practice_state", sa.Text(), nullable=False),
        sa.Column("taxonomies", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deactivated_on", sa.Date(), nullable=True),
        sa.Column("reactivated_on", sa.Date(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["registry_imports.id"],
            name=op.f("fk_registry_providers_import_id_registry_imports"),
        ),
        sa.PrimaryKeyConstraint("npi", name=op.f("pk_registry_providers")),
    )
    op.create_table(
        "setup_tokens",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_setup_tokens_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_setup_tokens")),
    )
    op.create_index(
        op.f("ix_setup_tokens_account_id"), "setup_tokens", ["account_id"], unique=False
    )
    op.create_table(
        "sign_in_sessions",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sign_in_sessions_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sign_in_sessions")),
    )
    op.create_index(
        op.f("ix_sign_in_sessions_account_id"), "sign_in_sessions", ["account_id"], unique=False
    )
    op.create_table(
        "verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("verifier_version", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("alg", sa.Text(), nullable=False),
        sa.Column("key", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_verifications_evidence_id_evidence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    op.create_index(
        op.f("ix_verifications_evidence_id"), "verifications", ["evidence_id"], unique=False
    )
    op.create_table(
        "capsule_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "made",
                "reserved",
                "unreserved",
                "dispensed",
                "wasted",
                "sampled",
                name="movekind",
                native_enum=False,
                length=40,
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
            "kind in ('made', 'reserved', 'unreserved', 'dispensed', 'wasted', 'sampled')",
            name=op.f("ck_capsule_moves_kind_known"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_capsule_moves_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["capsule_lots.id"], name=op.f("fk_capsule_moves_lot_id_capsule_lots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capsule_moves")),
        sa.UniqueConstraint(
            "lot_id", "kind", "cause_id", name=op.f("uq_capsule_moves_lot_id_kind_cause_id")
        ),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("fill_no", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum("block", "review", "counsel", name="severity", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decision",
            sa.Enum(
                "accept",
                "override",
                "not-applicable",
                "refuse",
                name="decision",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("prescriber_contact", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "severity in ('block', 'review', 'counsel')", name=op.f("ck_findings_severity_known")
        ),
        sa.CheckConstraint(
            "(decided_at is null) = (decision is null)", name=op.f("ck_findings_decision_whole")
        ),
        sa.CheckConstraint(
            "decision is null or length(reason) > 0", name=op.f("ck_findings_decision_reasoned")
        ),
        sa.ForeignKeyConstraint(
            ["prescription_id"],
            ["prescriptions.id"],
            name=op.f("fk_findings_prescription_id_prescriptions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(
        "uq_findings_open",
        "findings",
        ["prescription_id", "fill_no", "rule_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "strength_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("fill_no", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed", "approved", "superseded", name="planstate", native_enum=False, length=40
            ),
            server_default="proposed",
            nullable=False,
        ),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("fill", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("working", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=True),
        sa.Column("choice_reason", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_dose_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state <> 'approved' or approved_by is not null",
            name=op.f("ck_strength_plans_approved_by_whom"),
        ),
        sa.CheckConstraint(
            "state in ('proposed', 'approved', 'superseded')",
            name=op.f("ck_strength_plans_state_known"),
        ),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null)",
            name=op.f("ck_strength_plans_approval_whole"),
        ),
        sa.CheckConstraint(
            "(approved_by is null) = (first_dose_on is null)",
            name=op.f("ck_strength_plans_approval_dated"),
        ),
        sa.CheckConstraint(
            "(chosen_by is null) = (choice_reason is null)",
            name=op.f("ck_strength_plans_choice_reasoned"),
        ),
        sa.ForeignKeyConstraint(
            ["prescription_id"],
            ["prescriptions.id"],
            name=op.f("fk_strength_plans_prescription_id_prescriptions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strength_plans")),
        sa.UniqueConstraint(
            "prescription_id",
            "fill_no",
            "version",
            name=op.f("uq_strength_plans_prescription_id_fill_no_version"),
        ),
    )
    op.create_index(
        "uq_strength_plans_current",
        "strength_plans",
        ["prescription_id", "fill_no"],
        unique=True,
        postgresql_where=sa.text("state <> 'superseded'"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "number",
            sa.BigInteger(),
            server_default=sa.text("nextval('rx_numbers')"),
            nullable=False,
        ),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("fill_no", sa.BigInteger(), nullable=False),
        sa.Column("authorised_fills", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "received",
                "review",
                "planned",
                "compounding",
                "labeling",
                "final-check",
                "ready",
                "handed-over",
                "rejected",
                "cancelled",
                "returned",
                "recalled",
                name="status",
                native_enum=False,
                length=40,
            ),
            server_default="received",
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("first_dose_on", sa.Date(), nullable=True),
        sa.Column("last_dose_on", sa.Date(), nullable=True),
        sa.Column("labeled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("packed_by", sa.Uuid(), nullable=True),
        sa.Column("packed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_by", sa.Uuid(), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'handed-over' or handed_over_at is not null",
            name=op.f("ck_orders_hand_over_dated"),
        ),
        sa.CheckConstraint(
            "status in ('received', 'review', 'planned', 'compounding', 'labeling', 'final-check', 'ready', 'handed-over', 'rejected', 'cancelled', 'returned', 'recalled')",
            name=op.f("ck_orders_status_known"),
        ),
        sa.CheckConstraint(
            "status not in ('final-check','ready','handed-over') or (plan_id is not null and labeled_at is not null and packed_by is not null and packed_at is not null)",
            name=op.f("ck_orders_packed_with_labels"),
        ),
        sa.CheckConstraint(
            "status not in ('ready','handed-over') or (checked_by is not null and checked_at is not null)",
            name=op.f("ck_orders_left_checked"),
        ),
        sa.CheckConstraint(
            "fill_no between 1 and authorised_fills", name=op.f("ck_orders_fill_authorised")
        ),
        sa.CheckConstraint("packed_by <> checked_by", name=op.f("ck_orders_second_person")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_orders_patient_id_patients")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["strength_plans.id"], name=op.f("fk_orders_plan_id_strength_plans")
        ),
        sa.ForeignKeyConstraint(
            ["prescription_id", "authorised_fills"],
            ["prescriptions.id", "prescriptions.authorised_fills"],
            name=op.f("fk_orders_prescription_id_authorised_fills_prescriptions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint(
            "prescription_id", "fill_no", name=op.f("uq_orders_prescription_id_fill_no")
        ),
    )
    op.create_index(
        op.f("ix_orders_npi_orders_received_at"), "orders", ["npi", "received_at"], unique=False
    )
    op.create_index(
        op.f("ix_orders_patient_id_orders_received_at"),
        "orders",
        ["patient_id", "received_at"],
        unique=False,
    )
    op.create_index(
        "ix_orders_queue",
        "orders",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "status in ('received','review','planned','compounding','labeling','final-check','ready')"
        ),
    )
    op.create_index(
        op.f("ix_orders_status_orders_due_at_orders_id"),
        "orders",
        ["status", "due_at", "id"],
        unique=False,
    )
    op.create_table(
        "batch_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("strength_ug", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_batch_requests_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_batch_requests_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_requests")),
        sa.UniqueConstraint(
            "order_id", "strength_ug", name=op.f("uq_batch_requests_order_id_strength_ug")
        ),
    )
    op.create_table(
        "containers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("part_no", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("step_no", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("strength_ug", sa.BigInteger(), nullable=False),
        sa.Column("capsules_per_dose", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("directions", sa.Text(), nullable=False),
        sa.Column("first_dose_on", sa.Date(), nullable=False),
        sa.Column("last_dose_on", sa.Date(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scanned_by", sa.Uuid(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("capsules_per_dose > 0", name=op.f("ck_containers_capsules_positive")),
        sa.CheckConstraint("first_dose_on <= last_dose_on", name=op.f("ck_containers_dates")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_containers_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["capsule_lots.id"], name=op.f("fk_containers_lot_id_capsule_lots")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_containers_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_containers")),
    )
    op.create_index(op.f("ix_containers_lot_id"), "containers", ["lot_id"], unique=False)
    op.create_index(
        "uq_containers_part",
        "containers",
        ["order_id", "part_no"],
        unique=True,
        postgresql_where=sa.text("voided_at is null"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column(
            "owner",
            sa.Enum(
                "pharmacist",
                "technician",
                "prescriber",
                "administrator",
                "worker",
                "clock",
                name="owner",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum(
                "person", "check", "labels", "key", name="origin", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "origin in ('person', 'check', 'labels', 'key')", name=op.f("ck_holds_origin_known")
        ),
        sa.CheckConstraint(
            "owner in ('pharmacist', 'technician', 'prescriber', 'administrator', 'worker', 'clock')",
            name=op.f("ck_holds_owner_known"),
        ),
        sa.CheckConstraint(
            "(lifted_at is null) = (lift_reason is null)", name=op.f("ck_holds_lift_reasoned")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_holds_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(
        "uq_holds_open",
        "holds",
        ["order_id", "code", "origin"],
        unique=True,
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.create_table(
        "order_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(
        op.f("ix_order_events_order_id_order_events_id"),
        "order_events",
        ["order_id", "id"],
        unique=False,
    )
    op.create_table(
        "refills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("after_order_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=True),
        sa.Column("fill_no", sa.BigInteger(), nullable=True),
        sa.Column("authorised_fills", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "scheduled",
                "ordered",
                "cancelled",
                "renewal-needed",
                name="refillstate",
                native_enum=False,
                length=40,
            ),
            server_default="scheduled",
            nullable=False,
        ),
        sa.Column("earliest_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("run_out_on", sa.Date(), nullable=False),
        sa.Column("remaining_fills", sa.BigInteger(), nullable=False),
        sa.Column("regimen", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("working", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'ordered') = (order_id is not null)", name=op.f("ck_refills_order_whole")
        ),
        sa.CheckConstraint(
            "state = 'cancelled' or (state = 'renewal-needed') = (prescription_id is null)",
            name=op.f("ck_refills_renewal_whole"),
        ),
        sa.CheckConstraint(
            "state in ('scheduled', 'ordered', 'cancelled', 'renewal-needed')",
            name=op.f("ck_refills_state_known"),
        ),
        sa.CheckConstraint(
            "(prescription_id is null) = (fill_no is null) and (prescription_id is null) = (authorised_fills is null)",
            name=op.f("ck_refills_fill_whole"),
        ),
        sa.CheckConstraint(
            "fill_no between 1 and authorised_fills", name=op.f("ck_refills_fill_authorised")
        ),
        sa.ForeignKeyConstraint(
            ["after_order_id"], ["orders.id"], name=op.f("fk_refills_after_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_refills_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_refills_patient_id_patients")
        ),
        sa.ForeignKeyConstraint(
            ["prescription_id", "authorised_fills"],
            ["prescriptions.id", "prescriptions.authorised_fills"],
            name=op.f("fk_refills_prescription_id_authorised_fills_prescriptions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refills")),
        sa.UniqueConstraint("after_order_id", name=op.f("uq_refills_after_order_id")),
        sa.UniqueConstraint(
            "prescription_id", "fill_no", name=op.f("uq_refills_prescription_id_fill_no")
        ),
    )
    op.create_index(
        "ix_refills_due",
        "refills",
        ["due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'scheduled'"),
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("container_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("container", "leaflet", name="labelkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("renderer_version", sa.Text(), nullable=False),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'container') = (container_id is not null)",
            name=op.f("ck_labels_container_whole"),
        ),
        sa.CheckConstraint("kind in ('container', 'leaflet')", name=op.f("ck_labels_kind_known")),
        sa.ForeignKeyConstraint(
            ["container_id"], ["containers.id"], name=op.f("fk_labels_container_id_containers")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_labels_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
    )
    op.create_index(op.f("ix_labels_order_id"), "labels", ["order_id"], unique=False)
    op.create_index(
        "uq_labels_container",
        "labels",
        ["container_id"],
        unique=True,
        postgresql_where=sa.text("container_id is not null and voided_at is null"),
    )
    op.create_index(
        "uq_labels_leaflet",
        "labels",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'leaflet' and voided_at is null"),
    )
    guard()


def downgrade() -> None:
    unguard()
    op.drop_index(
        "uq_labels_leaflet",
        table_name="labels",
        postgresql_where=sa.text("kind = 'leaflet' and voided_at is null"),
    )
    op.drop_index(
        "uq_labels_container",
        table_name="labels",
        postgresql_where=sa.text("container_id is not null and voided_at is null"),
    )
    op.drop_index(op.f("ix_labels_order_id"), table_name="labels")
    op.drop_table("labels")
    op.drop_index(
        "ix_refills_due", table_name="refills", postgresql_where=sa.text("state = 'scheduled'")
    )
    op.drop_table("refills")
    op.drop_index(op.f("ix_order_events_order_id_order_events_id"), table_name="order_events")
    op.drop_table("order_events")
    op.drop_index(
        "uq_holds_open", table_name="holds", postgresql_where=sa.text("lifted_at is null")
    )
    op.drop_table("holds")
    op.drop_index(
        "uq_containers_part", table_name="containers", postgresql_where=sa.text("voided_at is null")
    )
    op.drop_index(op.f("ix_containers_lot_id"), table_name="containers")
    op.drop_table("containers")
    op.drop_table("batch_requests")
    op.drop_index(op.f("ix_orders_status_orders_due_at_orders_id"), table_name="orders")
    op.drop_index(
        "ix_orders_queue",
        table_name="orders",
        postgresql_where=sa.text(
            "status in ('received','review','planned','compounding','labeling','final-check','ready')"
        ),
    )
    op.drop_index(op.f("ix_orders_patient_id_orders_received_at"), table_name="orders")
    op.drop_index(op.f("ix_orders_npi_orders_received_at"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(
        "uq_strength_plans_current",
        table_name="strength_plans",
        postgresql_where=sa.text("state <> 'superseded'"),
    )
    op.drop_table("strength_plans")
    op.drop_index(
        "uq_findings_open", table_name="findings", postgresql_where=sa.text("superseded_at is null")
    )
    op.drop_table("findings")
    op.drop_table("capsule_moves")
    op.drop_index(op.f("ix_verifications_evidence_id"), table_name="verifications")
    op.drop_table("verifications")
    op.drop_index(op.f("ix_sign_in_sessions_account_id"), table_name="sign_in_sessions")
    op.drop_table("sign_in_sessions")
    op.drop_index(op.f("ix_setup_tokens_account_id"), table_name="setup_tokens")
    op.drop_table("setup_tokens")
    op.drop_table("registry_providers")
    op.drop_index(
        op.f("ix_registry_licenses_state_registry_licenses_family_key"),
        table_name="registry_licenses",
    )
    op.drop_index(op.f("ix_registry_licenses_npi"), table_name="registry_licenses")
    op.drop_table("registry_licenses")
    op.drop_index(op.f("ix_registry_exclusions_npi"), table_name="registry_exclusions")
    op.drop_index(op.f("ix_registry_exclusions_family_key"), table_name="registry_exclusions")
    op.drop_table("registry_exclusions")
    op.drop_index(
        op.f("ix_prescriptions_patient_id_prescriptions_written_on"), table_name="prescriptions"
    )
    op.drop_index(op.f("ix_prescriptions_follows_id"), table_name="prescriptions")
    op.drop_index(op.f("ix_prescriptions_evidence_id"), table_name="prescriptions")
    op.drop_table("prescriptions")
    op.drop_index(op.f("ix_prescriber_keys_npi"), table_name="prescriber_keys")
    op.drop_table("prescriber_keys")
    op.drop_index(op.f("ix_prescriber_key_proposals_npi"), table_name="prescriber_key_proposals")
    op.drop_table("prescriber_key_proposals")
    op.drop_table("packing_statistics")
    op.drop_index(
        op.f("ix_health_answers_patient_id_health_answers_topic_health_answers_asked_at"),
        table_name="health_answers",
    )
    op.drop_table("health_answers")
    op.drop_table("ehr_enrolments")
    op.drop_index(op.f("ix_ehr_client_keys_client_id"), table_name="ehr_client_keys")
    op.drop_table("ehr_client_keys")
    op.drop_index(
        "ix_capsule_lots_first_expired",
        table_name="capsule_lots",
        postgresql_where=sa.text("status = 'released'"),
    )
    op.drop_table("capsule_lots")
    op.drop_table("account_roles")
    op.drop_table("site_state_licenses")
    op.drop_table("site")
    op.drop_table("registry_imports")
    op.drop_table("prescribers")
    op.drop_index(
        op.f("ix_prescriber_checks_npi_prescriber_checks_kind_prescriber_checks_answered_at"),
        table_name="prescriber_checks",
    )
    op.drop_table("prescriber_checks")
    op.drop_index(op.f("ix_policy_changes_name"), table_name="policy_changes")
    op.drop_table("policy_changes")
    op.drop_index("ix_patients_name", table_name="patients")
    op.drop_table("patients")
    op.drop_index("ix_jobs_to_send", table_name="jobs", postgresql_where=sa.text("state = 'ready'"))
    op.drop_index(
        "ix_jobs_running", table_name="jobs", postgresql_where=sa.text("state = 'running'")
    )
    op.drop_index("ix_jobs_ready", table_name="jobs", postgresql_where=sa.text("state = 'ready'"))
    op.drop_index("ix_jobs_dead", table_name="jobs", postgresql_where=sa.text("state = 'dead'"))
    op.drop_table("jobs")
    op.drop_table("ingredient_lots")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("formulations")
    op.drop_index(op.f("ix_evidence_payload_sha256"), table_name="evidence")
    op.drop_table("evidence")
    op.drop_table("ehr_clients")
    op.drop_table("audit_seals")
    op.drop_index(
        "ix_audit_unsealed",
        table_name="audit_entries",
        postgresql_where=sa.text("seal_seq is null"),
    )
    op.drop_index(op.f("ix_audit_entries_subject_id_audit_entries_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_seal_seq_audit_entries_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_patient_id_audit_entries_id"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_index("uq_accounts_username", table_name="accounts")
    op.drop_table("accounts")
    op.execute("drop sequence if exists rx_numbers")
