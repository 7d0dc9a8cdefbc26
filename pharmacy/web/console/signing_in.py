"""In, out, locked and unlocked; the first administrator; a password of one's own."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import QueryParameter
from msgspec import Meta

from pharmacy.http import browser
from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db, Now, Peer
from pharmacy.http.forms import Form
from pharmacy.kernel.refusals import Refusal
from pharmacy.staff.operations import accounts, signing_in, unlocking
from pharmacy.staff.operations.accounts import Person
from pharmacy.staff.operations.arrivals import AddressBarred
from pharmacy.web.navigation import home_of
from pharmacy.web.refusals import sentence
from pharmacy.web.view import Answer, CurrentView, View, local_url

SIGN_IN: Final = "people/sign_in.html"
REFUSED: Final = "This username and password do not open a session."


class SignInForm(msgspec.Struct, frozen=True):
    """Who comes in."""

    username: Annotated[str, Meta(min_length=1, max_length=80)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]
    onward: str = "/"


class SecretForm(msgspec.Struct, frozen=True):
    """A PIN or a password."""

    secret: Annotated[str, Meta(min_length=1, max_length=200)]


class FirstForm(msgspec.Struct, frozen=True):
    """The first administrator, and the token that `pharmacy staff first-admin` printed."""

    token: Annotated[str, Meta(min_length=20, max_length=100)]
    username: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,39}$")]
    display_name: Annotated[str, Meta(min_length=1, max_length=80)]
    initials: Annotated[str, Meta(pattern=r"^[A-Z]{2,4}$")]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class PasswordForm(msgspec.Struct, frozen=True):
    """A password of one's own choice, and the one-time token that an administrator gave."""

    token: Annotated[str, Meta(min_length=20, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class DoorPages(Controller):
    """The way in, for people whom nobody knows yet."""

    path = "/"

    @get("/", opt={"signed_in": True}, sync_to_thread=False)
    def start(self, view: CurrentView, actor: CurrentActor) -> Answer:
        """Go to the first thing that the person's role has to do."""
        return view.leave(home_of(actor))

    @get("/sign-in", opt={"public": True}, sync_to_thread=False)
    def show(
        self,
        view: CurrentView,
        onward: Annotated[str, QueryParameter(required=False)] = "/",
    ) -> Answer:
        """Show the sign-in page."""
        return view.page(SIGN_IN, onward=local_url(onward), trouble=None)

    @post("/sign-in", opt={"public": True}, status_code=200, sync_to_thread=True)
    def sign_in(
        self,
        *,
        form: Form,
        view: CurrentView,
        db: Db,
        now: Now,
        peer: Peer,
        settings: CurrentSettings,
    ) -> Answer:
        """Open a session in this browser."""
        given = form.read(SignInForm)
        onward = local_url(given.onward)
        try:
            with signing_in.a_place(), db.transaction() as session:
                opened = signing_in.sign_in(
                    session,
                    username=given.username,
                    password=given.password,
                    now=now,
                    browser=True,
                    address=peer,
                )
        except AddressBarred as refusal:
            words = (sentence(str(refusal)), refusal.remedy)
            return view.page(SIGN_IN, status=429, onward=onward, trouble=words)
        if opened is None:
            words = (REFUSED, signing_in.SignInRefused.remedy)
            return view.page(SIGN_IN, status=401, onward=onward, trouble=words)
        answer = view.leave(onward)
        answer.cookies.append(browser.cookie(opened.token, secure=settings.secure_cookies))
        return answer

    @get("/welcome", opt={"public": True}, sync_to_thread=False)
    def welcome(self, view: CurrentView) -> Answer:
        """Ask for the first administrator."""
        return view.page("people/welcome.html", trouble=None, errors={})

    @post("/welcome", opt={"public": True}, status_code=200, sync_to_thread=True)
    def make_first(self, form: Form, view: CurrentView, db: Db, now: Now) -> Answer:
        """Make the first administrator."""
        try:
            given = form.read(FirstForm)
            person = Person(
                username=given.username,
                display_name=given.display_name,
                initials=given.initials,
            )
            with db.transaction() as session:
                accounts.make_first_administrator(
                    session, token=given.token, person=person, password=given.password, now=now
                )
        except Refusal as refusal:
            return again(view, "people/welcome.html", refusal)
        return view.leave("/sign-in")

    @get("/choose-password", opt={"public": True}, sync_to_thread=False)
    def choosing(self, view: CurrentView) -> Answer:
        """Ask somebody for a password of their own."""
        return view.page("people/choose_password.html", trouble=None, errors={})

    @post("/choose-password", opt={"public": True}, status_code=200, sync_to_thread=True)
    def choose(self, form: Form, view: CurrentView, db: Db, now: Now) -> Answer:
        """Open somebody's account with a password that nobody else knows."""
        try:
            given = form.read(PasswordForm)
            with db.transaction() as session:
                accounts.choose_password(
                    session, token=given.token, password=given.password, now=now
                )
        except Refusal as refusal:
            return again(view, "people/choose_password.html", refusal)
        return view.leave("/sign-in")


class SessionPages(Controller):
    """One's own session."""

    path = "/session"
    opt = {"signed_in": True}

    @post("/sign-out", opt={"while_locked": True}, status_code=200, sync_to_thread=True)
    def sign_out(
        self,
        *,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
        settings: CurrentSettings,
    ) -> Answer:
        """End the session."""
        with db.transaction() as session:
            signing_in.sign_out(session, token=held(view).token, by=actor, now=now)
        answer = view.leave("/sign-in")
        answer.cookies.append(browser.cookie("", secure=settings.secure_cookies))
        return answer

    @post("/lock", opt={"while_locked": True}, status_code=204, sync_to_thread=True)
    def lock(self, view: CurrentView, db: Db, actor: CurrentActor, now: Now) -> None:
        """Lock the session until its holder shows who they are."""
        with db.transaction() as session:
            unlocking.lock(session, token_sha256=held(view).token_sha256, by=actor, now=now)

    @post("/seen", status_code=204, sync_to_thread=False)
    def seen(self) -> None:
        """Somebody is at work in a form; the guard has noted it."""

    @post("/unlock", opt={"while_locked": True}, status_code=204, sync_to_thread=True)
    def unlock(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor, now: Now) -> None:
        """Unlock with the PIN or the password. Raises ProofRefused; five in a row end it."""
        secret = form.read(SecretForm).secret
        with signing_in.a_place(), db.transaction() as session:
            fits = unlocking.unlock(
                session, token_sha256=held(view).token_sha256, secret=secret, by=actor, now=now
            )
        require(fits)

    @post("/prove", status_code=204, sync_to_thread=True)
    def prove(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor, now: Now) -> None:
        """Show again who one is, for a decision that is signed. Raises as `unlock`."""
        secret = form.read(SecretForm).secret
        with signing_in.a_place(), db.transaction() as session:
            fits = unlocking.prove(
                session, token_sha256=held(view).token_sha256, secret=secret, by=actor, now=now
            )
        require(fits)


def held(view: View) -> browser.Browser:
    """Return the session of a route that is not public."""
    assert view.held is not None, "the guard lets nobody in without a session"
    return view.held


def require(fits: bool) -> None:
    """Raise ProofRefused, after the transaction that counted the failure."""
    if not fits:
        raise unlocking.ProofRefused("that is not your PIN or password", field="secret")


def again(view: View, template: str, refusal: Refusal) -> Answer:
    """Show a form again with what was refused, for pages that nobody is signed in on."""
    fields = refusal.facts.get("fields")
    errors = fields if isinstance(fields, dict) else {}
    trouble = (sentence(str(refusal)), refusal.remedy)
    return view.page(
        template, status=HTTPStatus.UNPROCESSABLE_ENTITY, trouble=trouble, errors=errors
    )
