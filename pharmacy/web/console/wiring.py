"""Every page of the console, and what all of them may ask for by name."""

from typing import Final

from litestar import Controller, Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from pharmacy.http.bodies import FORM
from pharmacy.http.edge import PAGE_POLICY
from pharmacy.http.forms import form_of
from pharmacy.web.assets import assets
from pharmacy.web.console.account import AccountPages
from pharmacy.web.console.admin import AdminPages
from pharmacy.web.console.admin_clients import ClinicPages
from pharmacy.web.console.admin_corrections import CorrectionPages
from pharmacy.web.console.admin_jobs import JobPages
from pharmacy.web.console.admin_prescribers import PrescriberPages
from pharmacy.web.console.admin_printers import PrinterPages
from pharmacy.web.console.admin_reasons import ReasonPages
from pharmacy.web.console.admin_registries import RegistryPages
from pharmacy.web.console.admin_staff import StaffPages
from pharmacy.web.console.admin_texts import TextPages
from pharmacy.web.console.audit_chain import AuditChain
from pharmacy.web.console.audit_pages import AuditPages
from pharmacy.web.console.batch_quality import QualityPages
from pharmacy.web.console.batch_samples import SamplePages
from pharmacy.web.console.batch_steps import StepPages
from pharmacy.web.console.batch_weighing import WeighingPages
from pharmacy.web.console.batches import BatchPages, Draw
from pharmacy.web.console.bench import BenchPages
from pharmacy.web.console.flow_page import FlowPages
from pharmacy.web.console.formula_drafts import FormulaDrafts
from pharmacy.web.console.formulas import FormulaPages
from pharmacy.web.console.news import NewsPages
from pharmacy.web.console.order_again import OrderAgain
from pharmacy.web.console.order_bench import OrderBench
from pharmacy.web.console.order_contact import OrderContact
from pharmacy.web.console.order_health import OrderHealth
from pharmacy.web.console.order_holds import OrderHolds
from pharmacy.web.console.order_leaving import OrderLeaving, ShippingPages
from pharmacy.web.console.order_parts import OrderParts
from pharmacy.web.console.order_pictures import OrderPictures
from pharmacy.web.console.order_questions import OrderQuestions, QuestionPages
from pharmacy.web.console.order_reading import OrderReading
from pharmacy.web.console.order_review import OrderReview
from pharmacy.web.console.orders import OrderPages
from pharmacy.web.console.own_views import OwnViewPages
from pharmacy.web.console.paper import PaperPages
from pharmacy.web.console.powder import PowderPages
from pharmacy.web.console.queue_arrivals import QueueArrivals
from pharmacy.web.console.queue_pages import QueuePages
from pharmacy.web.console.recalls import RecallPages
from pharmacy.web.console.refills import RefillPages
from pharmacy.web.console.scans import ScanPages
from pharmacy.web.console.search import SearchPages
from pharmacy.web.console.shells import ShellPages
from pharmacy.web.console.signing_in import DoorPages, SessionPages
from pharmacy.web.live import News
from pharmacy.web.refusals import Refusals
from pharmacy.web.view import Viewing

PAGES: Final[list[type[Controller]]] = [
    AccountPages,
    AdminPages,
    AuditChain,
    AuditPages,
    ClinicPages,
    CorrectionPages,
    BatchPages,
    BenchPages,
    DoorPages,
    FlowPages,
    FormulaDrafts,
    FormulaPages,
    JobPages,
    NewsPages,
    OrderBench,
    OrderContact,
    OrderHealth,
    OrderHolds,
    OrderLeaving,
    OrderPages,
    OrderParts,
    OrderAgain,
    OrderPictures,
    OrderQuestions,
    OrderReading,
    OrderReview,
    OwnViewPages,
    PaperPages,
    PrescriberPages,
    PowderPages,
    PrinterPages,
    QualityPages,
    QuestionPages,
    QueueArrivals,
    QueuePages,
    ReasonPages,
    RecallPages,
    RefillPages,
    RegistryPages,
    SamplePages,
    ScanPages,
    SearchPages,
    SessionPages,
    ShippingPages,
    ShellPages,
    StaffPages,
    TextPages,
    StepPages,
    WeighingPages,
]

CONSOLE: Final = {
    "console": True,
    "content_type": FORM,
    "content_security_policy": PAGE_POLICY,
}
"""A browser's session lets in, forms come in, nothing inline goes out."""


def routes(
    viewing: Viewing, refusals: Refusals, news: News, worksheet: Draw
) -> list[ControllerRouterHandler]:
    """
    Return the console's routes; errors are pages.

    They may ask for `view`, `form`, `news` and `worksheet`.
    """
    router = Router(
        "/",
        route_handlers=PAGES,
        dependencies={
            "view": Provide(viewing.view),
            "form": Provide(form_of),
            "news": Provide(lambda: news, sync_to_thread=False),
            "worksheet": Provide(lambda: worksheet, sync_to_thread=False),
        },
        exception_handlers=refusals.handlers(),
        include_in_schema=False,
        opt=CONSOLE,
    )
    return [router, assets]
