"""Who is signed in; accounts and their roles."""

from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db, Now, Peer
from pharmacy.http.guards import bearer_token
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.kernel import ids
from pharmacy.staff import queries
from pharmacy.staff.operations import accounts, signing_in
from pharmacy.staff.operations.accounts import Person
from pharmacy.staff.queries import Member
from pharmacy.staff.rules import Permission, Role

Username = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,39}$", examples=["kim.lee"])]
Name = Annotated[str, Meta(min_length=1, max_length=80, examples=["Kim Lee, PharmD"])]
Initials = Annotated[str, Meta(pattern=r"^[A-Z]{2,4}$", examples=["KL"])]
Npi = Annotated[str, Meta(pattern=r"^[0-9]{10}$", examples=["1234567893"])]
Password = Annotated[str, Meta(min_length=1, max_length=200, examples=["lamp orbit quiet fern"])]
Token = Annotated[str, Meta(min_length=20, max_length=100)]


class MeView(msgspec.Struct, frozen=True):
    """Who is asking, and what they may do."""

    id: str | None
    name: str
    roles: list[str]
    permissions: list[str]


class SignInBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A username and its password."""

    username: Annotated[str, Meta(min_length=1, max_length=80, examples=["kim.lee"])]
    password: Password


class SessionView(msgspec.Struct, frozen=True):
    """A session: send the token as `Authorization: Bearer …`. It is shown only now."""

    token: str
    expires_at: str
    idle_minutes: int


class PersonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to add."""

    username: Username
    display_name: Name
    initials: Initials
    roles: Annotated[list[Role], Meta(min_length=1, examples=[["technician"]])]
    npi: Npi | None = None
    """A physician's own."""


class RolesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All the roles that the account is to hold."""

    roles: Annotated[list[Role], Meta(min_length=1, examples=[["technician", "pharmacist"]])]


class FirstBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first administrator, and the token that `pharmacy staff first-admin` printed."""

    token: Token
    username: Username
    display_name: Name
    initials: Initials
    password: Password


class PasswordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password of one's own choice, and the one-time token that an administrator gave."""

    token: Token
    password: Password


class MemberView(msgspec.Struct, frozen=True):
    """An account."""

    id: str
    username: str
    display_name: str
    initials: str
    roles: list[str]
    npi: str | None
    is_disabled: bool
    has_password: bool

    @classmethod
    def of(cls, member: Member) -> Self:
        account = member.account
        return cls(
            id=ids.encode("acc", account.id),
            username=account.username,
            display_name=account.display_name,
            initials=account.initials,
            roles=[str(role) for role in member.roles],
            npi=account.npi,
            is_disabled=account.disabled_at is not None,
            has_password=account.password_hash is not None,
        )


class InvitedView(msgspec.Struct, frozen=True):
    """An account, and the one-time token for its owner: valid for 24 hours, shown only now."""

    account: MemberView
    token: str


