"""The whole table of moves: every status with every action, held and not, by every role."""

import itertools
from typing import Final

import pytest

from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.rules import MOVES, OPEN, Action, Owner, Status, next_status
from pharmacy.orders.rules.life import MoveNotAllowed, OrderHeld
from pharmacy.orders.rules.next_step import GAVE_UP, NOTHING, OF_STATUS, OTHER_CAPSULES, next_step
from pharmacy.staff.rules import GRANTS, WORKER, Actor, PermissionMissing, Role

EVERY: Final = frozenset(Status)
LATER: Final = frozenset(OPEN) - {Status.RECEIVED}

EXPECTED: Final[dict[Action, dict[Status, Status]]] = {
    Action.CHECK: {status: status for status in LATER} | {Status.RECEIVED: Status.REVIEW},
    Action.RECHECK: {status: status for status in OPEN} | {Status.REVIEW: Status.RECEIVED},
    Action.CHOOSE_STRATEGY: {Status.REVIEW: Status.REVIEW},
    Action.APPROVE: {Status.REVIEW: Status.PLANNED},
    Action.REJECT: {Status.RECEIVED: Status.REJECTED, Status.REVIEW: Status.REJECTED},
    Action.CLAIM: {status: status for status in LATER},
    Action.TAKE_OVER: {status: status for status in LATER},
    Action.UNCLAIM: {status: status for status in LATER},
    Action.ALLOCATE: {Status.PLANNED: Status.LABELING, Status.COMPOUNDING: Status.LABELING},
    Action.AWAIT_CAPSULES: {
        Status.PLANNED: Status.COMPOUNDING,
        Status.COMPOUNDING: Status.COMPOUNDING,
    },
    Action.LABEL: {Status.LABELING: Status.LABELING},
    Action.PHOTOGRAPH: {
        Status.LABELING: Status.LABELING,
        Status.FINAL_CHECK: Status.FINAL_CHECK,
    },
    Action.PACK: {Status.LABELING: Status.FINAL_CHECK},
    Action.RELEASE: {Status.FINAL_CHECK: Status.READY},
    Action.SEND_BACK: {Status.FINAL_CHECK: Status.LABELING},
    Action.DATE_ANEW: dict.fromkeys(
        (Status.LABELING, Status.FINAL_CHECK, Status.READY), Status.LABELING
    ),
    Action.HAND_OVER: {Status.READY: Status.HANDED_OVER},
    Action.REALLOCATE: dict.fromkeys(
        (Status.LABELING, Status.FINAL_CHECK, Status.READY), Status.PLANNED
    ),
    Action.CANCEL: dict.fromkeys(OPEN, Status.CANCELLED),
    Action.RETURN: {Status.HANDED_OVER: Status.RETURNED, Status.RECALLED: Status.RETURNED},
    Action.RETURN_VIALS: {
        Status.HANDED_OVER: Status.HANDED_OVER,
        Status.RECALLED: Status.RECALLED,
    },
    Action.DESTROY: {
        status: status for status in (Status.HANDED_OVER, Status.RECALLED, Status.RETURNED)
    },
    Action.RECALL: {Status.HANDED_OVER: Status.RECALLED, Status.RECALLED: Status.RECALLED},
    Action.SPLIT: {
        Status.PLANNED: Status.PLANNED,
        Status.COMPOUNDING: Status.PLANNED,
        Status.LABELING: Status.LABELING,
        Status.FINAL_CHECK: Status.LABELING,
        Status.READY: Status.LABELING,
    },
    Action.ORDER_REST: {
        status: status
        for status in (*OPEN, Status.HANDED_OVER)
        if status not in {Status.RECEIVED, Status.REVIEW}
    },
    Action.REPLACE: {
        status: status for status in (Status.HANDED_OVER, Status.RETURNED, Status.RECALLED)
    },
    Action.REORDER: {
        Status.REJECTED: Status.REJECTED,
        Status.CANCELLED: Status.CANCELLED,
    },
    Action.PLACE_HOLD: {status: status for status in OPEN},
    Action.LIFT_HOLD: {status: status for status in OPEN},
    Action.ASK: {status: status for status in OPEN},
    Action.ANSWER: {status: status for status in OPEN},
    Action.NOTE_ANSWER: {status: status for status in OPEN},
    Action.WITHDRAW: {status: status for status in OPEN},
    Action.REMIND: {status: status for status in OPEN},
    Action.REMIND_PRESCRIBER: {status: status for status in OPEN},
    Action.ESCALATE: {status: status for status in OPEN},
    Action.SETTLE_CONTACT: {status: status for status in OPEN},
}
"""Written out a second time, from domain.md 7.1, so that a slip in the table is seen."""
GOES_ROUND_HOLDS: Final = {
    *(Action.CHECK, Action.RECHECK, Action.CHOOSE_STRATEGY, Action.REJECT),
    *(Action.UNCLAIM, Action.LABEL, Action.SEND_BACK, Action.CANCEL, Action.RETURN),
    *(Action.RETURN_VIALS, Action.DESTROY, Action.DATE_ANEW),
    *(Action.PLACE_HOLD, Action.LIFT_HOLD, Action.REALLOCATE, Action.PHOTOGRAPH),
    *(Action.ASK, Action.ANSWER, Action.NOTE_ANSWER, Action.WITHDRAW),
    *(Action.REMIND, Action.REMIND_PRESCRIBER, Action.ESCALATE, Action.RECALL),
    Action.SETTLE_CONTACT,
    Action.REORDER,
}


