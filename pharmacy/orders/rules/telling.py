"""What was done to an order, as a sentence for a colleague who comes too late."""

from datetime import datetime
from typing import Final

from pharmacy.orders.rules.life import Action

DEEDS: Final[dict[str, str]] = {
    Action.CHECK: "checked it",
    Action.RECHECK: "asked for its checks again",
    Action.CHOOSE_STRATEGY: "chose another strategy",
    Action.APPROVE: "approved it",
    Action.REJECT: "rejected it",
    Action.CLAIM: "took it",
    Action.TAKE_OVER: "took it over",
    Action.UNCLAIM: "gave it back",
    Action.ALLOCATE: "set capsules aside",
    Action.AWAIT_CAPSULES: "asked for capsules",
    Action.LABEL: "drew its labels",
    Action.PHOTOGRAPH: "took its picture",
    Action.PACK: "packed it",
    Action.RELEASE: "released it",
    Action.SEND_BACK: "sent it back",
    Action.DATE_ANEW: "dated it anew",
    Action.HAND_OVER: "handed it over",
    Action.REALLOCATE: "had its capsules replaced",
    Action.CANCEL: "cancelled it",
    Action.RETURN: "took it back",
    Action.RETURN_VIALS: "took some of its vials back",
    Action.DESTROY: "destroyed what came back of it",
    Action.RECALL: "recalled it",
    Action.SPLIT: "split off a remainder",
    Action.ORDER_REST: "ordered the rest of the fill",
    Action.REPLACE: "had vials replaced",
    Action.REORDER: "ordered its fill again",
    Action.PLACE_HOLD: "put it on hold",
    Action.LIFT_HOLD: "lifted a hold",
    Action.ASK: "asked the prescriber",
    Action.ANSWER: "answered a question",
    Action.NOTE_ANSWER: "noted the prescriber's answer",
    Action.WITHDRAW: "withdrew a question",
    Action.REMIND: "brought a question to mind",
    Action.REMIND_PRESCRIBER: "reminded the prescriber",
    Action.ESCALATE: "escalated a question",
    Action.SETTLE_CONTACT: "settled the patient's address",
}


def told(who: str, action: str, *, at: datetime, now: datetime) -> str:
    """
    Return who did what and when: `Terry Testtech packed it at 14:05`.

    Args:
        at: On the pharmacy's clock, as `now` is; the day is said where it is not today.
    """
    day = "" if at.date() == now.date() else f" on {at.day} {at:%b}"
    return f"{who} {DEEDS.get(action, 'changed it')}{day} at {at:%H:%M}"
