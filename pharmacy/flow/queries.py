"""
The figures, each one statement over one period.

What a statement reads it finds by an index on time (`orders.handed_over_at`, `order_events.action`
and `at`, …), so that a month costs the same however many years lie behind it.

Source: domain.md 7.1 for what the steps are; the figures are those that compounding pharmacies
follow: turn-around, age, first-pass yield, remakes, clarifications, refills on time.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.flow.rules import Period

TURN_AROUND: Final = text("""
with left_in_time as (
    select id, handed_over_at - received_at as whole from orders
    where handed_over_at >= :since and handed_over_at < :until
), waited as (
    select order_id, sum(upper(stretch) - lower(stretch)) as asked
    from (
        select h.order_id, unnest(range_agg(tstzrange(h.placed_at, h.lifted_at))) as stretch
        from holds h join left_in_time o on o.id = h.order_id
        where h.origin = 'clarification' and h.code <> 'clarification-answered'
          and h.lifted_at > h.placed_at
        group by h.order_id
    ) stretches
    group by order_id
), spans as (
    select whole, whole - coalesce(asked, interval '0') as without
    from left_in_time left join waited on waited.order_id = left_in_time.id
)
select count(*),
       percentile_cont(0.5) within group (order by whole),
       percentile_cont(0.9) within group (order by whole),
       percentile_cont(0.5) within group (order by without),
       percentile_cont(0.9) within group (order by without)
from spans
""")
BY_STEP: Final = text("""
with steps as (
    select e.from_status as status, e.to_status, e.at,
           lag(e.at) over (partition by e.order_id order by e.id) as before
    from order_events e
    join orders o on o.id = e.order_id
    where o.handed_over_at >= :since and o.handed_over_at < :until
      and (e.from_status is distinct from e.to_status)
)
select status, count(*),
       percentile_cont(0.5) within group (order by at - before),
       percentile_cont(0.9) within group (order by at - before)
from steps
where status is not null and before is not null
group by status
order by status
""")
AGES: Final = text("""
select status,
       count(*) filter (where age < interval '4 hours'),
       count(*) filter (where age >= interval '4 hours' and age < interval '24 hours'),
       count(*) filter (where age >= interval '24 hours' and age < interval '48 hours'),
       count(*) filter (where age >= interval '48 hours')
from (
    select status, :now - received_at as age from orders
    where status in ('received', 'review', 'planned', 'compounding', 'labeling', 'final-check',
                     'ready')
) as waiting
group by status
order by status
""")
FIRST_PASS: Final = text("""
with released as (
    select distinct order_id from order_events
    where action = 'released' and at >= :since and at < :until
)
select count(*),
       count(*) filter (where not exists (
           select from order_events b
           where b.order_id = released.order_id and b.action = 'sent-back' and b.at < :until
       ))
from released
""")
REMAKES: Final = text("""
select count(*) from order_events
where action = 'allocated-anew' and at >= :since and at < :until
""")
REASONS: Final = text("""
select (date_trunc('week', at at time zone :zone))::date, facts ->> 'code', count(*)
from order_events
where action = :action and at >= :since and at < :until and facts ->> 'code' is not null
group by 1, 2
order by 1, 2
""")
CLARIFICATIONS: Final = text("""
select kind, count(*), count(answered_at), count(*) filter (where escalated_at is not null),
       percentile_cont(0.5) within group (order by answered_at - asked_at)
from clarifications
where asked_at >= :since and asked_at < :until
group by kind
order by kind
""")
RECEIVED: Final = text("""
select count(*) from order_events where action = 'received' and at >= :since and at < :until
""")
REFILLS: Final = text("""
select count(*),
       count(*) filter (
           where (o.handed_over_at at time zone :zone)::date <= r.run_out_on
       )
from refills r
left join orders o on o.id = r.order_id
where r.state in ('scheduled', 'ordered')
  and r.run_out_on >= (:since at time zone :zone)::date
  and r.run_out_on < (:until at time zone :zone)::date
""")
UNCONFIRMED: Final = text("""
select count(*) from orders o join containers c on c.order_id = o.id
where o.status = 'labeling' and o.labeled_at < :now - interval '1 hour'
  and c.voided_at is null and c.scanned_at is null
""")


@dataclass(frozen=True, slots=True)
class TurnAround:
    """From received to handed over; without the time that the prescriber was asked, and with it."""

    orders: int
    median: timedelta | None
    p90: timedelta | None
    median_without_clarification: timedelta | None
    p90_without_clarification: timedelta | None


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long orders stayed in one status."""

    status: str
    stays: int
    median: timedelta
    p90: timedelta


@dataclass(frozen=True, slots=True)
class Ages:
    """Open orders of one status by the time since they were received."""

    status: str
    under_4_hours: int
    under_24_hours: int
    under_2_days: int
    older: int


@dataclass(frozen=True, slots=True)
class ReasonGiven:
    """How often one coded reason was given in one week, from Monday on."""

    week: date
    code: str
    times: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions of one kind that were asked in the period."""

    kind: str
    asked: int
    answered: int
    escalated: int
    median: timedelta | None
    """From the question to its answer."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Every figure of one period."""

    received: int
    turn_around: TurnAround
    by_step: tuple[StepTime, ...]
    released: int
    released_at_first: int
    """Orders that no final check sent back."""
    remakes: int
    sent_back: tuple[ReasonGiven, ...]
    """What final checks found."""
    out_of_turn: tuple[ReasonGiven, ...]
    """Why technicians took orders before older ones."""
    taken_over: tuple[ReasonGiven, ...]
    """Why work was taken out of colleagues' hands."""
    clarifications: tuple[Asked, ...]
    refills_due: int
    refills_on_time: int
    """In the patient's hands before the first day without a dose."""


def figures(session: Session, period: Period, *, time_zone: str) -> Figures:
    """
    Return the figures of a period.

    Args:
        time_zone: The pharmacy's, whose weeks and days are meant.
    """
    within: dict[str, Any] = {"since": period.since, "until": period.until}
    local = within | {"zone": time_zone}
    released, at_first = session.execute(FIRST_PASS, within).one()
    due, on_time = session.execute(REFILLS, local).one()
    return Figures(
        received=session.execute(RECEIVED, within).scalar_one(),
        turn_around=TurnAround(*session.execute(TURN_AROUND, within).one()),
        by_step=tuple(StepTime(*row) for row in session.execute(BY_STEP, within)),
        released=released,
        released_at_first=at_first,
        remakes=session.execute(REMAKES, within).scalar_one(),
        sent_back=_reasons(session, "sent-back", local),
        out_of_turn=_reasons(session, "claimed", local),
        taken_over=_reasons(session, "taken-over", local),
        clarifications=tuple(Asked(*row) for row in session.execute(CLARIFICATIONS, within)),
        refills_due=due,
        refills_on_time=on_time,
    )


def _reasons(session: Session, action: str, local: dict[str, Any]) -> tuple[ReasonGiven, ...]:
    return tuple(ReasonGiven(*row) for row in session.execute(REASONS, local | {"action": action}))


def ages(session: Session, *, now: datetime) -> list[Ages]:
    """Return how old open orders are, by status."""
    return [Ages(*row) for row in session.execute(AGES, {"now": now})]


def unconfirmed_labels(session: Session, *, now: datetime) -> int:
    """Return how many labels were drawn over an hour ago and not scanned on a vial since."""
    return int(session.execute(UNCONFIRMED, {"now": now}).scalar_one())
