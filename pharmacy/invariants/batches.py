"""Batches: what was weighed left its lot, what was filled is on the shelf, nobody checked alone."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "weighed-left-its-lot",
        "Every weighing that was within its tolerance took exactly its powder out of its lot.",
        "wgh",
        """
        select w.id, w.shown_ug, coalesce(m.quantity_ug, 0) as moved_ug
        from weighings w
        left join ingredient_moves m
          on m.cause_id = w.id and m.lot_id = w.ingredient_lot_id and m.kind = 'weighed'
        where w.ingredient_lot_id is not null
          and coalesce(m.quantity_ug, 0)
              <> case when w.verdict = 'within' then w.shown_ug else 0 end
        """,
    ),
    Invariant(
        "filled-is-a-lot",
        "A filled batch is one lot of as many capsules, and took at least as many shells.",
        "bat",
        """
        select b.id, b.filled, l.made, s.quantity as shells
        from batches b
        left join capsule_lots l on l.id = b.capsule_lot_id
        left join shell_moves s
          on s.cause_id = b.id and s.lot_id = b.shell_lot_id and s.kind = 'filled'
        where b.filled is not null
          and (l.made is distinct from b.filled or coalesce(s.quantity, 0) < b.filled
               or l.lot_number <> b.number or l.strength_ug <> b.strength_ug)
        """,
    ),
    Invariant(
        "released-by-another",
        "Whoever released a batch neither weighed, blended nor filled it, and all was verified.",
        "bat",
        """
        select b.id, w.item
        from batches b
        join weighings w on w.batch_id = b.id and w.voided_at is null and w.verdict = 'within'
        where b.status = 'released'
          and (w.verified_by is null or w.verified_by = w.weighed_by
               or b.released_by in (w.weighed_by, b.blended_by, b.filled_by))
        """,
    ),
    Invariant(
        "quarantined-is-looked-into",
        "A batch is in quarantine exactly while an investigation of it is open.",
        "bat",
        """
        select b.id, b.status, i.code
        from batches b
        left join investigations i on i.batch_id = b.id and i.closed_at is null
        where (b.status = 'quarantined') <> (i.id is not null)
        """,
    ),
    Invariant(
        "stopped-is-not-offered",
        "Capsules of a batch that is not released are not offered to any order.",
        "bat",
        """
        select b.id, b.status
        from batches b
        join capsule_lots l on l.id = b.capsule_lot_id
        where b.status <> 'released' and l.status = 'released'
        """,
    ),
)
