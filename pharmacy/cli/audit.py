"""The audit chain and the trail, for whoever keeps the server."""

import sys
import time
from datetime import UTC, datetime

import click
from sqlalchemy import func, select

from pharmacy.cli.context import REFUSED, database
from pharmacy.infra import audit as trail
from pharmacy.infra.audit import AuditEntry, Head
from pharmacy.staff.rules import OPERATOR

POLL_SECONDS = 1.0
PAGE = 1_000


class HeadText(click.ParamType[Head]):
    """A head as `verify` prints it."""

    name = "SEQ:SHA256"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        seq, _, sha256 = value.partition(":")
        try:
            return Head(int(seq), bytes.fromhex(sha256))
        except ValueError:
            self.fail("write it as `pharmacy audit verify` printed it", param, ctx)


@click.group()
def audit() -> None:
    """
    Who did or read what, and proof that nobody changed it since.

    Entries are sealed into a hash chain every few seconds; `verify` walks it.
    """


@audit.command()
@click.option(
    "--head", type=HeadText(), help="A head from an earlier report, which must still be there."
)
def verify(head: Head | None) -> None:
    """
    Check every entry and every seal; exit 1 and name the first broken seal.

    Write the head that it prints on paper: with --head a later run also finds that newer entries
    were cut off or the whole chain was written anew.

    \b
    Example:
      pharmacy audit verify
      pharmacy audit verify --head 812:9f31…
    """
    with database().transaction() as session:
        found = trail.verify(session, known=head)
        trail.record(
            session,
            "audit.verified",
            by=OPERATOR,
            at=datetime.now(UTC),
            subject_kind="audit",
            subject_id=None,
            detail={"whole": found.is_whole, "seals": found.seals},
        )
    if found.broken is not None:
        click.echo(f"BROKEN at seal {found.broken.seq}: {found.broken.why}", err=True)
        click.echo(
            f"{found.seals} seals with {found.entries} entries before it are whole.", err=True
        )
        sys.exit(REFUSED)
    click.echo(f"whole: {found.seals} seals over {found.entries} entries")
    click.echo(f"not sealed yet: {found.unsealed}")
    click.echo(f"head: {found.head or 'none'}")


@audit.command()
def seal() -> None:
    """Seal what is not sealed yet, now instead of at the next tick. Harmless at any time."""
    opened, total = database(), 0
    while True:
        with opened.transaction() as session:
            sealed = trail.seal(session, now=datetime.now(UTC))
        if not sealed:
            break
        total += sealed
    click.echo(f"sealed {total} entries")


@audit.command()
@click.option("-n", "lines", type=click.IntRange(0, PAGE), default=20, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
def tail(lines: int, follow: bool) -> None:
    """Show the newest entries: when, who, what, to what. Identifiers only, no patient data."""
    opened = database()
    with opened.transaction() as session:
        found = trail.entries(session, limit=lines) if lines else ()
        last = session.scalar(select(func.max(AuditEntry.id))) or 0
    for entry in reversed(found):
        click.echo(_words(entry))
    while follow:
        time.sleep(POLL_SECONDS)
        with opened.transaction() as session:
            newer = session.scalars(
                select(AuditEntry).where(AuditEntry.id > last).order_by(AuditEntry.id).limit(PAGE)
            ).all()
        for entry in newer:
            click.echo(_words(entry))
            last = entry.id


def _words(entry: AuditEntry) -> str:
    who = f"{entry.by_kind}:{entry.by_id}" if entry.by_id else entry.by_kind
    what = f"{entry.subject_kind}:{entry.subject_id}" if entry.subject_id else entry.subject_kind
    at = entry.at.astimezone(UTC).isoformat(timespec="seconds")
    return f"{at}  {entry.action:<32} {who}  {what}"
