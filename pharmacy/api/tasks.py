"""The receipt of a prescription as a FHIR R4 Task, as an EHR understands it."""

from typing import Any, Final

from pharmacy.kernel import ids
from pharmacy.orders.operations import Receipt
from pharmacy.prescriptions.models import Prescription

TASK_CODES: Final = "http://hl7.org/fhir/CodeSystem/task-code"
BUSINESS_STATUS: Final = "urn:ldn-pharmacy:order-status"
ORDER: Final = "urn:ldn-pharmacy:order"


def task_of(receipt: Receipt) -> dict[str, Any]:
    """
    Return the Task of a received set: accepted, with every request as its basis.

    It speaks of the moment of receipt, so that the same bytes again get the same answer.
    """
    order = ids.encode("ord", receipt.order.id)
    fills = sum(each.authorised_fills for each in receipt.prescriptions)
    received = receipt.order.received_at.isoformat()
    return {
        "resourceType": "Task",
        "id": order.replace("_", "-"),
        "identifier": [{"system": ORDER, "value": order}],
        "basedOn": [_request(each) for each in receipt.prescriptions],
        "status": "accepted",
        "businessStatus": {"coding": [{"system": BUSINESS_STATUS, "code": "received"}]},
        "intent": "order",
        "code": {"coding": [{"system": TASK_CODES, "code": "fulfill"}]},
        "focus": _request(receipt.prescriptions[0]),
        "authoredOn": received,
        "lastModified": received,
        "restriction": {"repetitions": fills},
    }


def _request(prescription: Prescription) -> dict[str, Any]:
    identifier = {"system": prescription.request_system, "value": prescription.request_value}
    return {"type": "MedicationRequest", "identifier": identifier}
