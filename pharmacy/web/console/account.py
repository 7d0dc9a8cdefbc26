"""One's own account: password, PIN, how the console looks, where one sits."""

from typing import Annotated, Final, Literal

import msgspec
from litestar import Controller, get, post
from litestar.datastructures import Cookie
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db, Now
from pharmacy.http.forms import Form
from pharmacy.infra.db import Database
from pharmacy.staff.operations import signing_in, unlocking
from pharmacy.web.console.signing_in import held
from pharmacy.web.navigation import ACCOUNT
from pharmacy.web.view import STATION, THEME, Answer, CurrentView, View

A_YEAR: Final = 31_536_000
Secret = Annotated[str, Meta(min_length=1, max_length=200)]


class PinForm(msgspec.Struct, frozen=True):
    """A new PIN."""

    password: Secret
    pin: Annotated[str, Meta(pattern=r"^[0-9]{4,12}$")]


class NewPasswordForm(msgspec.Struct, frozen=True):
    """A new password."""

    password: Secret
    new: Secret


class LooksForm(msgspec.Struct, frozen=True):
    """How the console looks in this browser, and which bench it stands at."""

    theme: Literal["auto", "light", "dark"] = "auto"
    station: Annotated[str, Meta(max_length=40, pattern=r"^[A-Za-z0-9 ._-]*$")] = ""


class AccountPages(Controller):
    """One's own account."""

    path = ACCOUNT
    opt = {"signed_in": True}

    @get("/", sync_to_thread=False)
    def show(self, view: CurrentView) -> Answer:
        """Show what a person may change of their own."""
        return view.page("people/account.html")

    @post("/pin", status_code=200, sync_to_thread=True)
    def choose_pin(
        self, form: Form, view: CurrentView, db: Db, actor: CurrentActor, now: Now
    ) -> Answer:
        """Choose the PIN that unlocks this person's sessions."""
        given = form.read(PinForm)
        show_password(view, db, given.password)
        with db.transaction() as session:
            unlocking.choose_pin(session, pin=given.pin, by=actor, now=now)
        return view.go(ACCOUNT, toast="Your PIN is set. It unlocks, and signs decisions.")

    @post("/password", status_code=200, sync_to_thread=True)
    def change_password(
        self, form: Form, view: CurrentView, db: Db, actor: CurrentActor, now: Now
    ) -> Answer:
        """Change one's password; sessions elsewhere end."""
        given = form.read(NewPasswordForm)
        show_password(view, db, given.password)
        token_sha256 = held(view).token_sha256
        with db.transaction() as session:
            unlocking.change_password(
                session, new=given.new, token_sha256=token_sha256, by=actor, now=now
            )
        return view.go(ACCOUNT, toast="Your password is changed. Sessions elsewhere have ended.")

    @post("/looks", status_code=200, sync_to_thread=False)
    def looks(self, form: Form, view: CurrentView, settings: CurrentSettings) -> Answer:
        """Remember in this browser how the console looks and where it stands."""
        given = form.read(LooksForm)
        answer = view.leave(ACCOUNT)
        for name, value in ((THEME, given.theme), (STATION, given.station)):
            kept = Cookie(
                key=name,
                value=value,
                path="/",
                max_age=A_YEAR,
                httponly=True,
                secure=settings.secure_cookies,
                samesite="strict",
            )
            answer.cookies.append(kept)
        return answer


def show_password(view: View, db: Database, password: str) -> None:
    """Raise PasswordWrong unless it is the person's password. A failure is counted."""
    browser = held(view)
    with signing_in.a_place(), db.transaction() as session:
        fits = unlocking.prove(
            session,
            token_sha256=browser.token_sha256,
            secret=password,
            by=browser.actor,
            now=view.now,
            password_only=True,
        )
    if not fits:
        raise unlocking.PasswordWrong("this is not your present password", field="password")
