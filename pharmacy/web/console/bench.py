"""The bench: which batch is made next, and which batches waiting orders need."""

from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from msgspec import Meta

from pharmacy.compounding import queries
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db, Now
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import mg
from pharmacy.orders import operations as orders
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_state import lines_of
from pharmacy.web.view import Action, Answer, CurrentView

MOST_SHOWN: Final = 50
A_YEAR: Final = 31_536_000
BALANCE: Final = "balance"
"""The cookie that remembers which balance stands at this workplace."""
OVER: Final = {"released": BatchStatus.RELEASED, "rejected": BatchStatus.REJECTED}


class AcceptForm(msgspec.Struct, frozen=True):
    """A batch that a pharmacist wants made."""

    strength_mg: Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$")]
    capsules: Annotated[int, Meta(ge=1, le=100_000)]
    justification: Annotated[str, Meta(max_length=500)] | None = None


class BalanceForm(msgspec.Struct, frozen=True):
    """The balance at this workplace, and the page to go on with."""

    balance: Annotated[str, Meta(pattern=r"^bal_[0-9a-z]{26}$")]
    onward: Annotated[str, Meta(pattern=r"^bat_[0-9a-z]{26}$")]


class BenchPages(Controller):
    """Batches: what is made next, and what is needed."""

    path = "/bench"

    @get("/", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def show(
        self,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
        over: Annotated[str, QueryParameter(name="view", required=False)] = "",
    ) -> Answer:
        """Show what is made, the most urgent first, and what waiting orders need."""
        with db.transaction() as session:
            if over in OVER:
                past = queries.batches(session, status=OVER[over], limit=MOST_SHOWN)[:MOST_SHOWN]
                lines = lines_of(session, past, actor=actor, now=now)
                lines.sort(key=lambda line: line.batch.planned_at, reverse=True)
                return view.page("bench/index.html", lines=lines, over=over, first=None, plan=None)
            lines = lines_of(session, queries.unfinished(session), actor=actor, now=now)
            first = next((line for line in lines if line.is_yours), None)
            return view.page(
                "bench/index.html",
                actions=_actions(view, first.id if first else ""),
                lines=lines,
                over="",
                first=first,
                plan=orders.propose_batches(session, now=now),
            )

    @post(
        "/batches",
        opt={"permission": Permission.ACCEPT_BATCH},
        status_code=200,
        sync_to_thread=True,
    )
    def accept(
        self, form: Form, view: CurrentView, db: Db, actor: CurrentActor, now: Now
    ) -> Answer:
        """Accept a batch: one that orders wait for, or one beyond, with its justification."""
        given = form.read(AcceptForm)
        with db.transaction() as session:
            batch = orders.accept_batch(
                session,
                strength_ug=mg(given.strength_mg).micrograms,
                capsules=given.capsules,
                justification=given.justification,
                by=actor,
                now=now,
            )
            return view.go("/bench", toast=f"{batch.number} is planned")

    @post("/balance", opt={"permission": Permission.COMPOUND}, status_code=200, sync_to_thread=True)
    def choose_balance(
        self, form: Form, view: CurrentView, db: Db, settings: CurrentSettings
    ) -> Answer:
        """Remember in this browser which balance stands beside it."""
        given = form.read(BalanceForm)
        with db.transaction() as session:
            chosen = queries.get_balance(session, ids.decode("bal", given.balance))
        answer = view.go(f"/bench/{given.onward}", toast=f"Weighing on {chosen.name}")
        answer.set_cookie(
            Cookie(
                key=BALANCE,
                value=given.balance,
                path="/",
                max_age=A_YEAR,
                httponly=True,
                secure=settings.secure_cookies,
                samesite="strict",
            )
        )
        return answer


def _actions(view: CurrentView, first: str) -> list[Action]:
    found = []
    if first:
        found.append(Action("n", "Go to it", href=f"/bench/{first}", kind="primary", scan="NEXT"))
    if view.may(Permission.ACCEPT_BATCH):
        found.append(Action("m", "Make another batch", opens="make"))
    return found
