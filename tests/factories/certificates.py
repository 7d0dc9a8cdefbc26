"""Certificates of an authority that nobody knows outside of the test."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates; `file` is its own, in PEM."""

    def __init__(self, folder: Path, name: str = "Example Pharmacy CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.key = folder, _named(name), new_key(SECP256R1())
        self.file = folder / "ca.pem"
        own = _certificate(self.name, self.name, self.key)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        signed = own.sign(self.key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(Encoding.PEM))

    def serving(self, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, bytes]:
        """Return what a server at this address shows, and its certificate's fingerprint."""
        key = new_key(SECP256R1())
        made = _certificate(_named(host), self.name, key)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        signed = made.add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        file = self.folder / f"{host}.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + signed.public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context, signed.fingerprint(hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
