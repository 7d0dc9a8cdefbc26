"""What a kept picture is, and why one is refused."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Invalid, Malformed

MOST_BYTES: Final = 4 * 1024 * 1024
"""A photograph of a bench at 12 million pixels has 2 to 4 MiB."""
LONGEST_SIDE: Final = 12_000
MOST_PIXELS: Final = 64_000_000
"""More is none of a camera at the bench, and could stop the browser that draws it."""


class MediaType(StrEnum):
    """What kinds of picture are kept: those that every browser shows and none can run."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


class PictureTooLarge(Invalid):
    """The picture has more bytes or pixels than are kept."""

    code = "picture-too-large"
    remedy = "Take the picture at a lower resolution."


class NotAPicture(Malformed):
    """The bytes do not begin like a picture of a kind that is kept, whatever their name says."""

    code = "picture-kind-unknown"
    remedy = "Send a JPEG, PNG or WebP picture."


class PictureDamaged(Malformed):
    """The bytes begin like a picture, and do not go on like one."""

    code = "picture-damaged"
    remedy = "Take the picture again; a still one, not a moving one."


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be kept: checked, and without what a camera wrote beside it."""

    media_type: MediaType
    width: int
    height: int
    data: bytes

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()


def require_size(width: int, height: int) -> None:
    """Raise PictureTooLarge or PictureDamaged for sides in pixels that no camera gives."""
    if not width or not height:
        raise PictureDamaged("the picture has no size")
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise PictureTooLarge("the picture has too many pixels", width=width, height=height)
