"""Lists in pages. A cursor holds the sort key of the last row, so that pages never shift."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from pharmacy.kernel import base64url
from pharmacy.kernel.refusals import Malformed

MOST: Final = 200
USUAL: Final = 50
LONGEST_CURSOR: Final = 500
LARGEST_ID: Final = 2**63 - 1
"""Of a row that is numbered (`bigint`)."""

Item = TypeVar("Item")
Row = TypeVar("Row")

Cursor = Annotated[
    str | None,
    QueryParameter(required=False, description="`next` of the page before; opaque."),
]
"""Parameter `cursor: Cursor = None`."""
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="How many items at most.")]
"""Parameter `limit: Limit = USUAL`."""


class MalformedCursor(Malformed):
    """The cursor is not one that we gave out."""

    code = "malformed-cursor"
    remedy = "Start again without a cursor."


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """A part of a list. `next` is the cursor of the following part, absent after the last."""

    items: list[Item]
    next: str | None = None


def page_of(
    rows: Sequence[Row],
    *,
    limit: int,
    view: Callable[[Row], Item],
    key: Callable[[Row], tuple[Any, ...]],
) -> Page[Item]:
    """
    Return a page of rows that were read with `limit + 1`.

    Args:
        key: The values that the rows are sorted by; a cursor carries those of the last row.
    """
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[view(row) for row in shown], next=encode(key(shown[-1])) if more else None)


def rows_of(rows: Sequence[Row], *, limit: int, key: Callable[[Row], tuple[Any, ...]]) -> Page[Row]:
    """Return a page of rows as they are; see `page_of`."""
    return page_of(rows, limit=limit, view=lambda row: row, key=key)


def encode(values: tuple[Any, ...]) -> str:
    """Return a cursor that carries these values (numbers, text, dates, instants, UUIDs)."""
    return base64url.encode(msgspec.json.encode(values))


def after(cursor: str | None, *kinds: Any) -> tuple[Any, ...] | None:
    """
    Return the values that a cursor carries, each of its kind; None without a cursor.

    Raises:
        MalformedCursor: We did not give it out for this list.
    """
    if cursor is None:
        return None
    if len(cursor) > LONGEST_CURSOR:
        raise MalformedCursor("the cursor is too long")
    try:
        values = base64url.decode(cursor)
        found: tuple[Any, ...] = msgspec.json.decode(values, type=tuple[kinds])  # type: ignore[valid-type]
    except (ValueError, msgspec.DecodeError) as error:
        raise MalformedCursor("the cursor is not one of ours") from error
    if any(isinstance(value, int) and not 0 <= value <= LARGEST_ID for value in found):
        raise MalformedCursor("the cursor is not one of ours")
    return found
