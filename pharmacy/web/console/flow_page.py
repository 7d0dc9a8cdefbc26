"""How orders flow: figures of a period as plots. They count steps and never rank people."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from litestar import Controller, get
from litestar.params import QueryParameter

from pharmacy.flow import queries
from pharmacy.flow.queries import Ages, Figures, ReasonGiven
from pharmacy.flow.rules import Period, share
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.infra import audit
from pharmacy.orders.rules import Status
from pharmacy.practice.rules import local_date
from pharmacy.staff.rules import Permission
from pharmacy.web import plots
from pharmacy.web.rendering import words_of
from pharmacy.web.view import Answer, CurrentView

PERIODS: Final = ((7, "7 days"), (28, "4 weeks"), (91, "13 weeks"), (364, "52 weeks"))
BUCKETS: Final = ("under 4 h", "4 to 24 h", "1 to 2 days", "older")
ORDER: Final = {status.value: no for no, status in enumerate(Status)}


class FlowPages(Controller):
    """Figures for everybody who works with orders."""

    path = "/flow"

    @get("/", opt={"permission": Permission.READ_FIGURES}, sync_to_thread=True)
    def show(
        self,
        *,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
        days: Annotated[int, QueryParameter(required=False, ge=1, le=366)] = 28,
    ) -> Answer:
        """Show what waits now, then how the last days went."""
        period = Period(now - timedelta(days=days), now)
        with db.transaction() as session:
            found = queries.figures(session, period, time_zone=view.chrome.zone)
            ages = queries.ages(session, now=now)
            unconfirmed = queries.unconfirmed_labels(session, now=now)
            audit.record(
                session, "figures.read", by=actor, at=now, subject_kind="figures", subject_id=None
            )
        return view.page(
            "flow/index.html",
            periods=PERIODS,
            days=days,
            found=found,
            open_orders=sum(sum(_counts(each)) for each in ages),
            older=sum(each.older for each in ages),
            unconfirmed=unconfirmed,
            ages=_ages(ages),
            whole=_whole(found),
            steps=_steps(found),
            asked=_asked(found),
            sent_back=_weeks(found.sent_back, period, zone=view.chrome.zone),
            out_of_turn=_weeks(found.out_of_turn, period, zone=view.chrome.zone),
            taken_over=_weeks(found.taken_over, period, zone=view.chrome.zone),
            at_first=share(found.released_at_first, found.released),
            on_time=share(found.refills_on_time, found.refills_due),
            spoken=plots.spoken,
        )


def _ages(ages: list[Ages]) -> plots.Bars | None:
    rows = sorted(ages, key=lambda each: ORDER[each.status])
    return plots.bars(BUCKETS, [(words_of(each.status), _counts(each)) for each in rows])


def _counts(ages: Ages) -> tuple[int, int, int, int]:
    return ages.under_4_hours, ages.under_24_hours, ages.under_2_days, ages.older


def _whole(found: Figures) -> plots.Spans | None:
    turn = found.turn_around
    return plots.spans(
        [
            ("All the time", turn.median, turn.p90),
            (
                "Without questions",
                turn.median_without_clarification,
                turn.p90_without_clarification,
            ),
        ]
    )


def _steps(found: Figures) -> plots.Spans | None:
    rows = sorted(found.by_step, key=lambda each: ORDER[each.status])
    return plots.spans([(words_of(each.status), each.median, each.p90) for each in rows])


def _asked(found: Figures) -> plots.Bars | None:
    return plots.bars(
        ("answered", "open"),
        [
            (words_of(each.kind), (each.answered, each.asked - each.answered))
            for each in found.clarifications
        ],
    )


def _weeks(given: Sequence[ReasonGiven], period: Period, *, zone: str) -> plots.Columns | None:
    counts: dict[date, int] = {}
    for each in given:
        counts[each.week] = counts.get(each.week, 0) + each.times
    return plots.weeks(counts, first=_monday(period.since, zone), last=_monday(period.until, zone))


def _monday(instant: datetime, zone: str) -> date:
    day = local_date(instant, zone)
    return day - timedelta(days=day.weekday())
