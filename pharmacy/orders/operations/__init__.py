"""What people and the worker do to orders, one function for each thing."""

from pharmacy.orders.operations.allocating import allocate
from pharmacy.orders.operations.batch_signatures import release_signed
from pharmacy.orders.operations.batches import (
    Met,
    accept_batch,
    propose_batches,
    release_batch,
)
from pharmacy.orders.operations.cancelling import cancel
from pharmacy.orders.operations.checking import check, fill_of, owe_check, recheck
from pharmacy.orders.operations.claims import claim, claim_next, take_over, unclaim
from pharmacy.orders.operations.clarifying import (
    answer_by_prescription,
    answer_in_words,
    ask,
    look_after_questions,
    note_telephone,
    remind,
    withdraw,
)
from pharmacy.orders.operations.dating import first_dose_anew
from pharmacy.orders.operations.deciding import decide_finding
from pharmacy.orders.operations.handing_over import advice_needed_for, hand_over
from pharmacy.orders.operations.holding import end_key, hold_because, lift_hold, place_hold
from pharmacy.orders.operations.intake import RECEIVED, Receipt, open_fill, receive
from pharmacy.orders.operations.own_views import (
    keep_view,
    move_view,
    remove_view,
    rename_view,
)
from pharmacy.orders.operations.packing import labeled, pack, release, send_back
from pharmacy.orders.operations.picturing import photograph
from pharmacy.orders.operations.planning import choose_strategy
from pharmacy.orders.operations.reallocating import reallocate
from pharmacy.orders.operations.reasons import define_reason, reason_of_end
from pharmacy.orders.operations.recalling import reach_by_recall
from pharmacy.orders.operations.redating import date_anew
from pharmacy.orders.operations.reordering import reorder, require_reorderable
from pharmacy.orders.operations.replacing import (
    Left,
    replace,
    replace_each,
    require_replaceable,
    what_is_left,
)
from pharmacy.orders.operations.returning import destroy, return_
from pharmacy.orders.operations.reviewing import approve, reject
from pharmacy.orders.operations.splitting import order_rest, require_partials_allowed, split

__all__ = [
    "RECEIVED",
    "Left",
    "Met",
    "Receipt",
    "accept_batch",
    "advice_needed_for",
    "allocate",
    "answer_by_prescription",
    "answer_in_words",
    "approve",
    "ask",
    "cancel",
    "check",
    "choose_strategy",
    "claim",
    "claim_next",
    "date_anew",
    "decide_finding",
    "define_reason",
    "destroy",
    "end_key",
    "fill_of",
    "first_dose_anew",
    "hand_over",
    "hold_because",
    "keep_view",
    "labeled",
    "lift_hold",
    "look_after_questions",
    "move_view",
    "note_telephone",
    "open_fill",
    "order_rest",
    "owe_check",
    "pack",
    "photograph",
    "place_hold",
    "propose_batches",
    "reach_by_recall",
    "reallocate",
    "reason_of_end",
    "receive",
    "recheck",
    "reject",
    "release",
    "release_batch",
    "release_signed",
    "remind",
    "remove_view",
    "rename_view",
    "reorder",
    "replace",
    "replace_each",
    "require_partials_allowed",
    "require_reorderable",
    "require_replaceable",
    "return_",
    "send_back",
    "split",
    "take_over",
    "unclaim",
    "what_is_left",
    "withdraw",
]
