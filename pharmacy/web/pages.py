"""The few pages that are there before anybody signs in."""

from pathlib import Path
from typing import Final

from litestar import MediaType, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from pharmacy.http.edge import PAGE_POLICY

STATIC: Final = Path(__file__).parent / "static"
FRONT_PAGE: Final = (STATIC / "index.html").read_text()


@get(
    "/",
    media_type=MediaType.HTML,
    opt={"public": True, "content_security_policy": PAGE_POLICY},
    include_in_schema=False,
    sync_to_thread=False,
)
def front_page() -> str:
    """Say what this server is, and where to read on."""
    return FRONT_PAGE


def static_files() -> Router:
    """Return the router of scripts and styles, all our own."""
    return create_static_files_router(
        path="/static",
        directories=[STATIC],
        opt={"public": True},
        cache_control=CacheControlHeader(max_age=3600),
        include_in_schema=False,
    )
