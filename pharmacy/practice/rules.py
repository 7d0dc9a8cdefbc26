"""What a pharmacy may decide for itself, with the defaults and where each comes from."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pharmacy.kernel.refusals import Invalid
from pharmacy.kernel.working_time import HoursUnclear, WorkingHours, after_working_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    Every value that a pharmacist may change, by name, with its default.

    A value in force is the newest row of `policy_changes` with that name, else the default here.
    Sources are in docs/domain.md; *unconfirmed* marks what a pharmacist must still
    confirm against a primary source.
    """

    # intake
    continue_final: bool = False
    """A repeat on a titration means "fill 2 = the last step". Off: such an order is held."""
    accept_eddsa_name: bool = True
    """Accept the older header name `EdDSA` for an Ed25519 key (RFC 9864 gave it a new one)."""
    dose_min_ug: int = 100
    dose_review_ug: int = 4_500
    dose_block_ug: int = 6_000
    step_increase_hold_ug: int = 3_000

    # prescriber checks
    taxonomy_prefixes: tuple[str, ...] = ("202", "204", "207", "208")
    """Allopathic and osteopathic physicians. *unconfirmed*: the single codes."""
    taxonomy_holds: tuple[str, ...] = ("390200000X",)
    """Residents: a person decides."""
    identity_valid_days: int = 30
    license_valid_days: int = 30
    exclusion_valid_days: int = 35
    exclusion_file_max_age_days: int = 40
    registry_file_max_age_days: int = 40
    license_in_patient_state: bool = False
    """Ask for a licence in the patient's State too (telehealth)."""

    # screening
    answers_valid_days: int = 180
    """A patient's answer counts this long. (policy)"""
    opioid_answer_valid_days: int = 30
    """The answer about opioids, at a first fill. (policy)"""
    opioid_answer_refill_days: int = 14
    """The answer about opioids, at a later fill: it is asked each time. (policy)"""
    duplicate_grace_days: int = 14
    """Another supply of LDN that ends within so many days is a renewal, not a duplicate."""
    opioid_free_days: int = 10
    """After a short-acting opioid. The label says 7 to 10 days."""
    long_opioid_free_days: int = 14
    """After methadone or buprenorphine."""
    start_dose_review_ug: int = 1_500
    """A first dose above this, without earlier LDN, is for a pharmacist. (policy)"""
    step_review_ug: int = 1_500
    """A step up by more than this is for a pharmacist. (policy)"""
    step_days_review: int = 7
    """A step that is shorter is for a pharmacist. (policy)"""
    pause_before_surgery_days: int = 3
    """Stop this many days before a procedure: sources say 48 to 72 hours."""

    # strength plan
    default_strategy: str = "A"
    minimum_weighable_mg: Decimal = Decimal(120)
    """A class III balance at 5 % error."""
    weighing_error_percent: Decimal = Decimal(5)
    """How far a weighing at the minimum may be off; the error bound of triturations."""
    balance_step_mg: Decimal = Decimal(1)
    correct_for_certificate: bool = True
    """Correct weights for assay, water and salt form (professionally disputed; default on)."""
    machine_capacity: int = 100
    shell_maker: str = "icapsulepack"
    """Whose table of capsule volumes holds: a key of `formulary.rules.SHELLS`."""

    # batches
    weighing_tolerance_percent: Decimal = Decimal(1)
    """How far a weighing may be from its target; never less than one step of the balance."""
    most_capsules_in_batch: int = 1000
    """A larger need is made in several batches."""
    yield_tolerance_percent: Decimal = Decimal(5)
    """Capsules filled of those planned; further off is looked into."""
    anticipatory_days: int = 30
    """Stock beyond open orders: no more than was dispensed in so many days of the past year."""

    # stock
    certificate_document_needed: bool = True
    """A lot of active ingredient is accepted only with its certificate of analysis on file."""

    # dates
    beyond_use_days: int = 180
    compounding_day_is_day_one: bool = True
    """The stricter counting of a beyond-use date."""
    undated_component_months: int = 12
    """A component without a vendor's expiry is used so long after its receipt. *unconfirmed*: older
    text allows three years."""
    first_dose_after_days: int = 3
    """A first dose that nobody names is this many days after the labels are drawn, so that an order
    that is collected or sent meanwhile leaves with dates that are right. *unconfirmed*"""
    ship_transit_days: int = 2
    """A parcel is with the patient after so many days, and no first dose is before. *unconfirmed*
    """
    order_due_open_hours: int = 16
    """An order is due when the pharmacy was open for so many hours since it came: two days."""

    # working time
    working_hours: tuple[str, ...] = ("mon-fri 09:00-17:00",)
    """When somebody is there, by the pharmacy's clock: due times and ages count no other time."""
    holidays: tuple[str, ...] = ()
    """Days on which nobody is there: `2026-07-03`, or `12-25` for every year."""

    # queue
    claim_minutes: int = 20
    hold_deadline_hours: int = 24
    clarification_reminder_hours: int = 24
    """A question to the prescriber is brought to mind again after so long. (policy)"""
    clarification_escalation_hours: int = 72
    """And is a pharmacist's to settle by telephone after so long. (policy)"""
    recheck_at_release_hours: int = 24
    """Older prescriber evidence is renewed before an order is released."""
    fewest_containers: bool = True
    """Prefer the first lot to expire that covers a whole step to one more vial from a remnant."""

    # packing
    picture_needed: bool = False
    """An order is packed and released only with a picture of the finished product."""

    # labels
    english_when_not_approved: bool = False
    """Print English where the patient's language has no approved texts; off: hold the order."""
    purpose_on_label: bool = True
    """Print why the medicine is taken, in the prescriber's words, where the prescription gives it.
    In California it is printed in any case."""
    purpose_left_off: tuple[str, ...] = ()
    """States, of the pharmacy or of the patient, for which it is left off all the same: `TX`."""

    # refills
    refill_percent: int = 75
    """Share of the days' supply that must be used before the next fill."""
    refill_hard_stop_percent: int = 60
    """Below this share only a pharmacist, and only for a coded reason, fills early."""
    refill_counts_both_days: bool = True
    """Count the day of the fill and the day of the request; off counts the days between them."""
    refill_lead_days: int = 7
    """A refill, or the rest of a fill, is due this many days before the patient runs out."""

    # replacements
    patient_lost_counts_as_fill: bool = False
    """What replaces medicine that the patient lost uses up an authorised fill. (policy)"""

    def hours(self, time_zone: str) -> WorkingHours:
        """Return when the pharmacy works, in its own time zone."""
        return WorkingHours.read(self.working_hours, self.holidays, time_zone=time_zone)

    def order_due_at(self, now: datetime, time_zone: str) -> datetime:
        """Return by when an order that comes now is due, if nothing else hurries it."""
        span = timedelta(hours=self.order_due_open_hours)
        return after_working_time(now, span, self.hours(time_zone))


