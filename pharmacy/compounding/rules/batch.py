"""One batch of one strength: its masses, loads, weighings and trituration, with the working."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from pharmacy.compounding.rules import filler, sources, trituration, weighing
from pharmacy.compounding.rules.correction import Certificate
from pharmacy.compounding.rules.filler import Fill, Packing
from pharmacy.compounding.rules.sources import Share, Source, Stock
from pharmacy.compounding.rules.trituration import Trituration
from pharmacy.compounding.rules.weighing import Balance
from pharmacy.compounding.rules.working import Notebook, Quantity, Working, count, milligrams
from pharmacy.formulary.rules.capsules import Shell
from pharmacy.formulary.rules.formulation import MOST_OVERAGE, MOST_STRENGTH_UG, StrengthTooHigh
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.kernel.refusals import Invalid

MICROGRAM: Final = mg("0.001")


class BatchImpossible(Invalid):
    """A batch has capsules, a strength, and an overage that is small and not below zero."""

    code = "batch-impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a batch is made from and with."""

    strength_ug: int
    capsules: int
    """That the batch is to yield."""
    overage: Decimal
    """A fraction of every powder, for what is lost on the way; potency is unchanged."""
    certificate: Certificate | Stock
    packing: Packing
    """Of the filler, and of the first lot of naltrexone."""
    shell: Shell
    balance: Balance
    capacity: int
    """Capsules that the machine fills in one load."""
    correct: bool = True
    sources: tuple[Source, ...] = ()
    """Where one lot is not enough: all of them, in the order of use, the first one too."""

    def __post_init__(self) -> None:
        if self.strength_ug <= 0 or self.capsules <= 0:
            raise BatchImpossible("capsules and strength are above zero")
        if not 0 <= self.overage <= MOST_OVERAGE:
            raise BatchImpossible("the overage is below zero or above a quarter")
        if self.strength_ug > MOST_STRENGTH_UG:
            raise StrengthTooHigh(
                f"{Mass.of_micrograms(self.strength_ug)} in one capsule is no low dose",
                strength_ug=self.strength_ug,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSheet:
    """The worked sheet of one batch. Masses are unrounded but for what the balance shows."""

    label: Mass
    """Naltrexone hydrochloride as the label counts it, overage included."""
    correction: Decimal
    active: Mass
    """Powder for the whole batch, corrected, unrounded."""
    weigh: Mass | None
    """What the balance is to show. None: too little; see `trituration`."""
    trituration: Trituration | None
    shares: tuple[Share, ...]
    """What each of several lots gives; of one lot, nothing is shared."""
    fill: Fill
    filler: Mass
    """Filler for the whole batch, unrounded, with what a trituration takes as diluent."""
    filler_weigh: Mass
    """Filler to weigh besides a trituration's diluent, as the balance shows it."""
    blend: Mass
    loads: tuple[int, ...]
    workings: tuple[Working, ...]

    def to_data(self) -> dict[str, Any]:
        return {
            "label_mg": _shown(self.label),
            "active_mg": _shown(self.active),
            "weigh_mg": None if self.weigh is None else _shown(self.weigh),
            "trituration": None if self.trituration is None else self.trituration.to_data(),
            "shares": [
                {
                    "lot_number": share.number,
                    "weigh_mg": _shown(share.weigh),
                    "label_mg": _shown(share.label),
                }
                for share in self.shares
            ],
            "net_fill_mg": _shown(self.fill.net),
            "filler_mg": _shown(self.filler),
            "filler_weigh_mg": _shown(self.filler_weigh),
            "blend_mg": _shown(self.blend),
            "loads": list(self.loads),
        }


def sheet(recipe: Recipe) -> BatchSheet:
    """
    Work out a batch from the lots at hand.

    Raises:
        CapsuleTooSmall, PackingImplausible: The powder does not fit, or the measurement is wrong.
        CorrectionNeeded: The policy forbids the correction that the lot needs.
        TriturationTooLarge: Too little active powder for this balance, even diluted.
        SaltFormsMixed, TriturationAlone, NotEnoughPowder: Of several lots; see `sources`.

    Source: domain.md 2.2 to 2.9; worked sheets in 2.11.
    """
    book = Notebook()
    overage = overage_fraction(recipe.capsules, recipe.overage, book)
    label = _whole_batch(
        "label amount", Mass.of_micrograms(recipe.strength_ug), recipe, overage, book
    )
    f, packing, shares = _source(recipe, label, book)
    per_capsule = _active_per_capsule(recipe.strength_ug, f, book)
    filler.check_density(packing, recipe.shell, book)
    fill = filler.fill(per_capsule, packing, book)

    active = _whole_batch("active powder", per_capsule, recipe, overage, book)
    fill_up = _whole_batch("filler", fill.filler, recipe, overage, book)
    blend = _total("blend of the batch", active, fill_up, book)
    weigh, diluted = _weigh(active, shares, blend, recipe.balance, book)
    if diluted is None:
        filler_weigh = weighing.mass_to_weigh(
            fill_up, balance=recipe.balance, book=book, name="filler to weigh"
        )
    else:
        filler_weigh = _filler_besides_part(blend, diluted.aliquot, recipe.balance, book)
    return BatchSheet(
        label=label,
        correction=f,
        active=active,
        weigh=weigh,
        trituration=diluted,
        shares=shares,
        fill=fill,
        filler=fill_up,
        filler_weigh=filler_weigh,
        blend=blend,
        loads=loads(recipe.capsules, capacity=recipe.capacity),
        workings=tuple(book.lines),
    )


def _source(
    recipe: Recipe, label: Mass, book: Notebook
) -> tuple[Decimal, Packing, tuple[Share, ...]]:
    """Return the correction and packing of what naltrexone is weighed from, and who gives what."""
    if len(recipe.sources) <= 1:
        f = sources.factor(recipe.certificate, book, correct=recipe.correct)
        return f, recipe.packing, ()
    shared = sources.together(
        label, recipe.sources, balance=recipe.balance, correct=recipe.correct, book=book
    )
    packing = replace(recipe.packing, active_mg=shared.packing_mg)
    return shared.correction, packing, shared.shares


def overage_fraction(capsules: int, overage: Decimal, book: Notebook) -> Decimal:
    """Return the overage of a batch: the planned one, and never less than one capsule's worth."""
    return book.work(
        "overage", "max(planned, 1 / capsules)", planned=Quantity(overage), capsules=count(capsules)
    )


def loads(capsules: int, *, capacity: int) -> tuple[int, ...]:
    """
    Divide capsules evenly over as few loads of the machine as possible, the larger first.

    Raises:
        BatchImpossible: No capsules, or a machine that holds none.

    Source: domain.md 2.9, V28.
    """
    if capsules <= 0 or capacity <= 0:
        raise BatchImpossible("capsules and the machine's capacity are above zero")
    number = -(-capsules // capacity)
    size, larger = divmod(capsules, number)
    return (size + 1,) * larger + (size,) * (number - larger)


def yield_percent(filled: int, *, planned: int, book: Notebook) -> Decimal:
    """Return the capsules filled of those planned; 95 to 105 % is the usual goal."""
    if planned <= 0 or filled < 0:
        raise BatchImpossible("planned capsules are above zero and filled ones not below")
    return book.work(
        "yield", "100 * filled / planned", unit="%", filled=count(filled), planned=count(planned)
    )


def _active_per_capsule(strength_ug: int, f: Decimal, book: Notebook) -> Mass:
    return Mass(
        book.work(
            "active powder in a capsule",
            "strength * correction",
            unit="mg",
            strength=milligrams(Mass.of_micrograms(strength_ug).mg),
            correction=Quantity(f),
        )
    )


def _whole_batch(what: str, each: Mass, recipe: Recipe, overage: Decimal, book: Notebook) -> Mass:
    return Mass(
        book.work(
            f"{what} of the batch",
            "each * capsules * (1 + overage)",
            unit="mg",
            each=milligrams(each.mg),
            capsules=count(recipe.capsules),
            overage=Quantity(overage),
        )
    )


def _total(name: str, active: Mass, fill_up: Mass, book: Notebook) -> Mass:
    value = book.work(
        name,
        "active + filler",
        unit="mg",
        active=milligrams(active.mg),
        filler=milligrams(fill_up.mg),
    )
    return Mass(value)


def _weigh(
    active: Mass, shares: tuple[Share, ...], blend: Mass, balance: Balance, book: Notebook
) -> tuple[Mass | None, Trituration | None]:
    """Weigh directly where the balance can, else by a trituration."""
    if shares:  # each of which the balance can weigh
        return sum((share.weigh for share in shares), start=Mass.ZERO), None
    if active < balance.minimum:
        return None, trituration.propose(active, balance=balance, book=book, room=blend)
    return weighing.mass_to_weigh(active, balance=balance, book=book), None


def _filler_besides_part(blend: Mass, part: Mass, balance: Balance, book: Notebook) -> Mass:
    """The part of a trituration is mostly filler already; only the rest is added."""
    rest = book.work(
        "filler besides the trituration's part",
        "blend - part",
        unit="mg",
        blend=milligrams(blend.mg),
        part=milligrams(part.mg),
    )
    return weighing.mass_to_weigh(Mass(rest), balance=balance, book=book, name="filler to weigh")


def _shown(mass: Mass) -> str:
    """To the microgram, for screens; the working keeps every digit."""
    return str(mass.rounded_to(MICROGRAM)).removesuffix(" mg")
