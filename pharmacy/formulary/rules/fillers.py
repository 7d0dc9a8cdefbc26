"""Fillers: which there are, which are never used with LDN, and why. Source: domain.md 2.6."""

from dataclasses import dataclass
from typing import Final

from pharmacy.kernel.refusals import Invalid


class UnknownFiller(Invalid):
    """No filler has this key."""

    code = "unknown-filler"
    remedy = "Use one of the fillers of the formulary."


class BlockedFiller(Invalid):
    """A filler that changes how LDN is taken up."""

    code = "blocked-filler"
    remedy = "Use microcrystalline cellulose or another filler that is not blocked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Filler:
    """An inactive powder that makes up the volume of a capsule."""

    key: str
    name: str
    caution: str = ""
    """What a pharmacist thinks about before choosing it."""
    blocked: str = ""
    """Why it is never used with LDN. Empty: it may be used."""


FILLERS: Final = {
    filler.key: filler
    for filler in (
        Filler(key="microcrystalline-cellulose", name="microcrystalline cellulose"),
        Filler(
            key="lactose",
            name="lactose monohydrate",
            caution="only where no intolerance or allergy is recorded",
        ),
        Filler(key="sucrose", name="sucrose"),
        Filler(
            key="acidophilus",
            name="acidophilus powder",
            caution="on request; stands on the label as an ingredient",
        ),
        Filler(
            key="sodium-bicarbonate",
            name="sodium bicarbonate",
            caution="sodium load: a pharmacist decides",
        ),
        Filler(
            key="calcium-carbonate",
            name="calcium carbonate",
            blocked="reported to reduce the absorption of naltrexone",
        ),
        Filler(
            key="hypromellose",
            name="hypromellose",
            blocked="slows the release; LDN works by a short pulse at night",
        ),
    )
}


def require_filler(key: str) -> Filler:
    """
    Return the filler of that key.

    Raises:
        UnknownFiller: The formulary has none.
        BlockedFiller: It is never used with LDN.
    """
    if (filler := FILLERS.get(key)) is None:
        raise UnknownFiller(f"the formulary has no filler {key!r}", filler=key)
    if filler.blocked:
        raise BlockedFiller(f"{filler.name}: {filler.blocked}", filler=key)
    return filler