class UnknownPolicy(Invalid):
    """There is no policy of this name."""

    code = "policy-unknown"
    remedy = "`pharmacy policy list` shows every name."


class PolicyValueInvalid(Invalid):
    """The value is not of the kind that this policy holds."""

    code = "policy-value-invalid"
    remedy = "Give a value of the same kind as the default."


DEFAULTS: Final = Policy()
NAMES: Final = tuple(field.name for field in fields(Policy))


def _state(code: str) -> str:
    """Return the code of a State. Anything else would be a rule that never applies."""
    if not (len(code) == len("TX") and code.isascii() and code.isalpha() and code.isupper()):
        raise TypeError("a State has a code of two capital letters")
    return code


MOST_DAYS: Final = 60
"""A first dose that lies further ahead, or a parcel that is longer on its way, is a slip."""


def _days(number: int) -> int:
    """Return a number of days that a label is dated ahead."""
    if not 0 <= number <= MOST_DAYS:
        raise TypeError("so many days are no usual ones")
    return number


MEANINGS: Final[dict[str, Callable[[Any], object]]] = {
    "first_dose_after_days": _days,
    "ship_transit_days": _days,
    "working_hours": lambda lines: WorkingHours.read(lines, (), time_zone="UTC"),
    "holidays": lambda days: WorkingHours.read((), days, time_zone="UTC"),
    "purpose_left_off": lambda states: [_state(state) for state in states],
}
"""Values that must mean something beyond their kind. Raises HoursUnclear or TypeError."""


def to_data(value: object) -> object:
    """Return a policy value as JSON holds it: decimals as text, tuples as lists."""
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def of_data(name: str, data: object) -> object:
    """Return the value that JSON `data` stands for. Raises UnknownPolicy, PolicyValueInvalid."""
    if name not in NAMES:
        raise UnknownPolicy(f"there is no policy named {name}", name=name)
    default = getattr(DEFAULTS, name)
    try:
        value = _like(default, data)
        if (require := MEANINGS.get(name)) is not None:
            require(value)
    except (TypeError, InvalidOperation, HoursUnclear) as error:
        kind = type(default).__name__
        raise PolicyValueInvalid(f"{name} holds a value of the kind {kind}", name=name) from error
    return value


def _like(default: object, data: object) -> object:
    if isinstance(default, Decimal) and isinstance(data, str | int):
        return _finite(Decimal(data))
    if isinstance(default, tuple) and isinstance(data, list):
        return tuple(str(item) for item in data)
    if type(data) is not type(default):  # exactly: True is an int to isinstance
        raise TypeError(type(data))
    return data


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite() or value < 0:
        raise TypeError(value)
    return value


def in_force(changes: Mapping[str, object]) -> Policy:
    """Return the policies with the newest change of each name; `changes` is as JSON holds it."""
    known = {name: of_data(name, data) for name, data in changes.items() if name in NAMES}
    return replace(DEFAULTS, **known) if known else DEFAULTS  # type: ignore[arg-type]


class LicenseScope(StrEnum):
    """What a State's licence lets this pharmacy do with that State's patients."""

    SHIP = "ship"
    """Dispense, and send by carrier: a nonresident permit."""
    COLLECT = "collect"
    """Dispense to who comes to the counter, and nothing else."""


def local_date(now: datetime, time_zone: str) -> date:
    """Return the pharmacy's date at an instant: bedtime is a civil date, not an instant."""
    return now.astimezone(ZoneInfo(time_zone)).date()


class TimeZoneUnknown(Invalid):
    """The dates on labels need a time zone of the tz database."""

    code = "time-zone-unknown"
    remedy = "Give a name such as America/Chicago."


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """The pharmacy as its labels name it. Raises TimeZoneUnknown."""

    name: str
    npi: str
    address_line: str
    city: str
    state: str
    postal_code: str
    phone: str
    phone_hours: str
    time_zone: str

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise TimeZoneUnknown(f"there is no time zone {self.time_zone!r}") from error

    def as_columns(self) -> dict[str, str]:
        return asdict(self)
