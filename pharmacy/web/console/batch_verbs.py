"""Which verbs a batch's page offers, and why one that it shows cannot be done."""

from typing import Final

from pharmacy.compounding.rules.life import MOVES, BatchAction, BatchStatus
from pharmacy.kernel import ids
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_page import BatchPage, may_verify
from pharmacy.web.console.recall_state import trace_action
from pharmacy.web.view import Action, View

WEIGHS: Final = {"weigh-shells": "shell", "weigh-capsules": "capsule"}
"""What is put on the balance one by one, by what is owed."""


def verbs_of(page: BatchPage, view: View, *, ready: bool, shells: str) -> list[Action]:
    """
    Return the verbs of a page, the next one first.

    Args:
        ready: The lot of the weighing at hand was scanned.
        shells: The lot of shells that was scanned for the filling at hand.
    """
    found: list[Action] = []
    if view.may(Permission.COMPOUND):
        found += _at_the_bench(page, ready=ready, shells=shells)
    if view.may(Permission.VERIFY_WEIGHING):
        found += _of_pharmacists(page, view)
    found.append(Action("w", "Worksheet", href=f"/bench/{page.line.id}/worksheet"))
    return found


def _at_the_bench(page: BatchPage, *, ready: bool, shells: str) -> list[Action]:
    at, code, step = f"/bench/{page.line.id}", page.owed.code, page.step
    found = []
    if code == "weigh" and ready:
        found.append(Action("y", "Type the weight", opens="typed"))
    if code in WEIGHS:
        found.append(Action("y", "Type the weight", opens="typed"))
    if code == "blend":
        found.append(
            Action("b", "It is blended", post=f"{at}/blend", kind="primary", scan="BLENDED")
        )
    if code == "fill" and shells:
        found.append(Action("f", "Filled", opens="fill", kind="primary", scan="FILLED"))
    if code == "test":
        found.append(Action("o", "Judge", opens="judge", kind="primary", scan="JUDGE"))
    if step is not None and code == "step" and step.is_complete:
        done = f"{at}/steps/{step.step.no}/done"
        found.append(Action("d", "Step done", post=done, kind="primary", scan="DONE"))
    may_call = page.batch.called_at is None and page.batch.status in MOVES[BatchAction.CALL]
    if step is not None and may_call:
        found.append(Action("c", "Call a pharmacist", opens="call"))
    if page.counting and page.batch.status in MOVES[BatchAction.VOID]:
        found.append(Action("x", "Void a weighing", opens="void", kind="danger"))
    return found


def _of_pharmacists(page: BatchPage, view: View) -> list[Action]:
    batch = page.batch
    found = []
    if page.call is not None:
        why = "" if page.call.asked_by != view.actor.id else "Whoever asked does not answer."
        found.append(Action("a", "Answer", opens="answer", kind="primary", why_not=why))
    unverified = [each for each in page.counting if each.verified_by is None]
    mine = [each for each in unverified if may_verify(each, view.actor)]
    if unverified and batch.status in MOVES[BatchAction.VERIFY]:
        why = "" if mine else "Whoever weighed does not verify: ask a colleague."
        found.append(
            Action("v", "Verify", opens="verify", kind="primary", scan="VERIFY", why_not=why)
        )
    if batch.status is BatchStatus.FILLED and page.owed.code in {"release", "settle"}:
        why = "" if page.owed.code == "release" else page.owed.words
        found.append(
            Action("e", "Release", opens="release", kind="primary", scan="RELEASE", why_not=why)
        )
    if page.investigation is not None:
        found.append(Action("i", "End the investigation", opens="conclude", kind="primary"))
    found += _of_samples(page)
    if batch.status in MOVES[BatchAction.QUARANTINE]:
        found.append(Action("q", "Quarantine", opens="quarantine", kind="danger"))
    if batch.status in MOVES[BatchAction.SCRAP] and page.investigation is None:
        found.append(Action("z", "Scrap", opens="scrap", kind="danger"))
    return found


def _of_samples(page: BatchPage) -> list[Action]:
    """What goes to a laboratory, and what it answers; and the way to a recall of the capsules."""
    batch, found = page.batch, []
    if page.sample_out is not None and batch.status in MOVES[BatchAction.RECORD_RESULT]:
        answer = f"result-{ids.encode('smp', page.sample_out.id)}"
        found.append(Action("t", "The laboratory answered", opens=answer))
    if batch.capsule_lot_id is not None:
        if batch.status in MOVES[BatchAction.SEND_SAMPLE]:
            found.append(Action("s", "Send a sample", opens="sample"))
        code = ids.encode("lot", batch.capsule_lot_id)
        found.append(trace_action(code, is_recalled=bool(page.mentions), words="its capsules"))
    return found
