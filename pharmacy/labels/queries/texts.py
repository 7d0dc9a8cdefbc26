"""Reading the words of labels and leaflets: which versions there are, and which are in force."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import Invalid, NotFound
from pharmacy.labels.models import Outcome, TextEdition
from pharmacy.labels.rules.texts import ENGLISH, SHIPPED, Part, Texts, shipped


class EditionNotFound(NotFound):
    """There is no such version of these texts."""

    code = "label-texts-not-found"


class LanguageNotApproved(Invalid):
    """The patient reads a language in which no pharmacist has approved the texts."""

    code = "label-language-not-approved"
    remedy = (
        "Have the texts of this language approved, or set the patient's language to one that is; "
        "the policy english_when_not_approved prints English instead."
    )


def editions(session: Session, language: str, part: Part) -> Sequence[TextEdition]:
    """Return every version of a part in a language, the newest first."""
    return session.scalars(
        select(TextEdition)
        .where(TextEdition.language == language, TextEdition.part == part)
        .order_by(TextEdition.version.desc())
    ).all()


def edition(
    session: Session, language: str, part: Part, version: int, *, lock: bool = False
) -> TextEdition:
    """Return one version. Raises EditionNotFound."""
    wanted = select(TextEdition).where(
        TextEdition.language == language,
        TextEdition.part == part,
        TextEdition.version == version,
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise EditionNotFound("there is no such version of these texts")
    return found


def languages(session: Session) -> list[str]:
    """Return every language that has words, approved or not."""
    written = session.scalars(select(TextEdition.language).distinct()).all()
    return sorted({*SHIPPED, *written})


def newest_texts(session: Session, language: str, part: Part) -> dict[str, str]:
    """Return what a new version starts from: the newest not rejected, or what is shipped."""
    found = session.scalars(
        select(TextEdition)
        .where(
            TextEdition.language == language,
            TextEdition.part == part,
            TextEdition.outcome.is_distinct_from(Outcome.REJECTED),
        )
        .order_by(TextEdition.version.desc())
        .limit(1)
    ).first()
    return shipped(language, part) | (found.texts if found else {})


def in_force(session: Session, language: str) -> Texts:
    """
    Return the approved words of a language. English stands as it was shipped until it is changed.

    Raises:
        LanguageNotApproved: A part has no approved version.
    """
    approved = session.scalars(
        select(TextEdition)
        .where(TextEdition.language == language, TextEdition.outcome == Outcome.APPROVED)
        .ext(distinct_on(TextEdition.part))
        .order_by(TextEdition.part, TextEdition.version.desc())
    ).all()
    found = {each.part: each for each in approved}
    missing = [part for part in Part if part not in found]
    if missing and language != ENGLISH:
        raise LanguageNotApproved(
            "the texts of the patient's language are not approved",
            language=language,
            missing=" ".join(missing),
        )
    return Texts(
        language=language,
        by_key={
            key: text
            for part in Part
            # Texts that this program got since stand beside those of an older version.
            for key, text in (_shipped(language, part) | _texts(found.get(part))).items()
        },
        versions=", ".join(
            f"{part} {found[part].version if part in found else 'shipped'}" for part in Part
        ),
    )


def _shipped(language: str, part: Part) -> dict[str, str]:
    return shipped(language, part) if language == ENGLISH else {}


def _texts(edition: TextEdition | None) -> dict[str, str]:
    return edition.texts if edition else {}
