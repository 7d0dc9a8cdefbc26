"""The NPPES service is asked where the settings name it, and nowhere else."""

from collections.abc import Iterator

import pytest

from pharmacy.infra.nppes import NppesApi
from pharmacy.workers.orders import identity_service


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    identity_service.cache_clear()
    yield
    identity_service.cache_clear()


def test_by_default_no_service_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHARMACY_NPPES_URL", raising=False)

    assert identity_service() is None


def test_a_service_that_is_named_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHARMACY_NPPES_URL", "https://npiregistry.example/api/")

    service = identity_service()

    assert isinstance(service, NppesApi)
    service.close()
