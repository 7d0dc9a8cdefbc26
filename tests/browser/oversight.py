"""What those who keep watch see: copies, jobs given up, registries, checks, figures."""

import io
from datetime import timedelta

from sqlalchemy import update

from pharmacy.infra import audit, audit_walks, jobs, record_checks
from pharmacy.infra.audit_walks import AuditWalk
from pharmacy.infra.jobs import Job, JobState
from pharmacy.infra.printers import Certainty, Delivery
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.prescribers import operations as prescribers
from pharmacy.prescribers.operations import Described
from pharmacy.printing import operations
from pharmacy.printing.models import LabelCopy
from pharmacy.staff.operations import accounts, clients
from pharmacy.staff.operations.accounts import Person
from pharmacy.staff.rules import WORKER, Actor, Role
from tests.factories.inventory import stock_the_clinic
from tests.factories.orders import Bench
from tests.factories.prescribers import JORDAN
from tests.factories.printing import PLACE, make_printer
from tests.factories.registries import make_import
from tests.factories.registry_files import EXCLUDED, LEIE_HEADINGS, csv_text
from tests.factories.staff import make_actor

CERTAINTIES: tuple[tuple[Certainty, tuple[str, ...]], ...] = (
    ("printed", ()),
    ("unknown", ("connection-lost",)),
    ("not-sent", ("media-empty",)),
)


def stock_oversight(bench: Bench, labelled: Order) -> None:
    """Fill the pages of oversight; `labelled` waits to be packed."""
    session, now = bench.session, bench.now
    make_printer(session, "raw://127.0.0.1:9100", name="Counter labels")
    _print(bench, labelled)
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=labelled.id, dedupe_key="a second look")
    session.execute(
        update(Job)
        .where(Job.dedupe_key == "a second look")
        .values(state=JobState.DEAD, attempts=8, last_error="TimeoutError at nppes.py:41")
    )
    today = now.date()
    make_import(session, "nppes", file_date=today, rows_read=8_912_345, rows_kept=2_104_881)
    make_import(session, "licenses:OK", file_date=today - timedelta(days=61), rows_read=4_104)
    make_import(session, "licenses:TX", rows_read=91_220, rows_kept=91_113)
    for hours in (3, 2, 1):
        broken = {"every_capsule_is_somewhere": 2} if hours == 2 else {}
        at = now - timedelta(hours=hours)
        record_checks.record(session, broken, invariants=42, now=at)
    administrator = make_actor(session, Role.ADMINISTRATOR)
    newcomer = Person(username="kim.lee", display_name="Kim Lee, PharmD", initials="KL")
    accounts.add(session, newcomer, {Role.PHARMACIST}, by=administrator, now=now)
    system = clients.add(session, name="Bayou Clinic EHR", by=administrator, now=now)
    clients.enrol(session, system.id, npi=JORDAN, by=administrator, now=now)
    for days in (30, 365):
        clients.issue_key(session, system.id, pepper="x" * 32, by=administrator, now=now, days=days)
    _flow(bench)
    for person, minutes in ((bench.technician, 50), (bench.pharmacist, 20), (bench.technician, 5)):
        audit.record(
            session,
            "order.read",
            by=person,
            at=now - timedelta(minutes=minutes),
            subject_kind="order",
            subject_id=labelled.id,
            patient_id=labelled.patient_id,
        )
    audit.seal(session, now=now)
    _walk_the_chain(bench, administrator)
    _send_files(bench, administrator)
    for name, due in (("Late ones", "late"), ("Planned today", "today")):
        filters = {"view": "all", "status": "planned", "due": due}
        orders.keep_view(session, name, filters, by=bench.technician, now=now)


def _send_files(bench: Bench, administrator: Actor) -> None:
    """One file was taken over, one refused."""
    session = bench.session
    people = [{**EXCLUDED, "FIRSTNAME": f"P{number}", "STATE": "NV"} for number in range(30)]
    damaged = [{**each, "DOB": "1970-5"} if at % 9 == 4 else each for at, each in enumerate(people)]
    for name, rows in (("UPDATED.csv", people), ("UPDATED-2026-03.csv", damaged)):
        at = bench.now - timedelta(hours=len(name))
        described = Described(kind="leie", file_name=name, file_date=at.date(), allow_shorter=True)
        body = io.BytesIO(csv_text(LEIE_HEADINGS, rows).encode())
        upload = prescribers.receive(session, body, described, by=administrator, now=at)
        while upload.ended_at is None:
            prescribers.go_on_importing(session, upload.id, by=WORKER, now=at)


def _walk_the_chain(bench: Bench, administrator: Actor) -> None:
    """One walk is over, another half done."""
    earlier = bench.now - timedelta(hours=26)
    walk = audit_walks.ask(bench.session, by=administrator, now=earlier)
    audit_walks.go_on(bench.session, walk.id, by=WORKER, now=earlier)
    audit_walks.ask(bench.session, by=administrator, now=bench.now)
    bench.session.execute(
        update(AuditWalk)
        .where(AuditWalk.ended_at.is_(None))
        .values(entries=412_000, expected=1_180_342, seals=1, head_sha256=walk.head_sha256)
    )


def _print(bench: Bench, order: Order) -> None:
    copies = operations.print_order(
        bench.session,
        order.id,
        workstation=PLACE,
        by=bench.technician,
        now=bench.now - timedelta(minutes=95),
    )
    for copy, (certainty, reasons) in zip(copies, CERTAINTIES, strict=False):
        _deliver(bench, copy, Delivery(certainty, reasons))


def _deliver(bench: Bench, copy: LabelCopy, delivery: Delivery) -> None:
    errand = operations.begin(bench.session, copy.id, now=bench.now)
    assert errand is not None
    operations.end(bench.session, errand.ref_id, errand.tries, delivery, last=True, now=bench.now)


def _flow(bench: Bench) -> None:
    """Let orders go their way in the weeks before now, with questions and a final check's find."""
    session, end = bench.session, bench.now
    for _ in range(3):
        stock_the_clinic(bench.session)
    for no, (days, hours) in enumerate([(20, 30), (15, 44), (12, 20), (9, 71), (4, 26)]):
        bench.now = end - timedelta(days=days)
        order = bench.order(Status.REVIEW, valid_from=bench.now.date())
        kinds = list(QuestionKind)
        question = orders.ask(
            session,
            order.id,
            kind=kinds[no % 2],
            words="Which dose?",
            by=bench.pharmacist,
            now=bench.now,
        )
        orders.note_telephone(
            session,
            order.id,
            question.id,
            words="That one.",
            spoke_with="Dr Testprescriber",
            read_back=True,
            by=bench.pharmacist,
            now=bench.now + timedelta(hours=hours / 4),
        )
        for part, status in ((9, Status.LABELING), (3, Status.FINAL_CHECK)):
            bench.now += timedelta(hours=hours * part / 20)
            bench.walk(order, status)
        if no in {1, 3}:
            orders.send_back(
                session,
                order.id,
                reason="wrong-count",
                words="",
                by=bench.pharmacist,
                now=bench.now,
            )
        bench.now += timedelta(hours=hours * 5 / 20)
        bench.walk(order, Status.READY)
        bench.now += timedelta(hours=hours * 3 / 20)
        bench.walk(order, Status.HANDED_OVER)
    bench.now = end
