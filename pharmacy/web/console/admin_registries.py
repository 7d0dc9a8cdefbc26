"""Public registries: how old what is here is, and new files that an administrator sends."""

from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Controller, get, post
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.bodies import MULTIPART
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, Ticked
from pharmacy.infra import jobs
from pharmacy.kernel.refusals import Invalid
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.operations import Described
from pharmacy.prescribers.rules.registry_files import LICENSE_HEADINGS
from pharmacy.prescribers.rules.uploads import MOST_BYTES
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.console.admin_watch import files_of
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/admin/registries"
SHOWN: Final = 12
KINDS: Final = [
    ("leie", "Excluded individuals and entities (OIG LEIE, UPDATED.csv)"),
    ("nppes", "Who has an NPI (NPPES, a weekly file)"),
    ("licenses", "Licences (a State board's extract)"),
]
REMEDIES: Final = {
    "registry-file-date-unknown": "Send it again with the day on which its source published it.",
    "registry-file-out-of-order": "Send the newest file, with the day of its publication.",
    "registry-file-too-short": (
        "Fetch it again. If the list has truly shrunk, tick that it may be shorter."
    ),
    "registry-file-not-text": "Send it again and choose the other encoding.",
    "registry-heading-missing": (
        "Check that this is the file of the kind that you chose; a board's own headings are named"
        " under “Its own headings”."
    ),
    "registry-row-unreadable": "Fetch the file again; nothing of it was taken over.",
}
"""What to do next in the console about a file that was refused."""


class HeadingsMalformed(Invalid):
    """A board's own headings are not written as they must be."""

    code = "registry-headings-malformed"
    remedy = "Write one a line: status = License Status."


class SendForm(msgspec.Struct, frozen=True):
    """What an administrator says of a file."""

    kind: Literal["nppes", "leie", "licenses"]
    file_date: date | None = None
    licenses_of: Annotated[str, Meta(pattern=r"^[A-Za-z]{2}$")] | None = None
    columns: Annotated[str, Meta(max_length=2000)] = ""
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    allow_shorter: Ticked | None = None


class RegistryPages(Controller):
    """Read by whoever oversees; files are sent by administrators."""

    path = PATH
    opt = {"permission": Permission.READ_JOBS}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """Show the newest file of each registry, its age, and the files that were sent."""
        with db.transaction() as session:
            state = _state(session)
            runs = state["running"] is not None and not state["is_stuck"]
            why_not = "A file is being taken over." if runs else ""
            send = Action("n", "Send a file", opens="send", kind="primary", why_not=why_not)
            return view.page(
                "admin/registries.html",
                actions=[send] if view.may(Permission.IMPORT_REGISTRY) else [],
                tabs=tabs_of(view),
                files=files_of(session, view.now),
                sent=[each for each in queries.uploads(session, limit=SHOWN) if each.ended_at],
                kinds=KINDS,
                headings=", ".join(LICENSE_HEADINGS),
                remedies=REMEDIES,
                **state,
            )

    @get("/now", opt={"unattended": True}, sync_to_thread=True)
    def now(self, view: CurrentView, db: Db) -> Answer:
        """Show how far a file is read; at its end, have the page loaded anew."""
        with db.transaction() as session:
            state = _state(session)
            if state["running"] is not None:
                return view.part("admin/registry_now.html", **state)
            last = queries.uploads(session, limit=1)
        return view.go(PATH, toast=f"{last[0].file_name}: {last[0].state}" if last else "")

    @post(
        "/",
        opt={"permission": Permission.IMPORT_REGISTRY, "content_type": MULTIPART},
        status_code=200,
        request_max_body_size=MOST_BYTES + 64 * 1024,
        sync_to_thread=True,
    )
    def send(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Keep a file, and have a worker take it over."""
        given, file = form.read(SendForm), form.file("file")
        is_licenses = given.kind == "licenses"
        described = Described(
            kind=given.kind,
            file_name=file.filename,
            licenses_of=given.licenses_of.upper() if given.licenses_of and is_licenses else None,
            columns=_columns(given.columns) if is_licenses else {},
            encoding=given.encoding,
            file_date=given.file_date,
            allow_shorter=given.allow_shorter is not None,
        )
        with db.transaction() as session:
            operations.receive(session, file.file, described, by=actor, now=view.now)
        return view.go(PATH, toast="The file is here and is being read")


def _state(session: Session) -> dict[str, Any]:
    running = queries.upload_under_way(session)
    stuck = jobs.given_up(session, [running.id]) if running else {}
    people = {each.asked_by for each in queries.uploads(session, limit=SHOWN) if each.asked_by}
    return {
        "running": running,
        "is_stuck": bool(stuck),
        "names": staff.names(session, people),
    }


def _columns(text: str) -> dict[str, str]:
    """Return our headings to the file's, written one a line as `ours = theirs`."""
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    found = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    if not all(ours in LICENSE_HEADINGS and theirs for ours, theirs in found.items()):
        raise HeadingsMalformed(
            "these are not headings of ours with those of the file", field="columns"
        )
    return found
