"""What a clinic's system does, by hand: sign a prescription and send it."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any, BinaryIO, Final
from uuid import uuid4

import click
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pharmacy.cli.context import local_url
from pharmacy.infra import keys, signatures
from pharmacy.infra.keys import PrivateKey

PATH: Final = "/api/v1/prescriptions"
KEY_VARIABLE: Final = "PHARMACY_API_KEY"
SECONDS: Final = 30


@click.command()
@click.argument("bundle", type=click.File("rb"))
@click.option("--key", "key_file", type=click.File("rb"), required=True, help="PEM or private JWK.")
@click.option("--kid", required=True, help="The name under which the public key is enrolled.")
@click.option(
    "--alg",
    type=click.Choice(["Ed25519", "EdDSA", "ES256"]),
    help="What the header says. Default: what the key is.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="For trying out: give it new identifiers and move its dates to today.",
)
@click.option("--output", "-o", type=click.File("wb"), default="-", help="Default: stdout.")
def sign(
    *,
    bundle: BinaryIO,
    key_file: BinaryIO,
    kid: str,
    alg: str | None,
    fresh: bool,
    output: BinaryIO,
) -> None:
    """
    Sign the FHIR Bundle in the file BUNDLE, byte by byte as it is, and print the token.

    \b
    Examples:
      pharmacy sign bundle.json --key key.pem --kid rxk_clinic1 > token.jose
      pharmacy sign bundle.json --key key.pem --kid rxk_clinic1 --fresh | pharmacy submit -
    """
    private_key = keys.private_key_of(key_file.read())
    payload = _renewed(bundle.read(), datetime.now(UTC)) if fresh else bundle.read()
    token = signatures.sign(payload, private_key, kid=kid, alg=alg or _algorithm(private_key))
    output.write(token + b"\n")


@click.command()
@click.argument("token", type=click.File("rb"))
@click.option(
    "--url",
    default=local_url,
    help="Where the pharmacy's API is. Default: the one that `./run up` runs here.",
)
@click.option(
    "--api-key",
    default=lambda: os.environ.get(KEY_VARIABLE, ""),
    help=f"The client's API key or a session token. Default: {KEY_VARIABLE} in the environment.",
)
@click.option("--fhir", is_flag=True, help="Ask for FHIR: a Task, or an OperationOutcome.")
def submit(token: BinaryIO, url: str, api_key: str, fhir: bool) -> None:
    """
    Send a signed prescription from the file TOKEN, or from stdin where TOKEN is `-`.

    Sending the same token again is safe: the answer is the same, and there is one order.

    \b
    Examples:
      pharmacy submit token.jose --url https://pharmacy.example
      pharmacy sign bundle.json --key key.pem --kid rxk_clinic1 | pharmacy submit -
    """
    if not api_key:
        raise click.UsageError(f"no API key: give --api-key or set {KEY_VARIABLE}")
    answer = _sent(url, token.read().strip(), api_key, fhir=fhir)
    click.echo(_readable(answer), err=answer.is_error)
    if answer.is_error:
        raise SystemExit(1)


def _sent(url: str, token: bytes, api_key: str, *, fhir: bool) -> httpx.Response:
    headers = {
        "Content-Type": "application/jose",
        "Accept": "application/fhir+json" if fhir else "application/json",
        "Authorization": f"Bearer {api_key}",
    }
    try:
        return httpx.post(
            f"{url.rstrip('/')}{PATH}", content=token, headers=headers, timeout=SECONDS
        )
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url} does not answer ({type(error).__name__})") from error


def _readable(answer: httpx.Response) -> str:
    try:
        return json.dumps(answer.json(), indent=2, ensure_ascii=False)
    except ValueError:
        return f"HTTP {answer.status_code}"


def _algorithm(key: PrivateKey) -> str:
    return "Ed25519" if isinstance(key, Ed25519PrivateKey) else "ES256"


def _renewed(payload: bytes, now: datetime) -> bytes:
    """Return the Bundle as if it had been written just now, with identifiers of its own."""
    try:
        bundle = json.loads(payload)
        mark = uuid4().hex[:12].upper()
        written = now.replace(microsecond=0).isoformat()
        bundle["timestamp"] = written
        bundle["identifier"]["value"] = f"RXSET-{mark}"
        requests = _requests(bundle)
        for number, request in enumerate(requests, start=1):
            _move_window(request, later=now.date() - date.fromisoformat(request["authoredOn"][:10]))
            request["authoredOn"] = written
            request["identifier"][0]["value"] = f"RX-{mark}-{number}"
            if "groupIdentifier" in request:
                request["groupIdentifier"]["value"] = f"RXSET-{mark}"
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise click.ClickException("--fresh needs a Bundle with identifiers") from error
    return json.dumps(bundle, ensure_ascii=False).encode()


def _move_window(request: dict[str, Any], *, later: timedelta) -> None:
    period = request["dispenseRequest"]["validityPeriod"]
    for end in ("start", "end"):
        period[end] = (date.fromisoformat(period[end]) + later).isoformat()


def _requests(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    resources = (entry["resource"] for entry in bundle["entry"])
    return [each for each in resources if each["resourceType"] == "MedicationRequest"]
