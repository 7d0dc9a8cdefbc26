"""What people and machines do with printers and copies."""

from pharmacy.printing.operations.agents import (
    AgentNameTaken,
    Enrolled,
    QuestionAnswered,
    disable_agent,
    enrol_agent,
    fetch,
    report,
)
from pharmacy.printing.operations.asking import (
    CopyInTheWay,
    NoPrinter,
    print_order,
    reprint,
    resolve,
    try_again,
)
from pharmacy.printing.operations.packing import (
    CopyUnknown,
    CopyVoid,
    LabelsUnconfirmed,
    LeafletUnprinted,
    confirm,
    pack,
    require_confirmed,
    require_leaflet_printed,
)
from pharmacy.printing.operations.printers import (
    PrinterNameTaken,
    PrinterRetired,
    add_printer,
    heard_of,
    retire_printer,
    set_workstation,
)
from pharmacy.printing.operations.sending import Errand, begin, end
from pharmacy.printing.operations.settling import settle
from pharmacy.printing.operations.trying import begin_test, end_test, give_up_tests, try_printer

__all__ = [
    "AgentNameTaken",
    "CopyInTheWay",
    "CopyUnknown",
    "CopyVoid",
    "Enrolled",
    "Errand",
    "LabelsUnconfirmed",
    "LeafletUnprinted",
    "NoPrinter",
    "PrinterNameTaken",
    "PrinterRetired",
    "QuestionAnswered",
    "add_printer",
    "begin",
    "begin_test",
    "confirm",
    "disable_agent",
    "end",
    "end_test",
    "enrol_agent",
    "fetch",
    "give_up_tests",
    "heard_of",
    "pack",
    "print_order",
    "report",
    "reprint",
    "require_confirmed",
    "require_leaflet_printed",
    "resolve",
    "retire_printer",
    "set_workstation",
    "settle",
    "try_again",
    "try_printer",
]
