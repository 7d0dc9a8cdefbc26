"""Every error as an RFC 9457 problem, or as an OperationOutcome where FHIR is asked for."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from pharmacy.http.etag import StaleVersion, VersionNotGiven
from pharmacy.http.guards import NotSignedIn
from pharmacy.kernel.refusals import (
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    NotPermitted,
    Refusal,
    Unavailable,
)

PROBLEM_JSON: Final = "application/problem+json"

STATUS: Final[dict[type[Refusal], int]] = {
    NotSignedIn: 401,
    StaleVersion: 412,
    VersionNotGiven: 428,
    Malformed: 400,
    NotFound: 404,
    NotPermitted: 403,
    Conflict: 409,
    Invalid: 422,
    Unavailable: 503,
}
"""The first kind that fits decides."""


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status with which a refusal is answered."""
    return next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 400)


def refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[dict[str, Any]]:
    """Answer a refusal."""
    return Response(
        {
            "type": f"/problems/{refusal.code}",
            "title": refusal.code.replace("-", " ").capitalize(),
            "status": status_of(refusal),
            "code": refusal.code,
            "detail": str(refusal),
            "remedy": refusal.remedy,
            "facts": {name: str(fact) for name, fact in refusal.facts.items()},
        },
        status_code=status_of(refusal),
        media_type=PROBLEM_JSON,
    )


def failed(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """Answer what the framework would not let through."""
    phrase = HTTPStatus(error.status_code).phrase
    return Response(
        {"type": f"/problems/{phrase.lower().replace(' ', '-')}", "title": phrase}
        | {"status": error.status_code, "detail": phrase},
        status_code=error.status_code,
        media_type=PROBLEM_JSON,
        headers=error.headers,
    )


HANDLERS: Final[ExceptionHandlersMap] = {Refusal: refused, HTTPException: failed}
