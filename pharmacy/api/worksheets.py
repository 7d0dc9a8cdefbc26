"""A batch's record as the sections of its worksheet."""

from collections.abc import Iterator
from typing import Any

from pharmacy.api.batch_views import BatchView, WeighingView
from pharmacy.labels.pdf import worksheet
from pharmacy.labels.pdf.worksheet import Section


def drawn(batch: BatchView) -> bytes:
    """Return the worksheet of a batch as a PDF."""
    return worksheet.draw(f"Batch {batch.number}", _sections(batch))


def _sections(batch: BatchView) -> Iterator[Section]:
    use_by = f"{batch.beyond_use_on}, set by {batch.beyond_use_set_by}"
    yield Section(
        "Batch",
        (
            f"Naltrexone hydrochloride {batch.strength_mg} mg capsules, {batch.capsules} planned",
            f"Formulation {batch.formulation}, version {batch.formulation_version}",
            f"{batch.status}; compounded on {batch.compounded_on}; round {batch.round_no}",
            f"Filled {batch.filled}; yield {batch.yield_percent} %; beyond-use date {use_by}",
        ),
    )
    yield Section("To weigh", tuple(f"{each.item}: {each.target_mg} mg" for each in batch.targets))
    yield Section("Weighed", tuple(_weighed(each, batch.people) for each in batch.weighings))
    yield Section(
        "Tests",
        tuple(f"{each.test}: {each.verdict}; {_figures(each.result)}" for each in batch.tests),
    )
    yield Section(
        "Before release",
        tuple(f"[{'x' if gate.is_green else ' '}] {gate.code}" for gate in batch.gates),
    )
    yield Section("Working", tuple(_worked(line) for line in batch.working))
    yield Section(
        "Steps",
        tuple(
            f"{each.at:%Y-%m-%d %H:%M} UTC: {each.action} by {batch.people.get(each.by, each.by)}"
            + (f", {each.reason}" if each.reason else "")
            for each in batch.events
        ),
    )


def _weighed(weighing: WeighingView, people: dict[str, str]) -> str:
    verifier = people.get(weighing.verified_by or "")
    verified = f"verified by {verifier}" if verifier else "not verified"
    weigher = people.get(weighing.weighed_by, weighing.weighed_by)
    second = people.get(weighing.second_by or "")
    readers = f"{weigher}, read too by {second}" if second else weigher
    return (
        f"{weighing.item}: {weighing.shown_mg} mg of {weighing.target_mg} mg"
        f" (+/-{weighing.tolerance_mg} mg), {weighing.verdict}; {weighing.captured};"
        f" by {readers}; {verified}"
        + (f"; VOID: {weighing.void_reason}" if weighing.void_reason else "")
    )


def _figures(result: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {_figures(value) if isinstance(value, dict) else value}"
        for name, value in result.items()
        if value is not None
    )


def _worked(line: dict[str, Any]) -> str:
    """`yield = 100 * filled / planned = 98 %; filled 98, planned 100; half-up to 1`."""
    inputs = ", ".join(
        f"{name} {each['value']} {each['unit']}".removesuffix(" 1")
        for name, each in line["inputs"].items()
    )
    rounding = f"; {line['rounding']}" if line["rounding"] else "; not rounded"
    unit = "" if line["unit"] == "1" else f" {line['unit']}"
    return f"{line['name']} = {line['formula']} = {line['value']}{unit}; {inputs}{rounding}"
