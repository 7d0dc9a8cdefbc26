"""Who is signed in; accounts and their roles."""

import msgspec
from litestar import Controller, get

from pharmacy.http.dependencies import CurrentActor
from pharmacy.kernel import ids


class MeView(msgspec.Struct, frozen=True):
    """Who is asking, and what they may do."""

    id: str | None
    name: str
    roles: list[str]
    permissions: list[str]


class MeController(Controller):
    """The caller."""

    path = "/api/v1/me"
    tags = ["Staff"]

    @get("/", opt={"signed_in": True}, sync_to_thread=False)
    def me(self, actor: CurrentActor) -> MeView:
        """Return who is asking."""
        prefix = "ehr" if actor.kind == "client" else "acc"
        return MeView(
            id=ids.encode(prefix, actor.id) if actor.id else None,
            name=actor.label,
            roles=sorted(actor.roles),
            permissions=sorted(actor.permissions),
        )
