"""Recalls from the command line: traces both ways, and a recall from its opening to its end."""

from datetime import UTC, datetime
from uuid import UUID

import click
from sqlalchemy.orm import Session

from pharmacy.cli.context import database, drawing_database
from pharmacy.cli.people import AS, INSTANT, acting_as
from pharmacy.recalls.rules.timers import Answer, TimerKind

MOST = 200
ANSWERS = click.Choice([one.value for one in Answer])
DEADLINES = click.Choice([one.value for one in TimerKind])


@click.group()
def recalls() -> None:
    """
    Traces and recalls. A recall is opened, followed and closed as a person whose roles allow it.

    \b
    Examples:
      pharmacy recalls list
      pharmacy recalls trace ing_06b7k2m3n4p5q6r7s8t9v0w1x2    from a lot to vials
      pharmacy recalls trace ctr_06b7k2m3n4p5q6r7s8t9v0w1x2    from a vial to certificates
      pharmacy recalls open ing_… --reason 'Too little naltrexone' --serious \\
          --notice-at 2026-03-02T14:30 --as kim.lee
      pharmacy recalls letters rcl_…
      pharmacy recalls sent rcn_… letter --as kim.lee
      pharmacy recalls answer rcn_… none-left --as kim.lee
      pharmacy recalls done rcl_… notify-recipients-and-board --as kim.lee
      pharmacy recalls close rcl_… --note 'All told; the rest destroyed.' --as kim.lee
    """


@recalls.command("list")
def listing() -> None:
    """List recalls, open ones first, with what is due and how many answered."""
    from pharmacy.kernel import ids
    from pharmacy.recalls import queries

    now = datetime.now(UTC)
    with database().transaction() as session:
        for recall in queries.recent(session, limit=MOST):
            counted = queries.progress(session, recall.id)
            due = [each for each in queries.timers(session, recall.id) if each.met_at is None]
            late = "  OVERDUE" if any(each.due_at < now for each in due) else ""
            click.echo(
                f"{ids.encode('rcl', recall.id)}  {'closed' if recall.closed_at else 'open':<6}"
                f"  letters {counted.drafted}, sent {counted.sent}, answered {counted.answered}"
                f"  {', '.join(f'{each.kind} by {each.due_at:%Y-%m-%d %H:%M}Z' for each in due)}"
                f"{late}"
            )


@recalls.command()
@click.argument("code")
def trace(code: str) -> None:
    """Show what holds something of a lot (ing_, shl_, lot_), or what is in a vial (ctr_)."""
    from pharmacy.http.recall_reads import PREFIXES, lot_of
    from pharmacy.kernel import ids
    from pharmacy.orders import queries as orders
    from pharmacy.recalls import queries

    prefix = code.partition("_")[0]
    with database().transaction() as session:
        if prefix not in PREFIXES.values():
            vial = orders.get_container(session, ids.decode("ctr", code))
            for part in queries.back(session, vial.lot_id):
                digest = part.certificate_sha256.hex()[:16] if part.certificate_sha256 else "none"
                click.echo(
                    f"{'  ' * part.depth}{part.what}, lot {part.lot_number} of {part.maker},"
                    f" {part.status}, certificate {digest}"
                )
            return
        kind, lot_id = lot_of(code)
        found = queries.forward(session, kind, lot_id)
        _read(session, lot_id)
        for lot in found.lots:
            click.echo(f"{lot.kind:<10} {lot.lot_number}")
        for batch in found.batches:
            batch_code = ids.encode("bat", batch.batch_id)
            click.echo(f"batch      {batch_code}  {batch.number}  {batch.status}")
        for one in found.vials:
            vial_code = ids.encode("ctr", one.container_id)
            click.echo(
                f"vial       {vial_code}  Rx {one.number}  {one.status:<11}"
                f"  lot {one.lot_number}  {ids.encode('pat', one.patient_id)}  NPI {one.npi}"
            )


