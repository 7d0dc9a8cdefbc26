"""Ingredients by key, and the forms in which the active one is sold."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from pharmacy.formulary.rules.fillers import FILLERS


class SaltForm(StrEnum):
    """What one molecule of the powder carries with it. The label always speaks of the HCl salt."""

    HCL_ANHYDROUS = "hcl-anhydrous"
    HCL_DIHYDRATE = "hcl-dihydrate"
    BASE = "base"


class AssayBasis(StrEnum):
    """What the certificate's assay leaves out of account."""

    ANHYDROUS = "anhydrous"
    DRIED = "dried"
    AS_IS = "as-is"
    """Nothing: water is already inside the figure."""


WHOLE_POWDER_WEIGHT: Final = {
    SaltForm.HCL_ANHYDROUS: Decimal("377.86"),
    SaltForm.HCL_DIHYDRATE: Decimal("413.89"),
    SaltForm.BASE: Decimal("341.40"),
}
"""Molecular weight with its water, g/mol. Source: domain.md 2.1."""

DRY_WEIGHT: Final = {
    SaltForm.HCL_ANHYDROUS: Decimal("377.86"),
    SaltForm.HCL_DIHYDRATE: Decimal("377.86"),
    SaltForm.BASE: Decimal("341.40"),
}
"""Molecular weight without water, g/mol: what an assay on the anhydrous basis speaks of."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Something that a lot can be a lot of."""

    key: str
    name: str
    """As a label or a record writes it."""
    is_active: bool
    unii: str = ""


NALTREXONE: Final = "naltrexone-hydrochloride"
"""One key for every salt form: the lot says which it is, as the FDA's own records do."""

TRITURATION: Final = "naltrexone-trituration"
"""A stock dilution in filler, made here; each lot says how much a gram of it holds."""

INGREDIENTS: Final[dict[str, Ingredient]] = {
    NALTREXONE: Ingredient(
        NALTREXONE, "naltrexone hydrochloride", is_active=True, unii="Z6375YW9SF"
    ),
    TRITURATION: Ingredient(
        TRITURATION, "naltrexone hydrochloride trituration", is_active=True, unii="Z6375YW9SF"
    ),
    **{
        filler.key: Ingredient(filler.key, filler.name, is_active=False)
        for filler in FILLERS.values()
    },
}
