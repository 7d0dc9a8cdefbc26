"""Reading a drawn document back with tools that had no part in drawing it."""

import io

import pypdf
import pypdfium2
import zxingcpp
from PIL import Image


def picture(pdf: bytes, *, page: int = 0, dpi: int = 203) -> Image.Image:
    """Return one page as a grey picture, as a printer would put it on paper."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("L")
    finally:
        document.close()


def scanned(pdf: bytes, *, page: int = 0, dpi: int = 203) -> set[tuple[str, str]]:
    """Return what a scanner reads off a page: symbology and text."""
    found = zxingcpp.read_barcodes(picture(pdf, page=page, dpi=dpi))
    return {(str(barcode.format), barcode.text) for barcode in found}


def text_of(pdf: bytes) -> str:
    """Return the text of all pages as it would be copied out, with single spaces."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()
    return " ".join(" ".join(pages).split())


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Return the fonts that a document declares, and whether each is embedded."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    fonts = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            found = font.get_object()
            fonts[found["/BaseFont"]] = "/FontFile2" in found["/FontDescriptor"]
    return fonts


def pages_of(pdf: bytes) -> int:
    return len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
