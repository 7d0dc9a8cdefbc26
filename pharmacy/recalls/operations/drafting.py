"""Letters of a recall: one for each patient and prescriber, and one for the Board."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels.pdf import COVERED
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.rules.fitting import TextTooLong, wrapped
from pharmacy.labels.rules.text_checks import GlyphMissing, TextForbidden, drawable
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.practice.models import Site
from pharmacy.prescribers.models import Prescriber
from pharmacy.recalls.models import Recall, RecallNotice
from pharmacy.recalls.operations.drawing import draw, shared_by
from pharmacy.recalls.pdf import BODY, ROOM
from pharmacy.recalls.queries import Trace, TracedVial
from pharmacy.recalls.rules import letters
from pharmacy.recalls.rules.letters import Letter, Sender, Vial
from pharmacy.recalls.rules.timers import NoticeTo

AT_ONCE: Final = 50
"""Letters that are drawn with the opening, a fraction of a second; a worker draws the others."""
BY_HAND = "____________________ (write by hand: {what})"
MEASURE: Final = partial(width, size=BODY, bold=False)
Key = TypeVar("Key", str, UUID)


def draft_letters(session: Session, recall: Recall, trace: Trace, *, now: datetime) -> int:
    """
    Draft what everybody concerned is told. Returns how many letters there are.

    Every word of every letter is settled here. The first letters are drawn at once, the Board's
    before all; of more than those a worker owes the drawing.

    Raises:
        GlyphMissing, TextForbidden: The reason holds a character that cannot be printed.
        TextTooLong: It holds a word that is wider than a line.

    Only vials that were handed over concern patients and prescribers; the Board is told of all.
    """
    site = practice.site(session)
    given = [vial for vial in trace.vials if vial.handed_over_at is not None]
    patients = _patients(session, {vial.patient_id for vial in trace.vials})
    draft = _Draft(recall, site, patients, now)
    notices = []
    if recall.serious:
        to = (f"{site.state} Board of Pharmacy",)
        notices.append(draft.notice(NoticeTo.BOARD, list(trace.vials), letters.to_board, to=to))
    notices += [
        draft.notice(NoticeTo.PATIENT, vials, letters.to_patient, patient_id=patient_id)
        for patient_id, vials in _grouped(given, lambda vial: vial.patient_id)
    ]
    names = _prescribers(session, {vial.npi for vial in given})
    notices += [
        draft.notice(NoticeTo.PRESCRIBER, vials, letters.to_prescriber, npi=npi, to=names[npi])
        for npi, vials in _grouped(given, lambda vial: vial.npi)
    ]
    draw(notices[:AT_ONCE], shared=shared_by(draft.sender, draft.reason), now=now)
    session.add_all(notices)
    session.flush()
    if len(notices) > AT_ONCE:
        jobs.add(session, JobKind.DRAW_LETTERS, ref_id=recall.id)
    return len(notices)


class _Draft:
    """What every letter of a recall shares."""

    def __init__(
        self, recall: Recall, site: Site, patients: dict[UUID, Patient], now: datetime
    ) -> None:
        self.recall = recall
        self.reason = drawable(recall.reason, name="reason", covered=COVERED)
        wrapped(f"Reason: {self.reason}", room=ROOM, width=MEASURE)
        self.patients = patients
        self.now = now
        self.on = site.today(now)
        self.sender = Sender(
            name=_drawable(site.name),
            address=(
                _drawable(site.address_line),
                _drawable(f"{site.city}, {site.state} {site.postal_code}"),
            ),
            phone=site.phone,
        )

    def notice(
        self,
        recipient: NoticeTo,
        vials: list[TracedVial],
        worded: Callable[..., Letter],
        *,
        patient_id: UUID | None = None,
        npi: str | None = None,
        to: tuple[str, ...] = (),
    ) -> RecallNotice:
        """Word one letter."""
        letter = worded(
            self.sender,
            to=_address(self.patients[patient_id]) if patient_id else to,
            on=self.on,
            vials=[self._vial(vial) for vial in vials],
            reason=self.reason,
        )
        return RecallNotice(
            recall_id=self.recall.id,
            recipient=recipient,
            patient_id=patient_id,
            npi=npi,
            vials=len(vials),
            content=letter.as_data(),
            drafted_at=self.now,
        )

    def _vial(self, vial: TracedVial) -> Vial:
        patient = self.patients[vial.patient_id]
        return Vial(
            number=vial.number,
            strength_ug=vial.strength_ug,
            lot_number=_drawable(vial.lot_number),
            patient=_drawable(f"{patient.given} {patient.family}"),
            handed_over=vial.handed_over_at is not None,
        )


def _address(patient: Patient) -> tuple[str, ...]:
    return tuple(
        _drawable(line)
        for line in (
            f"{patient.given} {patient.family}",
            patient.address_line,
            f"{patient.city}, {patient.state} {patient.postal_code}",
        )
    )


def _drawable(text: str) -> str:
    """
    Return a line of a letter, whole; or a blank line to be filled in by hand, and why.

    No character is ever replaced, and a recall does not wait for one that cannot be printed.
    """
    try:
        line = drawable(text, name="letter", covered=COVERED)
        wrapped(f"{line}:", room=ROOM, width=MEASURE)
    except (GlyphMissing, TextForbidden) as refusal:
        return BY_HAND.format(what=f"{refusal.facts['characters']} cannot be printed")
    except TextTooLong:
        return BY_HAND.format(what="it is too long for a line")
    return line


def _patients(session: Session, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    found = session.scalars(select(Patient).where(Patient.id.in_(sorted(ids))))
    return {patient.id: patient for patient in found}


def _prescribers(session: Session, npis: Iterable[str]) -> dict[str, tuple[str, ...]]:
    wanted = sorted(npis)
    found = session.scalars(select(Prescriber).where(Prescriber.npi.in_(wanted)))
    known = {
        each.npi: (_drawable(f"{each.given} {each.family}"), f"NPI {each.npi}") for each in found
    }
    return {npi: known.get(npi, (f"NPI {npi}",)) for npi in wanted}


def _grouped(
    vials: Iterable[TracedVial], key: Callable[[TracedVial], Key]
) -> list[tuple[Key, list[TracedVial]]]:
    by_key = sorted(vials, key=lambda vial: str(key(vial)))
    return [(of, list(group)) for of, group in groupby(by_key, key=key)]
