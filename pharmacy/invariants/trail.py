"""The audit trail and the kept answers. `pharmacy audit verify` also computes every hash anew."""

from typing import Final

from pharmacy.invariants.invariant import Invariant

INVARIANTS: Final = (
    Invariant(
        "seals-are-linked",
        "Every seal names the one before it, and covers as many entries as it says.",
        "seal",
        """
        select s.seq as id
        from audit_seals s
        left join audit_seals before on before.seq = s.seq - 1
        where s.previous_sha256 <> coalesce(before.sha256, decode(repeat('00', 32), 'hex'))
           or (before.seq is null and s.seq <> 1)
           or s.entries <> (select count(*) from audit_entries e where e.seal_seq = s.seq)
        """,
    ),
    Invariant(
        "sealed-by-a-seal-that-exists",
        "No entry names a seal that is not there.",
        "entry",
        """
        select e.id, e.seal_seq
        from audit_entries e
        where e.seal_seq is not null
          and not exists (select from audit_seals s where s.seq = e.seal_seq)
        """,
    ),
    Invariant(
        "steps-are-audited",
        "Every step of an order is in the audit trail.",
        "ord",
        """
        select steps.id, steps.action, steps.times, count(a.id) as audited
        from (
            select order_id as id, action, count(*) as times
            from order_events
            group by order_id, action
        ) steps
        left join audit_entries a
          on a.subject_id = steps.id and a.action = 'order.' || steps.action
        group by steps.id, steps.action, steps.times
        having count(a.id) <> steps.times
        """,
    ),
    Invariant(
        "keys-are-answered",
        "A request with an Idempotency-Key has its answer, or was undone with its key.",
        "caller",
        """
        select caller_id::text as id, created_at
        from idempotency_keys
        where status is null and created_at < now() - interval '60 s'
        """,
    ),
)
