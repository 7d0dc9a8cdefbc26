"""The facts that an order's labels and leaflet are worded from. Words are added elsewhere."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What every label of one order has in common."""

    rx_number: int
    filled_on: date
    patient: str
    """As the signed prescription names them."""
    prescriber: str
    purpose: str = ""
    """Why the medicine is taken, in the prescriber's words, where the label is to say so."""
    refills_left: int
    """Every fill that may follow, those of a maintenance that continues a titration among them."""
    refill_doses_ug: tuple[int, ...] = ()
    """What the next fill is of, where it is of other doses than this one."""
    valid_until: date
    """The last day on which the last of them may be filled."""
    signed_sha256: str
    """Of the signed prescription's payload, in hexadecimal."""
    pharmacy: str
    address: tuple[str, ...]
    phone: str
    phone_hours: str
    counsel: tuple[str, ...] = ()
    """Screening rules that are said to the patient, by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFacts:
    """What one container holds, and when it is taken."""

    code: str
    copy_no: int = 1
    """Of the first copy of its label: higher where it bore another label, with other dates."""
    part_no: int
    parts: int
    step_no: int
    steps: int
    strength_ug: int
    capsules_per_dose: int
    quantity: int
    directions: str
    first_dose_on: date
    last_dose_on: date
    lot_number: str
    beyond_use_on: date
    description: str
    """Colour and shape of the capsule."""
    filler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One dated step of the fill."""

    no: int
    steps: int
    dose_ug: int
    strength_ug: int
    days: int
    directions: str
    first_on: date
    last_on: date
