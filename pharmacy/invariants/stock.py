"""Capsules and powder: nothing appears, nothing disappears, nothing is given out too late."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "capsules-balance",
        "Of every lot, capsules made = on hand + dispensed + wasted + sampled.",
        "lot",
        """
        select l.id, l.made, l.on_hand, moved.gone
        from capsule_lots l
        cross join lateral (
            select coalesce(sum(quantity) filter (where kind = 'made'), 0) as made,
                   coalesce(sum(quantity) filter (
                       where kind in ('dispensed', 'wasted', 'sampled')), 0) as gone
            from capsule_moves
            where lot_id = l.id
        ) moved
        where l.made <> moved.made or l.made <> l.on_hand + moved.gone
        """,
    ),
    Invariant(
        "reserved-is-in-open-vials",
        "Of every lot, as many capsules are reserved as the vials of open orders hold.",
        "lot",
        """
        select l.id, l.reserved, coalesce(open.capsules, 0) as in_vials
        from capsule_lots l
        left join (
            select c.lot_id, sum(c.quantity) as capsules
            from containers c
            join orders o on o.id = c.order_id
            where c.voided_at is null and o.status in ('labeling', 'final-check', 'ready')
            group by c.lot_id
        ) open on open.lot_id = l.id
        where l.reserved <> coalesce(open.capsules, 0)
        """,
    ),
    Invariant(
        "dispensed-once",
        "Each vial that was handed over left its lot once, and nothing else was dispensed.",
        "ctr",
        """
        with given as (
            select c.id, c.lot_id, c.quantity
            from containers c
            join orders o on o.id = c.order_id
            where c.voided_at is null and o.status in ('handed-over', 'returned', 'recalled')
        ),
        moved as (
            select cause_id as id, lot_id, sum(quantity) as quantity
            from capsule_moves
            where kind = 'dispensed'
            group by cause_id, lot_id
        )
        select id, given.quantity as given, moved.quantity as moved
        from given
        full join moved using (id, lot_id)
        where given.quantity is distinct from moved.quantity
        """,
    ),
    Invariant(
        "strength-is-the-lots",
        "A vial holds capsules of the strength of its lot, to be taken while the lot is good.",
        "ctr",
        """
        select c.id, c.strength_ug, l.strength_ug as lot_ug, c.last_dose_on, l.beyond_use_on
        from containers c
        join capsule_lots l on l.id = c.lot_id
        where c.voided_at is null
          and (c.strength_ug <> l.strength_ug or c.last_dose_on > l.beyond_use_on)
        """,
    ),
    Invariant(
        "nothing-leaves-a-withdrawn-lot",
        "No vial was handed over from a lot that was withdrawn at that moment.",
        "ctr",
        """
        select c.id, last.action
        from containers c
        join orders o on o.id = c.order_id
        cross join lateral (
            select a.action from audit_entries a
            where a.subject_id = c.lot_id and a.at < o.handed_over_at
              and a.action in ('capsule-lot.received', 'capsule-lot.released',
                'capsule-lot.quarantined', 'capsule-lot.recalled', 'capsule-lot.rejected')
            order by a.id desc limit 1
        ) last
        where c.voided_at is null and last.action <> 'capsule-lot.released'
        """,
    ),
    Invariant(
        "powder-is-never-negative",
        "No lot of powder holds less than nothing.",
        "ing",
        "select id, on_hand_ug from ingredient_lots where on_hand_ug < 0",
    ),
)
