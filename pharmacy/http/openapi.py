"""The description of the API, and its page, from our own files."""

import re
from pathlib import Path
from typing import Any, Final

from litestar import MediaType, Request, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import decode_json, encode_json

from pharmacy import __version__
from pharmacy.http.edge import DOCS_POLICY
from pharmacy.http.examples import example
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
PAGE_NAME: Final = re.compile(r"Page_pharmacy\.[\w.]+\.(\w+)_")
"""How generic pages are named unless somebody finds them a better name."""
PROBLEM: Final = {
    "title": "Problem",
    "type": "object",
    "description": "An error (RFC 9457). `code` never changes.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "facts": {"type": "object"},
        "incident": {"type": "string"},
    },
}

Json = dict[str, Any]


class OwnPage(OpenAPIRenderPlugin):
    """Swagger UI from `web/static`, as a page without inline script."""

    def __init__(self, page: Path) -> None:
        super().__init__(path="/")
        self.page = page.read_bytes()
        self.media_type = MediaType.HTML

    def render(
        self,
        request: Request[Any, Any, Any],  # noqa: ARG002 -- Litestar's signature
        openapi_schema: Json,  # noqa: ARG002
    ) -> bytes:
        return self.page


class OwnDescription(OpenAPIRenderPlugin):
    """The description with what the framework cannot know: permissions, problems, examples."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json", media_type=MediaType.JSON)
        self.completed = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        if not self.completed:
            self.completed = encode_json(complete(openapi_schema, request.app.routes))
        return self.completed


def config(static: Path) -> OpenAPIConfig:
    """Return the configuration; its routes are public."""
    return OpenAPIConfig(
        title="LDN pharmacy",
        version=__version__,
        description=DESCRIPTION.strip(),
        use_handler_docstrings=True,
        render_plugins=[OwnPage(static / "docs.html"), OwnDescription()],
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


def complete(description: Json, routes: Any) -> Json:
    """Return the description with what each route asks for, its problems and its examples."""
    text = PAGE_NAME.sub(r"\1Page", encode_json(description).decode())
    found: Json = decode_json(text)
    schemas: Json = found["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    for path, handler in handlers(routes):
        for method in handler.http_methods:
            if operation := found["paths"].get(path, {}).get(method.lower()):
                _complete(operation, handler.opt, schemas, changes=method != "GET")
    return found


def _complete(operation: Json, opt: dict[str, Any], schemas: Json, *, changes: bool) -> None:
    public = bool(opt.get("public"))
    if not public:
        operation["security"] = [{BEARER: []}]
    operation["summary"] = _summary(operation)
    if needs := opt.get("permission"):
        words = f"Needs the permission `{needs}`."
        operation["description"] = "\n\n".join(filter(None, (operation.get("description"), words)))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "$ref" in content.get("schema", {}):
            content.setdefault("example", example(content["schema"], schemas))
    for status, words in PROBLEMS.items():
        if (status in CHANGING and not changes) or (public and status in {"401", "403"}):
            continue
        reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
        operation["responses"][status] = {
            "description": words,
            "content": {PROBLEM_JSON: reference},
        }


def _summary(operation: Json) -> str:
    """Return the first line of what an operation says of itself; handlers' names say too little."""
    words: str = operation.get("description") or operation.get("summary") or ""
    return words.partition("\n")[0].rstrip(".")
