"""Every error in words, for whoever sits before the browser; the status stays what it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Self

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pharmacy.http import browser, problems
from pharmacy.http.browser import ProofNeeded, SessionLocked
from pharmacy.http.forms import FormInvalid
from pharmacy.http.guards import NotSignedIn
from pharmacy.infra import logs
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.refusals import Refusal, Unavailable
from pharmacy.settings import Settings
from pharmacy.web.view import Answer, Chrome, View, Viewing, header_json

TITLES: Final = {
    HTTPStatus.BAD_REQUEST: "That did not arrive in a form we can read",
    HTTPStatus.FORBIDDEN: "This is not yours to do",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "That is not possible here",
    HTTPStatus.CONFLICT: "Something changed meanwhile",
    HTTPStatus.PRECONDITION_FAILED: "Something changed meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This needs another look",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not just now",
}
NOT_LIKE_THIS: Final = "That did not go through"
OURS: Final = "Something went wrong on our side"
INTERNAL: Final = HTTPStatus.INTERNAL_SERVER_ERROR
FRESH: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""The page is out of date: the fresh one is offered."""
Handler = Callable[[Request[Any, Any, Any], HTTPException], Response[Any]]
FALLBACK: Final = Chrome()


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as a page shows it. It holds no patient data and nothing that was sent."""

    status: int
    title: str
    words: str
    remedy: str = ""
    code: str = ""
    incident: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    offers_fresh: bool = False


class Refusals:
    """Answers browsers; what went wrong is decided where problems are."""

    def __init__(self, settings: Settings, viewing: Viewing) -> None:
        self._settings = settings
        self._viewing = viewing

    def __deepcopy__(self, _: object) -> Self:
        """Litestar copies a router's exception handlers for each route; these share one view."""
        return self

    def handlers(self) -> ExceptionHandlersMap:
        """Return the exception handlers of every page."""
        return {
            NotSignedIn: self.signed_out,
            SessionLocked: self.locked,
            ProofNeeded: self.unproven,
            FormInvalid: self.form_invalid,
            Refusal: self.refused,
            HTTPException: self.failed,
            IntegrityError: self.clashed,
            DBAPIError: self.cut_off,
            PoolTimeout: self.cut_off,
            Exception: self.crashed,
        }

    def signed_out(self, request: Request[Any, Any, Any], _: NotSignedIn) -> Answer:
        """Show the sign-in page in place of what was asked for; then go on to that."""
        view = self._view(request)
        if view.is_partial:
            return _bare(
                HTTPStatus.UNAUTHORIZED, {"HX-Trigger": header_json({"console:ended": {}})}
            )
        wanted = request.url.path if request.method == "GET" else "/"
        return view.page(
            "people/sign_in.html", status=HTTPStatus.UNAUTHORIZED, onward=wanted, trouble=None
        )

    def locked(self, request: Request[Any, Any, Any], _: SessionLocked) -> Answer:
        """Show the lock over nothing; an open page covers itself and keeps its work."""
        view = self._view(request)
        if view.is_partial:
            return _bare(HTTPStatus.LOCKED, {"HX-Trigger": header_json({"console:locked": {}})})
        return view.page("people/locked.html", status=HTTPStatus.LOCKED)

    def unproven(self, request: Request[Any, Any, Any], refusal: ProofNeeded) -> Answer:
        """Ask who it is; the page then sends the same decision again."""
        view = self._view(request)
        if view.is_partial:
            status = HTTPStatus.PRECONDITION_REQUIRED
            return _bare(status, {"HX-Trigger": header_json({"console:prove": {}})})
        return self.refused(request, refusal)

    def form_invalid(self, request: Request[Any, Any, Any], refusal: FormInvalid) -> Answer:
        """Say what is wrong, beside each field and above the form."""
        trouble = Trouble(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            TITLES[HTTPStatus.UNPROCESSABLE_ENTITY],
            sentence(str(refusal)),
            code=refusal.code,
        )
        return self._answer(request, trouble, fields=refusal.fields)

    def refused(self, request: Request[Any, Any, Any], refusal: Refusal) -> Answer:
        """Say why not, and what to do next."""
        status = problems.status_of(refusal)
        name = refusal.facts.get("field")
        trouble = Trouble(
            status,
            TITLES.get(HTTPStatus(status), OURS if status >= INTERNAL else NOT_LIKE_THIS),
            sentence(str(refusal)),
            refusal.remedy,
            refusal.code,
            facts={key: problems.plain(fact) for key, fact in refusal.facts.items()},
            offers_fresh=status in FRESH,
        )
        fields = {str(name): sentence(str(refusal))} if name else {}
        return self._answer(request, trouble, fields=fields)

    def failed(self, request: Request[Any, Any, Any], error: HTTPException) -> Answer:
        """Answer what the framework would not let through."""
        status = HTTPStatus(error.status_code)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.crashed(request, error)
        title = TITLES.get(status, TITLES[HTTPStatus.BAD_REQUEST])
        words = "Check the address, or search by Rx number above."
        return self._answer(request, Trouble(status, title, words))

    def clashed(self, request: Request[Any, Any, Any], error: IntegrityError) -> Answer:
        """Answer a rule that the database upheld."""
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if not name:
            return self.crashed(request, error)
        words = f"The database holds a rule that this would break ({name})."
        remedy = "Somebody may have been first: look at the fresh page."
        status = HTTPStatus.CONFLICT
        trouble = Trouble(status, TITLES[status], words, remedy, offers_fresh=True)
        return self._answer(request, trouble)

    def cut_off(self, request: Request[Any, Any, Any], error: DBAPIError | PoolTimeout) -> Answer:
        """Answer when the database cannot be reached or is too busy."""
        if isinstance(error, DBAPIError) and not problems.is_passing(error):
            return self.crashed(request, error)
        logs.crash("database.unavailable", error)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        words = "The database does not answer at this moment."
        return self._answer(request, Trouble(status, TITLES[status], words, Unavailable.remedy))

    def crashed(self, request: Request[Any, Any, Any], error: Exception) -> Answer:
        """Answer a bug of ours: a number, and nothing of what happened."""
        incident = encode("inc", new_id())
        logs.crash("page.crashed", error, incident=incident)
        words = "Nothing was changed. It is in our log under the number below."
        remedy = "Try again; if it stays, tell whoever runs this system the number."
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return self._answer(request, Trouble(status, OURS, words, remedy, incident=incident))

    def _answer(
        self,
        request: Request[Any, Any, Any],
        trouble: Trouble,
        *,
        fields: dict[str, str] | None = None,
    ) -> Answer:
        view = self._view(request)
        if not view.is_partial:
            return view.page("trouble.html", status=trouble.status, trouble=trouble)
        answer = view.part("parts/trouble.html", status=trouble.status, trouble=trouble)
        answer.headers |= {
            "HX-Retarget": "#alerts",
            "HX-Reswap": "innerHTML",
            "HX-Reselect": ".trouble",
        }
        if fields:
            answer.headers["HX-Trigger"] = header_json({"console:fields": fields})
        return answer

    def _view(self, request: Request[Any, Any, Any]) -> View:
        held = request.scope["state"].get(browser.IN_STATE)
        return self._viewing.plain_view(request, FALLBACK, held)


def _bare(status: int, headers: dict[str, str]) -> Response[bytes]:
    """Answer an open page with an event and nothing to show."""
    headers = {**headers, "HX-Reswap": "none"}
    return Response(b"", status_code=status, headers=headers, media_type="text/html")


def sentence(words: str) -> str:
    """Return words of a refusal as a sentence that a page can show."""
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def problem_or_page(pages: Refusals, api: Handler) -> Handler:
    """Return a handler for what no route answers: pages for browsers, problems for programs."""

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        takes_pages = "text/html" in request.headers.get("accept", "")
        routed = "route_handler" in request.scope
        if takes_pages and not routed and not request.url.path.startswith("/api"):
            return pages.failed(request, error)
        return api(request, error)

    return answer
