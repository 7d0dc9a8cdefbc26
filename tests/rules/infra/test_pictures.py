"""What a camera gives becomes evidence: the same pixels, and nothing of where they were taken."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pharmacy.infra import pictures
from pharmacy.infra.pictures import MediaType, NotAPicture, PictureDamaged, PictureTooLarge

SECRET = b"29.7604N 95.3698W Houston"
GPS = 0x8825
ORIENTATION = 0x0112


def photograph(kind: str, *, turned: int = 1, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture as a telephone gives it: with a place, an orientation and words."""
    image = Image.new("RGB", size)
    image.putdata([(x % 256, x // 7 % 256, 90) for x in range(size[0] * size[1])])
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(GPS)[1] = "N"
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    more = {"PNG": {"pnginfo": words}, "JPEG": {"comment": SECRET}, "WEBP": {"xmp": SECRET}}
    kept = io.BytesIO()
    image.save(kept, kind, exif=exif, **more[kind])
    return kept.getvalue()


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pixels_stay_and_the_place_goes(kind: str) -> None:
    taken = photograph(kind)
    assert SECRET in taken

    picture = pictures.checked(taken + b"trailer" + SECRET)

    assert SECRET not in picture.data
    assert pixels(picture.data) == pixels(taken)
    assert (picture.width, picture.height) == (40, 30)
    assert picture.media_type == f"image/{kind.lower()}"
    assert picture.sha256 == hashlib.sha256(picture.data).digest()


def test_a_picture_taken_sideways_is_still_shown_upright() -> None:
    picture = pictures.checked(photograph("JPEG", turned=6))

    with Image.open(io.BytesIO(picture.data)) as image:
        assert dict(image.getexif()) == {ORIENTATION: 6}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_kept_picture_is_kept_again_as_it_is(kind: str) -> None:
    once = pictures.checked(photograph(kind, turned=3)).data

    assert pictures.checked(once).data == once


def test_a_progressive_photograph_keeps_all_its_scans() -> None:
    kept = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(kept, "JPEG", progressive=True, quality=90)

    assert pixels(pictures.checked(kept.getvalue()).data) == pixels(kept.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_only_pictures_that_browsers_cannot_run_are_kept(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        pictures.checked(data)


def test_a_moving_picture_is_no_evidence() -> None:
    kept = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(kept, "WEBP", save_all=True, append_images=frames[1:])

    with pytest.raises(PictureDamaged):
        pictures.checked(kept.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_breaks_off_is_not_kept(kind: str) -> None:
    taken = photograph(kind)

    with pytest.raises(PictureDamaged):
        pictures.checked(taken[: len(taken) * 2 // 3])


def test_a_picture_of_too_many_bytes_or_pixels_is_refused() -> None:
    flat = io.BytesIO()
    Image.new("1", (12_001, 2)).save(flat, "PNG")

    with pytest.raises(PictureTooLarge):
        pictures.checked(flat.getvalue())
    with pytest.raises(PictureTooLarge):
        pictures.checked(b"\xff\xd8\xff" + bytes(pictures.MOST_BYTES))


MAGICS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBP"]


@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=300))
def test_no_bytes_break_the_reading(magic: bytes, rest: bytes) -> None:
    try:
        picture = pictures.checked(magic + rest)
    except (PictureDamaged, PictureTooLarge):
        return
    assert picture.media_type in MediaType
