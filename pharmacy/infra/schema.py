"""Which schema this code was written for, and which one the database has."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

VERSIONS: Final = Path(__file__).parent.parent.parent / "alembic" / "versions"
REVISION: Final = re.compile(
    r"^(down_revision|revision)\b[^=]*= *[\"']([^\"']+)[\"']", re.MULTILINE
)
PRESENT: Final = text("select version_num from alembic_version")


@cache
def newest() -> frozenset[str]:
    """Return the migrations that nothing follows; read as text, since Alembic is heavy."""
    found = [pair for page in VERSIONS.glob("*.py") for pair in REVISION.findall(page.read_text())]
    revisions = {name for kind, name in found if kind == "revision"}
    return frozenset(revisions - {name for kind, name in found if kind == "down_revision"})


def present(session: Session) -> frozenset[str]:
    """Return where the database stands."""
    return frozenset(session.scalars(PRESENT))
