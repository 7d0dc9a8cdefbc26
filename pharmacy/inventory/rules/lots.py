"""What is written down when a lot arrives or is made, and until when it may be used."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from pharmacy.formulary.rules.fillers import require_filler
from pharmacy.formulary.rules.formulation import MOST_STRENGTH_UG, StrengthTooHigh
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Conflict, Invalid


class LotStatus(StrEnum):
    """Whether a lot may be used."""

    QUARANTINED = "quarantined"
    RELEASED = "released"
    RECALLED = "recalled"
    REJECTED = "rejected"


SALT_FORMS: Final = ("hcl-anhydrous", "hcl-dihydrate", "base")
ASSAY_BASES: Final = ("anhydrous", "dried", "as-is")
ASSAY_SANE: Final = (Decimal(50), Decimal(110))
WATER_SANE: Final = (Decimal(0), Decimal(50))


class CertificateInvalid(Invalid):
    """The certificate of analysis says what no certificate can say."""

    code = "certificate-invalid"
    remedy = "Copy the figures from the certificate again; percent, not fractions."


class LotInvalid(Invalid):
    """The lot cannot be as it is described."""

    code = "lot-invalid"


class RecallNeeded(Conflict):
    """A mark on the lot alone would find no vial, write no letter and start no clock."""

    code = "lot-recall-needed"
    remedy = "Open a recall of the lot; to stop it while you look, quarantine it."


class BeyondUseTooLate(Invalid):
    """The beyond-use date is later than the formula and the components allow."""

    code = "beyond-use-too-late"
    remedy = "Use the date in the facts, or an earlier one."


class LotNotUsable(Conflict):
    """The lot is quarantined, recalled, rejected, out of date or empty."""

    code = "lot-not-usable"
    remedy = "Choose another lot; the facts say why this one is out."


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientLotFacts:
    """
    A received lot of powder, as its container and its certificate of analysis describe it.

    Raises:
        CertificateInvalid: An assay without its basis, or a figure that no certificate can have.
        LotInvalid: A naltrexone lot without its salt form, no amount, or dates out of order.
    """

    ingredient: str
    """A key of `formulary.rules.INGREDIENTS`."""
    lot_number: str
    manufacturer: str
    amount: Mass
    received_on: date
    expires_on: date | None = None
    salt_form: str | None = None
    assay_pct: Decimal | None = None
    assay_basis: str | None = None
    water_pct: Decimal | None = None
    certificate_sha256: bytes | None = None
    establishment: str | None = None
    """The manufacturer's FDA establishment identifier."""

    def __post_init__(self) -> None:
        _require_text(self.ingredient, self.lot_number, self.manufacturer)
        if self.establishment is not None and not is_establishment(self.establishment):
            raise CertificateInvalid(
                "an FDA establishment identifier has 7 or 10 digits", field="establishment"
            )
        if self.amount <= Mass.ZERO:
            raise LotInvalid("a lot holds something")
        if self.expires_on is not None and self.expires_on < self.received_on:
            raise LotInvalid("the lot had expired when it was received")
        self._check_certificate()

    def _check_certificate(self) -> None:
        if self.salt_form is not None and self.salt_form not in SALT_FORMS:
            raise LotInvalid("the salt form is unknown", known=SALT_FORMS)
        if self.salt_form is not None and self.assay_pct is None:
            raise CertificateInvalid("an active ingredient is received with its assay")
        if (self.assay_pct is None) != (self.assay_basis is None):
            raise CertificateInvalid("an assay comes with its basis", known=ASSAY_BASES)
        if self.assay_basis is not None and self.assay_basis not in ASSAY_BASES:
            raise CertificateInvalid("the basis of the assay is unknown", known=ASSAY_BASES)
        _require_within("assay", self.assay_pct, ASSAY_SANE)
        _require_within("water", self.water_pct, WATER_SANE)


