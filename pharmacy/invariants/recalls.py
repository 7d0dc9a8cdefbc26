"""Recalls: what is bad is blocked, whoever waits for it is held, and letters stay as they were."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "recalled-vials-are-marked",
        "No order that left with a vial of a recalled lot is taken for one that is in order.",
        "ord",
        """
        select distinct o.id, o.status
        from recall_lots r
        join containers c on c.lot_id = r.lot_id and c.voided_at is null
        join orders o on o.id = c.order_id
        where o.status = 'handed-over'
        """,
    ),
    Invariant(
        "vials-came-back-from-their-orders",
        "Vials come back from orders that left, and an order is returned with its last vial.",
        "ord",
        """
        select distinct o.id, o.status
        from containers c
        join orders o on o.id = c.order_id
        where c.voided_at is null and (
            o.status = 'returned' and c.returned_at is null and c.lost_at is null
            or o.status not in ('handed-over', 'recalled', 'returned')
                and num_nonnulls(c.returned_at, c.recalled_at) > 0
        )
        """,
    ),
    Invariant(
        "recalled-batches-are-stopped",
        "No batch that a recall reached goes on with a recalled lot in it.",
        "bat",
        """
        select b.id, b.status, lot.lot_number
        from recall_batches r
        join batches b on b.id = r.batch_id
        cross join lateral unsound_components(b.id, '-infinity') lot
        where b.status in ('blended', 'filled', 'released') and lot.why = 'recalled'
        """,
    ),
    Invariant(
        "recalled-lots-are-blocked",
        "No lot that a recall blocked may be used again.",
        "rcl",
        """
        select r.recall_id as id, r.kind, r.lot_id
        from recall_lots r
        left join ingredient_lots i on i.id = r.lot_id
        left join shell_lots s on s.id = r.lot_id
        left join capsule_lots c on c.id = r.lot_id
        where coalesce(i.status, s.status, c.status) not in ('recalled', 'rejected')
        """,
    ),
    Invariant(
        "recalled-orders-are-held",
        "Every order that is not handed over and has a vial of a recalled lot is held.",
        "ord",
        """
        select distinct o.id, o.status
        from recall_lots r
        join containers c on c.lot_id = r.lot_id and c.voided_at is null
        join orders o on o.id = c.order_id
        where o.status in ('labeling', 'final-check', 'ready')
          and not exists (
            select from holds h
            where h.order_id = o.id and h.code = 'lot-recalled' and h.lifted_at is null
          )
        """,
    ),
    Invariant(
        "recall-letters-are-as-drafted",
        "The bytes of every letter of a recall are those that were drafted.",
        "rcn",
        "select id from recall_notices where sha256(pdf) <> pdf_sha256",
    ),
)
