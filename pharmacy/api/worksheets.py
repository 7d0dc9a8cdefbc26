"""A batch's record as the form that it is made by: what to weigh, to tick, to initial."""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from pharmacy.api.batch_views import BatchView, WeighingView
from pharmacy.compounding.models import Batch
from pharmacy.compounding.rules.life import BatchAction, BatchStatus
from pharmacy.compounding.rules.working import Working, evaluate
from pharmacy.labels.pdf import worksheet
from pharmacy.labels.pdf.worksheet import Cell, Column, Heading, Table

BOX: Final = Cell(is_boxed=True)
SIGNS: Final = {
    "*": "\N{MULTIPLICATION SIGN}",
    "/": "\N{DIVISION SIGN}",
    " - ": " \N{MINUS SIGN} ",
}
VERDICT: Final = "verdict"
"""Of a test's result; it stands in a column of its own."""
DIGITS: Final = Decimal("0.000001")
WEIGHED_AS: Final = {
    "active": "mass to weigh",
    "filler": "filler to weigh",
    "trituration-active": "trituration: active to weigh",
    "trituration-diluent": "trituration: diluent to weigh",
    "trituration-part": "trituration: part to weigh",
}
"""Which line of the working rounds what is weighed of an item."""


def of_batch(session: Session, batch: Batch, now: datetime) -> bytes:
    """Return the worksheet of a batch as it stands now. Raises as `worksheet.draw`."""
    return drawn(BatchView.of(session, batch, now=now))


def drawn(batch: BatchView) -> bytes:
    """Return the worksheet of a batch as a PDF. Raises as `worksheet.draw`."""
    return worksheet.draw(_heading(batch), list(_tables(batch)))


def _heading(batch: BatchView) -> Heading:
    planned = f"{batch.capsules} capsules planned"
    version = f"formulation version {batch.formulation_version}"
    made = f"compounded on {batch.compounded_on or '__________'}"
    return Heading(
        number=batch.number,
        product=f"Naltrexone hydrochloride {batch.strength_mg} mg capsules",
        lines=(
            f"{planned}  ·  {version}  ·  {made}",
            f"{batch.status}  ·  record version {batch.version}",
        ),
    )


def _tables(batch: BatchView) -> Iterator[Table]:
    yield _components(batch)
    if batch.targets:
        yield _weights(batch)
    if batch.sheet is not None:
        yield _loads(batch)
    yield _steps(batch)
    yield _result(batch)
    if batch.tests:
        yield _tests(batch)
    yield _capsules(batch)
    yield _gates(batch)
    if batch.working:
        yield _working(batch)
    yield _record(batch)


def _components(batch: BatchView) -> Table:
    """What was scanned; a form that is printed before names nothing yet."""
    return Table(
        "Components",
        (
            Column("Component", 3),
            Column("Lot", 2),
            Column("Maker", 2.4),
            Column("Expires", 1.4),
            Column("Scanned", 1),
        ),
        tuple(
            (
                Cell(each.what.replace("-", " ")),
                Cell(each.lot_number, is_bold=True),
                Cell(each.maker),
                Cell(f"{each.expires_on or 'not dated'}"),
                Cell(tick=True),
            )
            for each in batch.components
        )
        or ((Cell("no lot is scanned yet"), Cell(), Cell(), Cell(), Cell(tick=False)),),
    )


def _weights(batch: BatchView) -> Table:
    numbers = {each.id: each.lot_number for each in batch.components}
    rows = []
    for target in batch.targets:
        done = _counting(batch, target.item, target.ingredient_lot)
        lot = numbers.get(target.ingredient_lot or "", "")
        rows.append(
            (
                Cell(
                    target.item.replace("-", " "),
                    small=f"lot {lot}" if lot else "of the trituration",
                ),
                Cell(
                    f"{target.target_mg} mg",
                    small=_unrounded(batch, target.item, lot),
                    is_bold=True,
                ),
                Cell(f"{done.shown_mg} mg", small=f"±{done.tolerance_mg} mg") if done else BOX,
                Cell(f"{done.sign} {done.verdict}" if done else ""),
                _signed(batch, done.weighed_by) if done else BOX,
                _signed(batch, done.verified_by) if done and done.verified_by else BOX,
            )
        )
    return Table(
        "To weigh",
        (
            Column("Item", 2.4),
            Column("Target", 1.6, is_number=True),
            Column("Shown", 1.3, is_number=True),
            Column("Verdict", 1.1),
            Column("Weighed by", 1.4),
            Column("Verified by (pharmacist)", 1.5),
        ),
        tuple(rows),
        note="In small: before rounding to the balance",
    )