class SignInController(Controller):
    """In and out."""

    path = "/api/v1"
    tags = ["Signing in"]

    @post("/sign-in", opt={"public": True}, status_code=200, sync_to_thread=True)
    def sign_in(self, data: JSONBody[SignInBody], db: Db, now: Now, peer: Peer) -> SessionView:
        """Open a session: it ends after 15 minutes without use, and after 12 hours in any case."""
        with signing_in.a_place(), db.transaction() as session:
            opened = signing_in.sign_in(
                session, username=data.username, password=data.password, now=now, address=peer
            )
        if opened is None:
            raise signing_in.SignInRefused("this username and password do not open a session")
        idle = int(queries.IDLE.total_seconds() // 60)
        return SessionView(opened.token, opened.expires_at.isoformat(), idle)

    @post("/sign-out", opt={"signed_in": True}, status_code=204, sync_to_thread=True)
    def sign_out(
        self, request: Request[Any, Any, Any], db: Db, actor: CurrentActor, now: Now
    ) -> None:
        """End the session whose token was sent."""
        with db.transaction() as session:
            signing_in.sign_out(session, token=bearer_token(request), by=actor, now=now)

    @post("/setup", opt={"public": True}, status_code=201, sync_to_thread=True)
    def set_up(self, data: JSONBody[FirstBody], db: Db, now: Now) -> MemberView:
        """Make the first administrator."""
        person = Person(
            username=data.username, display_name=data.display_name, initials=data.initials
        )
        with db.transaction() as session:
            account = accounts.make_first_administrator(
                session, token=data.token, person=person, password=data.password, now=now
            )
            return MemberView.of(queries.member(session, account.id))

    @post("/password", opt={"public": True}, status_code=204, sync_to_thread=True)
    def choose_password(self, data: JSONBody[PasswordBody], db: Db, now: Now) -> None:
        """Open one's account with a password that nobody else knows."""
        with db.transaction() as session:
            accounts.choose_password(session, token=data.token, password=data.password, now=now)


class MeController(Controller):
    """The caller."""

    path = "/api/v1/me"
    tags = ["Signing in"]

    @get("/", opt={"signed_in": True}, sync_to_thread=False)
    def me(self, actor: CurrentActor) -> MeView:
        """Return who is asking, and what they may do."""
        prefix = "ehr" if actor.kind == "client" else "acc"
        return MeView(
            id=ids.encode(prefix, actor.id) if actor.id else None,
            name=actor.label,
            roles=sorted(actor.roles),
            permissions=sorted(actor.permissions),
        )


class StaffController(Controller):
    """Accounts of people."""

    path = "/api/v1/staff"
    tags = ["Staff"]
    opt = {"permission": Permission.MANAGE_STAFF}

    @get("/", sync_to_thread=True)
    def listing(self, db: Db, cursor: Cursor = None, limit: Limit = USUAL) -> Page[MemberView]:
        """List accounts in the order in which they were made."""
        start = after(cursor, UUID)
        with db.transaction() as session:
            found = queries.members(session, after=start[0] if start else None, limit=limit + 1)
            return page_of(
                found, limit=limit, view=MemberView.of, key=lambda member: (member.account.id,)
            )

    @post("/", opt={"secret_answer": True}, sync_to_thread=True)
    def add(self, data: JSONBody[PersonBody], db: Db, actor: CurrentActor, now: Now) -> InvitedView:
        """Add an account. Its owner chooses the password, with the token of the answer."""
        person = Person(
            username=data.username,
            display_name=data.display_name,
            initials=data.initials,
            npi=data.npi,
        )
        with db.transaction() as session:
            account, token = accounts.add(session, person, set(data.roles), by=actor, now=now)
            return InvitedView(MemberView.of(queries.member(session, account.id)), token)

    @post("/{account_id:str}/roles", status_code=200, sync_to_thread=True)
    def set_roles(
        self,
        account_id: FromPath[str],
        data: JSONBody[RolesBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> MemberView:
        """Give an account these roles and no others; its sessions end at once."""
        wanted = ids.decode("acc", account_id)
        with db.transaction() as session:
            accounts.set_roles(session, wanted, set(data.roles), by=actor, now=now)
            return MemberView.of(queries.member(session, wanted))

    @post("/{account_id:str}/disable", status_code=200, sync_to_thread=True)
    def disable(
        self, account_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> MemberView:
        """Shut an account, with every session of it, at once."""
        wanted = ids.decode("acc", account_id)
        with db.transaction() as session:
            accounts.disable(session, wanted, by=actor, now=now)
            return MemberView.of(queries.member(session, wanted))

    @post(
        "/{account_id:str}/invitation",
        opt={"secret_answer": True},
        status_code=200,
        sync_to_thread=True,
    )
    def invite(
        self, account_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> InvitedView:
        """Let the owner choose a new password; the old one and every session end at once."""
        wanted = ids.decode("acc", account_id)
        with db.transaction() as session:
            token = accounts.invite(session, wanted, by=actor, now=now)
            return InvitedView(MemberView.of(queries.member(session, wanted)), token)
