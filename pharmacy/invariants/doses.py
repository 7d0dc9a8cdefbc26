"""What is in the vials is what was ordered, to the microgram and to the night."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "capsules-make-the-ordered-dose",
        "For every step of a fill, or what an order is for of it, capsules times strength is the"
        " ordered dose times its nights.",
        "ord",
        """
        with steps as (
            select p.id as plan_id, (step ->> 'no')::int as step_no,
                   (step ->> 'dose_ug')::bigint as dose_ug,
                   sum((step ->> 'days')::int) over life as last_night,
                   (step ->> 'days')::int as days
            from strength_plans p
            cross join lateral jsonb_array_elements(p.fill -> 'steps')
                with ordinality as listed(step, place)
            window life as (partition by p.id order by place)
        ),
        ordered as (
            select o.id, s.step_no, s.dose_ug * nights.count as ug
            from orders o
            join steps s on s.plan_id = o.plan_id
            cross join lateral (
                select least(s.last_night, coalesce(o.last_night, s.last_night))
                       - greatest(s.last_night - s.days + 1, coalesce(o.first_night, 1))
                       + 1 as count
            ) nights
            where nights.count > 0 and o.status in
                ('labeling', 'final-check', 'ready', 'handed-over', 'returned', 'recalled')
        ),
        made as (
            select order_id as id, step_no, sum(quantity * strength_ug) as ug
            from containers
            where voided_at is null
            group by order_id, step_no
        )
        select id, step_no, ordered.ug as ordered_ug, made.ug as made_ug
        from ordered
        full join made using (id, step_no)
        where ordered.ug is distinct from made.ug
        """,
    ),
    Invariant(
        "every-dose-is-the-prescribers",
        "Each vial gives, night by night, the dose that was signed for its step.",
        "ctr",
        """
        select c.id, c.step_no, c.capsules_per_dose * c.strength_ug as dose_ug, signed.dose_ug as
               signed_ug
        from containers c
        join orders o on o.id = c.order_id
        join prescriptions p on p.id = o.prescription_id
        left join lateral (
            select (step ->> 'dose_ug')::bigint as dose_ug
            from jsonb_array_elements(p.regimen -> 'steps') as step
            where (step ->> 'no')::int = c.step_no
        ) signed on true
        where c.voided_at is null
          and (signed.dose_ug is distinct from c.capsules_per_dose * c.strength_ug
               or c.quantity <> c.capsules_per_dose * (c.last_dose_on - c.first_dose_on + 1))
        """,
    ),
    Invariant(
        "every-night-has-one-vial",
        "An order's vials cover every night from its first dose to its last, each once.",
        "ord",
        """
        select o.id, o.first_dose_on, o.last_dose_on, vials.nights
        from orders o
        join (
            select order_id, min(first_dose_on) as first_on, max(last_dose_on) as last_on,
                   sum(last_dose_on - first_dose_on + 1) as nights
            from containers
            where voided_at is null
            group by order_id
        ) vials on vials.order_id = o.id
        where o.first_dose_on is distinct from vials.first_on
           or o.last_dose_on is distinct from vials.last_on
           or vials.nights <> o.last_dose_on - o.first_dose_on + 1
           or exists (
                select from containers a
                join containers b on b.order_id = a.order_id and b.id > a.id
                where a.order_id = o.id and a.voided_at is null and b.voided_at is null
                  and a.first_dose_on <= b.last_dose_on and b.first_dose_on <= a.last_dose_on
              )
        """,
    ),
)