def _counting(batch: BatchView, item: str, lot: str | None) -> WeighingView | None:
    found = [
        each
        for each in batch.weighings
        if (each.item, each.ingredient_lot) == (item, lot)
        and each.verdict == "within"
        and each.void_reason is None
    ]
    return found[-1] if found else None


def _unrounded(batch: BatchView, item: str, lot: str) -> str:
    names = {WEIGHED_AS[item], f"lot {lot}: {WEIGHED_AS[item]}"}
    for data in batch.working:
        if data["name"] in names:
            line = Working.of_data(data)
            return f"{_digits(evaluate(line.formula, line.inputs))} mg"
    return ""


def _loads(batch: BatchView) -> Table:
    assert batch.sheet is not None
    net = Decimal(batch.sheet["net_fill_mg"])
    blank = BOX if batch.filled is None else Cell()
    return Table(
        "Loads of the machine",
        (
            Column("Load", 1),
            Column("Capsules", 1.2, is_number=True),
            Column("Blend in the capsules", 2, is_number=True),
            Column("Filled", 1.2),
            Column("Broken", 1.2),
            Column("Initials", 1.4),
        ),
        tuple(
            (
                Cell(f"{no} of {len(batch.sheet['loads'])}"),
                Cell(f"{capsules}", is_bold=True),
                Cell(
                    f"{(net * capsules).quantize(Decimal(1), ROUND_HALF_UP)} mg",
                    small=f"{capsules} {SIGNS['*']} {net} mg",
                ),
                blank,
                blank,
                blank,
            )
            for no, capsules in enumerate(batch.sheet["loads"], start=1)
        ),
        note="" if batch.filled is None else "Counted for the whole batch: see the yield",
    )


def _steps(batch: BatchView) -> Table:
    rows = []
    for step in batch.preparation.steps:
        head = Cell(f"{step.no}  {step.title}", small=step.instruction, is_bold=True)
        done = _signed(batch, step.done_by, step.done_at) if step.done_by else BOX
        rows.append((head, _timer(step.wait_seconds, step.timer_started_at), done))
        for check in step.checklist:
            words = f"by {_name(batch, check.ticked_by)}" if check.ticked_by else ""
            ticked = Cell(check.words, small=words, tick=check.ticked_by is not None)
            rows.append((ticked, Cell(), Cell()))
        if step.needs_photo:
            kept = ", ".join(f"{each.sha256[:16]}…" for each in step.photos)
            photo = Cell("photograph kept", small=kept, tick=bool(step.photos))
            rows.append((photo, Cell(), Cell()))
    columns = (Column("Step", 5), Column("Timer", 1.6), Column("Done by", 1.6))
    return Table("Steps", columns, tuple(rows))


def _timer(seconds: int | None, started: datetime | None) -> Cell:
    if seconds is None:
        return Cell()
    least = f"at least {seconds // 60} min {seconds % 60:02} s"
    if started is not None:
        return Cell(least, small=f"started {started:%H:%M:%S} UTC")
    return Cell(least, small="from            to", is_boxed=True)


def _result(batch: BatchView) -> Table:
    on = f"{batch.beyond_use_on}" if batch.beyond_use_on else "not dated yet"
    by = {"limit": "the formulation's limit"}.get(
        batch.beyond_use_set_by or "", f"component {batch.beyond_use_set_by}"
    )
    yielded = f"{batch.filled} of {batch.capsules} capsules, {batch.yield_percent} %"
    return Table(
        "Yield and beyond-use date",
        (Column("", 1.4), Column("", 3)),
        (
            (Cell("Yield"), Cell(yielded if batch.filled is not None else "not filled yet")),
            (Cell("Powder"), Cell(_mass(batch))),
            (
                Cell("Beyond-use date"),
                Cell(on, small=f"set by {by}" if batch.beyond_use_on else "", is_bold=True),
            ),
        ),
    )


def _mass(batch: BatchView) -> str:
    found = batch.mass
    if not batch.weighings:
        return "not weighed yet"
    if found.in_capsules_mg is None:
        return f"{found.drawn_mg} mg drawn from lots, {found.blend_mg} mg in the blend"
    return (
        f"{found.blend_mg} mg in the blend, {found.in_capsules_mg} mg in capsules,"
        f" {found.lost_mg} mg ({found.lost_percent} %) in none"
    )


