"""What print agents were given, each thing once; and test labels as work that is owed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TRIES_ARE_COUNTED = """
create function copies_are_sent_once_a_try() returns trigger language plpgsql as $$
begin
    if new.tries <> old.tries + (new.state = 'sending' and old.state <> 'sending')::int then
        raise exception 'every sending has a number of its own'
            using errcode = 'check_violation', constraint = 'label_copy_tries';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.create_table('print_errands',
        sa.Column('agent_id', sa.Uuid(), nullable=False),
        sa.Column('nonce', sa.Text(), nullable=False),
        sa.Column('ref_id', sa.Uuid(), nullable=False),
        sa.Column('tries', sa.BigInteger(), nullable=False),
        sa.Column('only_ask', sa.Boolean(), nullable=False),
        sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['agent_id'], ['print_agents.id'], name=op.f('fk_print_errands_agent_id_print_agents')),
        sa.PrimaryKeyConstraint('agent_id', 'nonce', name=op.f('pk_print_errands'))
    )
    op.create_index('uq_print_errands_sent', 'print_errands', ['ref_id', 'tries'], unique=True, postgresql_where=sa.text("not only_ask"))
    op.execute(
        "create trigger append_only before update or delete or truncate on print_errands"
        " for each statement execute function refuse_change()"
    )
    op.create_table('test_prints',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('printer_id', sa.Uuid(), nullable=False),
        sa.Column('state', sa.Enum('queued', 'sending', 'printed', 'sent', 'not-sent', 'unknown', name='trialstate', native_enum=False, length=40), server_default='queued', nullable=False),
        sa.Column('reasons', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column('asked_by', sa.Uuid(), nullable=True),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state in ('queued', 'sending')) = (ended_at is null)", name=op.f('ck_test_prints_ends_dated')),
        sa.CheckConstraint("state in ('queued', 'sending', 'printed', 'sent', 'not-sent', 'unknown')", name=op.f('ck_test_prints_state_known')),
        sa.ForeignKeyConstraint(['printer_id'], ['printers.id'], name=op.f('fk_test_prints_printer_id_printers')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_test_prints'))
    )
    op.create_index(op.f('ix_test_prints_printer_id_test_prints_asked_at'), 'test_prints', ['printer_id', 'asked_at'], unique=False)
    op.create_index('ix_test_prints_under_way', 'test_prints', ['asked_at'], unique=False, postgresql_where=sa.text("state in ('queued', 'sending')"))
    op.add_column('print_agents', sa.Column('withheld', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.execute(TRIES_ARE_COUNTED)
    op.execute(
        "create trigger copies_are_sent_once_a_try before update on label_copies"
        " for each row execute function copies_are_sent_once_a_try()"
    )


def downgrade() -> None:
    op.execute("drop trigger copies_are_sent_once_a_try on label_copies")
    op.execute("drop function copies_are_sent_once_a_try")
    op.drop_column('print_agents', 'withheld')
    op.drop_table('test_prints')
    op.drop_table('print_errands')