def is_establishment(text: str) -> bool:
    """Say whether a text has the form of an FDA establishment identifier (FEI)."""
    return text.isascii() and text.isdigit() and len(text) in {7, 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellLotFacts:
    """A received lot of empty shells. Raises LotInvalid."""

    maker: str
    """A key of `formulary.rules.SHELLS`."""
    lot_number: str
    capsule_size: str
    description: str
    received: int
    received_on: date
    expires_on: date | None = None

    def __post_init__(self) -> None:
        _require_text(self.maker, self.lot_number, self.capsule_size, self.description)
        if self.received <= 0:
            raise LotInvalid("a lot of shells holds some")
        if self.expires_on is not None and self.expires_on < self.received_on:
            raise LotInvalid("the lot had expired when it was received")


@dataclass(frozen=True, slots=True, kw_only=True)
class TriturationFacts:
    """A stock dilution of naltrexone in filler, as it was mixed. Raises LotInvalid."""

    lot_number: str
    active_lot_id: UUID
    diluent_lot_id: UUID
    active: Mass
    """Powder weighed from the active lot."""
    diluent: Mass
    labelled: Mass
    """What that powder holds of what labels speak of, by the lot's certificate."""
    made_on: date
    beyond_use_on: date

    def __post_init__(self) -> None:
        _require_text(self.lot_number)
        if min(self.active, self.diluent, self.labelled) <= Mass.ZERO:
            raise LotInvalid("a trituration holds naltrexone and filler")
        if self.labelled >= self.total:
            raise LotInvalid("a trituration holds less naltrexone than it weighs")

    @property
    def total(self) -> Mass:
        return self.active + self.diluent

    @property
    def active_ug_per_g(self) -> int:
        """Labelled substance in a gram, to the nearest microgram."""
        per_gram = EXACT.divide(self.labelled.mg * 1_000_000, self.total.mg)
        return int(per_gram.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleLotFacts:
    """
    A batch of finished capsules of one strength.

    Raises:
        LotInvalid: It is not described in full, or its dates contradict each other.
        StrengthTooHigh: No LDN capsule is so strong (domain.md E14).
        UnknownFiller, BlockedFiller: LDN is not filled up with it (domain.md 2.6, R28).
    """

    lot_number: str
    strength_ug: int
    capsule_size: str
    description: str
    """Colour and shape, as the label words it."""
    filler: str
    active_lot_id: UUID
    compounded_on: date
    beyond_use_on: date
    made: int

    def __post_init__(self) -> None:
        _require_text(self.lot_number, self.capsule_size, self.description, self.filler)
        if self.strength_ug <= 0 or self.made <= 0:
            raise LotInvalid("a capsule lot has a strength and a count")
        if self.strength_ug > MOST_STRENGTH_UG:
            raise StrengthTooHigh(
                f"{Mass.of_micrograms(self.strength_ug)} in one capsule is no low dose",
                strength_ug=self.strength_ug,
            )
        require_filler(self.filler)
        if self.beyond_use_on < self.compounded_on:
            raise LotInvalid("the beyond-use date lies before the day of compounding")


def _require_text(*texts: str) -> None:
    if not all(text.strip() for text in texts):
        raise LotInvalid("a lot is described in full")


def _require_within(name: str, percent: Decimal | None, limits: tuple[Decimal, Decimal]) -> None:
    if percent is None:
        return
    low, high = limits
    if not (percent.is_finite() and low <= percent <= high):
        raise CertificateInvalid(f"{name} is between {low} and {high} percent", field=name)


def latest_beyond_use(
    compounded_on: date,
    *,
    days: int,
    compounding_day_is_day_one: bool,
    component_expiries: Iterable[date],
) -> date:
    """
    Return the last day on which capsules may be taken.

    Source: domain.md 3.3 (the earliest of the formula's limit and every component's expiry), V20.
    """
    limit = compounded_on + timedelta(days=days - (1 if compounding_day_is_day_one else 0))
    return min([limit, *component_expiries])


def component_expiry(*, expires_on: date | None, received_on: date, months: int) -> date:
    """
    Return the day from which a component is no longer used.

    Args:
        months: How long after its receipt a component without a vendor's date is used (policy,
            domain.md 3.3). A day that the month lacks is its last one: 29 February becomes 28.
    """
    if expires_on is not None:
        return expires_on
    years, month = divmod(received_on.month - 1 + months, 12)
    year = received_on.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(received_on.day, last))


def require_beyond_use(stated: date, *, latest: date) -> None:
    """Raise BeyondUseTooLate when a stated date is later than it may be."""
    if stated > latest:
        raise BeyondUseTooLate(
            f"{stated} is later than {latest}", stated=stated.isoformat(), latest=latest.isoformat()
        )
