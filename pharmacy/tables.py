"""Imports every module of tables, so that `Base.metadata` is whole."""

import pharmacy.compounding.models
import pharmacy.formulary.models
import pharmacy.infra.audit
import pharmacy.infra.audit_walks
import pharmacy.infra.idempotency
import pharmacy.infra.jobs
import pharmacy.infra.record_checks
import pharmacy.inventory.models
import pharmacy.labels.models
import pharmacy.orders.models
import pharmacy.patients.models
import pharmacy.practice.models
import pharmacy.prescribers.models
import pharmacy.prescriptions.models
import pharmacy.printing.models
import pharmacy.recalls.models
import pharmacy.refills.models
import pharmacy.screening.models
import pharmacy.shipping.models
import pharmacy.staff.models
import pharmacy.titration.models  # noqa: F401
from pharmacy.infra.db import Base

METADATA = Base.metadata
