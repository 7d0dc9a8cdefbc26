"""Recalled and returned vials, each by itself; the recalls of a lot and of a batch."""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
KNOWN = (
    """
    update containers c
    set returned_at = o.status_since
    from orders o
    where o.id = c.order_id and o.status = 'returned' and c.voided_at is null and c.lost_at is null
    """,
    """
    update containers c
    set recalled_at = r.opened_at
    from orders o, recall_lots l, recalls r
    where o.id = c.order_id and o.status in ('recalled', 'returned') and c.voided_at is null
        and l.lot_id = c.lot_id and r.id = l.recall_id and o.handed_over_at < r.opened_at
    """,
)
"""What older returns and recalls say of each vial: until now, orders came back whole."""


def upgrade() -> None:
    op.add_column("containers", sa.Column("recalled_at", MOMENT, nullable=True))
    op.add_column("containers", sa.Column("returned_at", MOMENT, nullable=True))
    for statement in KNOWN:
        op.execute(statement)
    op.create_check_constraint(
        op.f("ck_containers_returned_stands"),
        "containers",
        "returned_at is null or voided_at is null",
    )
    op.create_index(
        "ix_containers_traced",
        "containers",
        ["lot_id"],
        postgresql_include=["id", "order_id", "quantity", "returned_at"],
        postgresql_where=sa.text("voided_at is null"),
    )
    op.create_index(op.f("ix_recall_lots_lot_id"), "recall_lots", ["lot_id"])
    op.create_index(op.f("ix_recall_batches_batch_id"), "recall_batches", ["batch_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_recall_batches_batch_id"), "recall_batches")
    op.drop_index(op.f("ix_recall_lots_lot_id"), "recall_lots")
    op.drop_index("ix_containers_traced", "containers")
    op.drop_constraint(op.f("ck_containers_returned_stands"), "containers")
    op.drop_column("containers", "returned_at")
    op.drop_column("containers", "recalled_at")
