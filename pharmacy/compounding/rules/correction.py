"""
How much powder of a lot holds a milligram of what the label speaks of.

The label speaks of anhydrous naltrexone hydrochloride. A lot holds water, is not quite pure, and
may be another form. Each is corrected for once, from the lot's certificate of analysis, never from
a typed factor. Source: domain.md 2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pharmacy.compounding.rules.working import Notebook, Quantity, milligrams
from pharmacy.formulary.rules.ingredients import (
    DRY_WEIGHT,
    WHOLE_POWDER_WEIGHT,
    AssayBasis,
    SaltForm,
)
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Invalid

ASSAY_RANGE: Final = (Decimal("98.0"), Decimal("102.0"))
"""Per cent of the dry substance; the bulk monograph (domain.md 2.1)."""
AS_IS_RANGE: Final = (Decimal("85.0"), Decimal("102.0"))
"""Per cent with the water inside: a dihydrate of 98 % holds 89.5 %, and some free water is room."""
MOST_WATER: Final = Decimal("15.0")
"""Per cent. Twice what a dihydrate holds (8.705 %) is no longer the same powder. (policy)"""


class AssayOutOfRange(Invalid):
    """No lot that passed its monograph has such an assay."""

    code = "assay-out-of-range"
    remedy = "Compare the figure with the certificate of analysis; quarantine the lot if it is so."


class WaterOutOfRange(Invalid):
    """No lot of this powder holds so much water, and none holds less than nothing."""

    code = "water-out-of-range"
    remedy = "Compare the figure with the certificate of analysis; quarantine the lot if it is so."


class CertificateIncomplete(Invalid):
    """Salt form, assay, its basis or the water is not known, and none of them is assumed."""

    code = "certificate-incomplete"
    remedy = "Enter the missing figure from the lot's certificate of analysis."


class CorrectedTwice(Invalid):
    """Water was to be taken out both as measured and as a hydrate holds it, or twice over."""

    code = "corrected-twice"
    remedy = "Correct for water once: by the certificate's water, or by the as-is assay."


class CorrectionNeeded(Invalid):
    """Only anhydrous hydrochloride may be weighed without a correction."""

    code = "correction-needed"
    remedy = "Switch the correction on, or use a lot of the anhydrous hydrochloride."


class SaltFormsMixed(Invalid):
    """One batch is made from one salt form, even where the arithmetic would work."""

    code = "salt-forms-mixed"
    remedy = "Use lots of one salt form, or make two batches."


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    The figures of a lot's certificate of analysis. An impossible one cannot be made.

    Args:
        water_pct: Water (Karl Fischer), or the loss on drying for the basis `dried`.
        hydrate_by_formula: A pharmacist decided to take the water of a dihydrate from its formula.

    Raises:
        CertificateIncomplete: The form or the basis is missing, or water that the basis needs.
        AssayOutOfRange: The assay is outside the monograph.
        WaterOutOfRange: Water is below zero or far above a dihydrate's.
        CorrectedTwice: The formula's water besides water that is known or already inside.
    """

    salt_form: SaltForm | None
    assay_pct: Decimal | None
    basis: AssayBasis | None
    water_pct: Decimal | None = None
    hydrate_by_formula: bool = False

    def __post_init__(self) -> None:
        if self.salt_form is None or self.basis is None or self.assay_pct is None:
            raise CertificateIncomplete("salt form, assay and its basis must all be known")
        _require_within(
            self.assay_pct,
            AS_IS_RANGE if self.basis is AssayBasis.AS_IS else ASSAY_RANGE,
            AssayOutOfRange,
        )
        if self.water_pct is not None:
            _require_within(self.water_pct, (Decimal(0), MOST_WATER), WaterOutOfRange)
        if self.hydrate_by_formula:
            self._require_formula_water_alone()
        elif self.basis is not AssayBasis.AS_IS and self.water_pct is None:
            raise CertificateIncomplete("an assay without water needs the water beside it")

    def _require_formula_water_alone(self) -> None:
        if self.basis is AssayBasis.AS_IS or self.water_pct is not None:
            raise CorrectedTwice("the water is already corrected for by the certificate")
        if self.salt_form is not SaltForm.HCL_DIHYDRATE:
            raise CertificateIncomplete("only the dihydrate holds water by its formula")


