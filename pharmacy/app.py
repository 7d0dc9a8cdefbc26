"""The only place that wires HTTP together."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Controller, Litestar, Request
from litestar.di import Provide
from litestar.exceptions import HTTPException

from pharmacy.api.audit import AuditController
from pharmacy.api.batch_decisions import BatchDecisionController
from pharmacy.api.batches import BatchController, ProposalController
from pharmacy.api.clarifications import ClarificationController
from pharmacy.api.clients import ClientController
from pharmacy.api.contacts import ContactController
from pharmacy.api.findings import FindingController, OrderFindingsController
from pharmacy.api.flow import FlowController
from pharmacy.api.formulations import FormulationController
from pharmacy.api.health import HealthController, MetricsController
from pharmacy.api.jobs import JobController
from pharmacy.api.label_texts import LabelTextController
from pharmacy.api.labels import LabelController
from pharmacy.api.lots import CapsuleLotController, IngredientLotController
from pharmacy.api.materials import BarcodeController, PowderController, ShellLotController
from pharmacy.api.order_leaving import LeavingController
from pharmacy.api.order_parts import PartController
from pharmacy.api.order_returns import ReturnController
from pharmacy.api.order_steps import StepController
from pharmacy.api.orders import QueueController
from pharmacy.api.parcels import ParcelController
from pharmacy.api.patients import PatientController
from pharmacy.api.pictures import PictureController
from pharmacy.api.plans import PlanController
from pharmacy.api.practice import PracticeController
from pharmacy.api.preparation import PreparationController
from pharmacy.api.prescriber_corrections import CorrectionController, CorrectionsController
from pharmacy.api.prescribers import PrescriberController, PrescriberKeyController
from pharmacy.api.prescriptions import PrescriptionController
from pharmacy.api.print_agents import PrintAgentController
from pharmacy.api.printers import PrinterController, WorkstationController
from pharmacy.api.prints import PrintController
from pharmacy.api.reasons import ReasonController
from pharmacy.api.recalls import RecallController, RecallNoticeController, TraceController
from pharmacy.api.record_checks import RecordCheckController
from pharmacy.api.refills import RefillController
from pharmacy.api.samples import SampleController
from pharmacy.api.second_check import SecondCheckController
from pharmacy.api.staff import MeController, SignInController, StaffController
from pharmacy.api.stock_labels import StockLabelController
from pharmacy.api.weighings import BalanceController, WeighingController
from pharmacy.api.worksheets import of_batch
from pharmacy.http import bodies, openapi, problems
from pharmacy.http.dependencies import Clock, current_actor, system_clock
from pharmacy.http.edge import Edge
from pharmacy.http.guards import Guard, require_every_route_asks
from pharmacy.http.idempotency import AnsweredBefore, KeepAnswers, answered_before, claiming
from pharmacy.http.peers import peer_of
from pharmacy.infra.db import Database
from pharmacy.infra.metrics import Metrics
from pharmacy.labels.pdf import fonts
from pharmacy.settings import SettingMissing, Settings
from pharmacy.staff.rules import require_separate_duties
from pharmacy.web.console import wiring as console
from pharmacy.web.live import News
from pharmacy.web.pages import STATIC, static_files
from pharmacy.web.refusals import Refusals, problem_or_page
from pharmacy.web.view import Viewing

CONTROLLERS: Final[list[type[Controller]]] = [
    AuditController,
    BarcodeController,
    BalanceController,
    BatchController,
    BatchDecisionController,
    CapsuleLotController,
    ClarificationController,
    ClientController,
    FindingController,
    FlowController,
    FormulationController,
    HealthController,
    IngredientLotController,
    JobController,
    LabelController,
    LabelTextController,
    MeController,
    MetricsController,
    OrderFindingsController,
    ParcelController,
    ContactController,
    PatientController,
    PictureController,
    PlanController,
    PowderController,
    PreparationController,
    SampleController,
    PracticeController,
    CorrectionController,
    CorrectionsController,
    PrescriberController,
    PrescriberKeyController,
    PrescriptionController,
    PrintAgentController,
    PrintController,
    PrinterController,
    ProposalController,
    QueueController,
    ReasonController,
    RecallController,
    RecallNoticeController,
    RecordCheckController,
    RefillController,
    SecondCheckController,
    ShellLotController,
    SignInController,
    StaffController,
    StockLabelController,
    StepController,
    LeavingController,
    ReturnController,
    PartController,
    TraceController,
    WeighingController,
    WorkstationController,
]


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    controllers: Sequence[type[Controller]] = CONTROLLERS,
) -> Litestar:
    """
    Build the application. Tests give a database, a clock or controllers of their own.

    Raises when a route does not say who may use it, the permissions mix duties, or the pepper of
    the API keys is missing.
    """
    require_separate_duties()
    if not settings.secret:
        raise SettingMissing("PHARMACY_SECRET is not set", variable="PHARMACY_SECRET")
    fonts.fall_back_on(settings.fallback_fonts)
    db = database or Database(settings.database_url)
    now = clock or system_clock
    metrics = Metrics(db)
    viewing = Viewing(settings, db, now)
    refusals = Refusals(settings, viewing)
    news = News(settings.database_url)
    pages = console.routes(viewing, refusals, news, of_batch)
    app = Litestar(
        route_handlers=[*controllers, *pages, static_files()],
        dependencies=_dependencies(settings, db, now, metrics),
        guards=[Guard(db, now, settings)],
        before_request=bodies.require_plain_json,
        request_max_body_size=bodies.MOST_BYTES,
        middleware=[KeepAnswers()],
        exception_handlers={
            **problems.HANDLERS,
            HTTPException: problem_or_page(refusals, problems.failed),
            AnsweredBefore: answered_before,
        },
        openapi_config=openapi.config(STATIC),
        logging_config=None,
        on_shutdown=[news.close] if database else [news.close, db.close],
    )
    app.state.news = news
    require_every_route_asks(app.routes)
    app.asgi_handler = Edge(app.asgi_handler, metrics, over_tls=settings.secure_cookies)
    return app


def _dependencies(
    settings: Settings, db: Database, now: Clock, metrics: Metrics
) -> dict[str, Provide]:
    async def database_of(request: Request[Any, Any, Any]) -> Database:
        return await claiming(request, db, now)

    def peer(request: Request[Any, Any, Any]) -> str:
        return peer_of(request, settings)

    return {
        "db": Provide(database_of),
        "actor": Provide(current_actor, sync_to_thread=False),
        "now": Provide(now, sync_to_thread=False),
        "peer": Provide(peer, sync_to_thread=False),
        "settings": Provide(lambda: settings, sync_to_thread=False),
        "metrics": Provide(lambda: metrics, sync_to_thread=False),
    }
