"""
CPU of one label: ours, a hand-assembled PDF (the floor), and ReportLab's canvas and widgets.

All draw the same texts and both symbols, with both fonts embedded, and take turns in one process.

    .venv/bin/python -m benchmarks.labels [--labels N] [--rounds N]

Goals: at most 8x the floor, aim 3x; at least 20x faster than the widgets,
aim 60x; a four-step order as one PDF at most 4x the floor a label, aim 2.5x; at most 48 kB, aim 20.
"""

import argparse
import io
import resource
import time
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from reportlab.graphics.barcode import code128, createBarcodeDrawing
from reportlab.pdfgen.canvas import Canvas

from benchmarks.harness import Party, compare
from pharmacy.labels import pdf
from pharmacy.labels.drawing import Language, drawn_copy
from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf import label as drawing
from pharmacy.labels.pdf.fonts import BOLD, REGULAR, font_set
from pharmacy.labels.pdf.pen import Text
from pharmacy.labels.rules.container import container_label
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts
from pharmacy.labels.rules.texts import SHIPPED_ENGLISH

FIRST_DOSE: Final = date(2026, 1, 5)
Draw = Callable[[ContainerLabel], bytes]


def sample(no: int, *, step: int = 1) -> ContainerLabel:
    """Return the words of a label of its own: other number, other code, other lot."""
    first_on = FIRST_DOSE + timedelta(days=28 * (step - 1))
    order = OrderFacts(
        rx_number=100000 + no,
        filled_on=date(2026, 1, 4),
        patient="Avery M Testpatient",
        prescriber="Jordan Testprescriber, MD",
        refills_left=1,
        valid_until=date(2026, 9, 1),
        signed_sha256="0" * 64,
        pharmacy="Example Compounding Pharmacy",
        address=("100 Sample Avenue", "Houston, TX 77002"),
        phone="+1-555-010-0100",
        phone_hours="Mon to Sat, 9 am to 6 pm",
    )
    container = ContainerFacts(
        code=f"ctr_06a1b2c3d4e5f6g7h8j{no:06d}{step}",
        part_no=step,
        parts=4,
        step_no=step,
        steps=4,
        strength_ug=1500 * step,
        capsules_per_dose=1,
        quantity=28,
        directions="take-1-bedtime",
        first_dose_on=first_on,
        last_dose_on=first_on + timedelta(days=27),
        lot_number=f"LDN{no:06d}",
        beyond_use_on=date(2026, 7, 1),
        description="white, size 3",
        filler="microcrystalline cellulose",
    )
    return container_label(order, container, SHIPPED_ENGLISH, SHIPPED_ENGLISH)


Piece = tuple[float, float, float, bool, str]


def pieces(label: ContainerLabel) -> list[Piece]:
    """Return where our layout puts each text, for the others to put it there without thinking."""
    pen = drawing.draw(label)[0]
    return [
        (shape.x, shape.y, shape.size, shape.bold, shape.text)
        for shape in pen.shapes
        if isinstance(shape, Text)
    ]


RULES: Final = "0.6 w 178 30 m 178 136 l S 0.6 w 10 27 m 280 27 l S 0.5 w 259 78.7 21 13.5 re S"
"""The lines of every label: beside and under the cluster, and the box for initials."""
TEMPLATE: Final = pieces(sample(1))
CHANGING: Final = {
    text: name for name in ("rx_number", "lot") for text in [getattr(sample(1), name)]
}


def text_for(label: ContainerLabel, text: str) -> str:
    """Return the template's text with what differs from label to label put in."""
    if text.startswith("Rx "):
        return f"Rx {label.rx_number}"
    return str(getattr(label, CHANGING[text])) if text in CHANGING else text


