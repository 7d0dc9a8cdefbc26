"""What is kept of a password."""

from argon2 import PasswordHasher


def test_guessing_a_password_costs_what_rfc_9106_asks_where_memory_is_dear(
    real_hasher: PasswordHasher,
) -> None:
    """64 MiB, 3 passes, 4 lanes; a salt of 128 bits and a tag of 256, 22 and 43 letters long."""
    _, kind, version, parameters, salt, tag = real_hasher.hash("lamp orbit quiet fern").split("$")

    assert (kind, version, parameters) == ("argon2id", "v=19", "m=65536,t=3,p=4")
    assert (len(salt), len(tag)) == (22, 43)
