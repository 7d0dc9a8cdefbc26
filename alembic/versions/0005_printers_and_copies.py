"""Printers, and every copy of a label that was ever to be printed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


ROLES = "role in ('technician', 'pharmacist', 'physician', 'administrator', 'auditor', 'ehr-client', 'worker', 'operator')"
NEW_ROLES = ROLES.replace("'worker'", "'print-agent', 'worker'")
GUARDS = (
    "create trigger append_only before update or delete or truncate on label_copy_events"
    " for each statement execute function refuse_change()",
    """
create function copies_move_as_they_may() returns trigger language plpgsql as $$
begin
    if new.label_id <> old.label_id or new.copy_no <> old.copy_no then
        raise exception 'a copy stays the copy that it is'
            using errcode = 'check_violation', constraint = 'label_copy_identity';
    end if;
    if new.state <> old.state and (old.state, new.state) not in (
         ('confirmed', 'ruled-out'),
         ('confirmed', 'void'),
         ('failed', 'confirmed'),
         ('failed', 'queued'),
         ('failed', 'void'),
         ('printed', 'confirmed'),
         ('printed', 'ruled-out'),
         ('printed', 'void'),
         ('queued', 'confirmed'),
         ('queued', 'failed'),
         ('queued', 'sending'),
         ('queued', 'void'),
         ('ruled-out', 'void'),
         ('sending', 'failed'),
         ('sending', 'printed'),
         ('sending', 'queued'),
         ('sending', 'sent'),
         ('sending', 'unknown'),
         ('sent', 'confirmed'),
         ('sent', 'printed'),
         ('sent', 'ruled-out'),
         ('sent', 'unknown'),
         ('sent', 'void'),
         ('unknown', 'confirmed'),
         ('unknown', 'printed'),
         ('unknown', 'ruled-out'),
         ('unknown', 'void')) then
        raise exception 'a copy that is % does not become %', old.state, new.state
            using errcode = 'check_violation', constraint = 'label_copy_moves';
    end if;
    return new;
end $$
""",
    "create trigger copies_move_as_they_may before update on label_copies"
    " for each row execute function copies_move_as_they_may()",
    """
create function copies_go_with_their_label() returns trigger language plpgsql as $$
begin
    with gone as (
        select id, state from label_copies
        where label_id = new.id and state not in ('void', 'sending') for update
    ), voided as (
        update label_copies c set state = 'void' from gone where c.id = gone.id
    )
    insert into label_copy_events (copy_id, step, from_state, to_state, by_kind, facts, at)
    select id, 'void', state, 'void', 'worker', '{"label": "void"}', new.voided_at from gone;
    return null;
end $$
""",
    "create trigger copies_go_with_their_label after update of voided_at on labels"
    " for each row when (old.voided_at is null and new.voided_at is not null)"
    " execute function copies_go_with_their_label()",
    """
create function labels_are_scanned_before_release() returns trigger language plpgsql as $$
begin
    if exists (select from labels l
               join containers c on c.id = l.container_id
               where l.order_id = new.id and l.voided_at is null and c.voided_at is null
                 and not exists (select from label_copies k
                                 where k.label_id = l.id and k.state = 'confirmed')) then
        raise exception 'a container''s label was not scanned'
            using errcode = 'check_violation', constraint = 'order_labels_scanned';
    end if;
    return null;
