"""What is done about prescribers: checking them, their keys, and loading public registries."""

from pharmacy.prescribers.operations.checks import Verdict, check, check_is_fresh
from pharmacy.prescribers.operations.identity import IdentityService
from pharmacy.prescribers.operations.keys import (
    approve_key,
    enrol,
    propose_key,
    revoke_key,
)
from pharmacy.prescribers.operations.registry import (
    Imported,
    import_leie,
    import_licenses,
    import_nppes,
)

__all__ = [
    "IdentityService",
    "Imported",
    "Verdict",
    "approve_key",
    "check",
    "check_is_fresh",
    "enrol",
    "import_leie",
    "import_licenses",
    "import_nppes",
    "propose_key",
    "revoke_key",
]
