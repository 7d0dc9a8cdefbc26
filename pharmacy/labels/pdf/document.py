"""PDF files around finished pages. The same pages always give the same bytes."""

import hashlib
import zlib
from collections.abc import Sequence
from typing import Final

from pharmacy.labels.pdf.fonts import font_set
from pharmacy.labels.pdf.pen import Pen

HEADER: Final = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
LEVEL: Final = 6


def document(
    pages: Sequence[Pen], *, size: tuple[float, float], title: str, shared: str = ""
) -> bytes:
    """
    Return a PDF of the pages, with every font embedded.

    Args:
        title: What kind of document it is. Never anything about a patient: it shows in window
            titles and in lists of printed documents.
        shared: Characters that the fonts hold beside: those of other documents like this one.
    """
    fonts = font_set("".join([page.letters() for page in pages]), shared=shared)
    first = len(fonts.objects) + 1
    catalog, info, tree, resources = range(first, first + 4)
    objects = list(fonts.objects)
    leaves = [first + 4 + 2 * place for place in range(len(pages))]
    kids = b" ".join(b"%d 0 R" % leaf for leaf in leaves)
    objects += [
        _object(
            catalog,
            b"<</Type/Catalog/Pages %d 0 R/Lang(en-US)"
            b"/ViewerPreferences<</DisplayDocTitle true/PrintScaling/None>>>>" % tree,
        ),
        _object(info, b"<</Title(%b)/Producer(ReportLab)>>" % title.encode("ascii")),
        _object(
            tree,
            b"<</Type/Pages/Count %d/Kids[%b]/MediaBox[0 0 %g %g]/Resources %d 0 R>>"
            % (len(pages), kids, *size, resources),
        ),
        _object(resources, b"<</Font<<%b>>/ProcSet[/PDF/Text]>>" % fonts.resources),
    ]
    for leaf, page in zip(leaves, pages, strict=True):
        stream = zlib.compress(page.content(fonts), LEVEL)
        objects += [
            _object(leaf, b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (tree, leaf + 1)),
            _object(
                leaf + 1,
                b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(stream), stream),
            ),
        ]
    return _file(objects, root=catalog, info=info)


def _object(number: int, body: bytes) -> bytes:
    return b"%d 0 obj\n%b\nendobj\n" % (number, body)


def _file(objects: list[bytes], *, root: int, info: int) -> bytes:
    offsets = []
    offset = len(HEADER)
    for body in objects:
        offsets.append(b"%010d 00000 n \n" % offset)
        offset += len(body)
    content = HEADER + b"".join(objects)
    name = hashlib.sha256(content).hexdigest()[:32].encode("ascii")
    return b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (
        content,
        len(objects) + 1,
        b"".join(offsets),
        b"<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>"
        % (len(objects) + 1, root, info, name, name),
        offset,
    )
