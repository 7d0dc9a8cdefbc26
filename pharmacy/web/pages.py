"""Files of the API's own pages."""

from pathlib import Path
from typing import Final

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

STATIC: Final = Path(__file__).parent / "static"


def static_files() -> Router:
    """Return the router of scripts and styles, all our own."""
    return create_static_files_router(
        path="/static",
        directories=[STATIC],
        opt={"public": True},
        cache_control=CacheControlHeader(max_age=3600),
        include_in_schema=False,
    )
