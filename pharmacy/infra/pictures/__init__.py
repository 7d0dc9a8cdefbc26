"""
Pictures that are kept as evidence: what is taken, what is stripped, and how a table holds them.

`checked` looks at the bytes alone; which table they go into, and who may look, is a feature's.
"""

from typing import Final

from pharmacy.infra.pictures import jpeg, png, webp
from pharmacy.infra.pictures.kept import PictureColumns, columns, constraints
from pharmacy.infra.pictures.picture import (
    MOST_BYTES,
    MediaType,
    NotAPicture,
    Picture,
    PictureDamaged,
    PictureTooLarge,
    require_size,
)

__all__ = [
    "MOST_BYTES",
    "MediaType",
    "NotAPicture",
    "Picture",
    "PictureColumns",
    "PictureDamaged",
    "PictureTooLarge",
    "checked",
    "columns",
    "constraints",
]

FORM_AT: Final = slice(8, 12)


def checked(data: bytes) -> Picture:
    """
    Return a picture as it may be kept: known by its first bytes, whole, without place or maker.

    The picture itself is not coded anew: every pixel stays as the camera gave it.

    Raises:
        PictureTooLarge: More than 4 MiB, 12,000 pixels on a side or 64 million in all.
        NotAPicture: Neither JPEG nor PNG nor WebP.
        PictureDamaged: It breaks off, contradicts itself, or moves.
    """
    if len(data) > MOST_BYTES:
        raise PictureTooLarge("the picture has too many bytes", most=MOST_BYTES)
    if data.startswith(jpeg.MAGIC):
        picture = jpeg.stripped(data)
    elif data.startswith(png.MAGIC):
        picture = png.stripped(data)
    elif data.startswith(webp.MAGIC) and data[FORM_AT] == webp.FORM:
        picture = webp.stripped(data)
    else:
        raise NotAPicture("these bytes are no JPEG, PNG or WebP picture")
    require_size(picture.width, picture.height)
    return picture
