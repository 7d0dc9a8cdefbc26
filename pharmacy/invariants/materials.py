"""Powder in micrograms and shells in pieces: every balance follows from its ledger."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "powder-balances",
        "Of every lot of powder, received + returned = on hand + weighed + wasted + sampled.",
        "ing",
        """
        select l.id, l.on_hand_ug, moved.came - moved.gone as ledger_ug
        from ingredient_lots l
        cross join lateral (
            select coalesce(sum(quantity_ug) filter (
                       where kind in ('received', 'returned')), 0) as came,
                   coalesce(sum(quantity_ug) filter (
                       where kind in ('weighed', 'wasted', 'sampled')), 0) as gone
            from ingredient_moves
            where lot_id = l.id
        ) moved
        where l.on_hand_ug <> moved.came - moved.gone
        """,
    ),
    Invariant(
        "powder-returns-were-weighed",
        "Nothing goes back into a lot of powder but what was weighed from it for the same cause.",
        "ing",
        """
        select r.lot_id as id, r.quantity_ug as returned_ug, w.quantity_ug as weighed_ug
        from ingredient_moves r
        left join ingredient_moves w
               on w.lot_id = r.lot_id and w.cause_id = r.cause_id and w.kind = 'weighed'
        where r.kind = 'returned' and r.quantity_ug is distinct from w.quantity_ug
        """,
    ),
    Invariant(
        "triturations-balance",
        "A stock trituration weighs what its components gave, and it names each of them.",
        "ing",
        """
        select l.id, made.ug as made_ug, coalesce(gave.ug, 0) as gave_ug
        from ingredient_lots l
        join lateral (
            select sum(quantity_ug) as ug from ingredient_moves
            where lot_id = l.id and kind = 'received'
        ) made on true
        left join lateral (
            select sum(m.quantity_ug) as ug,
                   bool_and(c.id is not null) as named
            from ingredient_moves m
            left join lot_components c
                   on c.made_powder_id = l.id and c.ingredient_lot_id = m.lot_id
            where m.cause_id = l.id and m.kind = 'weighed'
        ) gave on true
        where l.active_ug_per_g is not null
          and (made.ug is distinct from gave.ug or not coalesce(gave.named, false))
        """,
    ),
    Invariant(
        "shells-balance",
        "Of every lot of shells, received = on hand + filled + wasted.",
        "shl",
        """
        select l.id, l.on_hand, moved.came - moved.gone as ledger
        from shell_lots l
        cross join lateral (
            select coalesce(sum(quantity) filter (where kind = 'received'), 0) as came,
                   coalesce(sum(quantity) filter (where kind <> 'received'), 0) as gone
            from shell_moves
            where lot_id = l.id
        ) moved
        where l.on_hand <> moved.came - moved.gone
        """,
    ),
    Invariant(
        "certificate-is-kept",
        "The bytes of every certificate of analysis are those that came with the lot.",
        "ing",
        """
        select l.id
        from ingredient_lots l
        join certificates c on c.sha256 = l.certificate_sha256
        where sha256(c.content) <> c.sha256
        """,
    ),
)
