"""Everything that a batch needs, and everybody who makes one."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.compounding import Laboratory


@pytest.fixture
def laboratory(session: Session) -> Laboratory:
    return Laboratory(session)
