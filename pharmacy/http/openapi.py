"""The description of the API, and its page, from our own files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from litestar import MediaType, Request, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIType

from pharmacy import __version__
from pharmacy.http.edge import DOCS_POLICY
from pharmacy.http.guards import handlers
from pharmacy.http.problems import PROBLEM_JSON

PATH: Final = "/docs"
BEARER: Final = "bearer"
DESCRIPTION: Final = """
From a signed prescription to labelled capsules and the next refill.

Sign in at `POST /api/v1/sign-in`, or use an EHR client's API key, and send it as
`Authorization: Bearer …`. Errors are RFC 9457 problems with a `code` that never changes; send
`Accept: application/fhir+json` to get them as OperationOutcome. Every request that changes
something takes an `Idempotency-Key`. Changes of an order need `If-Match` with the order's ETag.
Doses are decimal text in milligrams; identifiers are opaque and begin with what they are of.
"""
PROBLEMS: Final = {
    "400": "The request is not of the agreed form.",
    "401": "Nobody known is asking.",
    "403": "The caller's role does not allow it.",
    "404": "There is no such thing, or none that the caller may see.",
    "409": "It is not in the state that the request supposes.",
    "422": "The request contradicts itself or a rule.",
}
CHANGING: Final = ("409", "422")
"""Problems that only changes meet."""


class OwnSwagger(OpenAPIRenderPlugin):
    """Swagger UI from `web/static`, as a page without inline script."""

    def __init__(self, page: Path) -> None:
        super().__init__(path="/")
        self.page = page.read_bytes()
        self.media_type = MediaType.HTML

    def render(
        self,
        request: Request[Any, Any, Any],  # noqa: ARG002 -- Litestar's signature
        openapi_schema: dict[str, Any],  # noqa: ARG002
    ) -> bytes:
        return self.page


def config(static: Path) -> OpenAPIConfig:
    """Return the configuration; its routes are public."""
    return OpenAPIConfig(
        title="LDN pharmacy",
        version=__version__,
        description=DESCRIPTION.strip(),
        use_handler_docstrings=True,
        render_plugins=[OwnSwagger(static / "docs.html"), JsonRenderPlugin()],
        openapi_router=Router(
            PATH,
            route_handlers=[],
            include_in_schema=False,
            opt={"public": True, "content_security_policy": DOCS_POLICY},
        ),
        components=Components(
            security_schemes={
                BEARER: SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A session's token, or an EHR client's `ldn_…` key.",
                )
            }
        ),
    )


def complete(description: OpenAPI, routes: Iterable[Any]) -> None:
    """Add what each route asks for, and the problems that it can answer with."""
    schemas = description.components.schemas or {}
    schemas["Problem"] = _problem_schema()
    description.components.schemas = schemas
    for path, handler in handlers(routes):
        item = (description.paths or {}).get(path)
        for method in handler.http_methods:
            operation = getattr(item, method.lower(), None) if item else None
            if isinstance(operation, Operation):
                _complete(operation, handler.opt, changes=method != "GET")


def _complete(operation: Operation, opt: dict[str, Any], *, changes: bool) -> None:
    public = bool(opt.get("public"))
    if not public:
        operation.security = [{BEARER: []}]
    needs = opt.get("permission")
    if needs:
        words = f"Needs the permission `{needs}`."
        operation.description = "\n\n".join(filter(None, (operation.description, words)))
    responses = operation.responses or {}
    for status, words in PROBLEMS.items():
        if (status in CHANGING and not changes) or (public and status in {"401", "403"}):
            continue
        responses[status] = OpenAPIResponse(
            description=words,
            content={
                PROBLEM_JSON: OpenAPIMediaType(schema=Reference("#/components/schemas/Problem"))
            },
        )
    operation.responses = responses


def _problem_schema() -> Schema:
    text = Schema(type=OpenAPIType.STRING)
    return Schema(
        title="Problem",
        type=OpenAPIType.OBJECT,
        description="An error (RFC 9457). `code` never changes.",
        required=["type", "title", "status", "code", "detail"],
        properties={
            "type": text,
            "title": text,
            "status": Schema(type=OpenAPIType.INTEGER),
            "code": text,
            "detail": text,
            "remedy": text,
            "facts": Schema(type=OpenAPIType.OBJECT),
            "incident": text,
        },
    )
