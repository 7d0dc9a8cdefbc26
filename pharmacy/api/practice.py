"""What the pharmacy decides for itself: its licences in other States and its policies."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import msgspec
from litestar import Controller, get, put
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.practice import operations, queries
from pharmacy.practice.models import PolicyChange, StateLicense
from pharmacy.practice.rules import DEFAULTS, NAMES, LicenseScope, UnknownPolicy, to_data
from pharmacy.staff.rules import Permission


class LicenseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A State's licence: its number, its last day, and what it allows."""

    number: Annotated[str, Meta(min_length=1, max_length=60, examples=["99-1234"])]
    expires_on: Annotated[date, Meta(examples=["2027-12-31"])]
    scope: LicenseScope = LicenseScope.SHIP


class LicenseView(msgspec.Struct, frozen=True):
    """A State into which this pharmacy may dispense, and until when."""

    state: str
    number: str
    expires_on: date
    scope: str

    @classmethod
    def of(cls, license_: StateLicense) -> Self:
        return cls(
            state=license_.state,
            number=license_.number,
            expires_on=license_.expires_on,
            scope=license_.scope,
        )


class PolicyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new value, of the kind of the default, and why it changes."""

    value: Annotated[Any, Meta(examples=[80])]
    """Decimals as text, several values as a list."""
    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["agreed with the insurer"])]


class PolicyChangeView(msgspec.Struct, frozen=True):
    """One value that was in force from one moment on."""

    value: Any
    reason: str
    changed_at: datetime

    @classmethod
    def of(cls, change: PolicyChange) -> Self:
        return cls(change.value["value"], change.reason, change.changed_at)


class PolicyView(msgspec.Struct, frozen=True):
    """A policy with its value in force."""

    name: str
    value: Any
    default: Any
    changes: list[PolicyChangeView]
    """The newest first; only where one policy is asked for."""


class PracticeController(Controller):
    """Licences and policies."""

    path = "/api/v1"
    tags = ["Practice"]

    @get("/licenses", opt={"signed_in": True}, sync_to_thread=True)
    def licenses(self, db: Db) -> list[LicenseView]:
        """List this pharmacy's licences in other States, expired ones too."""
        with db.transaction() as session:
            return [LicenseView.of(each) for each in queries.licenses(session)]

    @put(
        "/licenses/{in_state:str}",
        opt={"permission": Permission.CHANGE_POLICY},
        sync_to_thread=True,
    )
    def license(
        self,
        *,
        in_state: Annotated[str, PathParameter(pattern=r"^[A-Z]{2}$")],
        data: JSONBody[LicenseBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> list[LicenseView]:
        """Record a licence, or its renewal; orders held for want of it are re-checked by hand."""
        with db.transaction() as session:
            operations.license_state(
                session,
                in_state,
                number=data.number,
                expires_on=data.expires_on,
                scope=data.scope,
                by=actor,
                now=now,
            )
            return [LicenseView.of(each) for each in queries.licenses(session)]

    @get("/policies", opt={"signed_in": True}, sync_to_thread=True)
    def policies(self, db: Db) -> list[PolicyView]:
        """List every policy with its value in force and its default."""
        with db.transaction() as session:
            in_force = queries.policy(session)
        return [_policy(name, getattr(in_force, name), []) for name in NAMES]

    @get("/policies/{name:str}", opt={"signed_in": True}, sync_to_thread=True)
    def policy(self, name: FromPath[str], db: Db) -> PolicyView:
        """Return one policy with every change of it."""
        _require_known(name)
        with db.transaction() as session:
            value = getattr(queries.policy(session), name)
            return _policy(name, value, queries.history(session, name))

    @put("/policies/{name:str}", opt={"permission": Permission.CHANGE_POLICY}, sync_to_thread=True)
    def change(
        self,
        *,
        name: FromPath[str],
        data: JSONBody[PolicyBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PolicyView:
        """Put a value in force from now on, for a reason that is kept."""
        _require_known(name)
        with db.transaction() as session:
            operations.change_policy(
                session, name, data.value, reason=data.reason, by=actor, now=now
            )
            value = getattr(queries.policy(session), name)
            return _policy(name, value, queries.history(session, name))


def _require_known(name: str) -> None:
    if name not in NAMES:
        raise UnknownPolicy("there is no policy of this name")


def _policy(name: str, value: object, changes: list[PolicyChange]) -> PolicyView:
    default = getattr(DEFAULTS, name)
    told = [PolicyChangeView.of(each) for each in changes]
    return PolicyView(name, to_data(value), to_data(default), told)
