"""A clinic with two keys, and its way to the door."""

import pytest

from pharmacy.staff.rules import Role
from tests.doors.api.signatures.tokens import URL, Signer
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, make_key


@pytest.fixture
def signer(session) -> Signer:
    return Signer(ed=make_key(session), es=make_key(session, alg="ES256"))


@pytest.fixture
def send(session, client, as_role):
    """Post a token as the clinic's enrolled client; returns the response."""
    make_site(session)
    headers = as_role(Role.EHR_CLIENT, npi=JORDAN) | {"Content-Type": "application/jose"}

    def post(token: bytes, **more: str):
        return client.post(URL, content=token, headers=headers | more)

    return post
