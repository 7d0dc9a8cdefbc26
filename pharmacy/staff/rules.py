"""Roles, permissions and who is acting. One table says which role may do what."""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from pharmacy.kernel.refusals import Conflict, Invalid, NotPermitted


class Role(StrEnum):
    """A job in or around the pharmacy."""

    TECHNICIAN = "technician"
    PHARMACIST = "pharmacist"
    PHYSICIAN = "physician"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    EHR_CLIENT = "ehr-client"
    PRINT_AGENT = "print-agent"
    WORKER = "worker"
    OPERATOR = "operator"
    """Whoever has a shell on the server and runs the command line."""


class Permission(StrEnum):
    """One thing that somebody may be allowed to do."""

    SUBMIT_PRESCRIPTION = "submit-prescription"
    READ_PRESCRIPTION = "read-prescription"
    READ_EVIDENCE = "read-evidence"
    READ_QUEUE = "read-queue"
    READ_ORDER = "read-order"
    CLAIM_ORDER = "claim-order"
    TAKE_OVER_ORDER = "take-over-order"
    RECORD_HEALTH = "record-health"
    DECIDE_FINDING = "decide-finding"
    CHOOSE_STRATEGY = "choose-strategy"
    APPROVE_ORDER = "approve-order"
    SPLIT_ORDER = "split-order"
    """Hand over a part now and the rest later, and replace vials that were lost."""
    PLACE_HOLD = "place-hold"
    LIFT_HOLD = "lift-hold"
    CANCEL_ORDER = "cancel-order"
    ASK_PRESCRIBER = "ask-prescriber"
    ANSWER_QUESTION = "answer-question"
    ALLOCATE = "allocate"
    PACK = "pack"
    RELEASE = "release"
    HAND_OVER = "hand-over"
    READ_LABEL = "read-label"
    PRINT_LABEL = "print-label"
    CHOOSE_READING = "choose-reading"
    CORRECT_CONTACT = "correct-contact"
    """Settle which phone and address of a patient are right."""
    READ_TEXT = "read-label-text"
    APPROVE_TEXT = "approve-label-text"
    READ_PRINTER = "read-printer"
    MANAGE_PRINTERS = "manage-printers"
    FETCH_PRINTS = "fetch-prints"
    READ_REFILL = "read-refill"
    CREATE_REFILL = "create-refill"
    READ_PRESCRIBER = "read-prescriber"
    MANAGE_KEYS = "manage-keys"
    REVOKE_KEY = "revoke-key"
    READ_LOT = "read-lot"
    RECEIVE_LOT = "receive-lot"
    RELEASE_LOT = "release-lot"
    READ_FORMULATION = "read-formulation"
    APPROVE_FORMULATION = "approve-formulation"
    READ_RECALL = "read-recall"
    MANAGE_RECALL = "manage-recall"
    MANAGE_REASONS = "manage-reasons"
    READ_BATCH = "read-batch"
    COMPOUND = "compound"
    ACCEPT_BATCH = "accept-batch"
    VERIFY_WEIGHING = "verify-weighing"
    READ_FIGURES = "read-figures"
    READ_JOBS = "read-jobs"
    RETRY_JOB = "retry-job"
    READ_AUDIT = "read-audit"
    MANAGE_STAFF = "manage-staff"
    MANAGE_CLIENTS = "manage-clients"
    IMPORT_REGISTRY = "import-registry"
    CHANGE_POLICY = "change-policy"


