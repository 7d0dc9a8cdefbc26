"""The processes that a pharmacy runs, as they are started."""

import pytest
import uvicorn
from click.testing import CliRunner

from pharmacy.cli.process import api
from pharmacy.http.stopping import Server
from pharmacy.infra import logs


def test_evidence_names_the_peer_and_not_what_a_header_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Uvicorn believes X-Forwarded-For of whoever connects from this machine, unless told."""
    started: list[uvicorn.Config] = []
    monkeypatch.setattr(Server, "run", lambda server: started.append(server.config))
    monkeypatch.setattr(logs, "configure", lambda _level: None)
    environment = {"DATABASE_URL": "postgresql://nowhere/none", "PHARMACY_SECRET": "a pepper"}

    ran = CliRunner().invoke(api, env=environment, catch_exceptions=False)

    assert ran.exit_code == 0
    assert [each.proxy_headers for each in started] == [False]
