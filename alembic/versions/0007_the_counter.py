"""The counter: finding orders, asking prescribers, pictures, attestations, hand-over, shipping."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(op.f("ix_orders_due_at_orders_id"), "orders", ["due_at", "id"])
    op.create_index(
        "ix_holds_open_owner",
        "holds",
        ["owner", "code", "order_id"],
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.create_index(op.f("ix_patients_birth_date"), "patients", ["birth_date"])


def downgrade() -> None:
    op.drop_index(op.f("ix_patients_birth_date"), "patients")
    op.drop_index("ix_holds_open_owner", "holds")
    op.drop_index(op.f("ix_orders_due_at_orders_id"), "orders")
