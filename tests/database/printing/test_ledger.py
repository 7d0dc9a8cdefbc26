"""The ledger of copies: none is lost, none is doubled, whatever people and machines do."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.infra.printers import Certainty, Delivery
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations as labels
from pharmacy.labels.models import LabelKind
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.gates import PackMismatch
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.operations import Errand
from pharmacy.printing.rules import CopyState, MoveNotAllowed, ReprintReason, Resolution
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.printing import first_label, furnish, labelled_order, make_printer, printed
from tests.rules.labels.pictures import scanned, text_of


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order whose labels are drawn, at a workplace with a label printer."""
    furnish(bench.session, make_printer(bench.session))
    return labelled_order(bench)


def delivered(bench: Bench, copy: LabelCopy, certainty: Certainty, *, last: bool = False) -> bool:
    errand = operations.begin(bench.session, copy.id, now=bench.now)
    assert errand is not None
    return ended(bench, errand, Delivery(certainty), last=last)


def ended(bench: Bench, errand: Errand, delivery: Delivery, *, last: bool) -> bool:
    return operations.end(
        bench.session, errand.copy_id, errand.tries, delivery, last=last, now=bench.now
    )


def reprinted(bench: Bench, label_id: UUID) -> LabelCopy:
    return operations.reprint(
        bench.session,
        label_id,
        reason=ReprintReason.DAMAGED,
        printer=queries.printers(bench.session)[0],
        by=bench.technician,
        now=bench.now,
    )


def test_every_label_is_asked_for_once_and_is_owed_as_a_job(bench: Bench, order: Order) -> None:
    copies = printed(bench, order)
    again = printed(bench, order)

    assert [each.id for each in again] == [each.id for each in copies]
    assert [each.copy_no for each in copies] == [1, 1, 1]
    owed = bench.session.scalars(select(Job.ref_id).where(Job.kind == JobKind.PRINT_COPY)).all()
    assert sorted(owed) == sorted(each.id for each in copies)


def test_the_leaflet_goes_to_a_page_printer_where_there_is_one(bench: Bench, order: Order) -> None:
    pages = make_printer(bench.session, "folder:office", stock="letter")
    furnish(bench.session, queries.printers(bench.session)[0], pages)

    copies = printed(bench, order)

    assert [each.printer_id == pages.id for each in copies] == [False, False, False, True]


def test_a_workplace_without_a_printer_is_refused_in_words(bench: Bench) -> None:
    order = labelled_order(bench)

    with pytest.raises(operations.NoPrinter):
        printed(bench, order)


def test_that_it_is_being_sent_is_said_before_it_is_sent(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]

    errand = operations.begin(bench.session, copy.id, now=bench.now)

    assert errand is not None
    assert not errand.only_ask
    assert copy.state is CopyState.SENDING
    assert copy.content_sha256 is not None
    assert errand.document.name == ids.encode("cpy", copy.id)


def test_whoever_finds_a_copy_being_sent_asks_and_does_not_send(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]
    operations.begin(bench.session, copy.id, now=bench.now)

    errand = operations.begin(bench.session, copy.id, now=bench.now)

    assert errand is not None
    assert errand.only_ask
    ended(bench, errand, Delivery(Certainty.UNKNOWN), last=False)
    assert copy.state is CopyState.UNKNOWN
    assert operations.begin(bench.session, copy.id, now=bench.now) is None


def test_what_provably_did_not_leave_is_sent_again_and_at_last_given_up(
    bench: Bench, order: Order
) -> None:
    copy = printed(bench, order)[0]

    assert delivered(bench, copy, Certainty.NOT_SENT)
    assert copy.state is CopyState.QUEUED
    assert not delivered(bench, copy, Certainty.NOT_SENT, last=True)
    assert copy.state is CopyState.FAILED
    assert copy.tries == 2
    operations.try_again(bench.session, copy.id, by=bench.technician, now=bench.now)
    assert copy.state is CopyState.QUEUED


def test_who_comes_back_late_changes_nothing(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]
    errand = operations.begin(bench.session, copy.id, now=bench.now)
    assert errand is not None
    ended(bench, errand, Delivery(Certainty.NOT_SENT), last=False)
    delivered(bench, copy, Certainty.SENT)

    again = ended(bench, errand, Delivery(Certainty.NOT_SENT), last=False)

    assert not again
    assert copy.state is CopyState.SENT


