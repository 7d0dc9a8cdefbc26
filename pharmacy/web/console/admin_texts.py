"""The words of labels and leaflets: read, written by one pharmacist, approved by another."""

from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.labels import operations, queries
from pharmacy.labels.models import TextEdition
from pharmacy.labels.operations.texts import measured
from pharmacy.labels.rules.readers import name_of
from pharmacy.labels.rules.texts import ENGLISH, KEYS, Part
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.view import Action, Answer, CurrentView, View

PATH: Final = "/admin/texts"
READ: Final = {"permission": Permission.READ_TEXT}
APPROVE: Final = {"permission": Permission.APPROVE_TEXT}
PARTS: Final = {
    Part.DIRECTIONS: "Directions",
    Part.LABEL: "Labels",
    Part.LEAFLET: "Leaflet",
}
Reason = Annotated[str, Meta(max_length=500)]


class DraftForm(msgspec.Struct, frozen=True):
    """Every text of a part, each beside its key, and what the version is for."""

    reason: Reason
    key: list[str]
    text: list[Annotated[str, Meta(max_length=400)]]


class RejectionForm(msgspec.Struct, frozen=True):
    """Why a version is not put in force."""

    reason: Reason


class TextPages(Controller):
    """Reviewed words by language and part."""

    path = PATH

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """List languages with their parts: what is in force, and what waits."""
        with db.transaction() as session:
            rows = [
                (
                    name_of(language),
                    [
                        (f"{PATH}/{language}/{part}", name, *_state(session, language, part))
                        for part, name in PARTS.items()
                    ],
                )
                for language in queries.languages(session)
            ]
            return view.page("admin/texts.html", tabs=tabs_of(view), rows=rows)

    @get("/{language:str}/{part:str}", opt=READ, sync_to_thread=True)
    def part(
        self, language: FromPath[str], part: FromPath[Part], view: CurrentView, db: Db
    ) -> Answer:
        """Show the texts of a part beside the English, the version that waits, and the others."""
        with db.transaction() as session:
            editions = queries.editions(session, language, part)
            waiting = next((each for each in editions if each.outcome is None), None)
            texts = queries.newest_texts(session, language, part)
            english = queries.newest_texts(session, ENGLISH, part)
            people = {each.drafted_by for each in editions} | {each.decided_by for each in editions}
            names = staff.names(session, [each for each in people if each is not None])
            return view.page(
                "admin/text_part.html",
                actions=_actions(view, language, part, waiting),
                tabs=tabs_of(view),
                at=f"{PATH}/{language}/{part}",
                title=f"{name_of(language)}: {PARTS[part].lower()}",
                texts=[(key, english[key], texts[key]) for key in KEYS[part]],
                is_english=language == ENGLISH,
                measured=measured(language, part, texts),
                editions=editions,
                waiting=waiting,
                names=names,
            )

    @get("/{language:str}/{part:str}/new", opt=APPROVE, sync_to_thread=True)
    def write(
        self, language: FromPath[str], part: FromPath[Part], view: CurrentView, db: Db
    ) -> Answer:
        """Show every text of a part to change some of them."""
        with db.transaction() as session:
            texts = queries.newest_texts(session, language, part)
            english = queries.newest_texts(session, ENGLISH, part)
            return view.page(
                "admin/text_new.html",
                tabs=tabs_of(view),
                at=f"{PATH}/{language}/{part}",
                title=f"{name_of(language)}: {PARTS[part].lower()}",
                texts=[(key, english[key], texts[key]) for key in KEYS[part]],
                is_english=language == ENGLISH,
            )

    @post("/{language:str}/{part:str}", opt=APPROVE, status_code=200, sync_to_thread=True)
    def draft(
        self,
        *,
        language: FromPath[str],
        part: FromPath[Part],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Keep a new version, as a draft."""
        given = form.read(DraftForm)
        with db.transaction() as session:
            before = queries.newest_texts(session, language, part)
            changed = {
                key: text.strip()
                for key, text in zip(given.key, given.text, strict=False)
                if before.get(key) != text.strip()
            }
            edition = operations.draft_texts(
                session, language, part, changed, reason=given.reason, by=actor, now=view.now
            )
            return view.go(
                f"{PATH}/{language}/{part}", toast=f"Version {edition.version} waits for approval"
            )

    @post(
        "/{language:str}/{part:str}/{version:int}/approve",
        opt=APPROVE,
        status_code=200,
        sync_to_thread=True,
    )
    def approve(
        self,
        *,
        language: FromPath[str],
        part: FromPath[Part],
        version: FromPath[int],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Put a version in force."""
        with db.transaction() as session:
            operations.approve_texts(session, language, part, version, by=actor, now=view.now)
        return view.go(f"{PATH}/{language}/{part}", toast=f"Version {version} is in force")

    @post(
        "/{language:str}/{part:str}/{version:int}/reject",
        opt=APPROVE,
        status_code=200,
        sync_to_thread=True,
    )
    def reject(
        self,
        *,
        language: FromPath[str],
        part: FromPath[Part],
        version: FromPath[int],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Decide against a version, with the reason."""
        given = form.read(RejectionForm)
        with db.transaction() as session:
            operations.reject_texts(
                session, language, part, version, reason=given.reason, by=actor, now=view.now
            )
        return view.go(f"{PATH}/{language}/{part}", toast=f"Version {version} is rejected")


def _state(session: Session, language: str, part: Part) -> tuple[str, str, str]:
    """Say in words where a part stands, with the tone and symbol of its chip."""
    editions = queries.editions(session, language, part)
    if any(each.outcome is None for each in editions):
        return "Waits for approval", "warn", "◔"
    if approved := next((each for each in editions if each.outcome == "approved"), None):
        return f"Version {approved.version} in force", "good", "✓"
    if language == ENGLISH:
        return "In force as shipped", "good", "✓"
    return "Draft, not in force", "plain", "✕"


def _actions(view: View, language: str, part: Part, waiting: TextEdition | None) -> list[Action]:
    """Return what this person may do about a part."""
    if not view.may(Permission.APPROVE_TEXT):
        return []
    at = f"{PATH}/{language}/{part}"
    if waiting is None:
        return [Action("n", "Write a version", href=f"{at}/new", kind="primary")]
    own = "Somebody else approves what you wrote." if waiting.drafted_by == view.actor.id else ""
    return [
        Action(
            "a",
            f"Approve version {waiting.version}",
            post=f"{at}/{waiting.version}/approve",
            kind="primary",
            why_not=own,
        ),
        Action("x", "Reject it", opens="reject"),
    ]
