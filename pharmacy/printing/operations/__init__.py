"""What people and machines do with printers and copies."""

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
    confirm,
    pack,
    require_confirmed,
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

__all__ = [
    "CopyInTheWay",
    "CopyUnknown",
    "CopyVoid",
    "Errand",
    "LabelsUnconfirmed",
    "NoPrinter",
    "PrinterNameTaken",
    "PrinterRetired",
    "add_printer",
    "begin",
    "confirm",
    "end",
    "heard_of",
    "pack",
    "print_order",
    "reprint",
    "require_confirmed",
    "resolve",
    "retire_printer",
    "set_workstation",
    "try_again",
]
