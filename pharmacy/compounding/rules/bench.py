"""
What lies ready for compounding, and the batch that it would make of a strength.

What is missing is said with a code; no quantity is made up for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from pharmacy.compounding.rules import filler
from pharmacy.compounding.rules.batch import BatchSheet, Recipe, sheet
from pharmacy.compounding.rules.correction import Certificate
from pharmacy.compounding.rules.filler import Packing, SizeChoice
from pharmacy.compounding.rules.sources import Source, Stock
from pharmacy.compounding.rules.weighing import Balance
from pharmacy.formulary.rules import capsules
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.ingredients import INGREDIENTS, AssayBasis, SaltForm
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Conflict, Refusal


class FormulationMissing(Conflict):
    """No approved formulation makes this strength; the shelf may still hold capsules of it."""

    code = "no-formulation"
    remedy = "Approve a formulation for the strength."


class ActiveLotMissing(Conflict):
    """No released lot of the active ingredient is in date."""

    code = "no-active-lot"
    remedy = "Receive a lot with its certificate of analysis and release it."


class FillerLotMissing(Conflict):
    """No released lot of the formulation's filler is in date."""

    code = "no-filler-lot"
    remedy = "Receive a lot of the filler and release it."


class PackingMissing(Conflict):
    """Nobody measured how much of these lots fills one capsule of the formulation's size."""

    code = "no-packing-statistic"
    remedy = "Fill and weigh capsules of this size with each of the two lots alone."


class ActiveLotTooSmall(Conflict):
    """The lot holds less than the batch takes."""

    code = "active-lot-too-small"
    remedy = "Make a smaller batch, or scan a second lot of the same salt form as well."


@dataclass(frozen=True, slots=True, kw_only=True)
class PowderLot:
    """A lot at hand: its certificate's figures, what is left, and how it packs by capsule size."""

    id: UUID
    number: str
    on_hand: Mass
    packings: Mapping[str, Decimal]
    salt_form: SaltForm | None = None
    assay_pct: Decimal | None = None
    basis: AssayBasis | None = None
    water_pct: Decimal | None = None
    active_ug_per_g: int | None = None
    """Of a stock trituration, which needs no certificate of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Formulas, lots and equipment. The lots are those that expire first."""

    formulas: Mapping[int, Formula]
    """By strength in micrograms."""
    active: PowderLot | None
    fillers: Mapping[str, PowderLot]
    further: tuple[PowderLot, ...] = ()
    """More lots of the active ingredient, to be used after `active`."""
    balance: Balance
    capacity: int
    shell_maker: str
    correct: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """Why a quantity is not known, or not good yet, and what helps."""

    code: str
    words: str
    remedy: str

    @classmethod
    def of(cls, refusal: Refusal) -> "Pending":
        return cls(refusal.code, str(refusal), refusal.remedy)

    def to_data(self) -> dict[str, str]:
        return {"code": self.code, "words": self.words, "remedy": self.remedy}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """A batch of one strength for one fill, as far as it can be worked out today."""

    strength_ug: int
    capsules: int
    pending: tuple[Pending, ...]
    sheet: BatchSheet | None = None
    active_lot_id: UUID | None = None
    filler: str | None = None
    capsule_size: str | None = None
    overage: Decimal | None = None
    sizes: tuple[SizeChoice, ...] = ()

    def to_data(self) -> dict[str, Any]:
        return {
            "strength_ug": self.strength_ug,
            "capsules": self.capsules,
            "pending": [each.to_data() for each in self.pending],
            "active_lot_id": None if self.active_lot_id is None else str(self.active_lot_id),
            "filler": self.filler,
            "capsule_size": self.capsule_size,
            "overage": None if self.overage is None else f"{self.overage:f}",
            "sizes": [size.to_data() for size in self.sizes],
            "sheet": None if self.sheet is None else self.sheet.to_data(),
        }

    def working(self) -> list[dict[str, Any]]:
        """Every line of the sheet, each with the strength that it belongs to."""
        lines = () if self.sheet is None else self.sheet.workings
        return [{"strength_ug": self.strength_ug} | line.to_data() for line in lines]


