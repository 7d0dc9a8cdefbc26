"""An order's life: legal steps, by the right people, on fresh evidence, to one end."""

from typing import Final

from pharmacy.invariants.invariant import Invariant
from pharmacy.orders.rules import MOVES
from pharmacy.practice.rules import Policy

LEGAL: Final = ", ".join(
    ["('received', '', 'received')"]
    + [
        f"('{action}', '{start}', '{end}')"
        for action, move in MOVES.items()
        for start, end in move.paths.items()
    ]
)

INVARIANTS: Final = (
    Invariant(
        "steps-are-legal",
        "Every step that an order took is in the table of moves.",
        "ord",
        f"""
        select e.order_id as id, e.action, e.from_status, e.to_status
        from order_events e
        where (e.action, coalesce(e.from_status, ''), e.to_status) not in (values {LEGAL})
        """,  # noqa: S608  # our own enums
    ),
    Invariant(
        "status-follows-from-steps",
        "Each step begins where the one before ended, and the order stands where the last one did.",
        "ord",
        """
        with steps as (
            select order_id, from_status, to_status,
                   lag(to_status) over life as before, lead(id) over life as next
            from order_events
            window life as (partition by order_id order by id)
        )
        select o.id, o.status, s.from_status, s.to_status
        from orders o
        left join steps s on s.order_id = o.id
        where s.order_id is null
           or s.from_status is distinct from s.before
           or (s.next is null and s.to_status <> o.status)
        """,
    ),
    Invariant(
        "done-once",
        "An order is released at most once, unless it was allocated anew or split since, and"
        " handed over at most once.",
        "ord",
        """
        with lives as (
            select order_id, action,
                   count(*) filter (where action in ('allocated-anew', 'split'))
                       over (partition by order_id order by id) as anew
            from order_events
            where action in ('released', 'handed-over', 'allocated-anew', 'split')
        )
        select order_id as id, action, count(*) as times
        from lives
        where action not in ('allocated-anew', 'split')
        group by order_id, action, case when action = 'released' then anew end
        having count(*) > 1
        """,
    ),
    Invariant(
        "second-person-released",
        "Whoever released an order is a member of staff who did not pack it.",
        "ord",
        """
        select r.order_id as id
        from order_events r
        left join lateral (
            select p.by_id from order_events p
            where p.order_id = r.order_id and p.action = 'packed' and p.id < r.id
            order by p.id desc limit 1
        ) packed on true
        where r.action = 'released'
          and (r.by_kind <> 'staff' or r.by_id is null or packed.by_id is null
               or r.by_id = packed.by_id)
        union
        select id from orders where packed_by = checked_by
        """,
    ),
    Invariant(
        "released-on-fresh-evidence",
        "At its release an order had identity, licence, exclusion and key checked as the policy"
        " asks: verified, or settled by a pharmacist.",
        "ord",
        f"""
        select r.order_id as id, asked.kind
        from order_events r
        cross join (values ('identity'), ('license'), ('exclusion'), ('key')) as asked(kind)
        cross join lateral (
            select coalesce(
                (select (c.value ->> 'value')::int from policy_changes c
                 where c.name = 'recheck_at_release_hours' and c.changed_at <= r.at
                 order by c.id desc limit 1),
                {Policy().recheck_at_release_hours}
            ) as hours
        ) policy
        where r.action = 'released'
          and not exists (
            select from jsonb_array_elements_text(r.facts -> 'checks') as listed(check_id)
            join prescriber_checks c on c.id = listed.check_id::uuid
            where c.kind = asked.kind
              and c.answered_at > r.at - make_interval(hours => policy.hours)
              and (c.outcome = 'verified' or exists (
                    select from holds h
                    where h.order_id = r.order_id and h.code = c.code
                      and h.lifted_by is not null and h.lifted_at <= r.at
                  ))
          )
        """,  # noqa: S608  # our own number
    ),
)