_P = Permission
_BENCH: Final = frozenset(
    {_P.READ_PRESCRIPTION, _P.READ_QUEUE, _P.READ_ORDER, _P.CLAIM_ORDER, _P.RECORD_HEALTH}
    | {_P.PLACE_HOLD, _P.ALLOCATE, _P.PACK, _P.HAND_OVER, _P.READ_LABEL, _P.READ_REFILL}
    | {_P.CREATE_REFILL, _P.READ_PRESCRIBER, _P.READ_LOT, _P.RECEIVE_LOT}
    | {_P.READ_FORMULATION, _P.READ_RECALL, _P.READ_BATCH, _P.COMPOUND, _P.READ_FIGURES}
    | {_P.PRINT_LABEL, _P.READ_PRINTER, _P.CORRECT_CONTACT}
)

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.TECHNICIAN: _BENCH,
    Role.PHARMACIST: _BENCH
    | {_P.READ_EVIDENCE, _P.DECIDE_FINDING, _P.CHOOSE_STRATEGY, _P.APPROVE_ORDER, _P.LIFT_HOLD}
    | {_P.TAKE_OVER_ORDER, _P.SPLIT_ORDER}
    | {
        _P.MANAGE_REASONS,
        _P.ASK_PRESCRIBER,
        _P.CANCEL_ORDER,
        _P.RELEASE,
        _P.RELEASE_LOT,
        _P.REVOKE_KEY,
        _P.READ_JOBS,
    }
    | {_P.APPROVE_FORMULATION, _P.MANAGE_RECALL, _P.ACCEPT_BATCH, _P.VERIFY_WEIGHING}
    | {_P.CHOOSE_READING, _P.READ_TEXT, _P.APPROVE_TEXT},
    Role.PHYSICIAN: frozenset(
        {_P.SUBMIT_PRESCRIPTION, _P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_ORDER}
        | {_P.CANCEL_ORDER, _P.ANSWER_QUESTION, _P.READ_REFILL, _P.READ_PRESCRIBER}
    ),
    Role.ADMINISTRATOR: frozenset(
        {_P.READ_PRESCRIBER, _P.MANAGE_KEYS, _P.REVOKE_KEY, _P.READ_LOT, _P.READ_JOBS}
        | {_P.READ_FIGURES, _P.MANAGE_REASONS}
        | {_P.RETRY_JOB, _P.MANAGE_STAFF, _P.MANAGE_CLIENTS, _P.IMPORT_REGISTRY, _P.CHANGE_POLICY}
        | {_P.READ_PRINTER, _P.MANAGE_PRINTERS, _P.READ_TEXT}
    ),
    Role.AUDITOR: frozenset(
        {_P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_QUEUE, _P.READ_ORDER, _P.READ_LABEL}
        | {_P.READ_REFILL, _P.READ_PRESCRIBER, _P.READ_LOT, _P.READ_JOBS, _P.READ_AUDIT}
        | {_P.READ_FORMULATION, _P.READ_RECALL, _P.READ_BATCH, _P.READ_FIGURES}
        | {_P.READ_PRINTER, _P.READ_TEXT}
    ),
    Role.EHR_CLIENT: frozenset(
        {_P.SUBMIT_PRESCRIPTION, _P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_ORDER}
        | {_P.CANCEL_ORDER, _P.ANSWER_QUESTION, _P.READ_REFILL}
    ),
    Role.PRINT_AGENT: frozenset({_P.FETCH_PRINTS}),
    Role.WORKER: frozenset(),
    Role.OPERATOR: frozenset(Permission),
}
"""The administrator reads no patient data; the auditor writes nothing; physicians and EHR clients
see only what belongs to their own prescribers (`Actor.npis`)."""

