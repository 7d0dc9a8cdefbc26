"""Labels on paper: every copy can be traced, and no more of them live than one a label."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "copies-follow-their-label",
        "A copy is of a label of its own order, and that order's prescription was verified before.",
        "cpy",
        """
        select k.id, k.state
        from label_copies k
        join labels l on l.id = k.label_id
        join orders o on o.id = l.order_id
        join prescriptions p on p.id = o.prescription_id
        where k.order_id <> l.order_id
           or not exists (select from verifications v
                          where v.evidence_id = p.evidence_id and v.decided_at <= k.asked_at)
        """,
    ),
    Invariant(
        "copies-are-counted",
        "The copies of a label are numbered without a gap, and all but the newest are void.",
        "lbl",
        """
        select label_id as id, count(*) as copies, max(copy_no) as last
        from label_copies
        group by label_id
        having count(*) <> max(copy_no)
            or count(*) filter (where state <> 'void') > 1
            or bool_or(state <> 'void' and copy_no < (
                select max(n.copy_no) from label_copies n
                where n.label_id = label_copies.label_id))
        """,
    ),
    Invariant(
        "copies-moved-as-they-say",
        "A copy stands where its last step led.",
        "cpy",
        """
        select k.id, k.state, e.to_state
        from label_copies k
        join lateral (select to_state from label_copy_events
                      where copy_id = k.id order by id desc limit 1) e on true
        where e.to_state <> k.state
        """,
    ),
    Invariant(
        "labels-that-left-were-scanned",
        "No order is ready or gone whose container's newest label was not scanned.",
        "ord",
        """
        select o.id, l.id as label
        from orders o
        join labels l on l.order_id = o.id and l.kind = 'container' and l.voided_at is null
        join containers c on c.id = l.container_id and c.voided_at is null
        where o.status in ('ready', 'handed-over')
          and not exists (select from label_copies k
                          where k.label_id = l.id and k.state = 'confirmed')
        """,
    ),
)
