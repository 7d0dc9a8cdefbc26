"""Accounts of people: adding, inviting anew, their roles, shutting them."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.kernel import ids
from pharmacy.staff import queries
from pharmacy.staff.operations import accounts
from pharmacy.staff.operations.accounts import Person
from pharmacy.staff.rules import OF_PEOPLE, Permission, Role
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/admin/staff"
ROLES: Final = [(role.value, role.value.capitalize()) for role in Role if role in OF_PEOPLE]


class PersonForm(msgspec.Struct, frozen=True):
    """Whom to add."""

    username: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,39}$")]
    display_name: Annotated[str, Meta(min_length=1, max_length=80)]
    initials: Annotated[str, Meta(pattern=r"^[A-Z]{2,4}$")]
    roles: list[Role]
    npi: Annotated[str, Meta(pattern=r"^[0-9]{10}$")] | None = None


class RolesForm(msgspec.Struct, frozen=True):
    """All the roles that an account is to hold."""

    roles: list[Role]


class StaffPages(Controller):
    """Who may come in, and as what."""

    path = PATH
    opt = {"permission": Permission.MANAGE_STAFF}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db, cursor: Cursor = None) -> Answer:
        """List accounts in the order in which they were made."""
        start = after(cursor, UUID)
        with db.transaction() as session:
            rows = queries.members(session, after=start[0] if start else None, limit=USUAL + 1)
            page = rows_of(rows, limit=USUAL, key=lambda row: (row.account.id,))
            return view.page(
                "admin/staff.html",
                actions=[Action("n", "Add somebody", opens="add", kind="primary")],
                tabs=tabs_of(view),
                members=page.items,
                onward=page.next,
                roles=ROLES,
            )

    @post("/", opt={"secret_answer": True}, status_code=200, sync_to_thread=True)
    def add(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Add an account, and show once the token with which its owner opens it."""
        given = form.read(PersonForm)
        person = Person(
            username=given.username,
            display_name=given.display_name,
            initials=given.initials,
            npi=given.npi,
        )
        with db.transaction() as session:
            account, token = accounts.add(session, person, set(given.roles), by=actor, now=view.now)
            return view.page("admin/invited.html", tabs=[], account=account, token=token)

    @get("/{account_id:str}", sync_to_thread=True)
    def member(
        self, account_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Show one account with its verbs."""
        wanted = ids.decode("acc", account_id)
        with db.transaction() as session:
            member = queries.member(session, wanted)
            why_not = "This is your own account: ask another administrator."
            own = why_not if wanted == actor.id else ""
            shut = "The account is shut." if member.account.disabled_at else ""
            return view.page(
                "admin/member.html",
                actions=[
                    Action("i", "New invitation", opens="invite", why_not=own or shut),
                    Action("o", "Roles", opens="roles", why_not=own or shut),
                    Action("d", "Disable", opens="disable", kind="danger", why_not=own or shut),
                ],
                tabs=tabs_of(view),
                member=member,
                roles=ROLES,
            )

    @post(
        "/{account_id:str}/invitation",
        opt={"secret_answer": True},
        status_code=200,
        sync_to_thread=True,
    )
    def invite(
        self, account_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Let the owner choose a new password; show once the token for it."""
        wanted = ids.decode("acc", account_id)
        with db.transaction() as session:
            token = accounts.invite(session, wanted, by=actor, now=view.now)
            account = queries.member(session, wanted).account
            return view.page("admin/invited.html", tabs=[], account=account, token=token)

    @post("/{account_id:str}/roles", status_code=200, sync_to_thread=True)
    def set_roles(
        self, account_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Give an account these roles and no others; its sessions end at once."""
        given, wanted = form.read(RolesForm), ids.decode("acc", account_id)
        with db.transaction() as session:
            accounts.set_roles(session, wanted, set(given.roles), by=actor, now=view.now)
        return view.go(f"{PATH}/{account_id}", toast="Changed: it holds from the next sign-in")

    @post("/{account_id:str}/disable", status_code=200, sync_to_thread=True)
    def disable(
        self, account_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Shut an account, with every session of it, at once."""
        with db.transaction() as session:
            accounts.disable(session, ids.decode("acc", account_id), by=actor, now=view.now)
        return view.go(f"{PATH}/{account_id}", toast="Shut, and signed out everywhere")
