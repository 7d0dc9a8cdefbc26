"""A pharmacist's verbs: the first check and the second."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.orders import operations
from pharmacy.screening.rules import Decision
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, Code, Needed, ReasonForm, Words, take_step
from pharmacy.web.console.signing_in import held
from pharmacy.web.view import Answer, CurrentView


class ApproveForm(msgspec.Struct, frozen=True):
    """The plan that was looked at."""

    plan: Code


class DecideForm(msgspec.Struct, frozen=True):
    """What is decided about a finding."""

    decision: Decision
    reason: Code
    words: Words = ""
    contact: Words | None = None


class StrategyForm(msgspec.Struct, frozen=True):
    """How the doses are to be made up instead, and why."""

    strategy: Code
    reason: Needed


class ReleaseForm(msgspec.Struct, frozen=True):
    """The record that the pharmacist saw."""

    record: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class OrderReview(Controller):
    """What a pharmacist decides about an order."""

    path = PATH

    @post(
        "/findings/{finding_id:str}",
        opt={"permission": Permission.DECIDE_FINDING},
        status_code=200,
        sync_to_thread=True,
    )
    def decide(
        self,
        *,
        order_id: FromPath[str],
        finding_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Decide about one finding, with a coded reason."""
        given = form.read(DecideForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.decide_finding(
                session,
                wanted,
                ids.decode("fnd", finding_id),
                decision=given.decision,
                reason=given.reason,
                words=given.words,
                prescriber_contact=given.contact,
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="Decided")

    @post(
        "/strategy",
        opt={"permission": Permission.CHOOSE_STRATEGY},
        status_code=200,
        sync_to_thread=True,
    )
    def choose(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Have the doses made up by another strategy; the plan gets a new version."""
        given = form.read(StrategyForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.choose_strategy(
                session,
                wanted,
                strategy=given.strategy,
                reason=given.reason,
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="The plan was made anew")

    @post(
        "/approval",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def approve(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Approve prescription, findings and plan."""
        plan_id = ids.decode("pln", form.read(ApproveForm).plan)

        def step(session: Session, wanted: UUID) -> object:
            return operations.approve(session, wanted, plan_id=plan_id, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="Approved", onward="/queue")

    @post(
        "/rejection",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def reject(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Refuse to fill the prescription; the prescriber reads why."""
        given = form.read(ReasonForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.reject(
                session, wanted, reason=given.reason, words=given.words, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Rejected", onward="/queue")

    @post(
        "/recheck",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def recheck(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Have prescriber, screening and plan checked again."""

        def step(session: Session, wanted: UUID) -> object:
            return operations.recheck(session, wanted, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="Being checked again")

    @post("/release", opt={"permission": Permission.RELEASE}, status_code=200, sync_to_thread=True)
    def release(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Sign the second check; the signature covers the record as it was shown."""
        record = bytes.fromhex(form.read(ReleaseForm).record)
        word = held(view).attest(record, view.now)

        def step(session: Session, wanted: UUID) -> object:
            return dispensing.release(session, wanted, attestation=word, by=actor, now=view.now)

        wanted = ids.decode("ord", order_id)
        with dispensing.owing_recheck(db, wanted, by=actor, now=view.now):
            return take_step(view, db, order_id, step, toast="Released", onward="/queue")

    @post(
        "/send-back", opt={"permission": Permission.RELEASE}, status_code=200, sync_to_thread=True
    )
    def send_back(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Send a packed order back to the bench."""
        given = form.read(ReasonForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.send_back(
                session, wanted, reason=given.reason, words=given.words, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Sent back", onward="/queue")
