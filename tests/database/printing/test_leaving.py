"""No vial leaves under a label that is void, and no parcel without the leaflet that was sent."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.infra.printers import Certainty
from pharmacy.kernel import ids
from pharmacy.labels import operations as labels
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.printing import operations, queries
from pharmacy.printing.rules import CopyState, Resolution
from pharmacy.shipping.rules import Carrier
from tests.database.printing.test_ledger import delivered, first_label, printed, reprinted
from tests.factories.orders import Bench
from tests.factories.printing import furnish, labelled_order, make_printer
from tests.rules.labels.pictures import scanned


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order whose labels and leaflet are drawn, where both kinds of printer stand."""
    labels_on = make_printer(bench.session)
    furnish(bench.session, labels_on, make_printer(bench.session, "folder:office", stock="letter"))
    return labelled_order(bench)


def ship(bench: Bench, order: Order) -> None:
    dispensing.ship(
        bench.session,
        order.id,
        carrier=Carrier.UPS,
        number="1Z999AA10123456784",
        by=bench.technician,
        now=bench.now,
    )


def ready(bench: Bench, order: Order, *, leaflet: Certainty = Certainty.PRINTED) -> Order:
    """Print, pack and release an order."""
    for copy in printed(bench, order):
        is_leaflet = copy.label_id != first_label(bench.session, order).id and (
            copy.printer_id == queries.printer_named(bench.session, "Printer at folder:office").id
        )
        delivered(bench, copy, leaflet if is_leaflet else Certainty.PRINTED)
    return bench.walk(order, Status.READY)


def test_a_vial_of_which_a_newer_label_was_asked_for_stays_until_that_is_scanned(
    bench: Bench, order: Order
) -> None:
    label = first_label(bench.session, ready(bench, order))
    newer = reprinted(bench, label.id)

    for leave in (bench.hand_over, lambda each: ship(bench, each)):
        with pytest.raises(operations.LabelsUnconfirmed) as refused:
            leave(order)
        assert label.container_id is not None
        assert refused.value.facts["containers"] == [ids.encode("ctr", label.container_id)]

    delivered(bench, newer, Certainty.PRINTED)
    code = f"{ids.encode('ctr', label.container_id)}.02"
    operations.confirm(bench.session, code, by=bench.technician, now=bench.now)
    assert bench.hand_over(order).status is Status.HANDED_OVER
    assert all(
        each.state in {CopyState.CONFIRMED, CopyState.PRINTED, CopyState.VOID}
        for each in queries.copies_of_order(bench.session, order.id)
    )


def test_the_database_too_keeps_a_vial_whose_newest_label_was_not_scanned(
    bench: Bench, order: Order
) -> None:
    ready(bench, order)
    reprinted(bench, first_label(bench.session, order).id)
    leaves = (
        update(Order)
        .where(Order.id == order.id)
        .values(status=Status.HANDED_OVER, handed_over_at=bench.now)
    )

    with pytest.raises(IntegrityError, match="label was not scanned"):
        bench.session.execute(leaves)


def test_an_order_waits_for_a_leaflet_that_nobody_saw(bench: Bench, order: Order) -> None:
    ready(bench, order, leaflet=Certainty.SENT)
    *_, leaflet = queries.copies_of_order(bench.session, order.id)

    with pytest.raises(operations.LeafletUnprinted) as refused:
        bench.hand_over(order)
    assert refused.value.facts == {"copy": ids.encode("cpy", leaflet.id)}

    operations.resolve(
        bench.session, leaflet.id, Resolution.IN_HAND, by=bench.technician, now=bench.now
    )
    assert bench.hand_over(order).status is Status.HANDED_OVER


def test_what_was_dated_anew_is_printed_as_the_next_copy_of_its_vial(
    bench: Bench, order: Order
) -> None:
    """A dated label's first copy is number 2 of its vial, and needs no reason to be printed."""
    ready(bench, order)
    bench.now += timedelta(days=1)
    labels.date_anew(bench.session, order.id, by=bench.technician, now=bench.now)
    labels.render(bench.session, order.id, now=bench.now)

    copies = printed(bench, order)

    assert [(each.copy_no, each.reason) for each in copies] == [(2, None)] * 3 + [(1, None)]
    errand = operations.begin(bench.session, copies[0].id, now=bench.now)
    assert errand is not None
    label = first_label(bench.session, order)
    assert errand.document.content == label.pdf
    assert label.container_id is not None
    code = f"{ids.encode('ctr', label.container_id)}.02"
    assert code in {found for _, found in scanned(errand.document.content)}
