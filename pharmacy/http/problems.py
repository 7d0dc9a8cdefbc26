"""Every error as an RFC 9457 problem, or as an OperationOutcome where FHIR is asked for."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pharmacy.http.bodies import WrongMediaType
from pharmacy.http.browser import ProofNeeded, SessionLocked
from pharmacy.http.etag import StaleVersion, VersionNotGiven
from pharmacy.http.guards import NotSignedIn
from pharmacy.infra import logs
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.refusals import (
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    NotPermitted,
    Refusal,
    Unavailable,
)
from pharmacy.staff.operations.arrivals import AddressBarred
from pharmacy.staff.operations.signing_in import SignInRefused

PROBLEM_JSON: Final = "application/problem+json"
FHIR_JSON: Final = "application/fhir+json"
CODE_SYSTEM: Final = "urn:ldn-pharmacy:problems"

STATUS: Final[dict[type[Refusal], int]] = {
    NotSignedIn: 401,
    AddressBarred: 429,
    SignInRefused: 401,
    StaleVersion: 412,
    SessionLocked: 423,
    ProofNeeded: 428,
    WrongMediaType: 415,
    VersionNotGiven: 428,
    Malformed: 400,
    NotFound: 404,
    NotPermitted: 403,
    Conflict: 409,
    Invalid: 422,
    Unavailable: 503,
}
"""The first kind that fits decides."""

FHIR_CODE: Final = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    428: "required",
    429: "throttled",
    500: "exception",
    503: "transient",
}
"""From HTTP status to FHIR's IssueType."""

RETRY_SECONDS: Final = 5


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    An error (RFC 9457). `code` never changes; `detail` and `remedy` are for people.

    None of it holds patient data, nor anything that was sent.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str = ""
    facts: dict[str, Any] = {}
    """What the problem is about, by name."""
    incident: str = ""
    """Of an error of ours: the number under which it stands in our log."""


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return next((number for kind, number in STATUS.items() if isinstance(refusal, kind)), 400)


def refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    """Answer a refusal."""
    status = status_of(refusal)
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(RETRY_SECONDS)}}
    facts = {name: plain(fact) for name, fact in refusal.facts.items()}
    problem = _problem(status, refusal.code, str(refusal), remedy=refusal.remedy, facts=facts)
    return answer(request, problem, headers=headers.get(status))


def failed(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework would not let through; its own words may repeat what was sent."""
    status = error.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return crashed(request, error)
    if isinstance(error, ValidationException):
        fields = sorted(_names(error))
        words = f"not as the schema wants it: {', '.join(fields)}" if fields else "not valid"
        problem = _problem(
            status,
            "request-invalid",
            words,
            remedy="Compare the request with /docs.",
            facts={"fields": fields},
        )
        return answer(request, problem)
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "-")
    return answer(request, _problem(status, code, phrase), headers=error.headers)


def clashed(request: Request[Any, Any, Any], error: IntegrityError) -> Response[Any]:
    """Answer a rule that the database upheld, under the name of its constraint."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if not name:
        return crashed(request, error)
    code = f"constraint-{name.replace('_', '-')}"
    words = "the database holds a rule that this would break"
    remedy = "Read the present state again; somebody may have been first."
    return answer(request, _problem(409, code, words, remedy=remedy, facts={"constraint": name}))


def cut_off(request: Request[Any, Any, Any], error: DBAPIError | PoolTimeout) -> Response[Any]:
    """Answer when the database cannot be reached or is too busy."""
    if isinstance(error, DBAPIError) and not is_passing(error):
        return crashed(request, error)
    words = "the database does not answer just now"
    problem = _problem(503, "unavailable", words, remedy=Unavailable.remedy)
    logs.crash("database.unavailable", error)
    return answer(request, problem, headers={"Retry-After": str(RETRY_SECONDS)})


def crashed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a bug of ours: a number, and nothing of what happened."""
    incident = encode("inc", new_id())
    logs.crash("request.crashed", error, incident=incident)
    remedy = "Tell whoever runs this system the incident's number."
    return answer(
        request,
        _problem(500, "internal-error", "this went wrong", remedy=remedy, incident=incident),
    )


def answer(
    request: Request[Any, Any, Any], problem: Problem, *, headers: dict[str, str] | None = None
) -> Response[Any]:
    """Return the problem in the form that the caller asked for."""
    fhir = FHIR_JSON in request.headers.get("accept", "")
    return Response(
        operation_outcome(problem) if fhir else problem,
        status_code=problem.status,
        media_type=FHIR_JSON if fhir else PROBLEM_JSON,
        headers=headers,
    )


def operation_outcome(problem: Problem) -> dict[str, Any]:
    """Return a problem as FHIR says it, with the same code."""
    issue = {
        "severity": "error",
        "code": FHIR_CODE.get(problem.status, "processing"),
        "details": {
            "coding": [{"system": CODE_SYSTEM, "code": problem.code}],
            "text": problem.title,
        },
        **({"expression": [problem.facts["expression"]]} if "expression" in problem.facts else {}),
        "diagnostics": " ".join(filter(None, (problem.detail, problem.remedy, problem.incident))),
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def plain(fact: object) -> Any:
    """Return a fact as JSON can hold it."""
    if fact is None or isinstance(fact, bool | int):
        return fact
    if isinstance(fact, dict):
        return {str(name): plain(value) for name, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [plain(value) for value in fact]
    return str(fact)


def _problem(status: int, code: str, detail: str, **members: Any) -> Problem:
    title = code.replace("-", " ").capitalize()
    return Problem(f"/problems/{code}", title, status, code, detail, **members)


def _names(error: ValidationException) -> set[str]:
    extra = error.extra if isinstance(error.extra, list) else []
    return {str(found["key"]) for found in extra if isinstance(found, dict) and found.get("key")}


def is_passing(error: DBAPIError) -> bool:
    """Say whether trying again can help: connection lost, shutting down, deadlock, lock timeout."""
    sqlstate = str(getattr(error.orig, "sqlstate", None) or "")
    passing = ("08", "53", "57", "40", "55P03")
    lost = isinstance(error, OperationalError) and not sqlstate
    return error.connection_invalidated or lost or sqlstate.startswith(passing)


HANDLERS: Final[ExceptionHandlersMap] = {
    Refusal: refused,
    HTTPException: failed,
    IntegrityError: clashed,
    DBAPIError: cut_off,
    PoolTimeout: cut_off,
    Exception: crashed,
}
