"""What a pharmacy may decide for itself, with the defaults and where each comes from."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    Every value that a pharmacist may change, by name, with its default.

    A value in force is the newest row of `policy_changes` with that name, else the default here.
    Sources are sections of the domain reference; *unconfirmed* marks what a pharmacist must still
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

    # strength plan
    default_strategy: str = "A"
    overage_fraction: Decimal = Decimal("0.03")
    """*unconfirmed*: machine batches plan 2 to 5 % more of every powder."""
    minimum_weighable_mg: Decimal = Decimal(120)
    """A class III balance at 5 % error."""
    balance_step_mg: Decimal = Decimal(1)
    correct_for_certificate: bool = True
    """Correct weights for assay, water and salt form (professionally disputed; default on)."""
    machine_capacity: int = 100

    # dates
    beyond_use_days: int = 180
    compounding_day_is_day_one: bool = True
    """The stricter counting of a beyond-use date."""
    first_dose_after_days: int = 1
    """The first dose is planned this many days after the order is approved."""
    order_due_hours: int = 48

    # queue
    claim_minutes: int = 20
    hold_deadline_hours: int = 24
    recheck_at_release_hours: int = 24

    # refills
    refill_percent: int = 75
    refill_hard_stop_percent: int = 60
    refill_lead_days: int = 7
    """A refill is due this many days before the patient runs out."""
