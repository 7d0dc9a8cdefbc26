"""Clinics' systems: whom they may submit for, and the keys they show."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db
from pharmacy.http.forms import Form
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.kernel import ids
from pharmacy.staff import queries
from pharmacy.staff.models import EhrClientKey
from pharmacy.staff.operations import clients
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/admin/clinics"


class ClinicForm(msgspec.Struct, frozen=True):
    """A system to add."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]


class EnrolmentForm(msgspec.Struct, frozen=True):
    """A prescriber for whom the system may submit."""

    npi: Annotated[str, Meta(pattern=r"^[0-9]{10}$")]


class KeyForm(msgspec.Struct, frozen=True):
    """How long a key is to live."""

    days: Annotated[int, Meta(ge=1, le=clients.KEY_DAYS)]


class ClinicPages(Controller):
    """Systems that come in with a key."""

    path = PATH
    opt = {"permission": Permission.MANAGE_CLIENTS}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db, cursor: Cursor = None) -> Answer:
        """List clinics' systems in the order in which they were added."""
        start = after(cursor, UUID)
        with db.transaction() as session:
            rows = queries.clients(session, after=start[0] if start else None, limit=USUAL + 1)
            page = rows_of(rows, limit=USUAL, key=lambda row: (row.client.id,))
            return view.page(
                "admin/clinics.html",
                actions=[Action("n", "Add a system", opens="add", kind="primary")],
                tabs=tabs_of(view),
                clinics=page.items,
                onward=page.next,
            )

    @post("/", status_code=200, sync_to_thread=True)
    def add(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Add a clinic's system. It may do nothing before it is enrolled and has a key."""
        given = form.read(ClinicForm)
        with db.transaction() as session:
            client = clients.add(session, name=given.name, by=actor, now=view.now)
            at = f"{PATH}/{ids.encode('ehr', client.id)}"
        return view.go(at, toast="Added: now say for whom it may submit, and give it a key")

    @get("/{client_id:str}", sync_to_thread=True)
    def clinic(self, client_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show one system: whom it submits for, its keys, and its verbs."""
        wanted = ids.decode("ehr", client_id)
        with db.transaction() as session:
            found = queries.client(session, wanted)
            keys = queries.client_keys(session, wanted)
            shut = "This system is shut out." if found.client.disabled_at else ""
            living = [each for each in keys if is_living(each, view.now)]
            full = "It has two living keys: revoke one first." if len(living) > 1 else ""
            return view.page(
                "admin/clinic.html",
                actions=[
                    Action("e", "Enrol for a prescriber", opens="enrol", why_not=shut),
                    Action("k", "Issue a key", opens="issue", why_not=shut or full),
                    Action("x", "Shut it out", opens="disable", kind="danger", why_not=shut),
                ],
                tabs=tabs_of(view),
                found=found,
                keys=[(each, is_living(each, view.now)) for each in keys],
                most_days=clients.KEY_DAYS,
            )

    @post("/{client_id:str}/enrolments", status_code=200, sync_to_thread=True)
    def enrol(
        self, client_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Let a system submit for a prescriber, and see what is theirs."""
        given, wanted = form.read(EnrolmentForm), ids.decode("ehr", client_id)
        with db.transaction() as session:
            clients.enrol(session, wanted, npi=given.npi, by=actor, now=view.now)
        return view.go(f"{PATH}/{client_id}", toast=f"It may submit for {given.npi}")

    @post(
        "/{client_id:str}/keys", opt={"secret_answer": True}, status_code=200, sync_to_thread=True
    )
    def issue(
        self,
        *,
        client_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        settings: CurrentSettings,
    ) -> Answer:
        """Issue a key, and show it once."""
        given, wanted = form.read(KeyForm), ids.decode("ehr", client_id)
        with db.transaction() as session:
            key = clients.issue_key(
                session, wanted, pepper=settings.secret, by=actor, now=view.now, days=given.days
            )
            found = queries.client(session, wanted)
            return view.page("admin/issued.html", tabs=[], client=found.client, token=key)

    @post("/{client_id:str}/keys/{key_id:str}/revocation", status_code=200, sync_to_thread=True)
    def revoke(
        self,
        client_id: FromPath[str],
        key_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Make a key worthless at once."""
        wanted = ids.decode("ehr", client_id)
        with db.transaction() as session:
            clients.revoke_key(session, wanted, key_id, by=actor, now=view.now)
        return view.go(f"{PATH}/{client_id}", toast="Revoked: it is worthless from now on")

    @post("/{client_id:str}/disable", status_code=200, sync_to_thread=True)
    def disable(
        self, client_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Shut a system out at once, with all its keys."""
        with db.transaction() as session:
            clients.disable(session, ids.decode("ehr", client_id), by=actor, now=view.now)
        return view.go(f"{PATH}/{client_id}", toast="Shut out, with all its keys")


def is_living(key: EhrClientKey, now: datetime) -> bool:
    """Say whether a key still opens the door."""
    return key.revoked_at is None and key.expires_at > now
