"""The columns of a table of kept pictures, with what must always be true of them."""

from typing import Any, Final

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.pictures.picture import MOST_BYTES, MediaType, Picture


class PictureColumns:
    """
    A mixin: a table of pictures of something has these columns, and `*constraints()`.

    The bytes are loaded only when they are asked for, so that a list of pictures is cheap.
    """

    media_type: Mapped[MediaType]
    width: Mapped[int]
    height: Mapped[int]
    """Of the bytes, in pixels, before a viewer turns them."""
    size: Mapped[int]
    """In bytes."""
    sha256: Mapped[bytes]
    data: Mapped[bytes] = mapped_column(deferred=True, deferred_raiseload=False)


KINDS: Final = ", ".join(f"'{kind.value}'" for kind in MediaType)


def constraints() -> tuple[CheckConstraint, ...]:
    """Return what a table of pictures has in `__table_args__`: the digest is the bytes' own."""
    return (
        CheckConstraint(f"media_type in ({KINDS})", name="media_type_known"),
        CheckConstraint("width > 0 and height > 0", name="size_positive"),
        CheckConstraint(
            f"size = octet_length(data) and size between 1 and {MOST_BYTES}", name="size_true"
        ),
        CheckConstraint("sha256 = sha256(data)", name="digest_true"),
    )


def columns(picture: Picture) -> dict[str, Any]:
    """Return a checked picture as the columns of `PictureColumns`."""
    return {
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "size": len(picture.data),
        "sha256": picture.sha256,
        "data": picture.data,
    }
