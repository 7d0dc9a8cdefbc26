"""The words of labels and leaflets: read, written by one pharmacist, approved by another."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.kernel import ids
from pharmacy.labels import operations, queries
from pharmacy.labels.models import TextEdition
from pharmacy.labels.operations.texts import measured
from pharmacy.labels.rules.texts import ENGLISH, KEYS, SHIPPED, Part, shipped
from pharmacy.staff.rules import Permission

Language = Annotated[
    str,
    PathParameter(pattern=r"^[a-z]{2,3}$", description="A language as in ISO 639: `en`, `es`."),
]
Reason = Annotated[str, Meta(min_length=1, max_length=500, examples=["Clearer for our patients."])]
Text = Annotated[str, Meta(max_length=400)]


class TextView(msgspec.Struct, frozen=True):
    """One text, as a new version would begin with it."""

    key: str
    text: str
    english: str
    source: str
    """Where the words that were shipped come from."""


class EditionView(msgspec.Struct, frozen=True):
    """One version of a part: a draft until somebody decided."""

    version: int
    status: str
    """`draft`, `approved` or `rejected`."""
    reason: str
    drafted_by: str | None
    """Nobody of this pharmacy where the words are those that were shipped."""
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    rejected_because: str | None
    sha256: str
    texts: dict[str, str]

    @classmethod
    def of(cls, found: TextEdition) -> Self:
        return cls(
            version=found.version,
            status=found.outcome or "draft",
            reason=found.reason,
            drafted_by=ids.encode("acc", found.drafted_by) if found.drafted_by else None,
            drafted_at=found.drafted_at,
            decided_by=ids.encode("acc", found.decided_by) if found.decided_by else None,
            decided_at=found.decided_at,
            rejected_because=found.rejected_because,
            sha256=found.texts_sha256.hex(),
            texts=found.texts,
        )


class PartView(msgspec.Struct, frozen=True):
    """The texts of one part in one language, and every version of them."""

    language: str
    part: Part
    measured: str
    """How hard the leaflet reads, by the language's formula."""
    texts: list[TextView]
    editions: list[EditionView]


class LanguageView(msgspec.Struct, frozen=True):
    """A language, and whether labels may speak it."""

    language: str
    is_approved: bool


class DraftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    The texts to change, by key. Values in braces are filled in, as in the English text.

    Without any, the newest texts as they are: so the words that were shipped are put up for
    approval.
    """

    reason: Reason
    changes: Annotated[
        dict[str, Text], Meta(max_length=200, examples=[{"warn.children": "Guarde lejos."}])
    ] = {}


class RejectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a version is not put in force."""

    reason: Reason


class LabelTextController(Controller):
    """Reviewed words. Only an approved version reaches paper."""

    path = "/api/v1/label-texts"
    tags = ["Labels"]

    @get("/", opt={"permission": Permission.READ_TEXT}, sync_to_thread=True)
    def languages(self, db: Db) -> list[LanguageView]:
        """List the languages that have words, and whether all their parts are approved."""
        with db.transaction() as session:
            views = []
            for language in queries.languages(session):
                try:
                    queries.in_force(session, language)
                except queries.LanguageNotApproved:
                    views.append(LanguageView(language, is_approved=False))
                else:
                    views.append(LanguageView(language, is_approved=True))
            return views

    @get(
        "/{language:str}/{part:str}", opt={"permission": Permission.READ_TEXT}, sync_to_thread=True
    )
    def read(self, language: Language, part: FromPath[Part], db: Db) -> PartView:
        """Return the newest texts of a part beside the English ones, and every version."""
        with db.transaction() as session:
            texts = queries.newest_texts(session, language, part)
            english = queries.newest_texts(session, ENGLISH, part)
            sources = SHIPPED.get(language, {}).get(part, {})
            return PartView(
                language=language,
                part=part,
                measured=measured(language, part, texts),
                texts=[
                    TextView(
                        key=key,
                        text=texts[key],
                        english=english[key],
                        source=sources[key].source if key in sources else "",
                    )
                    for key in KEYS[part]
                ],
                editions=[
                    EditionView.of(each) for each in queries.editions(session, language, part)
                ],
            )

    @get(
        "/{language:str}/{part:str}/shipped",
        opt={"permission": Permission.READ_TEXT},
        sync_to_thread=True,
    )
    def shipped(self, language: Language, part: FromPath[Part]) -> dict[str, str]:
        """Return the words that this program brought along; empty ones where it has none."""
        return shipped(language, part)

    @post(
        "/{language:str}/{part:str}/editions",
        opt={"permission": Permission.APPROVE_TEXT},
        sync_to_thread=True,
    )
    def draft(
        self,
        *,
        language: Language,
        part: FromPath[Part],
        data: JSONBody[DraftBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> EditionView:
        """Write the next version: the newest texts with some of them changed. It is a draft."""
        with db.transaction() as session:
            return EditionView.of(
                operations.draft_texts(
                    session,
                    language,
                    part,
                    data.changes,
                    reason=data.reason,
                    by=actor,
                    now=now,
                )
            )

    @post(
        "/{language:str}/{part:str}/editions/{version:int}/approval",
        opt={"permission": Permission.APPROVE_TEXT},
        status_code=200,
        sync_to_thread=True,
    )
    def approve(
        self,
        *,
        language: Language,
        part: FromPath[Part],
        version: FromPath[int],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> EditionView:
        """Put a draft in force; not one's own. Orders that waited for it get their labels."""
        with db.transaction() as session:
            return EditionView.of(
                operations.approve_texts(session, language, part, version, by=actor, now=now)
            )

    @post(
        "/{language:str}/{part:str}/editions/{version:int}/rejection",
        opt={"permission": Permission.APPROVE_TEXT},
        status_code=200,
        sync_to_thread=True,
    )
    def reject(
        self,
        *,
        language: Language,
        part: FromPath[Part],
        version: FromPath[int],
        data: JSONBody[RejectionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> EditionView:
        """Decide against a draft, with the reason; one may take back one's own."""
        with db.transaction() as session:
            return EditionView.of(
                operations.reject_texts(
                    session, language, part, version, reason=data.reason, by=actor, now=now
                )
            )
