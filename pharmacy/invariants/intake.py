"""From the signed bytes to the order: nothing without evidence, nothing accepted and forgotten."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "evidence-is-what-was-signed",
        "The bytes that are kept are those that were received.",
        "evd",
        "select id from evidence where sha256(jws) <> jws_sha256",
    ),
    Invariant(
        "prescription-was-verified",
        "Every prescription stands on signed bytes of its own prescriber that were accepted.",
        "rx",
        """
        select p.id
        from prescriptions p
        left join evidence e on e.id = p.evidence_id and e.npi = p.npi
        where e.id is null
           or not exists (
                select from verifications v
                where v.evidence_id = p.evidence_id and v.decision = 'accepted'
              )
        """,
    ),
    Invariant(
        "accepted-became-an-order",
        "Every signed set that was accepted has the order of its first fill.",
        "evd",
        """
        select e.id
        from evidence e
        where not exists (
            select from prescriptions p
            join orders o on o.prescription_id = p.id and o.fill_no = 1
            where p.evidence_id = e.id
        )
        """,
    ),
    Invariant(
        "fill-is-authorised",
        "No fill has two orders that stand, and each is within what the prescriber authorised.",
        "ord",
        """
        select o.id, o.fill_no, p.authorised_fills
        from orders o
        left join prescriptions p on p.id = o.prescription_id
        where p.id is null
           or o.authorised_fills <> p.authorised_fills
           or o.fill_no not between 1 and p.authorised_fills
           or exists (
                select from orders twin
                where twin.prescription_id = o.prescription_id
                  and twin.fill_no = o.fill_no and twin.id <> o.id
                  and twin.kind = 'fill' and o.kind = 'fill'
                  and twin.status not in ('rejected', 'cancelled')
                  and o.status not in ('rejected', 'cancelled')
              )
        """,
    ),
    Invariant(
        "filled-while-valid",
        "A fill is approved, allocated and released on days on which its prescription is valid.",
        "ord",
        """
        select e.order_id as id, e.action, e.at
        from order_events e
        join orders o on o.id = e.order_id
        join prescriptions p on p.id = o.prescription_id
        cross join site
        where e.action in ('approved', 'allocated', 'released')
          and (e.at at time zone site.time_zone)::date not between p.valid_from and p.valid_until
        """,
    ),
)
