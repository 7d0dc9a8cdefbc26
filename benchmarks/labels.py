"""
CPU of one label: ours, a hand-assembled PDF (the floor), and ReportLab's canvas and widgets.

All draw the same texts and both symbols, with both fonts embedded, and take turns in one process.
No label is drawn twice: each has a patient, numbers, codes and a lot of its own, and prescribers,
strengths and dates that change as they do in a pharmacy. So what a drawing keeps helps it as far as
it would there.

    .venv/bin/python -m benchmarks.labels [--labels N] [--rounds N]

Goals: at most 8x the floor, aim 3x; at least 20x faster than the widgets,
aim 60x; a four-step order as one PDF at most 4x the floor a label, aim 2.5x; at most 48 kB, aim 20;
2,000 labels a second as ZPL on one core.
"""

import argparse
import io
import resource
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Final, TypeVar

from reportlab.graphics.barcode import code128, createBarcodeDrawing
from reportlab.pdfgen.canvas import Canvas

from benchmarks.harness import Party, compare
from pharmacy.labels import pdf
from pharmacy.labels.dots.patches import KEPT
from pharmacy.labels.drawing import Language, drawn_copy
from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf import label as drawing
from pharmacy.labels.pdf.fonts import BOLD, REGULAR, font_set
from pharmacy.labels.pdf.pen import Text
from pharmacy.labels.rules.container import container_label
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts
from pharmacy.labels.rules.texts import SHIPPED_ENGLISH

FIRST_DAY: Final = date(2026, 1, 5)
GIVEN: Final = (
    *("Avery", "Blake", "Carmen", "Dana", "Ellis", "Frances", "Gray", "Harper", "Imani", "Jordan"),
    *("Kerry", "Lee", "Morgan", "Noor", "Parker", "Quinn", "Robin", "Sasha", "Taylor"),
)
SYLLABLES: Final = (
    *("ba", "cor", "del", "fen", "gar", "hol", "jan", "kel"),
    *("lin", "mar", "nos", "per", "ros", "sten", "tor", "vin"),
)
DOSES_UG: Final = (500, 1000, 1500, 3000, 4500)
LABELS_A_DAY: Final = 400
STEPS: Final = 4


def sample(no: int, *, step: int = 1) -> ContainerLabel:
    """Return the words of a label of its own: other patient, other numbers, other code and lot."""
    family = "".join(SYLLABLES[no >> shift & 15] for shift in (0, 4, 8, 12)).capitalize()
    prescriber = SYLLABLES[no * 7 % 16].capitalize() + SYLLABLES[no % 11]
    today = FIRST_DAY + timedelta(days=no // LABELS_A_DAY)
    first_on = today + timedelta(days=1 + no % 7 + 28 * (step - 1))
    order = OrderFacts(
        rx_number=100000 + no,
        filled_on=today,
        patient=f"{GIVEN[no % len(GIVEN)]} {chr(ord('A') + no % 26)} {family}",
        prescriber=f"Jordan {prescriber}, MD",
        refills_left=no % 4,
        valid_until=today + timedelta(days=30 * (no % 12)),
        signed_sha256="0" * 64,
        pharmacy="Example Compounding Pharmacy",
        address=("100 Sample Avenue", "Houston, TX 77002"),
        phone="+1-555-010-0100",
        phone_hours="Mon to Sat, 9 am to 6 pm",
    )
    container = ContainerFacts(
        code=f"ctr_06a1b2c3d4e5f6g7h8j{no:06d}{step}",
        part_no=step,
        parts=STEPS,
        step_no=step,
        steps=STEPS,
        strength_ug=DOSES_UG[no % len(DOSES_UG)],
        capsules_per_dose=1,
        quantity=28,
        directions="take-1-bedtime",
        first_dose_on=first_on,
        last_dose_on=first_on + timedelta(days=27),
        lot_number=f"LDN{no:06d}",
        beyond_use_on=today + timedelta(days=150 + no % 30),
        description="white, size 3",
        filler="microcrystalline cellulose",
    )
    return container_label(order, container, SHIPPED_ENGLISH, SHIPPED_ENGLISH)


def order_of_four(no: int) -> list[ContainerLabel]:
    """Return the labels of one order."""
    return [sample(no, step=step) for step in range(1, STEPS + 1)]


@dataclass(frozen=True, slots=True)
class Ready:
    """A label with its layout, for the others to put each text in its place without thinking."""

    label: ContainerLabel
    texts: list[Text]


def ready(no: int) -> Ready:
    label = sample(no)
    pen = drawing.draw(label)[0]
    barcode.bars.cache_clear()  # the others encode theirs too
    return Ready(label, [shape for shape in pen.shapes if isinstance(shape, Text)])


RULES: Final = "0.6 w 178 30 m 178 136 l S 0.6 w 10 27 m 280 27 l S 0.5 w 259 78.7 21 13.5 re S"
"""The lines of every label: beside and under the cluster, and the box for initials."""


class Floor:
    """The least that a label can cost: fonts and file made once, one content stream written."""

    def __init__(self) -> None:
        self.fonts = font_set("")
        self.head = b"%PDF-1.4\n"
        self.offsets = b"0000000000 65535 f \n"
        for body in self.fonts.objects:
            self.offsets += b"%010d 00000 n \n" % len(self.head)
            self.head += body

    def __call__(self, ready: Ready) -> bytes:
        label = ready.label
        parts = [RULES]
        for x, y, text, size, bold, _ in ready.texts:
            codes = text.translate(self.fonts.codes[bold]).encode("latin-1").hex()
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


def widgets(ready: Ready) -> bytes:
    """Draw with what ReportLab brings: canvas, `Code128`, `ECC200DataMatrix`."""
    label = ready.label
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=drawing.SIZE, invariant=1, pageCompression=1)
    for x, y, text, size, bold, _ in ready.texts:
        canvas.setFont((BOLD if bold else REGULAR).fontName, size)
        canvas.drawString(x, y, text)
    canvas.roundRect(186, 122, 50, 14, 3, fill=1)
    canvas.line(178, 30, 178, 136)
    canvas.line(10, 27, 280, 27)
    code128.Code128(label.rx_number, barWidth=0.71, barHeight=14).drawOn(canvas, 180, 95.6)
    value = label.container_code.upper()  # it knows no lower case
    matrix = createBarcodeDrawing("ECC200DataMatrix", value=value, width=26, height=26)
    matrix.drawOn(canvas, 254, 95.6)
    canvas.save()
    return file.getvalue()


