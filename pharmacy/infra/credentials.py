"""Secrets that people and machines show: how they are made, and the only form that is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from pharmacy.kernel.ids import ALPHABET

TOKEN_BYTES: Final = 32
KEY_ID_LETTERS: Final = 12
HASHER: Final = PasswordHasher()
"""argon2id with the parameters of RFC 9106's second recommendation: 64 MiB, 3 passes."""


def new_token() -> str:
    """Return 256 random bits as text for a URL or a header."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Return what is kept of a random token. It holds 256 bits, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def digest_of(record: bytes) -> bytes:
    """Return the hash by which exactly these bytes are known again."""
    return hashlib.sha256(record).digest()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`ldn_<environment>_<key id>_<secret>`."""

    environment: str
    key_id: str
    secret: str

    @classmethod
    def new(cls, environment: str) -> Self:
        key_id = "".join(secrets.choice(ALPHABET) for _ in range(KEY_ID_LETTERS))
        return cls(environment, key_id, new_token())

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the key that a text is, or None."""
        parts = text.split("_", 3)
        if len(parts) != 4 or parts[0] != "ldn" or not all(parts):  # noqa: PLR2004 -- its four parts
            return None
        return cls(*parts[1:])

    def keyed_hash(self, pepper: str) -> bytes:
        """Return what is kept of the key: worthless without the pepper."""
        return hmac.digest(pepper.encode(), str(self).encode(), "sha256")

    def __str__(self) -> str:
        return f"ldn_{self.environment}_{self.key_id}_{self.secret}"


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and parameters."""
    return HASHER.hash(password)


def password_fits(password_hash: str | None, password: str) -> bool:
    """
    Say whether a password is the one that was hashed.

    Without a hash (nobody of that name, or no password yet) it takes as long and says no.
    """
    try:
        fits = HASHER.verify(password_hash or _nobodys_hash(), password)
    except VerificationError:
        return False
    return fits and password_hash is not None


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(new_token())
