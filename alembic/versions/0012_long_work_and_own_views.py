"""Long work that tells how far it is; wrong tries where they come from; coded turns; own views."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "'reject', 'cancel', 'reallocate', 'send-back', 'return', 'hold', 'finding'"
REASONS = (
    ("override", "patient-waiting", "The patient is here and waits."),
    ("override", "medicine-runs-out", "The patient runs out of capsules."),
    ("override", "carrier-leaves", "The carrier leaves before its turn."),
    ("override", "same-as-at-hand", "The bench is set up for this very strength."),
    ("override", "pharmacist-asked", "A pharmacist asked for it."),
    ("override", "other", "Something else; say what."),
    ("take-over", "colleague-left", "The colleague has left for today."),
    ("take-over", "colleague-asked", "The colleague asked for it."),
    ("take-over", "patient-waiting", "The patient is here and waits."),
    ("take-over", "left-lying", "Nobody went on with it for too long."),
    ("take-over", "other", "Something else; say what."),
)
RESULTS_STAY = """
create function results_stay() returns trigger language plpgsql as $$
begin
    if old.ended_at is not null then
        raise exception '% keeps what was found', tg_table_name
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.execute(RESULTS_STAY)
    _audit_walks()
    _wrong_tries()
    _reasons()
    _queue_views()
    _registry_uploads()


def downgrade() -> None:
    for table in ('registry_upload_rows', 'registry_upload_parts', 'registry_uploads'):
        op.drop_table(table)
    for column in ('rows_added', 'rows_changed', 'rows_closed'):
        op.drop_column('registry_imports', column)
    op.drop_table('queue_views')
    op.execute("alter table reason_codes disable trigger never_deleted")
    op.execute("delete from reason_codes where purpose in ('override', 'take-over')")
    op.execute("alter table reason_codes enable trigger never_deleted")
    _purposes(BEFORE)
    for table in ('vouch_failures', 'strange_addresses', 'familiar_addresses'):
        op.drop_table(table)
    op.drop_table('audit_walks')
    op.execute("drop function results_stay")


