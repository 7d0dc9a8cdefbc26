"""Styles, scripts and fonts of the console: read once, compressed once, cached for ever."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

FOLDER: Final = Path(__file__).parent / "static" / "console"
TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8"}
FOR_EVER: Final = "public, max-age=31536000, immutable"
SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    compressed: bytes | None
    media_type: str


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    known = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    packed = None if path.suffix == ".woff2" else gzip.compress(body, 9, mtime=0)
    return Asset(body, packed, known)


ASSETS: Final = {
    path.name: _read(path)
    for path in sorted(FOLDER.rglob("*"))
    if path.suffix in {".css", ".js", ".woff2", ".svg"}
}
VERSION: Final = hashlib.sha256(
    b"".join(name.encode() + asset.body for name, asset in ASSETS.items())
).hexdigest()[:SHORT]
"""Of all of them together, so that a style finds the fonts beside it."""


def url_of(name: str) -> str:
    """Return the address of a file, which changes whenever any of them does."""
    assert name in ASSETS, name
    return f"/assets/{VERSION}/{name}"


@get(
    "/assets/{version:str}/{name:str}",
    opt={"public": True},
    include_in_schema=False,
    sync_to_thread=False,
)
def assets(
    version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Return a file. A page of an older version that is still open gets the present one."""
    if (found := ASSETS.get(name)) is None:
        raise NotFoundException
    headers = {"Vary": "Accept-Encoding"}
    headers["Cache-Control"] = FOR_EVER if version == VERSION else "no-store"
    body = found.body
    if found.compressed and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = found.compressed, "gzip"
    return Response(body, media_type=found.media_type, headers=headers)
