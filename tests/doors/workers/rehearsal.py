"""
A worker's application whose effects do what a test wrote down for them.

`tries` counts every beginning, even one that was undone; `effects` holds what was committed.
"""

import os
import signal
import time
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.kernel.jobs import JobKind
from pharmacy.workers import lookout
from pharmacy.workers.app import create
from pharmacy.workers.run import database, owed

TABLES = """
create table scripts (ref_id uuid primary key, behaviour text not null, seconds float not null);
create table tries (ref_id uuid not null, pid int not null);
create table effects (ref_id uuid not null, kind text not null, at timestamptz not null);
"""
PATIENT = "Jane Roe, born 1980-01-01"
"""What an exception might say and no job row may hold."""

WITHOUT_LOOKOUT = "REHEARSAL_WITHOUT_LOOKOUT"

celery = create(("tests.doors.workers.rehearsal",))

if os.environ.get(WITHOUT_LOOKOUT):
    lookout.OVERDUE_AFTER = timedelta(days=1)  # so that a test sees what comes through the broker


def begin(ref_id: UUID) -> tuple[str, float, int]:
    """Count a try for good, and return what the script says and how many tries there were."""
    with database().transaction() as session:
        session.execute(
            text("insert into tries values (:ref, :pid)"), {"ref": ref_id, "pid": os.getpid()}
        )
        tries = session.scalar(
            text("select count(*) from tries where ref_id = :ref"), {"ref": ref_id}
        )
        script = session.execute(
            text("select behaviour, seconds from scripts where ref_id = :ref"), {"ref": ref_id}
        ).one_or_none()
    behaviour, seconds = script or ("work", 0.0)
    return behaviour, seconds, tries or 0


def play(session: Session, ref_id: UUID, kind: JobKind) -> None:
    behaviour, seconds, tries = begin(ref_id)
    time.sleep(seconds)
    session.execute(
        text("insert into effects values (:ref, :kind, clock_timestamp())"),
        {"ref": ref_id, "kind": str(kind)},
    )
    if behaviour == "fail" or (behaviour == "fail once" and tries == 1):
        raise ValueError(PATIENT)
    if behaviour == "die" or (behaviour == "die once" and tries == 1):
        os.kill(os.getpid(), signal.SIGKILL)


@owed(JobKind.CHECK_ORDER)
def check(session: Session, ref_id: UUID, /, *, now: datetime) -> None:
    play(session, ref_id, JobKind.CHECK_ORDER)


@owed(JobKind.RENDER_LABELS)
def render(session: Session, ref_id: UUID, /, *, now: datetime) -> None:
    play(session, ref_id, JobKind.RENDER_LABELS)