READING: Final = frozenset(
    {_P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_QUEUE, _P.READ_ORDER, _P.READ_LABEL}
    | {_P.READ_REFILL, _P.READ_PRESCRIBER, _P.READ_LOT, _P.READ_JOBS, _P.READ_AUDIT}
    | {_P.READ_FORMULATION, _P.READ_RECALL, _P.READ_BATCH, _P.READ_FIGURES, _P.READ_PRINTER}
    | {_P.READ_TEXT}
)
"""What changes nothing."""
WITHOUT_PATIENTS: Final = frozenset(
    {_P.READ_PRESCRIBER, _P.MANAGE_KEYS, _P.REVOKE_KEY, _P.READ_LOT, _P.RECEIVE_LOT}
    | {_P.RELEASE_LOT, _P.READ_JOBS, _P.RETRY_JOB, _P.READ_AUDIT, _P.MANAGE_STAFF}
    | {_P.MANAGE_CLIENTS, _P.IMPORT_REGISTRY, _P.CHANGE_POLICY}
    | {_P.READ_FORMULATION, _P.APPROVE_FORMULATION, _P.READ_FIGURES, _P.MANAGE_REASONS}
    | {_P.READ_PRINTER, _P.MANAGE_PRINTERS, _P.READ_TEXT, _P.APPROVE_TEXT}
)
"""What neither shows nor changes anything of a patient."""
OF_PHARMACISTS: Final = frozenset(
    {
        _P.ASK_PRESCRIBER,
        _P.DECIDE_FINDING,
        _P.APPROVE_ORDER,
        _P.TAKE_OVER_ORDER,
        _P.RELEASE,
        _P.RELEASE_LOT,
        _P.LIFT_HOLD,
    }
    | {_P.APPROVE_FORMULATION, _P.MANAGE_RECALL, _P.ACCEPT_BATCH, _P.VERIFY_WEIGHING}
    | {_P.CHOOSE_READING, _P.APPROVE_TEXT}
)
"""Decisions that only a pharmacist takes."""
ALONE: Final = frozenset({Role.PHYSICIAN, Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that an account holds alone: whoever keeps the accounts or the record, or prescribes,
fills no orders under the same name."""
OF_PEOPLE: Final = ALONE | {Role.TECHNICIAN, Role.PHARMACIST}


class DutiesMixed(Invalid):
    """The table of permissions gives one role what another must be kept from."""

    code = "duties-mixed"


def require_separate_duties(
    grants: Mapping[Role, Collection[Permission]] = GRANTS,
) -> None:
    """Raise DutiesMixed unless the table of permissions keeps apart what must be apart."""
    too_much = {
        Role.ADMINISTRATOR: set(grants[Role.ADMINISTRATOR]) - WITHOUT_PATIENTS,
        Role.AUDITOR: set(grants[Role.AUDITOR]) - READING,
        Role.WORKER: set(grants[Role.WORKER]),
    }
    for role in (Role.TECHNICIAN, Role.PHYSICIAN, Role.ADMINISTRATOR, Role.EHR_CLIENT):
        too_much[role] = too_much.get(role, set()) | set(grants[role]) & OF_PHARMACISTS
    for role, permissions in too_much.items():
        if permissions:
            raise DutiesMixed(f"{role} may not hold {', '.join(sorted(permissions))}", role=role)


class RolesClash(Invalid):
    """One account may not hold these roles together."""

    code = "roles-clash"
    remedy = "Give the person a second account for the other duty."


def require_roles_fit(roles: Collection[Role], *, npi: str | None) -> None:
    """Raise RolesClash unless one person may hold these roles under one name."""
    held = set(roles)
    if not held or held - OF_PEOPLE:
        raise RolesClash(f"an account holds one or more of {', '.join(sorted(OF_PEOPLE))}")
    if held & ALONE and len(held) > 1:
        raise RolesClash(f"{min(held & ALONE)} stands alone")
    if (Role.PHYSICIAN in held) != (npi is not None):
        raise RolesClash("a physician's account carries an NPI, and no other account does")


SHORTEST_PASSWORD: Final = 15
LONGEST_PASSWORD: Final = 200
FEWEST_LETTERS: Final = 6


class WeakPassword(Invalid):
    """A password that is guessed sooner than it should be."""

    code = "weak-password"
    remedy = "Take four or more unrelated words, at least 15 characters in all."


def require_password(password: str, *, username: str) -> None:
    """
    Raise WeakPassword for a password that is short, monotonous or made of the name.

    Length is what counts (NIST SP 800-63B-4: 15 where it is the only factor); no rules on which
    kinds of character it has.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if len(set(password)) < FEWEST_LETTERS:
        raise WeakPassword(f"a password has at least {FEWEST_LETTERS} different characters")
    if username.casefold() in password.casefold():
        raise WeakPassword("a password does not hold the username")


SHORTEST_PIN: Final = 4
LONGEST_PIN: Final = 12
FEWEST_DIGITS: Final = 3


class WeakPin(Invalid):
    """A PIN that a bystander guesses."""

    code = "weak-pin"
    remedy = "Take 4 to 12 digits, at least three different ones, not in a row."


def require_pin(pin: str) -> None:
    """
    Raise WeakPin for a PIN that is not 4 to 12 digits, or is too plain.

    It only unlocks a session that the password opened, on a computer that somebody left, and five
    wrong ones end the session; so it may be short.
    """
    if not (pin.isascii() and pin.isdigit() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN):
        raise WeakPin(f"a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits", field="pin")
    steps = {int(later) - int(digit) for digit, later in itertools.pairwise(pin)}
    if len(set(pin)) < FEWEST_DIGITS or steps in ({1}, {-1}):
        raise WeakPin("this PIN is too easy to guess", field="pin")


PROOF_LASTS: Final = timedelta(minutes=5)


class ProofMethod(StrEnum):
    """How somebody showed anew who they are."""

    PASSWORD = "password"  # noqa: S105 - a word for one, not one
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Attestation:
    """
    A person's word that they decide about exactly this record, given with a proof of who they are.

    An operation that asks for one keeps it with `staff.operations.unlocking.approve`, in its own
    transaction (21 CFR 11.50 and 11.70).
    """

    record_sha256: bytes
    """Of the record as they saw it."""
    proven_at: datetime
    """When they last showed who they are; good for `PROOF_LASTS`."""
    method: ProofMethod


FREE_FAILURES: Final = 4
LOCKING_FAILURE: Final = 10
LAST_FAILURE: Final = 100
LOCKED: Final = timedelta(minutes=15)
FOR_GOOD: Final = timedelta(days=36_500)


def pause_after(failures: int) -> timedelta:
    """
    Return how long an account refuses its password after so many failures in a row.

    Nothing for four, then 1, 2, 4, 8, 16 s, from the tenth 15 min, and from the hundredth until
    an administrator lets the person choose a new one (NIST SP 800-63B: never more than 100).
    """
    if failures >= LAST_FAILURE:
        return FOR_GOOD
    if failures >= LOCKING_FAILURE:
        return LOCKED
    if failures > FREE_FAILURES:
        return timedelta(seconds=2 ** (failures - FREE_FAILURES - 1))
    return timedelta(0)


MOST_FROM_ADDRESS: Final = 20
"""Sign-ins that may fail from one address within `COUNTED_FOR`, whoever's account they are for."""
COUNTED_FOR: Final = timedelta(minutes=15)
LONGEST_BAR: Final = timedelta(hours=24)
MOST_VOUCHES: Final = 20
"""Wrong PINs of colleagues, all together, after which an actor waits longer than for one."""


def bar_for(times: int) -> timedelta:
    """Return how long an address is barred for the first, second, … time: 15 min, then double."""
    bar = LOCKED
    for _ in range(min(times, 8) - 1):
        bar *= 2
    return min(bar, LONGEST_BAR)


class PermissionMissing(NotPermitted):
    """The role does not allow it."""

    code = "permission-missing"


class SecondPersonNeeded(Conflict):
    """Who made it may not check it."""

    code = "second-person-needed"
    remedy = "Ask a colleague who may do it and did not make it."


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting, resolved once by a door."""

    id: UUID | None
    kind: str
    """`staff`, `client`, `worker` or `operator`; what the audit writes down."""
    roles: frozenset[Role]
    npis: frozenset[str] | None = None
    """The prescribers whose things the actor may see. None: everybody's."""
    label: str = field(default="", compare=False)
    """A name for screens; never for logs."""

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset().union(*(GRANTS[role] for role in self.roles))

    def require(self, permission: Permission) -> None:
        """Raise PermissionMissing unless one of the actor's roles grants it."""
        if permission not in self.permissions:
            raise PermissionMissing(f"this needs the permission {permission}", needs=permission)

    def may_see(self, npi: str) -> bool:
        """Say whether things of this prescriber are the actor's to see."""
        return self.npis is None or npi in self.npis


WORKER: Final = Actor(id=None, kind="worker", roles=frozenset({Role.WORKER}))
ANONYMOUS: Final = Actor(id=None, kind="anonymous", roles=frozenset())
OPERATOR: Final = Actor(id=None, kind="operator", roles=frozenset({Role.OPERATOR}))


def require_second_person(*, maker: UUID | None, checker: UUID | None) -> None:
    """Raise SecondPersonNeeded when maker and checker are one, or either is unknown."""
    if maker is None or checker is None or maker == checker:
        raise SecondPersonNeeded("whoever made this may not check it")