def one(label: ContainerLabel) -> bytes:
    return pdf.container_labels([label])


def as_zpl(label: ContainerLabel) -> bytes:
    return drawn_copy(label, language=Language.ZPL)


Made = TypeVar("Made")
NUMBERS: Final = count()


def timed(
    draw: Callable[[Made], object], make: Callable[[int], Made], *, share: int = 1, each: int = 1
) -> Callable[[int], float]:
    """
    Return a party's run: so many labels that nobody drew before, in CPU seconds.

    Args:
        make: Makes what is drawn, from a number; this is not timed.
        share: Draw one label in so many and multiply, where each takes long.
        each: How many labels one call draws.
    """

    def run(labels: int) -> float:
        spent, calls = 0.0, max(1, labels // (share * each))
        for begin in range(0, calls, AT_ONCE):
            made = [make(next(NUMBERS)) for _ in range(min(AT_ONCE, calls - begin))]
            begun = time.process_time()
            for each_made in made:
                draw(each_made)
            spent += time.process_time() - begun
        return spent * labels / (calls * each)

    return run


AT_ONCE: Final = 500
"""How many labels wait to be drawn: what waits should not count as memory that grows."""
WIDGETS: Final = "ReportLab's widgets"


def main() -> None:
    """Compare, and print what a label weighs and whether drawing many changes anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=1000, help="labels a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", type=int, default=10_000, help="labels drawn to see it grow")
    options = parser.parse_args()
    floor = Floor()
    ratios = compare(
        "One label over a hand-assembled PDF",
        [
            Party("one label", timed(one, sample)),
            Party("order of four", timed(pdf.container_labels, order_of_four, each=STEPS)),
            Party("ZPL", timed(as_zpl, sample)),
            Party(WIDGETS, timed(widgets, ready, share=50)),
            Party("hand-assembled", timed(floor, ready)),
        ],
        count=options.labels,
        rounds=options.rounds,
    )
    print(f"faster than the widgets: {ratios[WIDGETS] / ratios['one label']:.0f} x")
    print(
        f"bytes: one label {len(one(sample(0)))}, as ZPL {len(as_zpl(sample(0)))}, "
        f"order of four {len(pdf.container_labels(order_of_four(0)))}, floor {len(floor(ready(0)))}"
    )
    for language, draw in (("PDF", one), ("ZPL", as_zpl)):
        run = timed(draw, sample)
        _speed(language, run)
        _growth(run, options.growth // 10)


def _speed(language: str, run: Callable[[int], float]) -> None:
    """Print labels a second: in the median, and in the least disturbed twentieth of single ones."""
    speeds = sorted(1 / run(1) for _ in range(SINGLE))
    median, undisturbed = speeds[SINGLE // 2], speeds[SINGLE * 19 // 20]
    print(f"{language}: {median:,.0f} labels a second, undisturbed {undisturbed:,.0f}", end="; ")


SINGLE: Final = 2000


def _growth(run: Callable[[int], float], labels: int) -> None:
    """Draw many labels in this process: time and memory must not grow."""
    run(KEPT * 2)  # until what is kept is full
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    early = run(labels)
    run(labels * 8)
    late = run(labels)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"after {labels * 10:,} more {late / early:.2f} x the CPU, {grown:.1f} MiB more memory",
        flush=True,
    )


if __name__ == "__main__":
    main()
