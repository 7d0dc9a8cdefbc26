"""Prescribers and their keys: enrol, propose, prove, approve, list, revoke."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pharmacy.cli.context import database
from pharmacy.cli.people import AS, INSTANT, acting_as, in_utc
from pharmacy.infra.keys import jwk_of, sign
from pharmacy.kernel import base64url, ids
from pharmacy.orders import operations as orders
from pharmacy.orders.operations.prescriber_corrections import confirm_correction
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import Revocation
from pharmacy.prescribers.rules.keys import proof_message, state_at
from pharmacy.prescribers.rules.people import CorrectionReason
from pharmacy.staff.rules import OPERATOR

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """
    Prescribers, and the public keys with which they sign.

    Two people enrol a key: one proposes it, another approves it with the owner's proof. Private
    keys never come here; `make` and `prove` are for a prescriber's side, and for trying out.

    \b
    Examples:
      pharmacy keys enrol 1234567893 --family Testprescriber --given Jordan --state TX --as ada
      pharmacy keys make jordan.pem                                 (the prescriber's side)
      pharmacy keys propose 1234567893 jordan.pem.jwk --as ada
      pharmacy keys prove MESSAGE --key jordan.pem                  (the prescriber's side)
      pharmacy keys approve rxk_… --proof PROOF --as ben
      pharmacy keys correct 1234567893 --family Newname --because changed \\
          --shown-by "Marriage certificate" --as ada
      pharmacy keys confirm pco_… --as ben
      pharmacy keys revoke rxk_… compromised --since 2026-03-01
    """


@keys.command("enrol")
@click.argument("npi")
@click.option("--family", required=True)
@click.option("--given", required=True)
@click.option("--state", required=True, help="Where the licence must be active: two letters.")
@click.option("--born", type=click.DateTime(["%Y-%m-%d"]), help="Tells them from a namesake.")
@AS
def enrol(
    *, npi: str, family: str, given: str, state: str, born: datetime | None, username: str
) -> None:
    """Enrol a prescriber whose identity was proven."""
    with database().transaction() as session:
        operations.enrol(
            session,
            npi=npi,
            family=family,
            given=given,
            practice_state=state,
            birth_date=born.date() if born else None,
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
    click.echo(f"{npi} is enrolled.")


@keys.command("correct")
@click.argument("npi")
@click.option("--family", help="Default: as it is in the register; so with the others.")
@click.option("--given")
@click.option("--state", help="Where the licence must be active: two letters.")
@click.option("--born", type=click.DateTime(["%Y-%m-%d"]))
@click.option(
    "--because",
    type=click.Choice([one.value for one in CorrectionReason]),
    required=True,
    help="A name that changed goes on speaking of them; one that was written wrongly never did.",
)
@click.option("--shown-by", required=True, help="Which papers show it.")
@AS
def correct(
    *,
    npi: str,
    family: str | None,
    given: str | None,
    state: str | None,
    born: datetime | None,
    because: str,
    shown_by: str,
    username: str,
) -> None:
    """Propose how a prescriber is to stand in the register; another person confirms it."""
    with database().transaction() as session:
        known = queries.get(session, npi)
        correction = operations.propose_correction(
            session,
            npi,
            family=family or known.family,
            given=given or known.given,
            practice_state=state or known.practice_state,
            birth_date=born.date() if born else known.birth_date,
            reason=CorrectionReason(because),
            words=shown_by,
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        number = ids.encode("pco", correction.id)
    click.echo(f"{number} waits for another person: pharmacy keys confirm {number} --as …")


@keys.command("confirm")
@click.argument("correction")
@AS
def confirm(correction: str, username: str) -> None:
    """Confirm a correction, as another person than proposed it. Open orders are checked again."""
    with database().transaction() as session:
        row, count = confirm_correction(
            session,
            ids.decode("pco", correction),
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
        npi = row.npi
    click.echo(f"{npi} is corrected; {count} open orders are checked again.")


@keys.command("make")
@click.argument("file", type=NEW_FILE)
@click.option("--alg", type=click.Choice(["Ed25519", "ES256"]), default="Ed25519")
def make(file: Path, alg: str) -> None:
    """Make a key pair: FILE for its owner alone, FILE.jwk for everybody."""
    is_p256 = alg == "ES256"
    key = ec.generate_private_key(ec.SECP256R1()) if is_p256 else Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(pem)
    public = file.with_name(f"{file.name}.jwk")
    public.write_text(json.dumps(jwk_of(key.public_key())) + "\n")
    click.echo(f"{file} stays with its owner; {public} goes to the pharmacy.")


@keys.command("propose")
@click.argument("npi")
@click.argument("jwk", type=FILE)
@click.option("--kind", type=click.Choice(["ehr-software", "ehr-hsm"]), default="ehr-software")
@click.option("--days", type=click.IntRange(1, 730), default=365, show_default=True)
@AS
def propose(npi: str, jwk: Path, kind: str, days: int, username: str) -> None:
    """Propose a public key. Prints what its owner must sign."""
    now = datetime.now(UTC)
    with database().transaction() as session:
        proposal = operations.propose_key(
            session,
            npi=npi,
            jwk=json.loads(jwk.read_text()),
            kind=kind,
            not_before=now,
            not_after=now + timedelta(days=days),
            by=acting_as(session, username),
            now=now,
        )
    click.echo(f"key      {proposal.kid}")
    click.echo(f"message  {base64url.encode(proof_message(proposal.nonce))}")


@keys.command("prove")
@click.argument("message")
@click.option("--key", type=FILE, required=True, help="The private key, PEM.")
def prove(message: str, key: Path) -> None:
    """Sign the message of a proposal, as the key's owner does."""
    private = load_pem_private_key(key.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise click.BadParameter("the key is neither Ed25519 nor P-256")
    click.echo(base64url.encode(sign(private, _bytes(message))))


@keys.command("approve")
@click.argument("kid")
@click.option("--proof", required=True, help="The owner's signature over the message.")
@AS
def approve(kid: str, proof: str, username: str) -> None:
    """Take a proposed key into the register, by another person than proposed it."""
    with database().transaction() as session:
        key = operations.approve_key(
            session,
            kid,
            proof=_bytes(proof),
            by=acting_as(session, username),
            now=datetime.now(UTC),
        )
    click.echo(f"{key.kid} may sign for {key.npi} until {key.not_after:%Y-%m-%d}.")


@keys.command("list")
@click.argument("npi", required=False)
def list_keys(npi: str | None) -> None:
    """List keys, of one prescriber or of all."""
    now = datetime.now(UTC)
    with database().transaction() as session:
        found = queries.keys(session, npi)
    for key in found:
        window = {"not_before": key.not_before, "not_after": key.not_after}
        state = state_at(now, revoked_at=key.revoked_at, **window)
        why = f" ({key.revocation})" if key.revocation else ""
        click.echo(
            f"{key.kid}  {key.npi}  {key.alg:<7}  {state}{why}  until {key.not_after:%Y-%m-%d}"
        )
    if not found:
        click.echo("No keys.")


@keys.command("revoke")
@click.argument("kid")
@click.argument("revocation", type=click.Choice([one.value for one in Revocation]))
@click.option("--since", type=INSTANT, help="With `compromised`: since when (UTC).")
def revoke(kid: str, revocation: str, since: datetime | None) -> None:
    """
    End a key.

    A routine end leaves what arrived before it. `compromised` holds every order that the key signed
    since then and that has not left.
    """
    now = datetime.now(UTC)
    with database().transaction() as session:
        _, held = orders.end_key(
            session,
            kid,
            revocation=Revocation(revocation),
            compromised_since=in_utc(since),
            by=OPERATOR,
            now=now,
        )
    click.echo(f"{kid} is revoked ({revocation}); {held} orders are on hold because of it.")


def _bytes(text: str) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise click.BadParameter("this is not base64url") from error
