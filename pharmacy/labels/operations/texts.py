"""The words of labels and leaflets: one pharmacist writes a version, another approves it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import audit, jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.labels import pdf, queries
from pharmacy.labels.models import Outcome, TextEdition
from pharmacy.labels.rules import reading
from pharmacy.labels.rules.text_checks import drawable
from pharmacy.labels.rules.texts import (
    ENGLISH,
    KEYS,
    LANGUAGE,
    Part,
    require_like,
    require_whole,
    shipped,
)
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Actor, Permission, SecondPersonNeeded, require_second_person


class EditionWaiting(Conflict):
    """Another version of these texts waits for a decision."""

    code = "label-texts-waiting"
    remedy = "Decide about the version that waits, then write yours."


class EditionDecided(Conflict):
    """The version was approved or rejected before."""

    code = "label-texts-decided"


class LanguageUnknown(Invalid):
    """A language is two or three small letters, as in ISO 639."""

    code = "label-language-unknown"


class ReasonNeeded(Invalid):
    """A version is written, and rejected, for a reason."""

    code = "label-text-reason-needed"


def draft_texts(
    session: Session,
    language: str,
    part: Part,
    changes: Mapping[str, str],
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> TextEdition:
    """
    Write the next version of a part's texts: the newest one with some of them changed.

    With no changes, the texts that this program brings along are put up for approval by somebody
    else, or by this pharmacist: nobody here wrote them.

    Raises:
        TextUnknown, TextUnlike: A text cannot stand where the English one stands.
        TextForbidden, GlyphMissing: A text cannot be drawn.
        EditionWaiting: A version waits for its decision.
        LanguageUnknown, ReasonNeeded.
    """
    by.require(Permission.APPROVE_TEXT)
    if not LANGUAGE.fullmatch(language):
        raise LanguageUnknown("this is no language code")
    if not reason.strip():
        raise ReasonNeeded("say what the version is for")
    if by.id is None:
        raise SecondPersonNeeded("texts are approved by two people")
    new = {
        key: drawable(text, name=key, covered=pdf.COVERED) if text.strip() else ""
        for key, text in changes.items()
    }
    require_like(_english(session, part), new)
    texts = queries.newest_texts(session, language, part) | new
    newest = select(func.coalesce(func.max(TextEdition.version), 0)).where(
        TextEdition.language == language, TextEdition.part == part
    )
    is_ours = texts == shipped(language, part)
    edition = TextEdition(
        language=language,
        part=part,
        version=session.scalars(newest).one() + 1,
        texts=texts,
        texts_sha256=digest(texts),
        reason=reason.strip(),
        drafted_by=None if is_ours else by.id,
        drafted_at=now,
    )
    try:
        with session.begin_nested():
            session.add(edition)
    except IntegrityError as error:
        raise EditionWaiting("a version of these texts waits", language=language) from error
    _note(session, "label-texts.drafted", edition, by=by, now=now)
    return edition


def approve_texts(
    session: Session, language: str, part: Part, version: int, *, by: Actor, now: datetime
) -> TextEdition:
    """
    Put a version in force. Orders that wait for it get their labels drawn.

    Raises:
        TextMissing: A text is empty.
        TextTooHard: The leaflet reads harder than 8th grade.
        SecondPersonNeeded: Whoever wrote it does not approve it.
        EditionNotFound, EditionDecided.
    """
    edition = _lock_open(session, language, part, version, by=by)
    require_whole(KEYS[part], edition.texts)
    if part is Part.LEAFLET:
        reading.require_easy(language, sentences(edition.texts))
    edition.outcome, edition.decided_by, edition.decided_at = Outcome.APPROVED, by.id, now
    session.flush()
    _note(session, "label-texts.approved", edition, by=by, now=now)
    _draw_what_waited(session, now=now)
    return edition


def reject_texts(
    session: Session,
    language: str,
    part: Part,
    version: int,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> TextEdition:
    """Decide against a version; whoever wrote it may. Raises EditionDecided, ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded("say what is wrong with the version")
    edition = _lock_open(session, language, part, version, by=by, own=True)
    edition.outcome, edition.decided_by, edition.decided_at = Outcome.REJECTED, by.id, now
    edition.rejected_because = reason.strip()
    session.flush()
    _note(session, "label-texts.rejected", edition, by=by, now=now)
    return edition


def digest(texts: Mapping[str, str]) -> bytes:
    """Return the SHA-256 of texts, whatever their order."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=False).encode()).digest()


def measured(language: str, part: Part, texts: Mapping[str, str]) -> str:
    """Return how hard a leaflet reads, in words; empty for other parts, and without any text."""
    if part is not Part.LEAFLET or not any(texts.values()):
        return ""
    return reading.measured(language, sentences(texts))


def sentences(texts: Mapping[str, str]) -> str:
    """Return the leaflet's sentences, for measuring how hard they are to read."""
    whole = (texts[key] for key in KEYS[Part.LEAFLET] if texts.get(key, "").endswith((".", "?")))
    return " ".join(whole)


def _english(session: Session, part: Part) -> dict[str, str]:
    words = queries.in_force(session, ENGLISH)
    return {key: words[key] for key in KEYS[part]}


def _lock_open(
    session: Session, language: str, part: Part, version: int, *, by: Actor, own: bool = False
) -> TextEdition:
    by.require(Permission.APPROVE_TEXT)
    edition = queries.edition(session, language, part, version, lock=True)
    if edition.outcome is not None:
        raise EditionDecided("this version was decided about before")
    if by.id is None:
        raise SecondPersonNeeded("texts are approved by a person")
    if not own and edition.drafted_by is not None:
        require_second_person(maker=edition.drafted_by, checker=by.id)
    return edition


def _draw_what_waited(session: Session, *, now: datetime) -> None:
    """Owe the labels of the orders that were held because their language was not approved."""
    waiting = session.scalars(
        select(Order.id)
        .join(Hold, Hold.order_id == Order.id)
        .where(
            Order.status == Status.LABELING,
            Order.labeled_at.is_(None),
            Hold.code == queries.LanguageNotApproved.code,
            Hold.lifted_at.is_(None),
        )
        .order_by(Order.id)
    ).all()
    for order_id in waiting:
        key = f"{JobKind.RENDER_LABELS}:{order_id}:texts:{now.isoformat()}"
        jobs.add(session, JobKind.RENDER_LABELS, ref_id=order_id, dedupe_key=key)


def _note(session: Session, action: str, edition: TextEdition, *, by: Actor, now: datetime) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="label-texts",
        subject_id=edition.id,
        detail={
            "language": edition.language,
            "part": edition.part,
            "version": edition.version,
            "sha256": edition.texts_sha256.hex(),
        },
    )
