"""Which verbs an order's page offers: the one that is owed first, none that is not the person's."""

from dataclasses import replace

from pharmacy.kernel import ids
from pharmacy.orders.rules import OPEN, Status
from pharmacy.orders.rules.holds import is_liftable
from pharmacy.orders.rules.life import CLAIMABLE
from pharmacy.staff.rules import Permission, Role
from pharmacy.web.console.order_page import OrderPage
from pharmacy.web.view import Action, View

HELD = "The order is on hold: settle that first."


def actions_of(page: OrderPage, view: View) -> list[Action]:
    """Return the page's actions, the next one first."""
    order, at = page.order, f"/orders/{page.line.id}"
    may, held = view.may, bool(page.holds)
    found: list[Action] = []
    if order.status in OPEN and may(Permission.RECORD_HEALTH):
        owed = "primary" if page.first.to_ask else "plain"
        found.append(Action("i", "Ask the patient", href=f"{at}/health", kind=owed))
    if order.status is Status.REVIEW and may(Permission.APPROVE_ORDER):
        found += _review(page, at, held=held)
    if order.status in {Status.PLANNED, Status.COMPOUNDING} and may(Permission.ALLOCATE):
        found.append(
            Action(
                "a",
                "Set capsules aside",
                post=f"{at}/allocation",
                kind="primary",
                scan="NEXT",
                why_not=HELD if held else "",
            )
        )
    if order.status is Status.LABELING and may(Permission.PACK):
        found += _bench(page, at, held=held)
    if order.status is Status.FINAL_CHECK and may(Permission.RELEASE):
        found += _second_check(page, view, held=held)
    if order.status is Status.READY and may(Permission.HAND_OVER):
        why_not = _why_not_left(page, page.dates.why_not_handed_over)
        found.append(Action("o", "Hand over", opens="hand-over", kind="primary", why_not=why_not))
    if page.ended and page.ended.may_reorder and may(Permission.APPROVE_ORDER):
        found.append(Action("o", "Order it again", opens="reorder", kind="primary"))
    beside = [_leaving(page, view), _parts(page, view)]
    if _is_next(page):
        beside.reverse()  # first what gives the patient medicine, then what comes back
    found += [*beside[0], *beside[1], *_always(page, view, at)]
    found = _one_next(_with_new_dates(page, view, found))
    keys = [each.key for each in found]
    assert len(keys) == len(set(keys)), f"one key for two verbs: {keys}"
    return found


def _one_next(found: list[Action]) -> list[Action]:
    """Return the actions with one that is next: the first of those that can be done now."""
    owed = [each for each in found if each.kind == "primary"]
    first = next((each for each in owed if not each.why_not), owed[0] if owed else None)
    return [
        replace(each, kind="plain") if each in owed and each != first else each for each in found
    ]


def _review(page: OrderPage, at: str, *, held: bool) -> list[Action]:
    why_not = HELD if held else ""
    if page.undecided:
        why_not = f"{page.undecided} findings are not decided yet."
    if page.plan is None:
        why_not = "There is no strength plan yet."
    if page.first.to_ask:
        why_not = "The patient is not asked everything yet."
    next_one = next((each for each in page.first.to_decide if each.choices), None)
    found = [Action("a", "Approve", opens="approve", kind="primary", why_not=why_not)]
    if next_one is not None:
        at_it = f"decide-{ids.encode('fnd', next_one.finding.id)}"
        found.insert(0, Action("d", "Decide the next finding", opens=at_it, kind="primary"))
    if page.can_choose:
        found.append(Action("s", "Another strategy", opens="strategy-choice"))
    return [
        *found,
        Action("r", "Reject", opens="reject", kind="danger"),
        Action("k", "Check again", post=f"{at}/recheck"),
    ]


def _bench(page: OrderPage, at: str, *, held: bool) -> list[Action]:
    if page.order.labeled_at is None:
        waiting = "The labels are being drawn."
        return [Action("p", "Print labels", post=f"{at}/prints", why_not=waiting)]
    why_not = HELD if held else ""
    if page.unscanned and not why_not:
        why_not = f"{page.unscanned} vials are not scanned yet."
    printed = all(vial.copy for vial in page.vials)
    return [
        Action("p", "Print labels", post=f"{at}/prints", kind="plain" if printed else "primary"),
        Action(
            "s",
            "Pack",
            post=f"{at}/packing",
            kind="primary" if printed else "plain",
            scan="SAVE",
            why_not=why_not,
        ),
    ]


def _second_check(page: OrderPage, view: View, *, held: bool) -> list[Action]:
    why_not = HELD if held else ""
    if page.order.packed_by == view.actor.id:
        why_not = "You packed it: another pharmacist checks it."
    return [
        Action("f", "Release", opens="release", kind="primary", why_not=why_not),
        Action("s", "Send back", opens="send-back", kind="danger"),
    ]


