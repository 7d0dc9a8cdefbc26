"""Labels from the command line: of batches and lots, and the sheet of action barcodes."""

from datetime import UTC, datetime
from pathlib import Path

import click

from pharmacy.cli.context import drawing_database
from pharmacy.settings import Settings


@click.group()
def labels() -> None:
    """
    Labels that name no patient, and which scripts a label can be written in.

    \b
      pharmacy labels stock bat_…                  a batch's label, as a PDF
      pharmacy labels stock ing_… --format zpl     an ingredient lot's, for a label printer
      pharmacy labels actions                      the sheet of action barcodes for the bench
      pharmacy labels fonts                        what draws which script, and digests of the files
    """


@labels.command()
@click.argument("item")
@click.option("--format", "language", type=click.Choice(["pdf", "zpl"]), default="pdf")
@click.option("--stock", type=click.Choice(["4x2", "4x6", "2.25x4"]), default="4x2")
@click.option("--dpi", type=click.Choice(["203", "300"]), default="203")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path))
def stock(item: str, language: str, stock: str, dpi: str, output: Path | None) -> None:
    """Write the label of a batch (bat_…) or of a lot (ing_…, shl_…, lot_…)."""
    from pharmacy.labels import queries
    from pharmacy.labels.drawing import Language, Stock, drawn_tag

    with drawing_database().transaction() as session:
        tag = queries.tag_of(session, item, now=datetime.now(UTC))
    content = drawn_tag(tag, language=Language(language), stock=Stock(stock), dpi=int(dpi))
    _write(output or Path(f"{item}.{language}"), content)


@labels.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path))
def actions(output: Path | None) -> None:
    """Write the sheet of action barcodes, letter size."""
    from pharmacy.labels.drawing import action_sheet

    _write(output or Path("action-barcodes.pdf"), action_sheet())


@labels.command()
def fonts() -> None:
    """
    Show which scripts can be drawn on labels, and by which file.

    Files that stand in for our own faces are named in PHARMACY_FALLBACK_FONTS, first to last.
    Every process must name the same ones: compare their digests.
    """
    from pharmacy.labels.pdf import fonts
    from pharmacy.labels.pdf.faces import UNSHAPED

    fonts.fall_back_on(Settings.of(needs=()).fallback_fonts)
    for found in fonts.files():
        click.echo(f"{found.name}  {found.path}")
    for script, ranges in UNSHAPED.items():
        counts = fonts.covering(ranges)
        shown = ", ".join(f"{count} by {name}" for name, count in counts.items())
        click.echo(f"{script}: {shown or 'refused'}")


def _write(target: Path, content: bytes) -> None:
    target.write_bytes(content)
    click.echo(f"{target}: {len(content):,} bytes")
