"""What capsules are made of: active ingredient, fillers and shells. Data with its source. Pure."""

from pharmacy.formulary.rules.capsules import SHELLS, Shell, shells_of
from pharmacy.formulary.rules.fillers import FILLERS, Filler, require_filler
from pharmacy.formulary.rules.ingredients import (
    INGREDIENTS,
    NALTREXONE,
    AssayBasis,
    Ingredient,
    SaltForm,
)

__all__ = [
    "FILLERS",
    "INGREDIENTS",
    "NALTREXONE",
    "SHELLS",
    "AssayBasis",
    "Filler",
    "Ingredient",
    "SaltForm",
    "Shell",
    "require_filler",
    "shells_of",
]
