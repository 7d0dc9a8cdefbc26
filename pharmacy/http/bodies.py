"""Request bodies: what is taken at all, before anybody looks at what it means."""

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from pharmacy.kernel import strict_json
from pharmacy.kernel.refusals import Malformed

MOST_BYTES: Final = 64 * 1024
"""Unless a route says otherwise with `request_max_body_size`."""
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


class AddressMalformed(Malformed):
    """The path or the query holds what no identifier and no filter of ours holds."""

    code = "address-malformed"
    remedy = "Leave out NUL, also in its encoded form."


def require_plain_address(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raise AddressMalformed for NUL, which PostgreSQL and file systems refuse further on."""
    scope = connection.scope
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise AddressMalformed("the address holds NUL")


class WrongMediaType(Malformed):
    """The body is not of the media type that the route takes (415)."""

    code = "wrong-media-type"
    remedy = "Send the Content-Type that the message names, and a body of that kind."


def require_content_type(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """
    Raise WrongMediaType unless a body is declared as what the route takes.

    A form or plain text, which other sites' pages can send, never reaches a handler.
    """
    headers = connection.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    wanted = str(handler.opt.get("content_type", JSON))
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise WrongMediaType("the body must not be compressed", accepts=wanted)
    given, _, parameters = headers.get("content-type", "").partition(";")
    parameter = parameters.strip().lower().replace('"', "")
    is_whole = (
        parameter.startswith("boundary=")
        if wanted == MULTIPART
        else parameter in {"", "charset=utf-8"}
    )
    if given.strip().lower() != wanted or not is_whole:
        raise WrongMediaType(f"the body must be {wanted}", accepts=wanted)


async def require_plain_json(request: Request[Any, Any, Any]) -> None:
    """Refuse a JSON body that two readers could understand in two ways."""
    if request.content_type[0] == JSON and (body := await request.body()):
        strict_json.read(body)