def _tests(batch: BatchView) -> Table:
    return Table(
        "Tests",
        (Column("Test", 1.2), Column("Verdict", 1), Column("Figures", 5)),
        tuple(
            (Cell(each.test), Cell(each.verdict, is_bold=True), Cell(small=_figures(each.result)))
            for each in batch.tests
        ),
    )


def _capsules(batch: BatchView) -> Table:
    """Ten shells and ten capsules, as they were weighed, or boxes for them."""
    columns = (Column("", 1.2), *(Column(f"{no}", 1, is_number=True) for no in range(1, 11)))
    rows = []
    for title, found in (("Shell", batch.shell_weights_mg), ("Capsule", batch.capsule_weights_mg)):
        places = max((-_exponent(each) for each in found), default=0)
        for start in range(0, max(len(found), 10), 10):
            ten = [f"{Decimal(each):.{places}f}" for each in found[start : start + 10]]
            cells = [Cell(each) for each in ten] + [BOX] * (10 - len(ten))
            rows.append((Cell(title, is_bold=True), *cells))
    return Table("Weights one by one, mg", columns, tuple(rows))


def _gates(batch: BatchView) -> Table:
    return Table(
        "Before release",
        (Column("", 4), Column("Pharmacist, who had no hand in making it", 3)),
        tuple(
            (
                Cell(gate.code.replace("-", " "), small=gate.words or "", tick=gate.is_green),
                _released(batch) if place == 0 else Cell(),
            )
            for place, gate in enumerate(batch.gates)
        ),
    )


def _released(batch: BatchView) -> Cell:
    """Who released the batch and when; a box to sign in while nobody did, or it was stopped."""
    acts = [each for each in batch.events if each.action == BatchAction.RELEASE]
    if batch.status != BatchStatus.RELEASED or not acts:
        return BOX
    return Cell(_name(batch, acts[-1].by), small=f"released {acts[-1].at:%Y-%m-%d %H:%M} UTC")


def _working(batch: BatchView) -> Table:
    return Table(
        "Working",
        (Column("Quantity", 2.6), Column("How", 4), Column("Value", 1.8, is_number=True)),
        tuple(_worked(Working.of_data(data)) for data in batch.working),
        note="Every value follows from its formula and inputs",
    )


def _worked(line: Working) -> tuple[Cell, Cell, Cell]:
    inputs = ", ".join(
        f"{_words(name)} {_digits(each.value)} {each.unit}".removesuffix(" 1")
        for name, each in line.inputs.items()
    )
    unit = "" if line.unit == "1" else f" {line.unit}"
    before = ""
    if line.step is not None:
        exact = _digits(evaluate(line.formula, line.inputs))
        before = f"{exact}, half up to {line.step.normalize():f}"
    return (
        Cell(line.name),
        Cell(_words(line.formula), small=inputs),
        Cell(f"{_digits(line.value)}{unit}", small=before, is_bold=True),
    )


def _record(batch: BatchView) -> Table:
    return Table(
        "Record",
        (Column("When, UTC", 1.5), Column("What", 2), Column("Who", 1.8), Column("Why", 3)),
        tuple(
            (
                Cell(f"{each.at:%Y-%m-%d %H:%M}"),
                Cell(each.action.replace("-", " ")),
                Cell(_name(batch, each.by)),
                Cell(each.reason or ""),
            )
            for each in batch.events
        ),
    )


def _signed(batch: BatchView, account: str | None, at: datetime | None = None) -> Cell:
    return Cell(small=_name(batch, account) + (f", {at:%H:%M} UTC" if at else ""))


def _name(batch: BatchView, account: str | None) -> str:
    return batch.people.get(account or "", account or "")


def _digits(value: Decimal) -> str:
    """To six places, without zeros that say nothing; the record keeps every digit."""
    text = f"{value.quantize(DIGITS, ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(text: str) -> int:
    exponent = Decimal(text).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _words(formula: str) -> str:
    """`100 * filled / planned` as people write it."""
    for sign, printed in SIGNS.items():
        formula = formula.replace(sign, printed)
    return formula.replace("_", " ")


def _figures(result: dict[str, Any]) -> str:
    return ", ".join(
        f"{_words(name)} {_figures(value) if isinstance(value, dict) else _shown(value)}"
        for name, value in result.items()
        if value is not None and name != VERDICT
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " and ".join(map(str, value)) or "none"
    return str(value)
