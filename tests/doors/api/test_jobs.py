"""What the jobs resource shows and does."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench

PATH = "/api/v1/jobs"


@pytest.fixture
def job(session: Session) -> jobs.Job:
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
    return session.scalars(select(jobs.Job)).one()


def test_a_job_is_shown_without_saying_more_than_an_identifier(
    client: Client, as_role: AsRole, job: jobs.Job
) -> None:
    shown = client.get(f"{PATH}/{job.id}", headers=as_role(Role.ADMINISTRATOR)).json()

    assert shown["kind"] == "orders.check"
    assert shown["state"] == "ready"
    assert shown["about"] == encode("ord", job.ref_id)


def test_jobs_come_in_pages_the_newest_first(
    client: Client, as_role: AsRole, session: Session
) -> None:
    for _ in range(5):
        jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
    headers = as_role(Role.ADMINISTRATOR)

    first = client.get(f"{PATH}?limit=3", headers=headers).json()
    second = client.get(f"{PATH}?limit=3&cursor={first['next']}", headers=headers).json()

    seen = [job["id"] for job in first["items"] + second["items"]]
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert second.get("next") is None


def test_jobs_are_found_by_state_and_kind(
    client: Client, as_role: AsRole, session: Session, job: jobs.Job
) -> None:
    session.execute(text("update jobs set state = 'dead'"))
    jobs.add(session, JobKind.RENDER_LABELS, ref_id=new_id())
    headers = as_role(Role.ADMINISTRATOR)

    dead = client.get(f"{PATH}?state=dead&kind=orders.check", headers=headers).json()

    assert [one["id"] for one in dead["items"]] == [job.id]
    assert client.get(f"{PATH}?state=lost", headers=headers).status_code == 400


def test_a_dead_job_is_retried_and_one_that_is_not_is_a_conflict(
    client: Client, as_role: AsRole, session: Session, job: jobs.Job
) -> None:
    session.execute(text("update jobs set state = 'dead', attempts = 8"))
    headers = as_role(Role.ADMINISTRATOR)

    first = client.post(f"{PATH}/{job.id}/retry", headers=headers)
    second = client.post(f"{PATH}/{job.id}/retry", headers=headers)

    assert (first.status_code, first.json()["state"], first.json()["attempts"]) == (200, "ready", 0)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/job-not-dead")


@pytest.mark.parametrize("unknown", ["0", "404", "99999999999999999999999"])
def test_a_job_that_does_not_exist_is_not_found(
    client: Client, as_role: AsRole, unknown: str
) -> None:
    assert client.get(f"{PATH}/{unknown}", headers=as_role(Role.ADMINISTRATOR)).status_code == 404


def test_an_order_whose_job_is_dead_says_that_the_machine_gave_up(
    client: Client, as_role: AsRole, session: Session
) -> None:
    order = Bench(session).order(Status.RECEIVED)
    session.execute(text("update jobs set state = 'dead'"))
    public, headers = encode("ord", order.id), as_role(Role.PHARMACIST)

    shown = client.get(f"/api/v1/orders/{public}", headers=headers).json()
    [line] = client.get("/api/v1/orders", headers=headers).json()["items"]

    for seen in (shown, line):
        assert (seen["next"]["owner"], seen["next"]["action"]) == ("administrator", "retry-job")
        assert seen["given_up"] == ["orders.check"]


def test_work_that_was_done_by_a_later_job_is_not_given_up(session: Session) -> None:
    order_id = new_id()
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=order_id)
    session.execute(text("update jobs set state = 'dead'"))
    assert jobs.given_up(session, [order_id]) == {order_id: (JobKind.CHECK_ORDER,)}

    jobs.add(session, JobKind.CHECK_ORDER, ref_id=order_id, dedupe_key="again")
    session.execute(text("update jobs set state = 'done' where dedupe_key = 'again'"))

    assert jobs.given_up(session, [order_id]) == {}
