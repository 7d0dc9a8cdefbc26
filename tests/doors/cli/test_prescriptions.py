"""Signing and sending by hand, and verifying again: `pharmacy sign`, `submit`, `evidence`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from pharmacy.cli import main
from pharmacy.infra import keys, signatures
from pharmacy.kernel import ids
from pharmacy.orders import operations as orders
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.bundles import SAMPLE, fresh_key, sample_bundle, signed
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, make_key


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundle.json").write_text(SAMPLE, encoding="utf-8")
    return tmp_path


def run(*arguments: str, given: bytes = b"", **environment: str):
    return CliRunner(env=environment).invoke(main, arguments, input=given, catch_exceptions=False)


def pem(key) -> bytes:
    return key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def payload_of(output: bytes) -> bytes:
    return signatures._decoded(output.strip().split(b".")[1])


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_a_file_is_signed_byte_by_byte(folder, alg):
    key = fresh_key(alg)
    (folder / "key.pem").write_bytes(pem(key))
    result = run("sign", "bundle.json", "--key", "key.pem", "--kid", "rxk_1")
    token = result.stdout_bytes.strip()

    assert result.exit_code == 0
    assert payload_of(token) == SAMPLE.encode()
    first, _, signature = token.rpartition(b".")
    public = keys.jwk_of(key.private_key.public_key())
    assert keys.is_signed_by(public, signatures._decoded(signature), first)


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_a_private_jwk_signs_too(folder, alg):
    key = fresh_key(alg)
    numbers = (
        key.private_key.private_bytes_raw()
        if alg == "Ed25519"
        else key.private_key.private_numbers().private_value.to_bytes(32)
    )
    jwk = keys.jwk_of(key.private_key.public_key()) | {"d": signatures._encoded(numbers).decode()}
    (folder / "key.jwk").write_text(json.dumps(jwk))

    assert run("sign", "bundle.json", "--key", "key.jwk", "--kid", "rxk_1").exit_code == 0


def test_a_fresh_copy_is_dated_today_and_has_its_own_identifiers(folder):
    (folder / "key.pem").write_bytes(pem(fresh_key()))
    result = run("sign", "bundle.json", "--key", "key.pem", "--kid", "rxk_1", "--fresh")
    bundle = json.loads(payload_of(result.stdout_bytes))
    request = bundle["entry"][0]["resource"]

    assert bundle["identifier"]["value"] != "RXSET-2026-000123"
    assert request["groupIdentifier"] == bundle["identifier"]
    assert request["authoredOn"] == bundle["timestamp"]
    assert request["dispenseRequest"]["validityPeriod"]["start"] == bundle["timestamp"][:10]


def test_a_file_that_is_no_key_is_refused_in_words(folder):
    (folder / "key.pem").write_text("not a key")
    result = run("sign", "bundle.json", "--key", "key.pem", "--kid", "rxk_1")

    assert result.exit_code == 1
    assert "private-key-unreadable" in result.stderr


@contextmanager
def answering(status: int, body: dict[str, str]) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A server that answers every request alike and remembers what it was sent."""
    seen: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append({"path": self.path, "content": content, **dict(self.headers)})
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_token_is_sent_as_it_is(folder):
    with answering(201, {"order": "ord_1"}) as (url, seen):
        result = run("submit", "-", "--url", url, given=b"a.b.c\n", PHARMACY_API_KEY="ldn_test")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"order": "ord_1"}
    assert (seen[0]["path"], seen[0]["content"]) == ("/api/v1/prescriptions", b"a.b.c")
    assert seen[0]["Content-Type"] == "application/jose"
    assert seen[0]["Authorization"] == "Bearer ldn_test"


def test_a_refusal_is_shown_and_is_a_failure(folder):
    with answering(400, {"code": "RX-SIG-003"}) as (url, _):
        result = run("submit", "-", "--url", url, "--api-key", "k", given=b"a.b.c")

    assert result.exit_code == 1
    assert "RX-SIG-003" in result.stderr


def test_sending_needs_a_key(folder):
    assert "PHARMACY_API_KEY" in run("submit", "-", given=b"a.b.c", PHARMACY_API_KEY="").stderr


def test_evidence_is_verified_again_from_the_database(database):
    with database.transaction() as session:
        make_site(session)
        key = make_key(session)
        clinic = Actor(None, "client", frozenset({Role.EHR_CLIENT}), frozenset({JORDAN}))
        token = signed(sample_bundle(), key)
        receipt = orders.receive(session, token, by=clinic, source_address="::1", now=NOW)
        order = ids.encode("ord", receipt.order.id)
        first = receipt.prescriptions[0].id
    url = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    sound = run("evidence", "verify", order, DATABASE_URL=url)
    assert (sound.exit_code, "accepted; again: accepted" in sound.stdout) == (0, True)
    assert run("evidence", "verify", ids.encode("rx", first), DATABASE_URL=url).exit_code == 0

    with database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))  # never rewritten
        session.execute(text("update prescriptions set days_per_fill = 90"))
    changed = run("evidence", "verify", order, DATABASE_URL=url)
    assert changed.exit_code == 1
    assert "days_per_fill" in changed.stdout


def test_evidence_of_nothing_is_not_found(database):
    url = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    result = run("evidence", "verify", "ord_00000000000000000000000000", DATABASE_URL=url)

    assert result.exit_code == 1
    assert "order-not-found" in result.stderr
