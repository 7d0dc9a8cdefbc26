"""A recall that reached powder, batches, orders in the house and vials that had left."""

from datetime import date, timedelta

from pharmacy.orders import operations as orders
from pharmacy.orders import queries
from pharmacy.orders.rules import Status
from pharmacy.recalls import operations
from pharmacy.recalls import queries as recalls
from pharmacy.recalls.rules.timers import Answer, LotKind, NoticeTo
from tests.factories.compounding import ANHYDROUS, Laboratory
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.patients import make_patient

REASON = "The supplier found less naltrexone than its certificate says."
REACHED = (
    ("Quintero", "Luz", Status.HANDED_OVER),
    ("Rahman", "Imran", Status.HANDED_OVER),
    ("Sato", "Yuki", Status.READY),
)


def stock_a_recall(bench: Bench, lab: Laboratory) -> None:
    """Recall a powder; one patient brought a vial back, and a prescriber answered."""
    session, now = bench.session, bench.now
    powder = lab.powder(
        "naltrexone-hydrochloride",
        packs="180",
        amount="25000",
        lot_number="NTX-2511",
        **ANHYDROUS,
    )
    for strength in (500, 1_500, 3_000, 4_500):  # the first to expire, so that orders get them
        make_capsule_lot(session, strength, 300, active=powder, beyond_use_on=date(2026, 8, 14))
    for capsules in (600, 700):
        lab.scan(lab.plan(500, capsules), active=powder)
    for number, (family, given, status) in enumerate(REACHED):
        patient = make_patient(
            session, identifier_value=f"MRN-R{number}", family=family, given=given
        )
        order = bench.order(status, patient=patient)
        order.due_at = now + timedelta(days=9, hours=number)
    recall = operations.open_recall(
        session,
        LotKind.INGREDIENT,
        powder.id,
        reason=REASON,
        serious=True,
        notice_at=now - timedelta(hours=2),
        by=lab.second,
        now=now,
    )
    people = {"by": lab.second, "now": now}
    for notice in recalls.notices(session, recall.id):
        if notice.recipient is NoticeTo.PRESCRIBER:
            operations.record_sent(session, notice.id, means="phone", **people)
            operations.record_answer(session, notice.id, answer=Answer.CONFIRMED, note="", **people)
    trace = recalls.forward(session, LotKind.INGREDIENT, powder.id)
    first = next(vial for vial in trace.vials if vial.status == Status.RECALLED)
    [vial, *_] = queries.containers(session, first.order_id)
    orders.return_(
        session,
        first.order_id,
        reason="recalled",
        vial_ids=[vial.id],
        by=bench.technician,
        now=now,
    )
