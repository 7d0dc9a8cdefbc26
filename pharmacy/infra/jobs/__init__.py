"""
Work that the pharmacy owes, as rows. The row is the truth; a message only says "look at job N".

A job is owed in the transaction that makes it necessary, claimed with a lease and a fencing token,
and finished in the transaction that holds its effect. Lost, repeated or forged messages change
when a job runs, never whether or how often it has its effect.
"""

from pharmacy.infra.jobs.claims import (
    Claim,
    Fenced,
    Progress,
    claim,
    claim_next,
    fail,
    finish,
    go_on,
    pause_after,
    sweep,
)
from pharmacy.infra.jobs.oversight import (
    Backlog,
    JobNotDead,
    backlog,
    get,
    given_up,
    given_up_on,
    listing,
    retry,
)
from pharmacy.infra.jobs.sending import Message, not_sent, to_send
from pharmacy.infra.jobs.table import CHANNEL, LARGEST_ID, LEASE, Job, JobState, add, add_each

__all__ = [
    "CHANNEL",
    "LARGEST_ID",
    "LEASE",
    "Backlog",
    "Claim",
    "Fenced",
    "Job",
    "JobNotDead",
    "JobState",
    "Message",
    "Progress",
    "add",
    "add_each",
    "backlog",
    "claim",
    "claim_next",
    "fail",
    "finish",
    "get",
    "given_up",
    "given_up_on",
    "go_on",
    "listing",
    "not_sent",
    "pause_after",
    "retry",
    "sweep",
    "to_send",
]
