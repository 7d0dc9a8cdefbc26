"""Every page, and who looks at it. A new page is one more line here."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from pharmacy.kernel.ids import encode
from pharmacy.staff.rules import Role
from tests.browser.conftest import Console

Address = str | Callable[[Console], str]


@dataclass(frozen=True)
class Shown:
    """A page as somebody sees it; `keys` are pressed first."""

    name: str
    role: Role | None
    address: Address
    keys: tuple[str, ...] = ()
    status: int = 200

    def path(self, console: Console) -> str:
        return self.address if isinstance(self.address, str) else self.address(console)


def order_called(name: str) -> Address:
    """Return the address of an order by the name that tests use."""
    return lambda console: f"/orders/{encode('ord', console.orders[name].id)}"


def health_of(name: str) -> Address:
    """Return where an order's patient is asked."""
    return lambda console: f"/orders/{encode('ord', console.orders[name].id)}/health"


def first_of(table: str, prefix: str, at: str, where: str = "true") -> Address:
    """Return the address of the first row of a table."""

    def path(console: Console) -> str:
        with console.session() as session:
            found = session.scalar(text(f"select id from {table} where {where} order by id"))
        return at + (encode(prefix, found) if prefix else str(found))

    return path


def first_npi(console: Console) -> str:
    """Return the address of a prescriber."""
    with console.session() as session:
        npi = session.scalar(text("select npi from prescribers order by npi"))
    return f"/admin/prescribers/{npi}"


def batch_of(capsules: int) -> Address:
    """Return the address of a batch that tests know by how many capsules it is."""
    return first_of("batches", "bat", "/bench/", where=f"capsules = {capsules}")


