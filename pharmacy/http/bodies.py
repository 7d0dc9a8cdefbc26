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
    given, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if given.strip().lower() != wanted or charset not in {"", "charset=utf-8"}:
        raise WrongMediaType(f"the body must be {wanted}", accepts=wanted)


async def require_plain_json(request: Request[Any, Any, Any]) -> None:
    """Refuse a JSON body that two readers could understand in two ways."""
    if request.content_type[0] == JSON and (body := await request.body()):
        strict_json.read(body)
