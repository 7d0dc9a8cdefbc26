"""EHR clients: their keys, and the prescribers that they submit for."""

from typing import Annotated, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db, Now
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.kernel import ids
from pharmacy.staff import queries
from pharmacy.staff.operations import clients
from pharmacy.staff.queries import Client
from pharmacy.staff.rules import Permission


class ClientBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which client to add."""

    name: Annotated[str, Meta(min_length=1, max_length=80, examples=["Bayou Clinic EHR"])]


class EnrolmentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A prescriber for whom the client may submit, and whose orders it may see."""

    npi: Annotated[str, Meta(pattern=r"^[0-9]{10}$", examples=["1234567893"])]


class ApiKeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the key is to live."""

    days: Annotated[int, Meta(ge=1, le=clients.KEY_DAYS, examples=[365])] = clients.KEY_DAYS


class ClientView(msgspec.Struct, frozen=True):
    """A clinic's system."""

    id: str
    name: str
    npis: list[str]
    is_disabled: bool

    @classmethod
    def of(cls, found: Client) -> Self:
        client = found.client
        return cls(
            id=ids.encode("ehr", client.id),
            name=client.name,
            npis=list(found.npis),
            is_disabled=client.disabled_at is not None,
        )


class ApiKeyView(msgspec.Struct, frozen=True):
    """An API key: shown now and never again."""

    key: str


class ClientController(Controller):
    """Systems that come in with a key."""

    path = "/api/v1/ehr-clients"
    tags = ["EHR clients"]
    opt = {"permission": Permission.MANAGE_CLIENTS}

    @get("/", sync_to_thread=True)
    def listing(self, db: Db, cursor: Cursor = None, limit: Limit = USUAL) -> Page[ClientView]:
        """List clients in the order in which they were added."""
        start = after(cursor, UUID)
        with db.transaction() as session:
            found = queries.clients(session, after=start[0] if start else None, limit=limit + 1)
            return page_of(
                found, limit=limit, view=ClientView.of, key=lambda each: (each.client.id,)
            )

    @post("/", sync_to_thread=True)
    def add(self, data: JSONBody[ClientBody], db: Db, actor: CurrentActor, now: Now) -> ClientView:
        """Add a client. It may do nothing before it is enrolled and has a key."""
        with db.transaction() as session:
            client = clients.add(session, name=data.name, by=actor, now=now)
            return ClientView.of(queries.client(session, client.id))

    @post("/{client_id:str}/enrolments", status_code=200, sync_to_thread=True)
    def enrol(
        self,
        client_id: FromPath[str],
        data: JSONBody[EnrolmentBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ClientView:
        """Let a client submit for a prescriber. Doing so twice is harmless."""
        wanted = ids.decode("ehr", client_id)
        with db.transaction() as session:
            clients.enrol(session, wanted, npi=data.npi, by=actor, now=now)
            return ClientView.of(queries.client(session, wanted))

    @post("/{client_id:str}/keys", opt={"secret_answer": True}, sync_to_thread=True)
    def issue_key(
        self,
        *,
        client_id: FromPath[str],
        data: JSONBody[ApiKeyBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        settings: CurrentSettings,
    ) -> ApiKeyView:
        """Issue a key. A client has at most two, so that one can follow the other without a gap."""
        wanted = ids.decode("ehr", client_id)
        with db.transaction() as session:
            key = clients.issue_key(
                session, wanted, pepper=settings.secret, by=actor, now=now, days=data.days
            )
            return ApiKeyView(key)

    @post("/{client_id:str}/keys/{key_id:str}/revocation", status_code=204, sync_to_thread=True)
    def revoke_key(
        self,
        client_id: FromPath[str],
        key_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> None:
        """Make a key worthless at once."""
        wanted = ids.decode("ehr", client_id)
        with db.transaction() as session:
            clients.revoke_key(session, wanted, key_id, by=actor, now=now)

    @post("/{client_id:str}/disable", status_code=200, sync_to_thread=True)
    def disable(
        self, client_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> ClientView:
        """Shut a client out at once, with all its keys."""
        wanted = ids.decode("ehr", client_id)
        with db.transaction() as session:
            clients.disable(session, wanted, by=actor, now=now)
            return ClientView.of(queries.client(session, wanted))