def test_a_reprint_says_so_has_its_own_code_and_makes_the_earlier_one_void(
    bench: Bench, order: Order
) -> None:
    label = first_label(bench.session, order)
    first = printed(bench, order)[0]
    delivered(bench, first, Certainty.PRINTED)

    second = reprinted(bench, label.id)

    assert (first.state, second.state) == (CopyState.VOID, CopyState.QUEUED)
    assert (second.copy_no, second.reason) == (2, ReprintReason.DAMAGED)
    errand = operations.begin(bench.session, second.id, now=bench.now)
    assert errand is not None
    words = " ".join(text_of(errand.document.content).split())
    assert "Reprint 2: the copy before was damaged. Earlier copies are void." in words
    assert label.container_id is not None
    code = ids.encode("ctr", label.container_id)
    codes = {found for _, found in scanned(errand.document.content)}
    assert f"{code}.02" in codes
    assert code not in codes


def test_a_copy_that_is_being_sent_is_not_printed_again(bench: Bench, order: Order) -> None:
    label, copy = first_label(bench.session, order), printed(bench, order)[0]
    operations.begin(bench.session, copy.id, now=bench.now)

    with pytest.raises(operations.CopyInTheWay):
        reprinted(bench, label.id)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Resolution.IN_HAND, CopyState.PRINTED),
        (Resolution.NOT_THERE, CopyState.RULED_OUT),
        (Resolution.DAMAGED, CopyState.RULED_OUT),
    ],
)
def test_a_person_says_what_came_of_an_unknown_copy(
    bench: Bench, order: Order, found: Resolution, state: CopyState
) -> None:
    copy = printed(bench, order)[0]
    delivered(bench, copy, Certainty.UNKNOWN)

    operations.resolve(bench.session, copy.id, found, by=bench.technician, now=bench.now)

    assert copy.state is state


def test_of_a_queued_copy_there_is_nothing_to_say(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]

    with pytest.raises(MoveNotAllowed):
        operations.resolve(
            bench.session, copy.id, Resolution.NOT_THERE, by=bench.technician, now=bench.now
        )


def test_packing_confirms_the_copies_that_were_scanned(bench: Bench, order: Order) -> None:
    copies = printed(bench, order)
    for copy in copies:
        delivered(bench, copy, Certainty.SENT)

    bench.pack(order)

    assert {copy.state for copy in copies} == {CopyState.CONFIRMED}
    assert queries.unconfirmed(bench.session, limit=10) == []


def test_a_label_printed_by_hand_enters_the_ledger_when_it_is_scanned(
    bench: Bench, order: Order
) -> None:
    bench.pack(order)

    copies = queries.copies_of_order(bench.session, order.id)
    assert [(each.copy_no, each.state, each.printer_id) for each in copies] == [
        (1, CopyState.CONFIRMED, None)
    ] * 3


def test_a_void_copy_does_not_pack_and_the_newest_does(bench: Bench, order: Order) -> None:
    label = first_label(bench.session, order)
    for copy in printed(bench, order):
        delivered(bench, copy, Certainty.PRINTED)
    delivered(bench, reprinted(bench, label.id), Certainty.PRINTED)
    codes = bench.codes(order)

    with pytest.raises(operations.CopyVoid), bench.session.begin_nested():
        operations.pack(bench.session, order.id, scanned=codes, by=bench.technician, now=bench.now)
    newest = [f"{codes[0]}.02", *codes[1:]]
    operations.pack(bench.session, order.id, scanned=newest, by=bench.technician, now=bench.now)

    assert order.status is Status.FINAL_CHECK


def test_the_same_code_twice_does_not_stand_for_two_containers(bench: Bench, order: Order) -> None:
    """The printer put one label out twice, and both are on vials."""
    codes = bench.codes(order)

    with pytest.raises(PackMismatch):
        operations.pack(
            bench.session,
            order.id,
            scanned=[codes[0], codes[0], codes[2]],
            by=bench.technician,
            now=bench.now,
        )


def test_a_copy_that_nobody_asked_for_is_unknown(bench: Bench, order: Order) -> None:
    codes = bench.codes(order)

    with pytest.raises(operations.CopyUnknown):
        operations.pack(
            bench.session,
            order.id,
            scanned=[f"{codes[0]}.02", *codes[1:]],
            by=bench.technician,
            now=bench.now,
        )


