"""A fill in parts: no night twice, none lost, and no more replaced than was lost."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "nights-are-given-once",
        "No night of a fill is in two orders that stand, apart from what replaces lost vials, and"
        " none is beyond the fill's last one.",
        "ord",
        """
        select o.id, o.first_night, o.last_night
        from orders o
        where o.kind <> 'replacement' and o.status not in ('rejected', 'cancelled')
          and exists (
            select from orders twin
            where twin.prescription_id = o.prescription_id and twin.fill_no = o.fill_no
              and twin.id <> o.id and twin.kind <> 'replacement'
              and twin.status not in ('rejected', 'cancelled')
              and coalesce(twin.first_night, 1) <= coalesce(o.last_night, 2147483647)
              and coalesce(o.first_night, 1) <= coalesce(twin.last_night, 2147483647)
          )
        union
        select o.id, o.first_night, o.last_night
        from orders o
        join strength_plans p on p.id = o.plan_id
        where o.last_night > (
            select sum((step ->> 'days')::int) from jsonb_array_elements(p.fill -> 'steps') as step
        )
        """,
    ),
    Invariant(
        "no-remainder-is-lost",
        "Every night that was split off a fill is in an order, and of each that was called off it"
        " is written what became of it.",
        "ord",
        """
        with divided as (
            select o.id, o.prescription_id, o.fill_no, nights.last
            from orders o
            join strength_plans p on p.id = o.plan_id
            cross join lateral (
                select sum((step ->> 'days')::int) as last
                from jsonb_array_elements(p.fill -> 'steps') as step
            ) nights
            where o.kind = 'fill' and o.last_night is not null
        )
        select d.id, night
        from divided d
        cross join lateral generate_series(1, d.last) as night
        where not exists (
            select from orders part
            where part.prescription_id = d.prescription_id and part.fill_no = d.fill_no
              and part.kind <> 'replacement'
              and night between part.first_night and part.last_night
        )
        union all
        select o.id, o.first_night
        from orders o
        where o.kind = 'remainder' and o.status in ('rejected', 'cancelled')
          and not exists (
            select from order_events e
            where e.order_id = o.id and e.action in ('rejected', 'cancelled')
              and e.facts ->> 'quantity' = 'stays-on-prescription'
          )
        """,
    ),
    Invariant(
        "replaced-no-more-than-lost",
        "What replaces vials that left is of the same fill, and holds no more capsules than they"
        " did; a replacement that stands has the vials that it replaces.",
        "ord",
        """
        with lost as (
            select c.replaced_by as id, sum(c.quantity) as capsules,
                   bool_and(gave.id = taker.of_order_id and gave.handed_over_at is not null
                            and gave.prescription_id = taker.prescription_id
                            and gave.fill_no = taker.fill_no) as sound
            from containers c
            join orders gave on gave.id = c.order_id
            join orders taker on taker.id = c.replaced_by
            where c.lost_at is not null
            group by c.replaced_by
        ),
        made as (
            select order_id as id, sum(quantity) as capsules
            from containers
            where voided_at is null
            group by order_id
        )
        select o.id, lost.capsules as lost, made.capsules as made
        from orders o
        left join lost on lost.id = o.id
        left join made on made.id = o.id
        where (o.kind = 'replacement' and o.status not in ('rejected', 'cancelled')
               and lost.id is null)
           or not lost.sound
           or (lost.id is not null and o.kind <> 'replacement')
           or made.capsules > lost.capsules
        """,
    ),
    Invariant(
        "counted-replacements-are-authorised",
        "Fills, and replacements that count as one, are never more than the prescriber authorised.",
        "rx",
        """
        select p.id, p.authorised_fills, used.fills, used.counted
        from prescriptions p
        cross join lateral (
            select coalesce(max(o.fill_no) filter (
                       where o.kind = 'fill' and o.status not in ('rejected', 'cancelled')
                   ), 0) as fills,
                   count(*) filter (
                       where o.uses_fill and o.status not in ('rejected', 'cancelled')
                   ) as counted
            from orders o
            where o.prescription_id = p.id
        ) used
        where used.fills + used.counted > p.authorised_fills
        """,
    ),
)
