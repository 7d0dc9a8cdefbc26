"""The words of labels: written by one pharmacist, approved by another, and only then on paper."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.jobs import Job
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations, queries
from pharmacy.labels.models import TextEdition
from pharmacy.labels.operations.texts import EditionDecided, EditionWaiting
from pharmacy.labels.queries import LanguageNotApproved
from pharmacy.labels.rules.reading import TextTooHard
from pharmacy.labels.rules.text_checks import TextForbidden
from pharmacy.labels.rules.texts import Part, TextMissing
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.rules import Status
from pharmacy.patients.rules import ReadingInvalid
from pharmacy.practice import operations as practice
from pharmacy.staff.rules import PermissionMissing, Role, SecondPersonNeeded
from tests.factories.labels import approve_spanish
from tests.factories.orders import Bench
from tests.factories.staff import make_actor
from tests.rules.labels.pictures import text_of


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    order = bench.order(Status.PLANNED)
    orders.allocate(bench.session, order.id, by=bench.technician, now=bench.now)
    return order


def draft(bench: Bench, **changes: str) -> TextEdition:
    """Have the first pharmacist write a version of the English label texts."""
    return operations.draft_texts(
        bench.session,
        "en",
        Part.LABEL,
        changes,
        reason="Clearer",
        by=bench.pharmacist,
        now=bench.now,
    )


def choose(bench: Bench, order: Order, language: str = "es", *, large: bool = False) -> list[Order]:
    return operations.choose_reading(
        bench.session,
        order.patient_id,
        language=language,
        large_print=large,
        reason="She asked for it",
        by=bench.pharmacist,
        now=bench.now,
    )


def hold_of(bench: Bench, order: Order) -> Hold:
    return bench.session.scalars(select(Hold).where(Hold.order_id == order.id)).one()


def test_a_draft_changes_no_label_until_somebody_else_approves_it(
    bench: Bench, order: Order
) -> None:
    edition = draft(bench, route="Swallow it.")
    assert queries.in_force(bench.session, "en")["route"] == "By mouth."

    with pytest.raises(SecondPersonNeeded):
        operations.approve_texts(
            bench.session, "en", Part.LABEL, edition.version, by=bench.pharmacist, now=bench.now
        )
    operations.approve_texts(
        bench.session, "en", Part.LABEL, edition.version, by=bench.second_pharmacist, now=bench.now
    )

    first, *_ = operations.render(bench.session, order.id, now=bench.now)
    assert "Swallow it." in text_of(first.pdf)
    assert first.content["versions"] == "en: directions shipped, label 1, leaflet shipped"


def test_the_database_too_wants_a_second_person(bench: Bench) -> None:
    draft(bench, route="Swallow it.")

    with pytest.raises(IntegrityError, match="ck_label_text_editions_second_person"):
        bench.session.execute(
            text(
                "update label_text_editions set outcome = 'approved',"
                " decided_by = drafted_by, decided_at = now()"
            )
        )


@pytest.mark.parametrize(
    "change",
    [
        "update label_text_editions set texts = '{}'",
        "update label_text_editions set outcome = 'rejected', rejected_because = 'no'",
        "delete from label_text_editions",
    ],
)
def test_a_version_is_never_rewritten_and_decided_once(bench: Bench, change: str) -> None:
    edition = draft(bench, route="Swallow it.")
    operations.approve_texts(
        bench.session, "en", Part.LABEL, edition.version, by=bench.second_pharmacist, now=bench.now
    )

    with pytest.raises(DBAPIError, match="is not rewritten"):
        bench.session.execute(text(change))


def test_one_version_at_a_time_waits(bench: Bench) -> None:
    first = draft(bench, route="Swallow it.")
    with pytest.raises(EditionWaiting):
        draft(bench, route="Swallow.")

    operations.reject_texts(
        bench.session,
        "en",
        Part.LABEL,
        first.version,
        reason="Not clearer",
        by=bench.pharmacist,
        now=bench.now,
    )

    second = draft(bench, storage="Keep it dry.")
    assert (second.version, second.texts["route"]) == (2, "By mouth.")
    with pytest.raises(EditionDecided):
        operations.approve_texts(
            bench.session, "en", Part.LABEL, 1, by=bench.second_pharmacist, now=bench.now
        )


def test_what_cannot_be_printed_or_read_is_refused(bench: Bench) -> None:
    with pytest.raises(TextForbidden):
        draft(bench, route="By\u202emouth.")
    hard = "Concomitant pharmacological administration necessitates comprehensive consultation. "
    edition = operations.draft_texts(
        bench.session,
        "en",
        Part.LEAFLET,
        {key: hard.strip() for key in ("how.once", "how.label", "opioids.why", "next.wait")}
        | {f"about.{key}": hard * 3 for key in ("made", "compounded", "use")}
        | {f"keeping.{key}": hard * 3 for key in ("where", "until", "away")},
        reason="Longer",
        by=bench.pharmacist,
        now=bench.now,
    )

    with pytest.raises(TextTooHard):
        operations.approve_texts(
            bench.session,
            "en",
            Part.LEAFLET,
            edition.version,
            by=bench.second_pharmacist,
            now=bench.now,
        )


def test_only_pharmacists_write_and_approve(bench: Bench) -> None:
    for role in (Role.TECHNICIAN, Role.ADMINISTRATOR):
        with pytest.raises(PermissionMissing):
            operations.draft_texts(
                bench.session,
                "es",
                Part.LABEL,
                {},
                reason="why",
                by=make_actor(bench.session, role),
                now=bench.now,
            )


def test_a_language_that_nobody_approved_holds_the_order(bench: Bench, order: Order) -> None:
    choose(bench, order)

    assert operations.render(bench.session, order.id, now=bench.now) == []

    hold = hold_of(bench, order)
    assert hold.code == LanguageNotApproved.code
    assert hold.facts == {"language": "es", "missing": "directions label leaflet"}


def test_the_held_order_is_drawn_when_the_last_part_is_approved(bench: Bench, order: Order) -> None:
    choose(bench, order)
    operations.render(bench.session, order.id, now=bench.now)
    before = set(bench.session.scalars(select(Job.id)))

    approve_spanish(
        bench.session, writer=bench.pharmacist, approver=bench.second_pharmacist, now=bench.now
    )

    owed = bench.session.scalars(select(Job).where(Job.id.not_in(before))).all()
    assert {(job.kind, job.ref_id) for job in owed} == {(JobKind.RENDER_LABELS, order.id)}
    first, *_, leaflet = operations.render(bench.session, order.id, now=bench.now)
    assert "Tome 1 cápsula al acostarse" in text_of(first.pdf)
    assert "In English: Take 1 capsule at bedtime" in text_of(first.pdf)
    assert "Su naltrexona en dosis baja" in text_of(leaflet.pdf)
    assert hold_of(bench, order).lifted_at is not None


def test_the_policy_prints_english_instead(bench: Bench, order: Order) -> None:
    practice.change_policy(
        bench.session,
        "english_when_not_approved",
        data=True,
        reason="Interpreters call our patients",
        by=make_actor(bench.session, Role.ADMINISTRATOR),
        now=bench.now,
    )
    choose(bench, order)

    first, *_ = operations.render(bench.session, order.id, now=bench.now)

    assert "Take 1 capsule at bedtime" in text_of(first.pdf)
    assert first.content["language"] == "en"


def test_directions_that_the_board_has_not_given_are_not_approved(bench: Bench) -> None:
    edition = operations.draft_texts(
        bench.session,
        "es",
        Part.DIRECTIONS,
        {},
        reason="Start",
        by=bench.pharmacist,
        now=bench.now,
    )

    with pytest.raises(TextMissing):
        operations.approve_texts(
            bench.session,
            "es",
            Part.DIRECTIONS,
            edition.version,
            by=bench.second_pharmacist,
            now=bench.now,
        )


def test_choosing_how_a_patient_reads_draws_the_labels_again_and_is_remembered(
    bench: Bench, order: Order
) -> None:
    old = {label.id for label in operations.render(bench.session, order.id, now=bench.now)}
    approve_spanish(
        bench.session, writer=bench.pharmacist, approver=bench.second_pharmacist, now=bench.now
    )

    assert choose(bench, order) == [order]

    assert all(queries.get(bench.session, each).voided_at for each in old)
    new = operations.render(bench.session, order.id, now=bench.now)
    assert [label.content["language"] for label in new] == ["es"] * 4
    entry = bench.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "patient.reading-chosen")
    ).one()
    assert entry.detail["reason"] == "She asked for it"
    assert entry.patient_id == order.patient_id


def test_a_reason_and_a_language_are_needed(bench: Bench, order: Order) -> None:
    with pytest.raises(ReadingInvalid):
        choose(bench, order, "Spanish")


def test_a_patient_with_weak_eyes_gets_the_leaflet_in_large_print(
    bench: Bench, order: Order
) -> None:
    operations.render(bench.session, order.id, now=bench.now)

    choose(bench, order, "en", large=True)

    *_, leaflet = operations.render(bench.session, order.id, now=bench.now)
    assert leaflet.content["large_print"] is True
    assert "Page 4 of" in text_of(leaflet.pdf)
