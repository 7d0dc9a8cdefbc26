"""Labels: whole, once for each vial, and of what was verified."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "label-is-as-drawn",
        "The bytes of every label and leaflet are those that were drawn.",
        "lbl",
        "select id from labels where sha256(pdf) <> pdf_sha256",
    ),
    Invariant(
        "labeled-once",
        "An order whose labels are drawn has one for each vial, and one leaflet.",
        "ord",
        """
        select o.id, o.status
        from orders o
        where (o.labeled_at is null and o.status in ('final-check', 'ready', 'handed-over'))
           or (o.labeled_at is not null
               and o.status in ('labeling', 'final-check', 'ready', 'handed-over')
               and (1 <> (
                        select count(*) from labels l
                        where l.order_id = o.id and l.kind = 'leaflet' and l.voided_at is null
                    )
                    or exists (
                        select from containers c
                        where c.order_id = o.id and c.voided_at is null and 1 <> (
                            select count(*) from labels l
                            where l.container_id = c.id and l.voided_at is null
                        )
                    )))
        """,
    ),
    Invariant(
        "label-belongs-to-its-vial",
        "A label is of a vial of its own order.",
        "lbl",
        """
        select l.id
        from labels l
        left join containers c on c.id = l.container_id
        left join orders o on o.id = l.order_id
        where o.id is null or (l.kind = 'container' and c.order_id is distinct from l.order_id)
        """,
    ),
    Invariant(
        "verified-before-drawn",
        "Nothing is drawn before the prescription's signature was accepted.",
        "lbl",
        """
        select l.id
        from labels l
        join orders o on o.id = l.order_id
        join prescriptions p on p.id = o.prescription_id
        where not exists (
            select from verifications v
            where v.evidence_id = p.evidence_id and v.decision = 'accepted'
              and v.decided_at <= l.rendered_at
        )
        """,
    ),
)