def factor(
    certificate: Certificate,
    book: Notebook,
    *,
    label_form: SaltForm = SaltForm.HCL_ANHYDROUS,
    correct: bool = True,
) -> Decimal:
    """
    Return the milligrams of powder for one milligram of what the label speaks of.

    Args:
        label_form: What the prescription speaks of; the base only where it says "as base".
        correct: The pharmacy's policy. Without it powder is weighed as if it were pure and dry.

    Raises:
        CorrectionNeeded: The policy is off and the lot is not anhydrous hydrochloride.
    """
    form = certificate.salt_form
    if form is None or certificate.assay_pct is None:  # a Certificate without them cannot be made
        raise CertificateIncomplete("salt form and assay must be known")
    if not correct:
        if form is not SaltForm.HCL_ANHYDROUS or label_form is not SaltForm.HCL_ANHYDROUS:
            raise CorrectionNeeded(f"{form} may not be weighed uncorrected", salt_form=form)
        return book.work("correction factor", "1")
    strength = _powder_per_dry_active(certificate, certificate.assay_pct, form, book)
    return book.work(
        "correction factor",
        "assay_and_water * powder_weight / label_weight",
        assay_and_water=Quantity(strength),
        powder_weight=Quantity(DRY_WEIGHT[form], "g/mol"),
        label_weight=Quantity(DRY_WEIGHT[label_form], "g/mol"),
    )


def _powder_per_dry_active(
    certificate: Certificate, assay_pct: Decimal, form: SaltForm, book: Notebook
) -> Decimal:
    name = "powder for its dry active content"
    assay = Quantity(assay_pct, "%")
    if certificate.basis is AssayBasis.AS_IS:
        return book.work(name, "1 / (assay / 100)", assay=assay)
    if certificate.hydrate_by_formula:
        return book.work(
            name,
            "hydrate_weight / dry_weight / (assay / 100)",
            assay=assay,
            hydrate_weight=Quantity(WHOLE_POWDER_WEIGHT[form], "g/mol"),
            dry_weight=Quantity(DRY_WEIGHT[form], "g/mol"),
        )
    return book.work(
        name,
        "1 / (assay / 100 * (1 - water / 100))",
        assay=assay,
        water=Quantity(certificate.water_pct or Decimal(0), "%"),
    )


def delivered_percent(
    weighed: Mass, *, label: Mass, correction: Decimal, book: Notebook
) -> Decimal:
    """Return what a weighing delivers of a batch's planned label amount, in per cent."""
    return book.work(
        "delivered of the plan",
        "100 * weighed / (label * correction)",
        unit="%",
        weighed=milligrams(weighed.mg),
        label=milligrams(label.mg),
        correction=Quantity(correction),
    )


@dataclass(frozen=True, slots=True)
class LotShare:
    """What one lot gives to a weighing that needs more than one."""

    powder: Mass
    label: Mass
    """The label amount that the powder holds."""


@dataclass(frozen=True, slots=True)
class LotOnHand:
    """Powder that can be weighed, with its correction."""

    available: Mass
    correction: Decimal
    salt_form: SaltForm


class NotEnoughPowder(Invalid):
    """The lots together hold less than the batch needs."""

    code = "not-enough-powder"
    remedy = "Receive another lot, or make a smaller batch."


def share_out(
    label: Mass, lots: Sequence[LotOnHand], *, mixed_forms_allowed: bool = False
) -> tuple[LotShare, ...]:
    """
    Divide a label amount over lots in the order given, each with its own correction.

    Raises:
        SaltFormsMixed: The lots are of more than one form, and the policy does not allow it.
        NotEnoughPowder: They do not hold enough.

    Source: domain.md 2.11 (lot change in a batch) and E7.
    """
    if len({lot.salt_form for lot in lots}) > 1 and not mixed_forms_allowed:
        raise SaltFormsMixed("the lots are of more than one salt form")
    left = label
    shares: list[LotShare] = []
    for lot in lots:
        if left * lot.correction <= lot.available:
            return (*shares, LotShare(left * lot.correction, left))
        shares.append(LotShare(lot.available, lot.available / lot.correction))
        left = left - shares[-1].label
    raise NotEnoughPowder("the lots hold less than the label amount", missing_mg=left.mg)


def _require_within(
    value: Decimal, limits: tuple[Decimal, Decimal], refusal: type[Invalid]
) -> None:
    low, high = limits
    if not low <= value <= high:
        raise refusal(
            f"{EXACT.plus(value)} % is not between {low} and {high} %", low=low, high=high
        )
