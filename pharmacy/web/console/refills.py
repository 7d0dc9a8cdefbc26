"""Next fills: whose medicine is due, who will run out, and who needs the prescriber first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, QueryParameter
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.http.refill_reads import note_refills_read
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.orders.rules import Status
from pharmacy.practice import queries as practice
from pharmacy.refills import operations, queries
from pharmacy.refills.models import RefillState
from pharmacy.refills.queries import Doses, DueRow
from pharmacy.refills.rules import EarlyReason
from pharmacy.staff.rules import Actor, Permission
from pharmacy.web.console.queue import amounts
from pharmacy.web.view import Action, Answer, CurrentView, View

AT: Final = "/refills"
READ: Final = {"permission": Permission.READ_REFILL}
HORIZON: Final = timedelta(days=90)
"""How far the list looks ahead: what is to be made is known that long before."""
LAPSED: Final = timedelta(days=60)
"""So long after its day a fill is looked for in a list of its own."""
SOON: Final = timedelta(days=7)
ARROW: Final = " \N{RIGHTWARDS ARROW} "
EARLY: Final = [
    (EarlyReason.PATIENT_REQUEST, "The patient asks for it"),
    (EarlyReason.VACATION, "Vacation"),
    (EarlyReason.LOST_OR_DAMAGED, "Lost or damaged"),
    (EarlyReason.DOSE_CHANGED, "The dose was changed"),
]


class Shown(StrEnum):
    """Which next fills a list shows."""

    DUE = "due"
    COMING = "coming"
    RENEWAL = "renewal"
    LAPSED = "lapsed"


TABS: Final = [
    (Shown.DUE, "Due now"),
    (Shown.COMING, "Coming"),
    (Shown.RENEWAL, "The prescriber must renew"),
    (Shown.LAPSED, "Lapsed"),
]
NOTHING: Final = {
    Shown.DUE: "No fill is due today.",
    Shown.COMING: "No fill falls due in the next three months.",
    Shown.RENEWAL: "No patient waits for a renewal.",
    Shown.LAPSED: "Nobody's fill is more than sixty days past its day.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One next fill, as it stands today."""

    row: DueRow
    today: date

    @property
    def days(self) -> int:
        """Days until it is due; below nought they are past."""
        return (self.row.refill.due_on - self.today).days

    @property
    def runs_out_soon(self) -> bool:
        return self.today < self.row.refill.run_out_on <= self.today + SOON

    @property
    def has_run_out(self) -> bool:
        return self.row.refill.run_out_on <= self.today

    @property
    def doses(self) -> str:
        regimen = self.row.refill.regimen
        steps = regimen["steps"] if regimen else []
        return amounts([each["dose_ug"] for each in steps], ARROW) if steps else ""

    @property
    def waits_for_last(self) -> bool:
        """The fill before it has not reached the patient."""
        return self.row.last.status is not Status.HANDED_OVER

    @property
    def is_early(self) -> bool:
        return self.today < self.row.refill.earliest_on

    @property
    def may_be_ordered(self) -> bool:
        is_scheduled = self.row.refill.state is RefillState.SCHEDULED
        return is_scheduled and not self.waits_for_last and not self.is_early

    @property
    def why_renewed(self) -> str:
        """Why nothing follows that the prescriber authorised already."""
        passed = [each["value"] for each in self.row.refill.working if each["name"] == PASSED]
        return passed[0] if passed else ""


PASSED: Final = "passed-over"


class EarlyForm(msgspec.Struct, frozen=True):
    """Why a fill is made before its day, if it is."""

    early: EarlyReason | None = None


class RefillPages(Controller):
    """Next fills."""

    path = AT

    @get("/", opt=READ, sync_to_thread=True)
    def show(
        self,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        wanted: Annotated[str, QueryParameter(name="view")] = Shown.DUE,
        cursor: Cursor = None,
    ) -> Answer:
        """List next fills, the one due first first."""
        shown = Shown(wanted) if wanted in set(Shown) else Shown.DUE
        start = after(cursor, date, UUID)
        with db.transaction() as session:
            today = practice.site(session).today(view.now)
            rows = _rows(session, shown, today, by=actor, start=start and (start[0], start[1]))
            page = rows_of(rows, limit=USUAL, key=lambda row: (row.refill.due_on, row.refill.id))
            note_refills_read(session, page.items, by=actor, now=view.now)
            lines = [Line(row, today) for row in page.items]
            return view.page(
                "refills/index.html",
                actions=_actions(lines, view),
                lines=lines,
                shown=shown,
                tabs=TABS,
                nothing=NOTHING[shown],
                early=EARLY,
                needed=_needed(session, today) if shown is Shown.COMING else [],
                onward=page.next,
                started=cursor is not None,
            )

    @post(
        "/{refill_id:str}/order",
        opt={"permission": Permission.CREATE_REFILL},
        status_code=200,
        sync_to_thread=True,
    )
    def order(
        self, refill_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Begin the next fill's order, and go on with it."""
        early = form.read(EarlyForm).early
        with db.transaction() as session:
            wanted = ids.decode("rfl", refill_id)
            begun = operations.order_next(session, wanted, early=early, by=actor, now=view.now)
            toast = f"Fill {begun.fill_no} is ordered: Rx {begun.number}"
            return view.go(f"/orders/{ids.encode('ord', begun.id)}", toast=toast)


def _rows(
    session: Session,
    shown: Shown,
    today: date,
    *,
    by: Actor,
    start: tuple[date, UUID] | None,
) -> list[DueRow]:
    tomorrow = today + timedelta(days=1)
    since, before = {
        Shown.DUE: (today - LAPSED, tomorrow),
        Shown.COMING: (tomorrow, tomorrow + HORIZON),
        Shown.RENEWAL: (today - LAPSED, tomorrow + HORIZON),
        Shown.LAPSED: (None, today - LAPSED),
    }[shown]
    state = RefillState.RENEWAL_NEEDED if shown is Shown.RENEWAL else RefillState.SCHEDULED
    return queries.due(
        session, by=by, due_from=since, due_before=before, state=state, after=start, limit=USUAL
    )


def _actions(lines: Sequence[Line], view: View) -> list[Action]:
    """Return the one next action: what is due first is ordered first."""
    first = next((each for each in lines if each.may_be_ordered), None)
    if first is None or not view.may(Permission.CREATE_REFILL):
        return []
    at = f"{AT}/{ids.encode('rfl', first.row.refill.id)}/order"
    return [Action("n", "Order the one due first", post=at, kind="primary", scan="NEXT")]


@dataclass(frozen=True, slots=True)
class Needed:
    """What is needed of one dose until the horizon."""

    doses: Doses

    @property
    def naltrexone_mg(self) -> str:
        """Naltrexone hydrochloride in all, without overage."""
        return str(Mass.of_micrograms(self.doses.dose_ug * self.doses.nights))


def _needed(session: Session, today: date) -> list[Needed]:
    found = queries.needed(session, since=today - LAPSED, until=today + HORIZON)
    return [Needed(each) for each in found]
