"""A pharmacy in which orders are walked along."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)
