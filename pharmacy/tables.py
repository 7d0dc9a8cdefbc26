"""Imports every module of tables, so that `Base.metadata` is whole."""

import pharmacy.formulary.models  # noqa: F401
import pharmacy.infra.audit  # noqa: F401
import pharmacy.infra.idempotency  # noqa: F401
import pharmacy.infra.jobs  # noqa: F401
import pharmacy.inventory.models  # noqa: F401
import pharmacy.labels.models  # noqa: F401
import pharmacy.orders.models  # noqa: F401
import pharmacy.patients.models  # noqa: F401
import pharmacy.practice.models  # noqa: F401
import pharmacy.prescribers.models  # noqa: F401
import pharmacy.prescriptions.models  # noqa: F401
import pharmacy.refills.models  # noqa: F401
import pharmacy.screening.models  # noqa: F401
import pharmacy.staff.models  # noqa: F401
import pharmacy.titration.models  # noqa: F401
from pharmacy.infra.db import Base

METADATA = Base.metadata
