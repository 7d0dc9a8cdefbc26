"""Reading a drawn document back with tools that had no part in drawing it."""

import io
import unicodedata

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


def text_of(pdf: bytes, *, page: int | None = None) -> str:
    """Return the text of one page, or of all, as it would be copied out, with single spaces."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [each.get_textpage().get_text_bounded() for each in document]
    finally:
        document.close()
    return " ".join(" ".join(pages if page is None else [pages[page]]).split())


def plain(text: str) -> str:
    """Return a text without blanks and ligatures. A hyphen that ends a line is copied as \\x02."""
    return "".join(unicodedata.normalize("NFKC", text).replace("\x02", "-").split())


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