end $$
""",
    "create constraint trigger labels_are_scanned_before_release after update of status on orders"
    " for each row when (new.status = 'ready' and old.status <> 'ready')"
    " execute function labels_are_scanned_before_release()",
)


def upgrade() -> None:
    op.create_table('print_agents',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('key_id', sa.Text(), nullable=False),
        sa.Column('secret_hmac', sa.LargeBinary(), nullable=False),
        sa.Column('enrolled_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('enrolled_by', sa.Uuid(), nullable=True),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_print_agents')),
        sa.UniqueConstraint('key_id', name=op.f('uq_print_agents_key_id')),
        sa.UniqueConstraint('name', name=op.f('uq_print_agents_name'))
    )
    op.create_table('printers',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('language', sa.Enum('pdf', 'zpl', name='language', native_enum=False, length=40), nullable=False),
        sa.Column('dpi', sa.BigInteger(), nullable=False),
        sa.Column('stock', sa.Text(), nullable=False),
        sa.Column('pinned_sha256', sa.LargeBinary(), nullable=True),
        sa.Column('agent_id', sa.Uuid(), nullable=True),
        sa.Column('added_by', sa.Uuid(), nullable=True),
        sa.Column('added_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('troubles', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column('heard_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('printed_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language in ('pdf', 'zpl')", name=op.f('ck_printers_language_known')),
        sa.CheckConstraint("stock <> 'letter' or language = 'pdf'", name=op.f('ck_printers_pages_are_pdf')),
        sa.CheckConstraint("stock in ('4x2', '4x6', '2.25x4', 'letter')", name=op.f('ck_printers_stock_known')),
        sa.CheckConstraint('dpi in (203, 300)', name=op.f('ck_printers_dpi_known')),
        sa.ForeignKeyConstraint(['agent_id'], ['print_agents.id'], name=op.f('fk_printers_agent_id_print_agents')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_printers'))
    )
    op.create_index('uq_printers_name', 'printers', [sa.literal_column('lower(name)')], unique=True)
    op.create_table('workstations',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('label_printer_id', sa.Uuid(), nullable=True),
        sa.Column('page_printer_id', sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(['label_printer_id'], ['printers.id'], name=op.f('fk_workstations_label_printer_id_printers')),
        sa.ForeignKeyConstraint(['page_printer_id'], ['printers.id'], name=op.f('fk_workstations_page_printer_id_printers')),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_workstations'))
    )
    op.create_table('label_copies',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('label_id', sa.Uuid(), nullable=False),
        sa.Column('order_id', sa.Uuid(), nullable=False),
        sa.Column('copy_no', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.Enum('queued', 'sending', 'sent', 'printed', 'unknown', 'failed', 'ruled-out', 'confirmed', 'void', name='copystate', native_enum=False, length=40), server_default='queued', nullable=False),
        sa.Column('printer_id', sa.Uuid(), nullable=True),
        sa.Column('reason', sa.Enum('damaged', 'not-printed', 'lost', 'unreadable', 'wrong-printer', name='reprintreason', native_enum=False, length=40), nullable=True),
        sa.Column('asked_by', sa.Uuid(), nullable=True),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('tries', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('content_sha256', sa.LargeBinary(), nullable=True),
        sa.Column('sending_since', sa.DateTime(timezone=True), nullable=True),
        sa.Column('troubles', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('confirmed_by', sa.Uuid(), nullable=True),
        sa.CheckConstraint("(state = 'confirmed') <= (confirmed_at is not null)", name=op.f('ck_label_copies_scan_dated')),
        sa.CheckConstraint("reason in ('damaged', 'not-printed', 'lost', 'unreadable', 'wrong-printer')", name=op.f('ck_label_copies_reason_known')),
        sa.CheckConstraint("state in ('queued', 'sending', 'sent', 'printed', 'unknown', 'failed', 'ruled-out', 'confirmed', 'void')", name=op.f('ck_label_copies_state_known')),
        sa.CheckConstraint('(copy_no = 1) = (reason is null)', name=op.f('ck_label_copies_reprint_reasoned')),
        sa.CheckConstraint('copy_no between 1 and 99', name=op.f('ck_label_copies_copy_counted')),
        sa.ForeignKeyConstraint(['label_id'], ['labels.id'], name=op.f('fk_label_copies_label_id_labels')),
        sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_label_copies_order_id_orders')),
        sa.ForeignKeyConstraint(['printer_id'], ['printers.id'], name=op.f('fk_label_copies_printer_id_printers')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_label_copies')),
        sa.UniqueConstraint('label_id', 'copy_no', name=op.f('uq_label_copies_label_id_copy_no'))
    )
    op.create_index(op.f('ix_label_copies_order_id'), 'label_copies', ['order_id'], unique=False)
    op.create_index(op.f('ix_label_copies_printer_id_label_copies_asked_at'), 'label_copies', ['printer_id', 'asked_at'], unique=False)
    op.create_index('ix_label_copies_unconfirmed', 'label_copies', ['asked_at', 'id'], unique=False, postgresql_where=sa.text("state not in ('confirmed', 'void')"))
    op.create_index('uq_label_copies_living', 'label_copies', ['label_id'], unique=True, postgresql_where=sa.text("state <> 'void'"))
    op.create_table('label_copy_events',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column('copy_id', sa.Uuid(), nullable=False),
        sa.Column('step', sa.Enum('send', 'not-sent', 'sent', 'printed', 'lost-sight', 'give-up', 'try-again', 'confirm', 'in-hand', 'not-there', 'damaged', 'void', name='copystep', native_enum=False, length=40), nullable=False),
        sa.Column('from_state', sa.Enum('queued', 'sending', 'sent', 'printed', 'unknown', 'failed', 'ruled-out', 'confirmed', 'void', name='copystate', native_enum=False, length=40), nullable=False),
        sa.Column('to_state', sa.Enum('queued', 'sending', 'sent', 'printed', 'unknown', 'failed', 'ruled-out', 'confirmed', 'void', name='copystate', native_enum=False, length=40), nullable=False),
        sa.Column('by_kind', sa.Text(), nullable=False),
        sa.Column('by_id', sa.Uuid(), nullable=True),
        sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['copy_id'], ['label_copies.id'], name=op.f('fk_label_copy_events_copy_id_label_copies')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_label_copy_events'))
    )
    op.create_index(op.f('ix_label_copy_events_copy_id_label_copy_events_id'), 'label_copy_events', ['copy_id', 'id'], unique=False)
    op.execute("alter table account_roles drop constraint ck_account_roles_role_known")
    op.execute(f"alter table account_roles add constraint ck_account_roles_role_known check ({NEW_ROLES})")
    for guard in GUARDS:
        op.execute(guard)


def downgrade() -> None:
    op.execute("alter table account_roles drop constraint ck_account_roles_role_known")
    op.execute(f"alter table account_roles add constraint ck_account_roles_role_known check ({ROLES})")
    op.execute("drop trigger labels_are_scanned_before_release on orders")
    op.execute("drop trigger copies_go_with_their_label on labels")
    op.drop_table("label_copy_events")
    op.drop_table("label_copies")
    op.drop_table("workstations")
    op.drop_table("printers")
    op.drop_table("print_agents")
    op.execute("drop function labels_are_scanned_before_release")
    op.execute("drop function copies_go_with_their_label")
    op.execute("drop function copies_move_as_they_may")
