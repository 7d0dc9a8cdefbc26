"""A batch over HTTP: planned for an order, weighed on a wire, released to the order."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.local.balance import BalanceSimulator
from pharmacy.orders import operations as orders
from pharmacy.orders.rules import Status
from pharmacy.staff.models import Approval
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Clock, Headers
from tests.factories.compounding import PASSING, PHOTO, Laboratory
from tests.factories.orders import Bench
from tests.factories.staff import hashed, make_account, make_session

PASSWORD = "lamp orbit quiet fern"


class Maker:
    """Somebody at the bench."""

    def __init__(self, client: Client, headers: Headers, clock: Clock) -> None:
        self.client = client
        self.headers = headers
        self.clock = clock

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def release(self, path: str, *, status: int = 200, **body: Any) -> Any:
        """Sign the record as it is shown, unless another is named."""
        signed = {"record_sha256": self.get(path)["record_sha256"]} | body
        return self.post(f"{path}/release", signed, status=status)

    def do_steps(self, path: str, *, until: str) -> None:
        """Do the open steps of a batch as far as the one of an act."""
        for step in self.get(f"{path}/steps")["steps"]:
            if step["done_at"] is None:
                self._do(f"{path}/steps/{step['no']}", step)
            if step["act"] == until:
                return

    def _do(self, path: str, step: dict[str, Any]) -> None:
        for check in step["checklist"]:
            self.post(f"{path}/checks/{check['no']}")
        if step["wait_seconds"]:
            self.post(f"{path}/timer/start")
            early = self.post(f"{path}/timer/finish", status=409)
            assert early["type"].endswith("batch-timer-running")
            self.clock.now += timedelta(seconds=step["wait_seconds"])
            self.post(f"{path}/timer/finish")
        if step["needs_photo"]:
            headers = self.headers | {"Content-Type": "application/octet-stream"}
            kept = self.client.post(f"/api/v1{path}/photos", content=PHOTO, headers=headers)
            assert (kept.status_code, kept.json()["media_type"]) == (201, "image/png")
        self.post(f"{path}/done")


@pytest.fixture
def technician(client: Client, as_role: AsRole, clock: Clock) -> Maker:
    return Maker(client, as_role(Role.TECHNICIAN), clock)


@pytest.fixture
def pharmacist(client: Client, as_role: AsRole, clock: Clock) -> Maker:
    return Maker(client, as_role(Role.PHARMACIST), clock)


@pytest.fixture
def second(client: Client, session: Session, clock: Clock) -> Maker:
    """Somebody with a password."""
    account = make_account(session, Role.PHARMACIST, password_hash=hashed(PASSWORD))
    token = make_session(session, account)
    return Maker(client, {"Authorization": f"Bearer {token}"}, clock)


def test_an_order_that_waits_gets_its_capsules(
    session: Session, technician: Maker, pharmacist: Maker, second: Maker
) -> None:
    bench = Bench(session, stock=False)
    laboratory = Laboratory.beside(session)
    waiting = bench.order(Status.PLANNED)
    orders.allocate(session, waiting.id, by=bench.technician, now=NOW)

    proposals = technician.get("/batch-proposals")["proposals"]
    assert [each["strength_mg"] for each in proposals] == ["1.5", "3", "4.5"]
    with BalanceSimulator() as simulator:
        balance = pharmacist.post(
            "/balances",
            {
                "name": "Bench 1",
                "protocol": "mt-sics",
                "host": "127.0.0.1",
                "port": simulator.port,
                "step_mg": "0.1",
                "minimum_mg": "20",
                "verified_on": "2026-01-02",
                "due_on": "2026-12-31",
            },
            status=201,
        )
        for proposal in proposals:
            released = _make(
                proposal,
                laboratory=laboratory,
                simulator=simulator,
                balance=balance["id"],
                technician=technician,
                pharmacist=pharmacist,
                second=second,
            )
    assert released["orders"] == [ids.encode("ord", waiting.id)]
    assert released["batch"]["status"] == "released"
    assert all(gate["is_green"] for gate in released["batch"]["gates"])

    path = f"/batches/{released['batch']['id']}"
    pdf = technician.client.get(f"/api/v1{path}/worksheet", headers=technician.headers)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert len(technician.get("/batches")["items"]) == 3


def _make(
    proposal: dict[str, Any],
    *,
    laboratory: Laboratory,
    simulator: BalanceSimulator,
    balance: str,
    technician: Maker,
    pharmacist: Maker,
    second: Maker,
) -> Any:
    wanted = {name: proposal[name] for name in ("strength_mg", "capsules")}
    batch = pharmacist.post("/batches", wanted, status=201)
    path = f"/batches/{batch['id']}"
    lots = {
        "active_lot": ids.encode("ing", laboratory.active.id),
        "filler_lot": ids.encode("ing", laboratory.filler.id),
    }
    batch = technician.post(f"{path}/lots", lots)
    technician.do_steps(path, until="")
    for target in batch["targets"]:
        simulator.put(mg(target["target_mg"]))
        body = {name: target[name] for name in ("item", "ingredient_lot")} | {"balance": balance}
        weighing = technician.post(f"{path}/weighings", body, status=201)
        assert (weighing["verdict"], weighing["sign"]) == ("within", "\N{CHECK MARK}")
        assert weighing["captured"] == "balance"
        pharmacist.post(f"/weighings/{weighing['id']}/verification")
    technician.do_steps(path, until="weigh")
    technician.post(f"{path}/blend")
    technician.do_steps(path, until="blend")
    shells = ids.encode("shl", laboratory.shells.id)
    batch = technician.post(
        f"{path}/fill", {"shell_lot": shells, "filled": proposal["capsules"], "broken": 1}
    )
    technician.do_steps(path, until="fill")
    for _ in range(10):
        simulator.put(mg(48))
        technician.post(f"{path}/weights", {"kind": "shell", "balance": balance})
    for net in PASSING:
        simulator.put(mg(48) + Mass(mg(net).mg))
        technician.post(f"{path}/weights", {"kind": "capsule", "balance": balance})
    batch = technician.post(f"{path}/tests", {"test": "release"})
    assert batch["tests"][0]["verdict"] == "passed"
    technician.do_steps(path, until="test")
    return second.release(path, password=PASSWORD)


def test_a_gate_that_is_not_green_is_named(
    session: Session, technician: Maker, pharmacist: Maker
) -> None:
    laboratory = Laboratory(session)
    batch = laboratory.filled(laboratory.plan())

    problem = pharmacist.release(f"/batches/{ids.encode('bat', batch.id)}", status=409)

    assert problem["type"].endswith("batch-not-releasable")
    assert "release-test" in str(problem["facts"]["gates"])


def test_a_release_is_signed_with_the_password_under_the_record_that_was_read(
    session: Session, second: Maker
) -> None:
    laboratory = Laboratory(session)
    batch = laboratory.made()
    path = f"/batches/{ids.encode('bat', batch.id)}"
    seen = second.get(path)["record_sha256"]
    second.clock.now += timedelta(minutes=6)

    assert second.release(path, status=428)["type"].endswith("proof-needed")
    wrong = second.release(path, status=401, password="something else entirely")
    assert wrong["type"].endswith("proof-refused")
    other = second.release(path, status=409, record_sha256="00" * 32, password=PASSWORD)
    assert other["type"].endswith("batch-record-changed")
    assert session.scalars(select(Approval)).all() == []
    second.release(path)  # the password was shown a moment ago

    approval = session.scalars(select(Approval)).one()
    assert (approval.subject_kind, approval.subject_id) == ("batch", batch.id)
    assert approval.record_sha256.hex() == seen


def test_a_balance_without_a_wire_is_typed_by_two(session: Session, technician: Maker) -> None:
    laboratory = Laboratory(session)
    batch = laboratory.scan(laboratory.plan())
    body = {
        "item": "active",
        "ingredient_lot": ids.encode("ing", laboratory.active.id),
        "balance": ids.encode("bal", laboratory.balance.id),
    }
    path = f"/batches/{ids.encode('bat', batch.id)}/weighings"

    assert technician.post(path, body, status=503)["type"].endswith("balance-silent")
    typed = body | {"shown_mg": "469"}
    assert technician.post(path, typed, status=422)["type"].endswith("second-reader-needed")
    reader = ids.encode("acc", laboratory.colleague.id)
    assert technician.post(path, typed | {"second_reader": reader}, status=201)["shown_mg"] == "469"


def test_a_batch_is_stopped_looked_into_and_scrapped(
    session: Session, technician: Maker, pharmacist: Maker
) -> None:
    laboratory = Laboratory(session)
    batch = laboratory.filled(laboratory.plan())
    path = f"/batches/{ids.encode('bat', batch.id)}"

    stopped = pharmacist.post(f"{path}/quarantine", {"reason": "a capsule was found open"})
    assert stopped["status"] == "quarantined"
    scrapped = pharmacist.post(
        f"{path}/conclusion", {"outcome": "scrapped", "findings": "the shells are brittle"}
    )

    assert scrapped["status"] == "rejected"
    assert scrapped["investigations"][0]["outcome"] == "scrapped"


def test_the_record_names_every_component_and_everybody_who_made_it(
    session: Session, technician: Maker
) -> None:
    """domain.md 3.5: maker, lot and expiry of each component; who compounded and who verified."""
    laboratory = Laboratory(session)
    batch = laboratory.released()

    record = technician.get(f"/batches/{ids.encode('bat', batch.id)}")

    assert [each["what"] for each in record["components"]] == [
        "naltrexone-hydrochloride",
        "microcrystalline-cellulose",
        "shells of size 3",
    ]
    assert {each["expires_on"] for each in record["components"]} == {"2027-12-31"}
    assert len(record["people"]) == 3
    assert all(gate["is_green"] for gate in record["gates"])
    assert record["formulation_version"] == 1
