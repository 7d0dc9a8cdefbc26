"""Recalls from the command line: what stands open, what is due, and traces both ways."""

from datetime import UTC, datetime

import click

from pharmacy.cli.context import database

MOST = 200
LOT_PREFIXES = {"ing": "ingredient", "shl": "shell", "lot": "capsule"}


@click.group()
def recalls() -> None:
    """
    Traces and recalls. A recall is opened by a pharmacist, over HTTP, under their own name.

    \b
    Examples:
      pharmacy recalls list
      pharmacy recalls trace ing_06b7k2m3n4p5q6r7s8t9v0w1x2    from a lot to vials
      pharmacy recalls trace ctr_06b7k2m3n4p5q6r7s8t9v0w1x2    from a vial to certificates
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
    from pharmacy.infra import audit
    from pharmacy.kernel import ids
    from pharmacy.orders import queries as orders
    from pharmacy.recalls import queries
    from pharmacy.recalls.rules.timers import LotKind
    from pharmacy.staff.rules import OPERATOR

    prefix = code.partition("_")[0]
    with database().transaction() as session:
        if prefix not in LOT_PREFIXES:
            vial = orders.get_container(session, ids.decode("ctr", code))
            for part in queries.back(session, vial.lot_id):
                digest = part.certificate_sha256.hex()[:16] if part.certificate_sha256 else "none"
                click.echo(
                    f"{'  ' * part.depth}{part.what}, lot {part.lot_number} of {part.maker},"
                    f" {part.status}, certificate {digest}"
                )
            return
        lot_id = ids.decode(prefix, code)
        found = queries.forward(session, LotKind(LOT_PREFIXES[prefix]), lot_id)
        audit.record(
            session,
            "recall.read",
            by=OPERATOR,
            at=datetime.now(UTC),
            subject_kind="recall",
            subject_id=lot_id,
        )
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
