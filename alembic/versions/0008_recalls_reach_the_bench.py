"""Recalls reach batches on the bench and vials that left; only sound components are released."""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

UNSOUND = """
create function unsound_components(which uuid, today date)
returns table (kind text, lot_id uuid, lot_number text, why text) language sql stable as $$
    with recursive powders (id) as (
        select ingredient_lot_id from batch_active_lots where batch_id = which
        union
        select filler_lot_id from batches where batches.id = which and filler_lot_id is not null
        union
        select c.ingredient_lot_id
        from powders p
        join lot_components c on c.made_powder_id = p.id
        where c.ingredient_lot_id is not null
    ),
    components (kind, id, lot_number, status, expires_on) as (
        select 'ingredient', l.id, l.lot_number, l.status, l.expires_on
        from powders p
        join ingredient_lots l on l.id = p.id
        union all
        select 'shell', s.id, s.lot_number, s.status, s.expires_on
        from batches b
        join shell_lots s on s.id = b.shell_lot_id
        where b.id = which
    )
    select c.kind, c.id, c.lot_number,
           case when c.status <> 'released' then c.status else 'expired' end
    from components c
    where c.status <> 'released' or c.expires_on < today
    order by c.kind, c.lot_number
$$
"""
"""What a batch is made of, through triturations of any depth, and must not be released with."""

RELEASED = """
create or replace function only_sound_batches_are_released() returns trigger language plpgsql as $$
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
    end if;{components}
    return new;
end $$
"""

COMPONENTS = """
    if exists (select from unsound_components(new.id,
                   (new.released_at at time zone (select time_zone from site))::date)) then
        raise exception 'a component is quarantined, recalled, rejected or past its date'
            using errcode = 'check_violation', constraint = 'batch_release_components';
    end if;"""

GOES_NOWHERE = """
create function recalled_powder_goes_nowhere() returns trigger language plpgsql as $$
begin
    if new.status <> old.status and new.status in ('blended', 'filled', 'released')
       and exists (select from unsound_components(new.id, '-infinity')
                   where why in ('recalled', 'rejected')) then
        raise exception 'a component is recalled or rejected'
            using errcode = 'check_violation', constraint = 'batch_component_recalled';
    end if;
    return new;
end $$
"""

LEAVES = """
create function only_sound_vials_leave() returns trigger language plpgsql as $$
begin
    if new.status = 'handed-over' and old.status <> 'handed-over'
       and exists (select from containers c join capsule_lots l on l.id = c.lot_id
                   where c.order_id = new.id and c.voided_at is null
                     and l.status <> 'released') then
        raise exception 'a lot in this order is not released'
            using errcode = 'check_violation', constraint = 'order_lots_released';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    op.create_index(op.f("ix_batches_filler_lot_id"), "batches", ["filler_lot_id"], unique=False)
    op.create_table(
        "recall_batches",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_recall_batches_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"], ["recalls.id"], name=op.f("fk_recall_batches_recall_id_recalls")
        ),
        sa.PrimaryKeyConstraint("recall_id", "batch_id", name=op.f("pk_recall_batches")),
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on recall_batches "
        "for each statement execute function refuse_change()"
    )
    op.execute(UNSOUND)
    op.execute(RELEASED.format(components=COMPONENTS))
    op.execute(GOES_NOWHERE)
    op.execute(
        "create trigger recalled_powder_goes_nowhere before update on batches "
        "for each row execute function recalled_powder_goes_nowhere()"
    )
    op.execute(LEAVES)
    op.execute(
        "create trigger only_sound_vials_leave before update on orders "
        "for each row execute function only_sound_vials_leave()"
    )


def downgrade() -> None:
    op.execute("drop trigger only_sound_vials_leave on orders")
    op.execute("drop function only_sound_vials_leave()")
    op.execute("drop trigger recalled_powder_goes_nowhere on batches")
    op.execute("drop function recalled_powder_goes_nowhere()")
    op.execute(RELEASED.format(components=""))
    op.execute("drop function unsound_components(uuid, date)")
    op.drop_table("recall_batches")
    op.drop_index(op.f("ix_batches_filler_lot_id"), table_name="batches")