class Floor:
    """The least that a label can cost: fonts and file made once, one content stream written."""

    def __init__(self) -> None:
        self.fonts = font_set("")
        self.head = b"%PDF-1.4\n"
        self.offsets = b"0000000000 65535 f \n"
        for body in self.fonts.objects:
            self.offsets += b"%010d 00000 n \n" % len(self.head)
            self.head += body

    def __call__(self, label: ContainerLabel) -> bytes:
        parts = [RULES]
        for x, y, size, bold, text in TEMPLATE:
            codes = text_for(label, text).translate(self.fonts.codes[bold]).encode("latin-1").hex()
            parts.append(f"BT /F{1 + bold}+0 {size:g} Tf {x:.2f} {y:.2f} Td <{codes}> Tj ET")
        matrix = barcode.matrix(label.container_code)
        parts.append(barcode.bars(label.rx_number).placed(drawing.COLUMN, 95.6, high=14))
        parts.append(matrix.placed(drawing.RIGHT - matrix.wide, 95.6, high=0))
        content = zlib.compress("\n".join(parts).encode("ascii"))
        first = len(self.fonts.objects) + 1
        body, offsets = self.head, self.offsets
        for number, value in enumerate(
            (
                b"<</Type/Catalog/Pages %d 0 R>>" % (first + 1),
                b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (first + 2),
                b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 288 144]/Contents %d 0 R"
                b"/Resources<</Font<<%b>>>>>>" % (first + 1, first + 3, self.fonts.resources),
                b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
                % (len(content), content),
            ),
            start=first,
        ):
            offsets += b"%010d 00000 n \n" % len(body)
            body += b"%d 0 obj\n%b\nendobj\n" % (number, value)
        trailer = b"<</Size %d/Root %d 0 R>>" % (first + 4, first)
        return b"%bxref\n0 %d\n%btrailer\n%b\nstartxref\n%d\n%%%%EOF" % (
            *(body, first + 4, offsets),
            *(trailer, len(body)),
        )


def widgets(label: ContainerLabel) -> bytes:
    """Draw with what ReportLab brings: canvas, `Code128`, `ECC200DataMatrix`."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=drawing.SIZE, invariant=1, pageCompression=1)
    for x, y, size, bold, text in TEMPLATE:
        canvas.setFont((BOLD if bold else REGULAR).fontName, size)
        canvas.drawString(x, y, text_for(label, text))
    canvas.roundRect(186, 122, 50, 14, 3, fill=1)
    canvas.line(178, 30, 178, 136)
    canvas.line(10, 27, 280, 27)
    code128.Code128(label.rx_number, barWidth=0.71, barHeight=14).drawOn(canvas, 180, 95.6)
    value = label.container_code.upper()  # it knows no lower case
    matrix = createBarcodeDrawing("ECC200DataMatrix", value=value, width=26, height=26)
    matrix.drawOn(canvas, 254, 95.6)
    canvas.save()
    return file.getvalue()


def ours(label: ContainerLabel) -> bytes:
    return pdf.container_labels([label])


def timed(
    draw: Callable[[int], object], *, share: int = 1, each: int = 1
) -> Callable[[int], float]:
    """
    Return a party's run: `count` labels, in CPU seconds.

    Args:
        share: Draw one label in so many and multiply, where each takes long.
        each: How many labels one call draws.
    """

    def run(count: int) -> float:
        calls = max(1, count // (share * each))
        begun = time.process_time()
        for no in range(calls):
            draw(no)
        return (time.process_time() - begun) * count / (calls * each)

    return run


def main() -> None:
    """Compare, and print what a label weighs and whether drawing many changes anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=1000, help="labels a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    labels = [sample(no) for no in range(options.labels)]
    orders = [[sample(no, step=step) for step in (1, 2, 3, 4)] for no in range(options.labels // 4)]
    floor = Floor()
    ratios = compare(
        "One label over a hand-assembled PDF",
        [
            Party("one label", timed(lambda no: ours(labels[no]))),
            Party("order of four", timed(lambda no: pdf.container_labels(orders[no]), each=4)),
            Party("ZPL", timed(lambda no: drawn_copy(labels[no], language=Language.ZPL))),
            Party(WIDGETS, timed(lambda no: widgets(labels[no]), share=50)),
            Party("hand-assembled", timed(lambda no: floor(labels[no]))),
        ],
        count=options.labels,
        rounds=options.rounds,
    )
    print(f"faster than the widgets: {ratios[WIDGETS] / ratios['one label']:.0f} x")
    one, four = ours(labels[0]), pdf.container_labels(orders[0])
    print(f"bytes: one label {len(one)}, order of four {len(four)}, floor {len(floor(labels[0]))}")
    _growth(options.labels)


WIDGETS: Final = "ReportLab's widgets"


def _growth(count: int) -> None:
    """Draw many labels in this process: time and memory must not grow."""
    run = timed(lambda no: ours(sample(no)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    early = run(count)
    run(count * 8)
    late = run(count)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"after {count * 10} labels: {late / early:.2f} x the CPU, {grown:.1f} MiB more memory")


if __name__ == "__main__":
    main()