REMAINDER = first_of("orders", "ord", "/orders/", where="kind = 'remainder'")
UNKNOWN_COPY = first_of("label_copies", "cpy", "/labels/", where="state = 'unknown'")
WAITING_LOT = first_of("ingredient_lots", "ing", "/bench/powder/", where="status = 'quarantined'")
WAITING_SHELLS = first_of("shell_lots", "shl", "/bench/shells/", where="status = 'quarantined'")
USED_SHELLS = first_of(
    "shell_lots",
    "shl",
    "/bench/shells/",
    where="id in (select lot_id from shell_moves where kind = 'filled')",
)
RECALLED_LOT = first_of("ingredient_lots", "ing", "/bench/powder/", "lot_number = 'NTX-2511'")
RECALLED_ORDER = first_of("orders", "ord", "/orders/", where="status = 'recalled'")
RECALL_OF_MANY = first_of("recalls", "rcl", "/bench/recalls/", where="reason like 'The supplier%'")
TO_DESTROY = first_of(
    "orders",
    "ord",
    "/orders/",
    where="id in (select order_id from containers"
    " where returned_at is not null and destroyed_at is null)",
)
OWN_DRAFT = first_of(
    "formulation_proposals", "fmp", "/bench/formulas/proposals/", where="strength_ug = 2500"
)
LOT_TRACED = first_of("capsule_lots", "lot", "/bench/recalls/new?lot=")
SHOWN = (
    Shown("sign-in", None, "/sign-in"),
    Shown("welcome", None, "/welcome"),
    Shown("choose-password", None, "/choose-password"),
    Shown("account", Role.TECHNICIAN, "/account"),
    Shown("keys", Role.TECHNICIAN, "/queue", ("?",)),
    Shown("locked", Role.TECHNICIAN, "/queue", ("Shift+L",)),
    Shown("nothing-here", Role.TECHNICIAN, "/nowhere", status=404),
    Shown("queue-technician", Role.TECHNICIAN, "/queue"),
    Shown("queue-pharmacist", Role.PHARMACIST, "/queue"),
    *(
        Shown(f"order-{name.replace(' ', '-')}", role, order_called(name))
        for name, role in (
            ("to review", Role.PHARMACIST),
            ("planned", Role.TECHNICIAN),
            ("to pack", Role.TECHNICIAN),
            ("to check", Role.PHARMACIST),
            ("ready", Role.TECHNICIAN),
            ("findings", Role.PHARMACIST),
            ("sent", Role.TECHNICIAN),
        )
    ),
    Shown("order-ask-patient", Role.TECHNICIAN, health_of("new")),
    Shown("order-ask-yes", Role.TECHNICIAN, health_of("new"), ("y",)),
    Shown("order-asked", Role.PHARMACIST, health_of("findings")),
    Shown("order-divided", Role.PHARMACIST, order_called("divided")),
    Shown("order-remainder", Role.PHARMACIST, REMAINDER),
    Shown("order-divide", Role.PHARMACIST, order_called("to pack"), ("v",)),
    Shown("order-divide-planned", Role.PHARMACIST, order_called("planned"), ("v",)),
    Shown("order-replaced", Role.PHARMACIST, order_called("replaced")),
    Shown("order-replace", Role.PHARMACIST, order_called("replaced"), ("v",)),
    Shown("order-approve", Role.PHARMACIST, order_called("to review"), ("a",)),
    Shown("order-release", Role.PHARMACIST, order_called("to check"), ("f",)),
    Shown("order-hand-over", Role.TECHNICIAN, order_called("ready"), ("o",)),
    Shown("order-take", Role.TECHNICIAN, order_called("planned"), ("t",)),
    Shown("order-decide", Role.PHARMACIST, order_called("findings"), ("d",)),
    Shown("order-ask", Role.PHARMACIST, order_called("findings"), ("q",)),
    Shown("order-strategy", Role.PHARMACIST, order_called("to review"), ("s",)),
    Shown("order-reading", Role.PHARMACIST, order_called("to pack"), ("m",)),
    Shown("order-send", Role.TECHNICIAN, order_called("ready"), ("s",)),
    Shown("order-came-back", Role.TECHNICIAN, order_called("sent"), ("e",)),
    Shown("order-destroy", Role.TECHNICIAN, TO_DESTROY, ("x",)),
    Shown("order-to-destroy", Role.TECHNICIAN, TO_DESTROY),
    Shown("shipping", Role.TECHNICIAN, "/shipping"),
    Shown("refills", Role.TECHNICIAN, "/refills"),
    Shown("refills-coming", Role.PHARMACIST, "/refills?view=coming"),
    Shown("refills-renewal", Role.PHARMACIST, "/refills?view=renewal"),
    Shown("questions", Role.PHARMACIST, "/questions"),
    Shown("labels", Role.TECHNICIAN, "/labels"),
    Shown("labels-test", Role.TECHNICIAN, "/labels", ("t",)),
    Shown("label-unknown", Role.TECHNICIAN, UNKNOWN_COPY),
    Shown("label-reprint", Role.TECHNICIAN, UNKNOWN_COPY, ("p",)),
    Shown("admin", Role.ADMINISTRATOR, "/admin"),
    Shown("staff", Role.ADMINISTRATOR, "/admin/staff"),
    Shown("staff-add", Role.ADMINISTRATOR, "/admin/staff", ("n",)),
    Shown("staff-member", Role.ADMINISTRATOR, first_of("accounts", "acc", "/admin/staff/")),
    Shown("printers", Role.ADMINISTRATOR, "/admin/printers"),
    Shown("printers-add", Role.ADMINISTRATOR, "/admin/printers", ("n",)),
    Shown("printers-technician", Role.TECHNICIAN, "/admin/printers"),
    Shown("printer", Role.ADMINISTRATOR, first_of("printers", "prn", "/admin/printers/")),
    Shown("jobs", Role.ADMINISTRATOR, "/admin/jobs"),
    Shown("job", Role.ADMINISTRATOR, first_of("jobs", "", "/admin/jobs/", where="state = 'dead'")),
    Shown("registries", Role.ADMINISTRATOR, "/admin/registries"),
    Shown("registries-send", Role.ADMINISTRATOR, "/admin/registries", ("n",)),
    Shown("policies-change", Role.ADMINISTRATOR, "/admin/policies", ("c",)),
    Shown("prescribers", Role.ADMINISTRATOR, "/admin/prescribers"),
    Shown("prescribers-enrol", Role.ADMINISTRATOR, "/admin/prescribers", ("n",)),
    Shown("prescriber", Role.PHARMACIST, first_npi),
    Shown("prescriber-propose", Role.ADMINISTRATOR, first_npi, ("n",)),
    Shown("clinics", Role.ADMINISTRATOR, "/admin/clinics"),
    Shown("clinic", Role.ADMINISTRATOR, first_of("ehr_clients", "ehr", "/admin/clinics/")),
    Shown("checks", Role.ADMINISTRATOR, "/admin/checks"),
    Shown("reasons", Role.ADMINISTRATOR, "/admin/reasons"),
    Shown("reason", Role.ADMINISTRATOR, "/admin/reasons/reject/not-clarified"),
    Shown("policies", Role.ADMINISTRATOR, "/admin/policies"),
    Shown("texts", Role.PHARMACIST, "/admin/texts"),
    Shown("text-part", Role.PHARMACIST, "/admin/texts/es/label"),
    Shown("text-new", Role.PHARMACIST, "/admin/texts/es/label/new"),
    Shown("audit", Role.AUDITOR, "/audit"),
    Shown("audit-search", Role.AUDITOR, "/audit", ("s",)),
    Shown("audit-narrowed", Role.AUDITOR, "/audit?action=queue.read"),
    Shown("audit-chain", Role.AUDITOR, "/audit/chain"),
    Shown("order-auditor", Role.AUDITOR, order_called("ready")),
    Shown("looks", Role.AUDITOR, lambda console: f"/audit{console.page_of('to pack too')}/looks"),
    Shown("flow", Role.PHARMACIST, "/flow"),
    Shown("flow-year", Role.TECHNICIAN, "/flow?days=364"),
    Shown("queue-all", Role.PHARMACIST, "/queue?view=all"),
    Shown("queue-narrowed", Role.TECHNICIAN, "/queue?view=all&status=labeling&whose=mine"),
    Shown("queue-keep", Role.TECHNICIAN, "/queue?view=all&status=planned", ("v",)),
    Shown("queue-views", Role.TECHNICIAN, "/queue/views"),
    Shown("search", Role.TECHNICIAN, "/search"),
    Shown("search-found", Role.TECHNICIAN, "/queue", ("/", *"kova", "Enter")),
    Shown("search-nothing", Role.TECHNICIAN, "/queue", ("/", *"nobody", "Enter")),
    Shown("bench-technician", Role.TECHNICIAN, "/bench"),
    Shown("bench-pharmacist", Role.PHARMACIST, "/bench"),
    Shown("bench-make", Role.PHARMACIST, "/bench", ("m",)),
    *(
        Shown(f"batch-{name}", role, batch_of(capsules))
        for capsules, (name, role) in enumerate(
            (
                ("untouched", Role.TECHNICIAN),
                ("to-scan", Role.TECHNICIAN),
                ("scanned", Role.TECHNICIAN),
                ("half-weighed", Role.TECHNICIAN),
                ("to-verify", Role.PHARMACIST),
                ("called", Role.PHARMACIST),
                ("timed", Role.TECHNICIAN),
                ("capsules", Role.TECHNICIAN),
                ("to-release", Role.PHARMACIST),
                ("failed", Role.PHARMACIST),
                ("at-the-laboratory", Role.PHARMACIST),
            ),
            start=100,
        )
    ),
    Shown("batch-verify", Role.PHARMACIST, batch_of(104), ("v",)),
    Shown("batch-release", Role.PHARMACIST, batch_of(108), ("e",)),
    Shown("batch-conclude", Role.PHARMACIST, batch_of(109), ("i",)),
    Shown("batch-sample", Role.PHARMACIST, batch_of(110), ("s",)),
    Shown("batch-result", Role.PHARMACIST, batch_of(110), ("t",)),
    Shown("batch-recalled", Role.PHARMACIST, batch_of(600)),
    Shown("batch-typed", Role.TECHNICIAN, batch_of(107), ("y",)),
    Shown("powder", Role.TECHNICIAN, "/bench/powder"),
    Shown("powder-receive", Role.TECHNICIAN, "/bench/powder/new"),
    Shown("powder-lot", Role.PHARMACIST, WAITING_LOT),
    Shown("powder-recalled", Role.PHARMACIST, RECALLED_LOT),
    Shown("powder-accept", Role.PHARMACIST, WAITING_LOT, ("a",)),
    Shown("shell-lot", Role.PHARMACIST, WAITING_SHELLS),
    Shown("shell-lot-used", Role.TECHNICIAN, USED_SHELLS),
    Shown("shells", Role.PHARMACIST, "/bench/shells"),
    Shown("shells-receive", Role.TECHNICIAN, "/bench/shells", ("n",)),
    Shown("formulas", Role.PHARMACIST, "/bench/formulas"),
    Shown("formulas-write", Role.PHARMACIST, "/bench/formulas", ("n",)),
    Shown("formula-draft", Role.PHARMACIST, OWN_DRAFT),
    Shown("formula-step", Role.PHARMACIST, OWN_DRAFT, ("j", "j", "j", "Enter")),
    Shown("recalls", Role.PHARMACIST, "/bench/recalls"),
    Shown("recalls-find", Role.TECHNICIAN, "/bench/recalls", ("t",)),
    Shown("recall-trace", Role.PHARMACIST, LOT_TRACED),
    Shown("recall-open", Role.PHARMACIST, LOT_TRACED, ("o",)),
    Shown("recall", Role.PHARMACIST, first_of("recalls", "rcl", "/bench/recalls/")),
    Shown("recall-wide", Role.PHARMACIST, RECALL_OF_MANY),
    Shown("order-recalled", Role.TECHNICIAN, RECALLED_ORDER),
    Shown("order-vials-back", Role.TECHNICIAN, RECALLED_ORDER, ("e",)),
    Shown("recall-close", Role.PHARMACIST, first_of("recalls", "rcl", "/bench/recalls/"), ("c",)),
    Shown("formula", Role.AUDITOR, first_of("formulations", "fmn", "/bench/formulas/")),
)