def _leaving(page: OrderPage, view: View) -> list[Action]:
    if not view.may(Permission.HAND_OVER):
        return []
    if page.order.status is Status.READY:
        if page.why_not_sent:
            return [Action("s", "Send", why_not=page.why_not_sent)]
        why_not = _why_not_left(page, page.dates.why_not_sent)
        return [Action("s", "Send", opens="send", scan="SHIP", why_not=why_not)]
    found = []
    if page.to_destroy:
        found.append(Action("x", "Destroy what came back", opens="destroy", kind="primary"))
    is_out = page.order.status in {Status.HANDED_OVER, Status.RECALLED}
    came_back = [Action("e", "Came back", opens="came-back", kind="danger")] if is_out else []
    if page.is_on_its_way:
        return [
            *found,
            Action("d", "Delivered", opens="delivered", kind="primary"),
            *came_back,
            Action("o", "Lost", opens="lost", kind="danger"),
        ]
    return found + came_back


def _why_not_left(page: OrderPage, dates: str) -> str:
    """Return why the order does not leave now; empty where it may."""
    if page.holds:
        return HELD
    if page.unconfirmed and not dates:
        return "The newest label of a vial was not scanned: scan it first."
    return dates


def _with_new_dates(page: OrderPage, view: View, found: list[Action]) -> list[Action]:
    """Add dating the order anew: as what is owed next where the days on its labels are over."""
    if page.dates.usual is None or not view.may(Permission.ALLOCATE):
        return found
    anew = Action("d", "Date anew", opens="date-anew")
    if not page.dates.why_not_handed_over:
        return [*found, anew]
    return [replace(anew, kind="primary"), *found]


def _taking(page: OrderPage, view: View, at: str) -> list[Action]:
    if page.order.status not in CLAIMABLE or not view.may(Permission.CLAIM_ORDER):
        return []
    if page.line.is_mine:
        return [Action("b", "Give back", post=f"{at}/unclaim")]
    why_not = HELD if page.holds else ""
    if not page.line.holder:
        if Role.PHARMACIST in view.actor.roles:  # who may pick gives no reason
            return [Action("t", "Take it", post=f"{at}/claim", why_not=why_not)]
        return [Action("t", "Take it", opens="take", why_not=why_not)]
    if view.may(Permission.TAKE_OVER_ORDER):
        return [Action("t", "Take it over", opens="take-over", why_not=why_not)]
    return []


def _parts(page: OrderPage, view: View) -> list[Action]:
    """Return what a pharmacist may do about the parts of a fill."""
    if not view.may(Permission.SPLIT_ORDER):
        return []
    parts, found = page.parts, []
    why_not = (HELD if page.holds else "") or parts.why_not_split
    if parts.may_split(len(page.vials)):
        found.append(Action("v", "Part now, rest later", opens="split", why_not=why_not))
    if parts.rest is not None:
        found.append(Action("y", "Order the rest", opens="rest", why_not=why_not))
    if page.order.status is Status.HANDED_OVER or _is_next(page):
        kind = "primary" if _is_next(page) else "plain"
        why_not = parts.why_not_replaced
        found.append(Action("v", "Replace vials", opens="replace", kind=kind, why_not=why_not))
    return found


def _is_next(page: OrderPage) -> bool:
    """Say whether replacing what came back, or was recalled, is what comes next."""
    return page.ended is not None and page.ended.may_replace


def _always(page: OrderPage, view: View, at: str) -> list[Action]:
    order, found = page.order, _taking(page, view, at)
    if order.status in OPEN and view.may(Permission.CHOOSE_READING):
        found.append(Action("m", "How they read", opens="reading"))
    if view.may(Permission.CORRECT_CONTACT):
        found.append(Action("2", "Correct the address", opens="contact"))
    if order.status in OPEN and view.may(Permission.ASK_PRESCRIBER):
        found.append(Action("q", "Ask the prescriber", opens="ask"))
    if order.status in OPEN and view.may(Permission.PLACE_HOLD):
        found.append(Action("h", "Hold", opens="hold"))
    mine = [each for each in page.holds if is_liftable(each.code, each.origin)]
    if mine and view.may(Permission.LIFT_HOLD):
        first = ids.encode("hld", mine[0].id)
        found.append(Action("l", "Lift the hold", opens=f"lift-{first}"))
    if order.status in OPEN and view.may(Permission.APPROVE_ORDER):
        found.append(Action("x", "Cancel order", opens="cancel", kind="danger"))
    if view.may(Permission.READ_AUDIT):
        looks = f"/audit/orders/{page.line.id}/looks"
        found.append(Action("w", "Who looked", href=looks))
    return found
