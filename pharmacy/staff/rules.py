"""Roles, permissions and who is acting. One table says which role may do what."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from pharmacy.kernel.refusals import Conflict, NotPermitted


class Role(StrEnum):
    """A job in or around the pharmacy."""

    TECHNICIAN = "technician"
    PHARMACIST = "pharmacist"
    PHYSICIAN = "physician"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    EHR_CLIENT = "ehr-client"
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
    RECORD_HEALTH = "record-health"
    DECIDE_FINDING = "decide-finding"
    CHOOSE_STRATEGY = "choose-strategy"
    APPROVE_ORDER = "approve-order"
    PLACE_HOLD = "place-hold"
    LIFT_HOLD = "lift-hold"
    CANCEL_ORDER = "cancel-order"
    ALLOCATE = "allocate"
    PACK = "pack"
    RELEASE = "release"
    HAND_OVER = "hand-over"
    READ_LABEL = "read-label"
    READ_REFILL = "read-refill"
    CREATE_REFILL = "create-refill"
    READ_PRESCRIBER = "read-prescriber"
    MANAGE_KEYS = "manage-keys"
    REVOKE_KEY = "revoke-key"
    READ_LOT = "read-lot"
    RECEIVE_LOT = "receive-lot"
    RELEASE_LOT = "release-lot"
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
)

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.TECHNICIAN: _BENCH,
    Role.PHARMACIST: _BENCH
    | {_P.READ_EVIDENCE, _P.DECIDE_FINDING, _P.CHOOSE_STRATEGY, _P.APPROVE_ORDER, _P.LIFT_HOLD}
    | {_P.CANCEL_ORDER, _P.RELEASE, _P.RELEASE_LOT, _P.REVOKE_KEY, _P.READ_JOBS},
    Role.PHYSICIAN: frozenset(
        {_P.SUBMIT_PRESCRIPTION, _P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_ORDER}
        | {_P.CANCEL_ORDER, _P.READ_REFILL, _P.READ_PRESCRIBER}
    ),
    Role.ADMINISTRATOR: frozenset(
        {_P.READ_PRESCRIBER, _P.MANAGE_KEYS, _P.REVOKE_KEY, _P.READ_LOT, _P.READ_JOBS}
        | {_P.RETRY_JOB, _P.MANAGE_STAFF, _P.MANAGE_CLIENTS, _P.IMPORT_REGISTRY, _P.CHANGE_POLICY}
    ),
    Role.AUDITOR: frozenset(
        {_P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_QUEUE, _P.READ_ORDER, _P.READ_LABEL}
        | {_P.READ_REFILL, _P.READ_PRESCRIBER, _P.READ_LOT, _P.READ_JOBS, _P.READ_AUDIT}
    ),
    Role.EHR_CLIENT: frozenset(
        {_P.SUBMIT_PRESCRIPTION, _P.READ_PRESCRIPTION, _P.READ_EVIDENCE, _P.READ_ORDER}
        | {_P.CANCEL_ORDER, _P.READ_REFILL}
    ),
    Role.WORKER: frozenset(),
    Role.OPERATOR: frozenset(Permission),
}
"""The administrator reads no patient data; the auditor writes nothing; physicians and EHR clients
see only what belongs to their own prescribers (`Actor.npis`)."""


class PermissionMissing(NotPermitted):
    """The role does not allow it."""

    code = "permission-missing"


class SecondPersonNeeded(Conflict):
    """Who made it may not check it."""

    code = "second-person-needed"
    remedy = "Ask a pharmacist who did not make it."


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
OPERATOR: Final = Actor(id=None, kind="operator", roles=frozenset({Role.OPERATOR}))


def require_second_person(*, maker: UUID | None, checker: UUID | None) -> None:
    """Raise SecondPersonNeeded when maker and checker are one, or either is unknown."""
    if maker is None or checker is None or maker == checker:
        raise SecondPersonNeeded("whoever made this may not check it")