def plan_batch(bench: Bench, *, strength_ug: int, capsules_wanted: int) -> PlannedBatch:
    """Work out a batch from what lies ready, or say with a code what is missing or impossible."""
    try:
        return work_out(bench, strength_ug=strength_ug, capsules_wanted=capsules_wanted)
    except Refusal as refusal:
        return PlannedBatch(
            strength_ug=strength_ug, capsules=capsules_wanted, pending=(Pending.of(refusal),)
        )


def work_out(bench: Bench, *, strength_ug: int, capsules_wanted: int) -> PlannedBatch:
    """Work out a batch from what lies ready. Raises what `plan_batch` says with a code."""
    formula = bench.formulas.get(strength_ug)
    if formula is None:
        raise FormulationMissing(f"no formulation makes {Mass.of_micrograms(strength_ug)}")
    if bench.active is None:
        raise ActiveLotMissing("no released lot of the active ingredient is in date")
    if formula.filler not in bench.fillers:
        known = INGREDIENTS.get(formula.filler)
        named = known.name if known else formula.filler
        raise FillerLotMissing(f"no released lot of {named} is in date")
    packings = _packings(bench.active, bench.fillers[formula.filler])
    if formula.size not in packings:
        raise PackingMissing(f"size {formula.size} was not measured with both lots at hand")
    worked = sheet(
        Recipe(
            strength_ug=strength_ug,
            capsules=capsules_wanted,
            overage=formula.overage,
            certificate=_holds(bench.active),
            sources=_sources(bench, formula.size),
            packing=packings[formula.size],
            shell=capsules.shell(bench.shell_maker, formula.size),
            balance=bench.balance,
            capacity=bench.capacity,
            correct=bench.correct,
        )
    )
    return PlannedBatch(
        strength_ug=strength_ug,
        capsules=capsules_wanted,
        pending=tuple(_shortage(worked, bench.active)),
        sheet=worked,
        active_lot_id=bench.active.id,
        filler=formula.filler,
        capsule_size=formula.size,
        overage=formula.overage,
        sizes=filler.sizes(worked.fill.active, packings.values()),
    )


def _packings(active: PowderLot, fill_up: PowderLot) -> dict[str, Packing]:
    """Pair the measurements of both lots, for every size that both were measured in."""
    return {
        size: Packing(size, fill_up.packings[size], active.packings[size])
        for size in capsules.SIZES
        if size in active.packings and size in fill_up.packings
    }


def _sources(bench: Bench, size: str) -> tuple[Source, ...]:
    found = (*([bench.active] if bench.active else []), *bench.further)
    if missing := [lot.number for lot in found if size not in lot.packings]:
        raise PackingMissing(f"size {size} was not measured with lot {missing[0]}")
    return tuple(
        Source(
            number=lot.number,
            holds=_holds(lot),
            packing_mg=lot.packings[size],
            available=lot.on_hand,
        )
        for lot in found
    )


def _holds(lot: PowderLot) -> Certificate | Stock:
    if lot.active_ug_per_g is not None:
        return Stock(lot.active_ug_per_g)
    return Certificate(
        salt_form=lot.salt_form,
        assay_pct=lot.assay_pct,
        basis=lot.basis,
        water_pct=lot.water_pct,
    )


def _shortage(worked: BatchSheet, lot: PowderLot) -> Iterable[Pending]:
    if worked.shares:  # which were shared out by what each holds
        return
    needed = worked.trituration.active if worked.trituration else worked.weigh
    if needed is not None and needed > lot.on_hand:
        yield Pending.of(
            ActiveLotTooSmall(f"the batch takes {needed}, the lot holds {lot.on_hand}")
        )
