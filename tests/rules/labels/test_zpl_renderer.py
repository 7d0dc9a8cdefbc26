"""
Labels in ZPL, drawn by a renderer that has no part in how they are made: zebrash.

    npm ci --ignore-scripts --prefix tests/renderer

Its tolerance is zero: a graphic field leaves nothing to interpret but where it stands, how its dots
are packed and what happens where two fields meet.
"""

import base64
import io
import json
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from pharmacy.labels.drawing import RESOLUTIONS, Language, Stock, dots, drawn_copy
from tests.factories.labels import (
    make_container_facts,
    make_label,
    make_order_facts,
    make_spanish,
    worded,
)

RENDERER = Path(__file__).parents[2] / "renderer"
DOTS_A_MM = {203: 8, 300: 12}
LABELS = {
    "English": make_label(),
    "Spanish": worded(make_order_facts(), make_container_facts(2), make_spanish()),
    "another script": make_label(patient="Анна Соколова", prescriber="Nguyễn Thị Ánh, MD"),
}

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (RENDERER / "node_modules").is_dir(),
        reason="no renderer: npm ci --ignore-scripts --prefix tests/renderer",
    ),
]


Pages = list[Image.Image]


@pytest.fixture(scope="module")
def rendered() -> dict[tuple[str, Stock, int], Pages]:
    """Return what the renderer makes of every label, in one run: it takes seconds to start."""
    asked = {}
    for name, stock, dpi in product(LABELS, Stock, RESOLUTIONS):
        sent = drawn_copy(LABELS[name], language=Language.ZPL, stock=stock, dpi=dpi)
        sheet = dots(LABELS[name], stock=stock, dpi=dpi)[0].sheet
        size = {"wide": sheet.wide, "high": sheet.high, "dpmm": DOTS_A_MM[dpi]}
        asked[name, stock, dpi] = {"zpl": sent.decode("ascii"), **size}
    run = subprocess.run(
        ["node", "render.mjs"],
        cwd=RENDERER,
        input=json.dumps(list(asked.values())),
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    drawn = [
        [Image.open(io.BytesIO(base64.b64decode(page))).convert("L") for page in pages]
        for pages in json.loads(run.stdout)
    ]
    return dict(zip(asked, drawn, strict=True))


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_another_renderer_draws_the_very_dots_of_the_preview(
    rendered: dict[tuple[str, Stock, int], Pages], name: str, stock: Stock, dpi: int
) -> None:
    pages = rendered[name, stock, dpi]

    shown = [page.image for page in dots(LABELS[name], stock=stock, dpi=dpi)]

    assert [page.size for page in pages] == [image.size for image in shown]
    assert [page.tobytes() for page in pages] == [
        ImageChops.invert(image.convert("L")).tobytes() for image in shown
    ]