def somebody(*roles: Role) -> Actor:
    return Actor(new_id(), "staff", frozenset(roles))


def who_may(action: Action) -> Actor:
    if MOVES[action].needs is None:
        return WORKER
    role = next(role for role, grants in GRANTS.items() if MOVES[action].needs in grants)
    return somebody(role)


def test_the_table_speaks_of_every_action() -> None:
    assert set(MOVES) == set(Action) == set(EXPECTED)


@pytest.mark.parametrize(("action", "status"), list(itertools.product(Action, Status)))
def test_an_action_leads_where_the_table_says_or_nowhere(action: Action, status: Status) -> None:
    by = who_may(action)

    if status in EXPECTED[action]:
        assert next_status(status, action, by=by) is EXPECTED[action][status]
    else:
        with pytest.raises(MoveNotAllowed):
            next_status(status, action, by=by)


@pytest.mark.parametrize("action", Action)
def test_open_holds_stop_what_would_carry_an_order_on(action: Action) -> None:
    start = next(iter(EXPECTED[action]))
    held_by = ("dose-unclear",)

    if action in GOES_ROUND_HOLDS:
        next_status(start, action, by=who_may(action), held_by=held_by)
    else:
        with pytest.raises(OrderHeld):
            next_status(start, action, by=who_may(action), held_by=held_by)


@pytest.mark.parametrize(("action", "role"), list(itertools.product(Action, Role)))
def test_only_roles_with_the_permission_take_a_step(action: Action, role: Role) -> None:
    start = next(iter(EXPECTED[action]))
    by = WORKER if role is Role.WORKER else somebody(role)
    needs = MOVES[action].needs
    own = needs is None or action is Action.PLACE_HOLD
    may = own if role is Role.WORKER else needs in GRANTS[role]

    if may:
        next_status(start, action, by=by)
    else:
        with pytest.raises(PermissionMissing):
            next_status(start, action, by=by)


@pytest.mark.parametrize("status", Status)
def test_every_open_status_has_one_owner_and_one_next_action(status: Status) -> None:
    step = next_step(status, labeled=True)

    assert (step is NOTHING) == (status not in OPEN)
    assert step.owner in Owner
    assert (status in OF_STATUS) == (status in OPEN)


def test_a_held_order_waits_for_whoever_must_settle_the_oldest_hold() -> None:
    held = [
        ("license-expired", "The licence has expired.", Owner.PRESCRIBER),
        ("dose-unclear", "Which dose?", Owner.PHARMACIST),
    ]

    step = next_step(Status.REVIEW, labeled=False, held=held)

    assert (step.owner, step.action) == (Owner.PRESCRIBER, "settle:license-expired")


def test_an_order_whose_labels_are_not_drawn_waits_for_the_worker() -> None:
    assert next_step(Status.LABELING, labeled=False).owner is Owner.WORKER
    assert next_step(Status.LABELING, labeled=True).owner is Owner.TECHNICIAN


@pytest.mark.parametrize("status", Status)
def test_an_order_with_a_lot_that_is_out_waits_for_a_pharmacist(status: Status) -> None:
    """Where it has vials that did not leave; anywhere else the lot is not this order's matter."""
    step = next_step(status, labeled=False, lots_out=True)

    has_vials = status in {Status.LABELING, Status.FINAL_CHECK, Status.READY}
    assert (step is OTHER_CAPSULES) == has_vials
    assert OTHER_CAPSULES.owner is Owner.PHARMACIST


@pytest.mark.parametrize("status", Status)
def test_an_order_of_which_vials_came_back_waits_until_they_are_destroyed(status: Status) -> None:
    step = next_step(status, labeled=True, came_back=True)

    assert (step.action == "destroy") == (status not in OPEN)


def test_every_way_through_the_table_ends_in_a_status_that_is_over() -> None:
    """From each open status some end is reached, so nothing is stuck for ever."""
    leads = {
        status: {path[status] for path in EXPECTED.values() if status in path} for status in EVERY
    }

    for start in OPEN:
        reached = {start}
        while more := {end for each in reached for end in leads[each]} - reached:
            reached |= more
        assert Status.HANDED_OVER in reached
        assert Status.CANCELLED in reached


def test_an_order_on_which_the_machine_gave_up_says_so_before_anything_else() -> None:
    held = [("license-expired", "Expired.", Owner.PRESCRIBER)]
    checks, labels = (JobKind.CHECK_ORDER,), (JobKind.RENDER_LABELS,)
    refill = (JobKind.SCHEDULE_REFILL,)

    assert next_step(Status.RECEIVED, labeled=False, given_up=checks) is GAVE_UP
    assert next_step(Status.REVIEW, labeled=False, held=held, given_up=checks) is GAVE_UP
    assert next_step(Status.LABELING, labeled=False, given_up=labels) is GAVE_UP
    assert GAVE_UP.owner is Owner.ADMINISTRATOR
    assert next_step(Status.LABELING, labeled=True, given_up=labels).action == "pack"
    assert next_step(Status.PLANNED, labeled=False, given_up=labels).action == "allocate"
    assert next_step(Status.PLANNED, labeled=False, given_up=refill).action == "allocate"
    assert next_step(Status.CANCELLED, labeled=False, given_up=checks) is NOTHING