def test_labels_that_are_drawn_anew_make_their_copies_void(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]
    delivered(bench, copy, Certainty.PRINTED)

    labels.reallocate(bench.session, order.id, reason="damaged", by=bench.pharmacist, now=bench.now)
    bench.session.expire_all()

    assert copy.state is CopyState.VOID
    assert queries.events(bench.session, copy.id)[-1].facts == {"label": "void"}


def test_what_is_unconfirmed_is_listed_the_oldest_first(bench: Bench, order: Order) -> None:
    """The younger copies were written down first; a page ends between copies of one instant."""
    bench.now = NOW + timedelta(minutes=30)
    younger = printed(bench, order)
    bench.now = NOW
    older = printed(bench, labelled_order(bench))

    found = queries.unconfirmed(bench.session, limit=4)
    rest = queries.unconfirmed(
        bench.session, after=(found[-1].copy.asked_at, found[-1].copy.id), limit=10
    )

    assert [each.copy.id for each in (*found, *rest)] == [each.id for each in (*older, *younger)]
    assert [each.part for each in found] == ["1 of 3", "2 of 3", "3 of 3", "1 of 3"]
    assert queries.unconfirmed_count(bench.session) == 6


def test_the_database_knows_the_legal_moves(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]
    delivered(bench, copy, Certainty.SENT)

    with pytest.raises(IntegrityError, match="does not become queued"):
        bench.session.execute(update(LabelCopy).values(state=CopyState.QUEUED))


def test_the_database_holds_one_living_copy_of_a_label(bench: Bench, order: Order) -> None:
    copy = printed(bench, order)[0]

    with pytest.raises(IntegrityError, match="uq_label_copies_living"):
        bench.session.execute(
            text(
                "insert into label_copies (id, label_id, order_id, copy_no, reason, asked_at)"
                " select gen_random_uuid(), label_id, order_id, 2, 'lost', now()"
                " from label_copies where id = :id"
            ),
            {"id": copy.id},
        )


def test_the_database_lets_no_order_go_whose_label_was_not_scanned(
    bench: Bench, order: Order
) -> None:
    orders.pack(
        bench.session, order.id, scanned=bench.codes(order), by=bench.technician, now=bench.now
    )

    with pytest.raises(operations.LabelsUnconfirmed):
        bench.release(order)
    with pytest.raises(IntegrityError, match="label was not scanned"):
        orders.release(
            bench.session,
            order.id,
            attestation=bench.word(order),
            by=bench.pharmacist,
            now=bench.now,
        )


def test_after_a_reprint_the_new_copy_is_scanned_before_release(bench: Bench, order: Order) -> None:
    label = first_label(bench.session, order)
    bench.pack(order)
    copy = reprinted(bench, label.id)
    with pytest.raises(operations.LabelsUnconfirmed):
        operations.require_confirmed(bench.session, order.id)
    delivered(bench, copy, Certainty.SENT)
    assert label.container_id is not None
    code = f"{ids.encode('ctr', label.container_id)}.02"

    operations.confirm(bench.session, code, by=bench.technician, now=bench.now)

    operations.require_confirmed(bench.session, order.id)
    bench.release(order)
    assert order.status is Status.READY


def test_a_leaflet_waits_only_until_its_printer_says_that_it_is_out(
    bench: Bench, order: Order
) -> None:
    pages = make_printer(bench.session, "folder:office", stock="letter")
    furnish(bench.session, queries.printers(bench.session)[0], pages)
    *_, leaflet = printed(bench, order)
    assert "Leaflet" in [each.part for each in queries.unconfirmed(bench.session, limit=10)]

    delivered(bench, leaflet, Certainty.PRINTED)

    assert "Leaflet" not in [each.part for each in queries.unconfirmed(bench.session, limit=10)]
    kinds = [each.kind for each in labels.queries.of_order(bench.session, order.id)]
    assert kinds.count(LabelKind.LEAFLET) == 1


@pytest.mark.parametrize("found", [Resolution.NOT_THERE, Resolution.DAMAGED])
def test_what_a_person_ruled_out_is_never_sent_again(
    bench: Bench, order: Order, found: Resolution
) -> None:
    """It was sent once: a second paper would carry the same code."""
    copy = printed(bench, order)[0]
    delivered(bench, copy, Certainty.SENT)
    operations.resolve(bench.session, copy.id, found, by=bench.technician, now=bench.now)

    with pytest.raises(MoveNotAllowed):
        operations.try_again(bench.session, copy.id, by=bench.technician, now=bench.now)

    assert reprinted(bench, copy.label_id).copy_no == 2
