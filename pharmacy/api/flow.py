"""Figures of how orders flow: for dashboards. Nobody is named, and no patient."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Self

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from pharmacy.flow import queries
from pharmacy.flow.queries import Ages, Figures, ReasonGiven
from pharmacy.flow.rules import Period, share
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.infra import audit
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Permission

USUAL: Final = timedelta(days=28)
Instant = Annotated[datetime | None, QueryParameter(required=False)]


def minutes(span: timedelta | None) -> int | None:
    return None if span is None else span // timedelta(minutes=1)


class TurnAroundView(msgspec.Struct, frozen=True):
    """From received to handed over, in minutes that passed."""

    orders: int
    median_minutes: int | None
    p90_minutes: int | None
    median_minutes_without_clarification: int | None
    """Without the time that a question waited for the prescriber."""
    p90_minutes_without_clarification: int | None


class StepTimeView(msgspec.Struct, frozen=True):
    """How long orders stayed in one status."""

    status: str
    stays: int
    median_minutes: int | None
    p90_minutes: int | None


class ReasonGivenView(msgspec.Struct, frozen=True):
    """How often a coded reason was given in a week."""

    week: date
    """Its Monday."""
    code: str
    times: int

    @classmethod
    def all_of(cls, given: Sequence[ReasonGiven]) -> list[Self]:
        return [cls(each.week, each.code, each.times) for each in given]


class AskedView(msgspec.Struct, frozen=True):
    """Questions to prescribers of one kind."""

    kind: str
    asked: int
    answered: int
    escalated: int
    median_minutes: int | None


class AgesView(msgspec.Struct, frozen=True):
    """Open orders of a status by their age."""

    status: str
    under_4_hours: int
    under_24_hours: int
    under_2_days: int
    older: int

    @classmethod
    def of(cls, found: Ages) -> Self:
        return cls(
            status=found.status,
            under_4_hours=found.under_4_hours,
            under_24_hours=found.under_24_hours,
            under_2_days=found.under_2_days,
            older=found.older,
        )


class FlowView(msgspec.Struct, frozen=True):
    """The figures of a period, and how things stand now."""

    since: datetime
    until: datetime
    received: int
    turn_around: TurnAroundView
    by_step: list[StepTimeView]
    released: int
    first_pass_percent: str | None
    """Of the released orders, those that no final check sent back."""
    remakes: int
    """Orders that were allocated anew."""
    sent_back: list[ReasonGivenView]
    """What final checks found."""
    out_of_turn: list[ReasonGivenView]
    """Why technicians took orders before older ones."""
    taken_over: list[ReasonGivenView]
    """Why work was taken out of colleagues' hands."""
    clarifications: list[AskedView]
    refills_due: int
    refills_on_time_percent: str | None
    ages: list[AgesView]
    unconfirmed_labels: int
    """Drawn over an hour ago, and not scanned on a vial since."""

    @classmethod
    def of(cls, found: Figures, period: Period, ages: list[Ages], unconfirmed: int) -> Self:
        turn = found.turn_around
        return cls(
            since=period.since,
            until=period.until,
            received=found.received,
            turn_around=TurnAroundView(
                orders=turn.orders,
                median_minutes=minutes(turn.median),
                p90_minutes=minutes(turn.p90),
                median_minutes_without_clarification=minutes(turn.median_without_clarification),
                p90_minutes_without_clarification=minutes(turn.p90_without_clarification),
            ),
            by_step=[
                StepTimeView(each.status, each.stays, minutes(each.median), minutes(each.p90))
                for each in found.by_step
            ],
            released=found.released,
            first_pass_percent=share(found.released_at_first, found.released),
            remakes=found.remakes,
            sent_back=ReasonGivenView.all_of(found.sent_back),
            out_of_turn=ReasonGivenView.all_of(found.out_of_turn),
            taken_over=ReasonGivenView.all_of(found.taken_over),
            clarifications=[
                AskedView(
                    each.kind, each.asked, each.answered, each.escalated, minutes(each.median)
                )
                for each in found.clarifications
            ],
            refills_due=found.refills_due,
            refills_on_time_percent=share(found.refills_on_time, found.refills_due),
            ages=[AgesView.of(each) for each in ages],
            unconfirmed_labels=unconfirmed,
        )


class FlowController(Controller):
    """Figures for dashboards."""

    path = "/api/v1/flow"
    tags = ["Flow"]

    @get("/", opt={"permission": Permission.READ_FIGURES}, sync_to_thread=True)
    def show(
        self,
        *,
        db: Db,
        actor: CurrentActor,
        now: Now,
        since: Instant = None,
        until: Instant = None,
    ) -> FlowView:
        """Return the figures of a period of at most a year; without one, of the last 28 days."""
        ends = until or now
        period = Period(since or ends - USUAL, ends)
        with db.transaction() as session:
            zone = practice.site(session).time_zone
            found = queries.figures(session, period, time_zone=zone)
            audit.record(
                session, "figures.read", by=actor, at=now, subject_kind="figures", subject_id=None
            )
            return FlowView.of(
                found,
                period,
                queries.ages(session, now=now),
                queries.unconfirmed_labels(session, now=now),
            )