def _audit_walks() -> None:
    op.create_table('audit_walks',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('state', sa.Enum('running', 'whole', 'broken', 'given-up', name='walkstate', native_enum=False, length=40), server_default='running', nullable=False),
        sa.Column('asked_by', sa.Uuid(), nullable=True),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('until_seq', sa.BigInteger(), nullable=False),
        sa.Column('expected', sa.BigInteger(), nullable=False),
        sa.Column('seals', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('entries', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('head_sha256', sa.LargeBinary(), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('broken_seq', sa.BigInteger(), nullable=True),
        sa.Column('broken_why', sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (ended_at is null)", name=op.f('ck_audit_walks_ends_dated')),
        sa.CheckConstraint("(state = 'broken') = (broken_seq is not null) and (broken_seq is null) = (broken_why is null)", name=op.f('ck_audit_walks_break_named')),
        sa.CheckConstraint("(seals = 0) = (head_sha256 is null)", name=op.f('ck_audit_walks_head_of_seals')),
        sa.CheckConstraint("state in ('running', 'whole', 'broken', 'given-up')", name=op.f('ck_audit_walks_state_known')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_walks'))
    )
    op.create_index(op.f('ix_audit_walks_asked_at'), 'audit_walks', ['asked_at'], unique=False)
    op.create_index('uq_audit_walks_running', 'audit_walks', ['state'], unique=True, postgresql_where=sa.text("state = 'running'"))
    op.execute(
        "create trigger results_stay before update on audit_walks"
        " for each row execute function results_stay()"
    )
    op.execute(
        "create trigger never_deleted before delete or truncate on audit_walks"
        " for each statement execute function refuse_change()"
    )


def _wrong_tries() -> None:
    op.create_table('familiar_addresses',
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('signed_in_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('failures', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_familiar_addresses_account_id_accounts')),
        sa.PrimaryKeyConstraint('account_id', 'address', name=op.f('pk_familiar_addresses'))
    )
    op.create_table('strange_addresses',
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('failures', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('bars', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('barred_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('address', name=op.f('pk_strange_addresses'))
    )
    op.create_index(op.f('ix_strange_addresses_last_at'), 'strange_addresses', ['last_at'], unique=False)
    op.create_table('vouch_failures',
        sa.Column('actor_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('failures', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_vouch_failures_account_id_accounts')),
        sa.ForeignKeyConstraint(['actor_id'], ['accounts.id'], name=op.f('fk_vouch_failures_actor_id_accounts')),
        sa.PrimaryKeyConstraint('actor_id', 'account_id', name=op.f('pk_vouch_failures'))
    )
    op.create_index(op.f('ix_vouch_failures_account_id'), 'vouch_failures', ['account_id'], unique=False)


def _reasons() -> None:
    """Code why an order goes before older ones, and why one is taken over: free words before."""
    _purposes(f"{BEFORE}, 'override', 'take-over'")
    reasons = sa.table(
        "reason_codes",
        *(sa.column(name, sa.Text()) for name in ("purpose", "code", "words")),
        *(sa.column(name, sa.Boolean()) for name in ("asks_for_words", "is_active")),
        sa.column("changed_at", sa.DateTime(timezone=True)),
    )
    kept = {"is_active": True, "changed_at": datetime(2026, 11, 27, tzinfo=UTC)}
    op.bulk_insert(
        reasons,
        [
            {"purpose": purpose, "code": code, "words": words, "asks_for_words": code == "other"}
            | kept
            for purpose, code, words in REASONS
        ],
    )


def _queue_views() -> None:
    op.create_table('queue_views',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('place', sa.BigInteger(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('filters', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("length(name) between 1 and 24", name=op.f('ck_queue_views_name_given')),
        sa.CheckConstraint("place between 1 and 9", name=op.f('ck_queue_views_place_known')),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_queue_views_account_id_accounts')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_queue_views')),
        sa.UniqueConstraint('account_id', 'place', deferrable=True, initially='DEFERRED', name='uq_queue_views_place')
    )
    op.create_index('uq_queue_views_name', 'queue_views', ['account_id', sa.text('lower(name)')], unique=True)


def _registry_uploads() -> None:
    for column in ('rows_added', 'rows_changed', 'rows_closed'):
        op.add_column('registry_imports', sa.Column(column, sa.BigInteger(), nullable=True))
    op.create_table('registry_uploads',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('licenses_of', sa.Text(), nullable=True),
        sa.Column('columns', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('encoding', sa.Text(), nullable=False),
        sa.Column('file_name', sa.Text(), nullable=False),
        sa.Column('file_date', sa.Date(), nullable=True),
        sa.Column('allow_shorter', sa.Boolean(), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.LargeBinary(), nullable=False),
        sa.Column('asked_by', sa.Uuid(), nullable=True),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('state', sa.Enum('reading', 'imported', 'refused', 'given-up', name='uploadstate', native_enum=False, length=40), server_default='reading', nullable=False),
        sa.Column('bytes_read', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('lines_read', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('rows_read', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('headings', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column('newest_on', sa.Date(), nullable=True),
        sa.Column('refused_rows', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('refused', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column('rows_added', sa.BigInteger(), nullable=True),
        sa.Column('rows_changed', sa.BigInteger(), nullable=True),
        sa.Column('rows_closed', sa.BigInteger(), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('refusal', sa.Text(), nullable=True),
        sa.Column('refusal_words', sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('nppes', 'leie', 'licenses')", name=op.f('ck_registry_uploads_kind_known')),
        sa.CheckConstraint("(state = 'reading') = (ended_at is null)", name=op.f('ck_registry_uploads_ends_dated')),
        sa.CheckConstraint("(state = 'refused') = (refusal is not null)", name=op.f('ck_registry_uploads_refusal_said')),
        sa.CheckConstraint("state <> 'imported' or refused_rows = 0", name=op.f('ck_registry_uploads_imported_whole')),
        sa.CheckConstraint("state in ('reading', 'imported', 'refused', 'given-up')", name=op.f('ck_registry_uploads_state_known')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_registry_uploads'))
    )
    op.create_index(op.f('ix_registry_uploads_asked_at'), 'registry_uploads', ['asked_at'], unique=False)
    op.create_index('uq_registry_uploads_reading', 'registry_uploads', ['state'], unique=True, postgresql_where=sa.text("state = 'reading'"))
    op.create_table('registry_upload_parts',
        sa.Column('upload_id', sa.Uuid(), nullable=False),
        sa.Column('no', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('data', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['upload_id'], ['registry_uploads.id'], name=op.f('fk_registry_upload_parts_upload_id_registry_uploads')),
        sa.PrimaryKeyConstraint('upload_id', 'no', name=op.f('pk_registry_upload_parts'))
    )
    op.create_table('registry_upload_rows',
        sa.Column('upload_id', sa.Uuid(), nullable=False),
        sa.Column('line', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('fields', postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(['upload_id'], ['registry_uploads.id'], name=op.f('fk_registry_upload_rows_upload_id_registry_uploads')),
        sa.PrimaryKeyConstraint('upload_id', 'line', name=op.f('pk_registry_upload_rows'))
    )
    op.execute(
        "create trigger results_stay before update on registry_uploads"
        " for each row execute function results_stay()"
    )


def _purposes(known: str) -> None:
    name = op.f("ck_reason_codes_purpose_known")
    op.drop_constraint(name, "reason_codes")
    op.create_check_constraint(name, "reason_codes", f"purpose in ({known})")
