"""Printers, and orders whose labels wait for paper."""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.infra.printers import Networks
from pharmacy.kernel.ids import new_id
from pharmacy.labels import operations as labels
from pharmacy.labels.drawing import Language
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.printing import operations
from pharmacy.printing.models import LabelCopy, Printer
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.staff import PEPPER, make_actor

LOOPBACK = Networks.read(["127.0.0.0/8", "::1/128"])
PLACE = "bench-1"


def make_printer(session: Session, address: str = "folder:bench-1", **changes: Any) -> Printer:
    """Add a printer under a name of its own."""
    facts: dict[str, Any] = {
        "name": f"Printer at {address}",
        "address": address,
        "language": Language.PDF,
        "dpi": 203,
        "stock": "4x2",
        "networks": LOOPBACK,
        "by": make_actor(session, Role.ADMINISTRATOR),
        "now": NOW,
    }
    return operations.add_printer(session, **(facts | changes))


def furnish(session: Session, printer: Printer, page_printer: Printer | None = None) -> None:
    """Give the workplace its printers."""
    operations.set_workstation(
        session,
        PLACE,
        label_printer=printer,
        page_printer=page_printer,
        by=make_actor(session, Role.ADMINISTRATOR),
        now=NOW,
    )


def labelled_order(bench: Bench) -> Order:
    """Return an order whose three labels and leaflet are drawn."""
    order = bench.order(Status.PLANNED)
    orders.allocate(bench.session, order.id, by=bench.technician, now=bench.now)
    labels.render(bench.session, order.id, now=bench.now)
    return order


def printed(bench: Bench, order: Order) -> list[LabelCopy]:
    """Ask for all labels of an order, at the workplace that has printers."""
    return operations.print_order(
        bench.session, order.id, workstation=PLACE, by=bench.technician, now=bench.now
    )


def first_label(session: Session, order: Order) -> Label:
    """Return the label of an order's first container."""
    found = labels.queries.of_order(session, order.id)
    return next(each for each in found if each.kind is LabelKind.CONTAINER)


def spool(tmp_path: Path, name: str = "bench-1") -> list[Path]:
    """Return what a folder printer put out."""
    return sorted((tmp_path / name).glob("*"))


def make_agent(session: Session) -> str:
    """Enrol a print agent; return its key."""
    enrolled = operations.enrol_agent(
        session,
        f"Agent {new_id()}",
        pepper=PEPPER,
        by=make_actor(session, Role.ADMINISTRATOR),
        now=NOW,
    )
    return enrolled.key
