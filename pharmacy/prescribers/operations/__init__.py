"""What is done about prescribers: checking them, their keys, and loading public registries."""

from pharmacy.prescribers.operations.checks import Verdict, check
from pharmacy.prescribers.operations.corrections import (
    confirm_correction,
    propose_correction,
    reject_correction,
)
from pharmacy.prescribers.operations.identity import IdentityService
from pharmacy.prescribers.operations.keys import (
    approve_key,
    enrol,
    propose_key,
    revoke_key,
)
from pharmacy.prescribers.operations.registry import (
    import_leie,
    import_licenses,
    import_nppes,
)
from pharmacy.prescribers.operations.registry_takeover import Imported
from pharmacy.prescribers.operations.registry_uploads import Described, receive
from pharmacy.prescribers.operations.registry_uploads import go_on as go_on_importing

__all__ = [
    "Described",
    "IdentityService",
    "Imported",
    "Verdict",
    "approve_key",
    "check",
    "confirm_correction",
    "enrol",
    "go_on_importing",
    "import_leie",
    "import_licenses",
    "import_nppes",
    "propose_correction",
    "propose_key",
    "receive",
    "reject_correction",
    "revoke_key",
]
