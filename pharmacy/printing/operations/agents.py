"""Programs beside printers that we cannot reach: they come and fetch what is to be printed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials, jobs
from pharmacy.infra.printers import Delivery
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Conflict
from pharmacy.printing import queries
from pharmacy.printing.models import LabelCopy, PrintAgent, Printer, PrintErrand, TrialPrint
from pharmacy.printing.operations.sending import Errand, begin, end
from pharmacy.printing.operations.trying import begin_test
from pharmacy.printing.rules import CopyState
from pharmacy.printing.rules.trying import TrialState
from pharmacy.staff.rules import Actor

GONE_AFTER: Final = timedelta(seconds=90)
"""So long may an agent be at its printer; then the copy is asked for, and not sent again."""
MOST_TRIES: Final = 8
"""A printer that takes nothing is given up after so many; a person has it tried as often again."""


class AgentNameTaken(Conflict):
    """An agent of this name exists."""

    code = "agent-name-taken"
    remedy = "Choose another name."


class QuestionAnswered(Conflict):
    """The agent's question was asked before, and has had its answer."""

    code = "print-question-answered"
    remedy = "Make up another nonce for every question."


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new agent. Its key is shown once; a keyed hash of it is kept."""

    agent: PrintAgent
    key: str


def enrol_agent(session: Session, name: str, *, pepper: str, by: Actor, now: datetime) -> Enrolled:
    """Let a program fetch copies for the printers that are given to it. Raises AgentNameTaken."""
    if session.scalar(select(PrintAgent.id).where(PrintAgent.name == name)):
        raise AgentNameTaken("this name is taken")
    key = credentials.ApiKey.new("agent")
    agent = PrintAgent(
        id=ids.new_id(),
        name=name,
        key_id=key.key_id,
        secret_hmac=key.keyed_hash(pepper),
        enrolled_at=now,
        enrolled_by=by.id,
    )
    session.add(agent)
    session.flush()
    _record(session, "print-agent.enrolled", agent, by=by, now=now)
    return Enrolled(agent, str(key))


def disable_agent(session: Session, agent_id: UUID, *, by: Actor, now: datetime) -> PrintAgent:
    """Shut an agent out at once."""
    agent = queries.agent(session, agent_id)
    if agent.disabled_at is None:
        agent.disabled_at = now
        _record(session, "print-agent.disabled", agent, by=by, now=now)
    return agent


def fetch(
    session: Session, *, nonce: str, by: Actor, afresh: bool, withheld: int = 0, now: datetime
) -> Errand | None:
    """
    Return the next errand for an agent's printers, said to be under way; None when there is none.

    Args:
        nonce: Made up by the agent for this question.
        afresh: The agent was just started: whatever it was sending before, it can only ask for.
        withheld: How many outcomes it keeps because they were refused.

    Raises:
        QuestionAnswered: The same question had an errand for its answer.
    """
    agent = queries.agent(session, by.id)
    if session.get(PrintErrand, (agent.id, nonce)) is not None:
        raise QuestionAnswered("this question has had its answer")
    agent.seen_at, agent.withheld = now, withheld
    abandoned = now if afresh else now - GONE_AFTER
    copy_id = _next_copy(session, agent, afresh=afresh, abandoned=abandoned, now=now)
    errand = None if copy_id is None else begin(session, copy_id, by=by, now=now)
    if errand is None and (test_id := _next_test(session, agent, abandoned=abandoned)):
        errand = begin_test(session, test_id, by=by, now=now)
    if errand is not None:
        _give(session, agent, nonce, errand, now=now)
    return errand


def report(
    session: Session, copy_id: UUID, tries: int, delivery: Delivery, *, by: Actor, now: datetime
) -> LabelCopy:
    """
    Say what came of an errand that the agent fetched. Told twice, or late, it changes nothing.

    Raises:
        CopyNotFound: It is no copy of one of the agent's printers.
    """
    copy = queries.lock_copy(session, copy_id)
    printer = queries.printer(session, copy.printer_id) if copy.printer_id else None
    if printer is None or printer.agent_id != by.id:
        raise queries.CopyNotFound("there is no such copy")
    end(session, copy_id, tries, delivery, last=tries % MOST_TRIES == 0, by=by, now=now)
    return copy


def _next_copy(
    session: Session, agent: PrintAgent, *, afresh: bool, abandoned: datetime, now: datetime
) -> UUID | None:
    """
    Return the copy that is to be sent next, or else one to ask for; of an agent that was just
    started the question comes first.

    What a printer did not take comes back after a pause, as a worker's job does, and nothing else
    waits behind it.
    """
    failures = LabelCopy.tries % MOST_TRIES
    pause = jobs.pause_after(failures, of=LabelCopy.id)
    is_due = (failures == 0) | (LabelCopy.sending_since + pause <= now)
    to_send = LabelCopy.state == CopyState.QUEUED
    to_ask = (LabelCopy.state == CopyState.SENDING) & (LabelCopy.sending_since <= abandoned)
    return session.scalars(
        select(LabelCopy.id)
        .join(Printer, Printer.id == LabelCopy.printer_id)
        .where(Printer.agent_id == agent.id, (to_send & is_due) | to_ask)
        .order_by((to_ask if afresh else to_send).desc(), LabelCopy.asked_at, LabelCopy.id)
        .limit(1)
        .with_for_update(of=LabelCopy, skip_locked=True)
    ).first()


def _next_test(session: Session, agent: PrintAgent, *, abandoned: datetime) -> UUID | None:
    return session.scalars(
        select(TrialPrint.id)
        .join(Printer, Printer.id == TrialPrint.printer_id)
        .where(
            Printer.agent_id == agent.id,
            (TrialPrint.state == TrialState.QUEUED)
            | ((TrialPrint.state == TrialState.SENDING) & (TrialPrint.asked_at <= abandoned)),
        )
        .order_by(TrialPrint.asked_at, TrialPrint.id)
        .limit(1)
        .with_for_update(of=TrialPrint, skip_locked=True)
    ).first()


def _give(
    session: Session, agent: PrintAgent, nonce: str, errand: Errand, *, now: datetime
) -> None:
    session.add(
        PrintErrand(
            agent_id=agent.id,
            nonce=nonce,
            ref_id=errand.ref_id,
            tries=errand.tries,
            only_ask=errand.only_ask,
            given_at=now,
        )
    )
    session.flush()


def _record(session: Session, action: str, agent: PrintAgent, *, by: Actor, now: datetime) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="print-agent",
        subject_id=agent.id,
        detail={"name": agent.name},
    )