@recalls.command("open")
@click.argument("lot")
@click.option("--reason", required=True, help="Letters quote it: nothing about a patient.")
@click.option(
    "--serious/--not-serious",
    required=True,
    default=None,
    help="Whether it may cause serious harm or death; then the time to notify runs.",
)
@click.option(
    "--notice-at",
    type=INSTANT,
    required=True,
    help="When the pharmacy was told or found out (UTC); deadlines count from here.",
)
@AS
def open_(lot: str, *, reason: str, serious: bool, notice_at: datetime, username: str) -> None:
    """Recall a LOT (ing_, shl_, lot_): what is made of it is blocked, orders are held or marked."""
    from pharmacy.http.recall_reads import lot_of
    from pharmacy.kernel import ids
    from pharmacy.recalls import operations, queries

    kind, lot_id = lot_of(lot)
    with drawing_database().transaction() as session:
        recall = operations.open_recall(
            session,
            kind,
            lot_id,
            reason=reason,
            serious=serious,
            notice_at=notice_at.replace(tzinfo=UTC),
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        lots, batches = queries.lots(session, recall.id), queries.batches(session, recall.id)
        drafted = queries.progress(session, recall.id).drafted
        code = ids.encode("rcl", recall.id)
        click.echo(
            f"{code} is open: {len(lots)} lots blocked, {len(batches)} batches stopped,"
            f" {drafted} letters drafted."
        )
        _echo_due(session, recall.id)


@recalls.command()
@click.argument("recall")
def letters(recall: str) -> None:
    """List the letters of a RECALL: to whom, how they were told, what they answered."""
    from pharmacy.kernel import ids
    from pharmacy.recalls import queries

    with database().transaction() as session:
        found = queries.get(session, ids.decode("rcl", recall))
        _read(session, found.id)
        for notice in queries.notices(session, found.id):
            patient = ids.encode("pat", notice.patient_id) if notice.patient_id else None
            whom = patient or (f"NPI {notice.npi}" if notice.npi else "")
            told = f"{notice.means or 'not sent'}  {notice.answer or ''}".rstrip()
            click.echo(
                f"{ids.encode('rcn', notice.id)}  {notice.recipient:<10}  {whom:<30}"
                f"  {notice.vials} vials  {told}"
            )


@recalls.command()
@click.argument("letter")
@click.argument("means")
@AS
def sent(letter: str, means: str, username: str) -> None:
    """Write down that the recipient of a LETTER was told, and by which MEANS."""
    from pharmacy.kernel import ids
    from pharmacy.recalls import operations

    with database().transaction() as session:
        notice = operations.record_sent(
            session,
            ids.decode("rcn", letter),
            means=means,
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        click.echo(f"{letter}: the {notice.recipient} was told by {notice.means}.")


@recalls.command()
@click.argument("letter")
@click.argument("answer", type=ANSWERS)
@click.option("--note", default="", help="In the recipient's words, where they matter.")
@AS
def answer(letter: str, answer: str, note: str, username: str) -> None:
    """Write down what a recipient said; harm starts the time to report it."""
    from pharmacy.kernel import ids
    from pharmacy.recalls import operations

    with database().transaction() as session:
        notice = operations.record_answer(
            session,
            ids.decode("rcn", letter),
            answer=Answer(answer),
            note=note,
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        click.echo(f"{letter}: {answer}.")
        _echo_due(session, notice.recall_id)


@recalls.command()
@click.argument("recall")
@click.argument("deadline", type=DEADLINES)
@AS
def done(recall: str, deadline: str, username: str) -> None:
    """Write down that what was due is done."""
    from pharmacy.kernel import ids
    from pharmacy.recalls import operations

    with database().transaction() as session:
        timer = operations.meet_timer(
            session,
            ids.decode("rcl", recall),
            TimerKind(deadline),
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        click.echo(f"{recall}: {timer.kind} is done.")


@recalls.command()
@click.argument("recall")
@click.option("--note", required=True, help="How it ended.")
@AS
def close(recall: str, note: str, username: str) -> None:
    """End a RECALL whose letters are all sent and deadlines met; its lots stay recalled."""
    from pharmacy.kernel import ids
    from pharmacy.recalls import operations

    with database().transaction() as session:
        operations.close(
            session,
            ids.decode("rcl", recall),
            note=note,
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        click.echo(f"{recall} is closed.")


def _echo_due(session: Session, recall_id: UUID) -> None:
    from pharmacy.recalls import queries

    for each in queries.timers(session, recall_id):
        if each.met_at is None:
            click.echo(f"{each.kind} is due by {each.due_at:%Y-%m-%d %H:%M}Z.")


def _read(session: Session, subject_id: UUID) -> None:
    """Remember that the operator looked at whose vials."""
    from pharmacy.http.recall_reads import note_recall_read
    from pharmacy.staff.rules import OPERATOR

    note_recall_read(session, subject_id, by=OPERATOR, now=datetime.now(UTC))
