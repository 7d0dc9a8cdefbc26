"""Looking at signed prescriptions again, long after they came."""

import click
from sqlalchemy.orm import Session

from pharmacy.cli.context import database
from pharmacy.kernel import ids
from pharmacy.orders import queries as orders
from pharmacy.prescriptions import queries
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.operations import Reverified, verify_again


@click.group()
def evidence() -> None:
    """Signed prescriptions as they came, and the proof that they were genuine."""


@evidence.command()
@click.argument("order")
def verify(order: str) -> None:
    """
    Verify again what was signed for ORDER (`ord_…`, or a prescription, `rx_…`).

    Nothing is asked but what was stored on receipt: the signed bytes, the public key as it stood,
    and the policies that the decision depended on. The decision must come out the same, and what
    is stored as ordered must be what was signed. Exit status 0: it does; 1: something differs.

    \b
    Example:
      pharmacy evidence verify ord_01jq8r3m9v5x2k7w4t6y8z0abc
    """
    with database().transaction() as session:
        prescription = _prescription(session, order)
        kept = queries.evidence(session, prescription.evidence_id)
        runs = queries.verifications(session, kept.id)
        ordered = queries.of_evidence(session, kept.id)
        results = [verify_again(kept, run, ordered) for run in runs]
        click.echo(f"evidence   {ids.encode('evd', kept.id)}")
        click.echo(f"received   {kept.received_at.isoformat()}")
        click.echo(f"sha256     {kept.jws_sha256.hex()}")
        for run, result in zip(runs, results, strict=True):
            click.echo(f"key        {run.kid} ({run.alg}), verifier {run.verifier_version}")
            _tell(run.decision, result)
    if not results or not all(result.holds for result in results):
        raise SystemExit(1)


def _prescription(session: Session, public: str) -> Prescription:
    if public.startswith("rx_"):
        return queries.get(session, ids.decode("rx", public))
    order = orders.get(session, ids.decode("ord", public))
    return queries.get(session, order.prescription_id)


def _tell(before: str, result: Reverified) -> None:
    click.echo(f"decision   {before}; again: {result.decision}")
    for difference in result.differences:
        click.echo(f"DIFFERS    {difference.what}")
        click.echo(f"  stored   {difference.stored}")
        click.echo(f"  found    {difference.found}")
    if result.holds:
        click.echo("The same bytes, key and policies give the same decision and the same order.")
