"""What people do at the bench, one function for each thing."""

from pharmacy.compounding.operations.deciding import (
    conclude,
    gates,
    gates_of,
    investigate_each,
    quarantine,
    release,
    scrap,
)
from pharmacy.compounding.operations.making import blend, check_shells, fill
from pharmacy.compounding.operations.planning import WrongLot, check_lot, plan, scan_lots
from pharmacy.compounding.operations.preparing import (
    answer_call,
    call_pharmacist,
    finish_step,
    finish_timer,
    keep_photo,
    start_timer,
    tick,
)
from pharmacy.compounding.operations.sampling import record_result, send_sample
from pharmacy.compounding.operations.testing import Trial, judge, weigh_capsules
from pharmacy.compounding.operations.weighing import (
    Reading,
    add_balance,
    allowed,
    targets,
    targets_from,
    verify,
    void,
    weigh,
)

__all__ = [
    "Reading",
    "Trial",
    "WrongLot",
    "add_balance",
    "allowed",
    "answer_call",
    "blend",
    "call_pharmacist",
    "check_lot",
    "check_shells",
    "conclude",
    "fill",
    "finish_step",
    "finish_timer",
    "gates",
    "gates_of",
    "investigate_each",
    "judge",
    "keep_photo",
    "plan",
    "quarantine",
    "record_result",
    "release",
    "scan_lots",
    "scrap",
    "send_sample",
    "start_timer",
    "targets",
    "targets_from",
    "tick",
    "verify",
    "void",
    "weigh",
    "weigh_capsules",
]
