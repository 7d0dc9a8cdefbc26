"""ETag and If-Match: a change says which version of the thing it was decided on."""

import re
from typing import Annotated, Final

from litestar.params import HeaderParameter

from pharmacy.kernel.refusals import Conflict, Malformed

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        required=False,
        description='The version that this change was decided on, as its ETag gave it: `"7"`.',
    ),
]
"""Parameter `if_match: IfMatch = None`."""

STRONG: Final = re.compile(r'"([1-9][0-9]{0,17})"')


class VersionNotGiven(Conflict):
    """A change of an order must say which version it was decided on (428)."""

    code = "version-not-given"
    remedy = "Read it, then send the answer's ETag as If-Match."


class StaleVersion(Conflict):
    """Somebody changed it after the caller had read it (412)."""

    code = "stale-version"
    remedy = "Read it again, look at what changed, then decide."


class MalformedVersion(Malformed):
    """If-Match is not a version that we gave out."""

    code = "malformed-version"
    remedy = "Send the ETag exactly as it was given, with its quotation marks."


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, *, version: int) -> None:
    """
    Let a change pass only when it was decided on the present version.

    Call it inside the transaction, after locking the row.

    Raises:
        VersionNotGiven: There is no If-Match.
        MalformedVersion: It is not one version (`*` and lists are not taken).
        StaleVersion: It is another version than the present one.
    """
    if if_match is None:
        raise VersionNotGiven("a change needs If-Match")
    if not (match := STRONG.fullmatch(if_match.strip())):
        raise MalformedVersion("If-Match is not one quoted version")
    if int(match[1]) != version:
        raise StaleVersion("it has changed since it was read", present=version)
