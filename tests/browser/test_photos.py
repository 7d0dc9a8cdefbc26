"""Photographs from a camera that knows no limit: made smaller before they leave the browser."""

import io
import os

import pytest
from PIL import Image
from sqlalchemy import select

from pharmacy.infra.pictures import MOST_BYTES
from pharmacy.orders.models import OrderPicture
from pharmacy.staff.rules import Role
from tests.browser.conftest import Console, SitDown


def grain(width: int, height: int) -> bytes:
    """Return a PNG of noise, which no compression makes smaller: three bytes a pixel."""
    kept = io.BytesIO()
    noise = os.urandom(width * height * 3)
    Image.frombytes("RGB", (width, height), noise).save(kept, "PNG", compress_level=1)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("width", "height", "sent"),
    [(2600, 800, (2000, 615)), (900, 2400, (750, 2000)), (1500, 1400, (1500, 1400))],
)
def test_a_photograph_of_six_megabytes_arrives_smaller(
    console: Console, user: SitDown, width: int, height: int, sent: tuple[int, int]
) -> None:
    """2600 x 800 becomes 2000 x 615 (800 x 2000 / 2600 = 615.4)."""
    photo = grain(width, height)
    assert len(photo) > max(MOST_BYTES, 5_000_000)
    technician = user(Role.TECHNICIAN).go(console.page_of("to check"))
    before = pictures(console)

    technician.page.set_input_files(
        "#f-picture", {"name": "vials.png", "mimeType": "image/png", "buffer": photo}
    )
    technician.page.locator(".photos img").nth(len(before)).wait_for()

    [(size, width_kept, height_kept, media_type)] = pictures(console)[len(before) :]
    assert (width_kept, height_kept) == sent
    assert media_type == "image/jpeg"
    assert size < MOST_BYTES
    technician.sees("one of more than 4 MB is made smaller")


def pictures(console: Console) -> list[tuple[int, int, int, str]]:
    with console.session() as session:
        rows = session.scalars(select(OrderPicture).order_by(OrderPicture.id)).all()
        return [(row.size, row.width, row.height, str(row.media_type)) for row in rows]
