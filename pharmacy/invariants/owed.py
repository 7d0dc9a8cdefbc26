"""Owed work: done jobs had their effect, once, and whatever waits has a job that will do it."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "no-lease-is-forgotten",
        "A job whose worker died is given to another within two sweeps of the relay.",
        "job",
        """
        select id, kind, worker, lease_until
        from jobs
        where state = 'running' and lease_until < now() - interval '60 s'
        """,
    ),
    Invariant(
        "checked-once-for-each-job",
        "An open order was checked as often as its jobs say that it was, and none more often.",
        "ord",
        """
        select o.id, o.status, checks.had, checks.done
        from orders o
        cross join lateral (
            select (select count(*) from order_events e
                    where e.order_id = o.id and e.action = 'checked') as had,
                   (select count(*) from jobs j
                    where j.ref_id = o.id and j.kind = 'orders.check' and j.state = 'done') as done
        ) checks
        where checks.had > checks.done
           or (checks.had < checks.done
               and o.status not in
                   ('handed-over', 'rejected', 'cancelled', 'returned', 'recalled'))
        """,
    ),
    Invariant(
        "labeled-by-a-job",
        "Labels were drawn no more often than jobs asked for them.",
        "ord",
        """
        select o.id, labels.had, labels.done
        from orders o
        cross join lateral (
            select (select count(*) from order_events e
                    where e.order_id = o.id and e.action = 'labeled') as had,
                   (select count(*) from jobs j
                    where j.ref_id = o.id and j.kind = 'labels.render' and j.state = 'done') as done
        ) labels
        where labels.had > labels.done
        """,
    ),
    Invariant(
        "received-will-be-checked",
        "An order that waits for its checks has a job that makes them, or one that gave up.",
        "ord",
        """
        select o.id
        from orders o
        where o.status = 'received'
          and not exists (
            select from jobs j
            where j.ref_id = o.id and j.kind = 'orders.check' and j.state <> 'done'
          )
        """,
    ),
    Invariant(
        "labels-will-be-drawn",
        "An order that waits for labels has a job that draws them, one that gave up, or a hold.",
        "ord",
        """
        select o.id
        from orders o
        where o.status = 'labeling' and o.labeled_at is null
          and not exists (
            select from jobs j
            where j.ref_id = o.id and j.kind = 'labels.render' and j.state <> 'done'
          )
          and not exists (
            select from holds h
            where h.order_id = o.id and h.origin = 'labels' and h.lifted_at is null
          )
        """,
    ),
    Invariant(
        "letters-will-be-drawn",
        "A letter of a recall that is not drawn has a job that draws it, or one that gave up.",
        "rcn",
        """
        select n.id, n.recall_id
        from recall_notices n
        where n.drawn_at is null
          and not exists (
            select from jobs j
            where j.ref_id = n.recall_id and j.kind = 'recalls.draw_letters' and j.state <> 'done'
          )
        """,
    ),
    Invariant(
        "next-fill-is-known",
        "An approved order has its next fill worked out, and one that is off has none scheduled,"
        " or a job will see to it.",
        "ord",
        """
        select o.id, o.status, r.state as refill
        from orders o
        left join refills r on r.after_order_id = o.id
        where o.kind = 'fill'
          and ((r.id is null and o.status in
                  ('planned', 'compounding', 'labeling', 'final-check', 'ready', 'handed-over'))
               or (r.state = 'scheduled' and o.status in ('rejected', 'cancelled'))
               or (r.state = 'scheduled' and o.status in ('returned', 'recalled')
                   and not exists (
                     select from containers c
                     join orders made on made.id = c.replaced_by
                     where c.order_id = o.id and made.status not in ('rejected', 'cancelled'))))
          and not exists (
            select from jobs j
            where j.ref_id = o.id and j.kind = 'refills.schedule' and j.state <> 'done'
          )
        """,
    ),
)
