"""The queue and the search in a browser: whose turn, which part of it, no name in an address."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.http.pages import USUAL
from pharmacy.http.pages import encode as page_cursor
from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from pharmacy.web.console.queue_pages import CHOICES
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.patients import make_patient

OPEN_PAGE = {"HX-Request": "true"}


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def test_a_technician_sees_first_what_is_next(
    client: Client, as_role: AsRole, bench: Bench, session: Session
) -> None:
    later, sooner = bench.order(Status.LABELING), bench.order(Status.PLANNED)
    sooner.due_at = later.due_at - timedelta(hours=1)
    session.flush()

    page = client.get("/queue", headers=as_role(Role.TECHNICIAN, browser=True)).text

    first = page.index("Next for you")
    assert page.index(f"Rx {sooner.number}") > first
    assert f"Rx {later.number}" not in page
    assert "1.5 → 3 → 4.5 mg" in page


def test_a_view_is_narrowed_by_its_address(client: Client, as_role: AsRole, bench: Bench) -> None:
    planned, packing = bench.order(Status.PLANNED), bench.order(Status.LABELING)
    technician = as_role(Role.TECHNICIAN, browser=True)

    shown = client.get("/queue?view=all&status=planned&due=week", headers=technician).text
    assert encode("ord", planned.id) in shown
    assert encode("ord", packing.id) not in shown
    assert (
        "No order of this view" in client.get("/queue?view=all&whose=mine", headers=technician).text
    )
    unknown = client.get("/queue?view=all&status=of-old", headers=technician).text
    assert encode("ord", packing.id) in unknown


def test_every_choice_above_the_list_is_answered(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    bench.order(Status.PLANNED)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    for name, _, options in CHOICES:
        for value, _ in options:
            answer = client.get(f"/queue?view=all&{name}={value}", headers=pharmacist)
            assert answer.status_code == 200, f"{name}={value}"


def numbers(client: Client, headers: Headers, address: str, **shown: str) -> str:
    answer = client.get(f"{address}&{urlencode(shown)}", headers=OPEN_PAGE | headers)
    assert answer.status_code == 200
    return " ".join(re.sub("<[^>]+>", " ", answer.text).split())


def test_an_open_page_is_told_how_many_orders_came_and_went(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    stays, goes = bench.order(Status.PLANNED), bench.order(Status.PLANNED)
    technician = as_role(Role.TECHNICIAN, browser=True)
    shown = ",".join(f"{encode('ord', each.id)}:{each.version}" for each in (stays, goes))
    address = "/queue/arrivals?view=all&status=planned"
    assert numbers(client, technician, address, shown=shown) == ""

    goes.status = Status.COMPOUNDING
    for _ in range(3):
        bench.order(Status.PLANNED)
    bench.order(Status.LABELING)
    bench.session.flush()

    told = numbers(client, technician, address, shown=shown)
    assert "3 new orders, 1 no longer here" in told


def test_a_page_that_others_follow_is_not_told_of_what_is_due_after_it(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    first, later = bench.order(Status.PLANNED), bench.order(Status.PLANNED)
    later.due_at = first.due_at + timedelta(hours=1)
    bench.session.flush()
    technician = as_role(Role.TECHNICIAN, browser=True)
    shown = f"{encode('ord', first.id)}:{first.version}"

    until = page_cursor((first.due_at, first.id))
    told = numbers(client, technician, "/queue/arrivals?view=all", shown=shown, until=until)

    assert told == ""
    assert "1 new order" in numbers(client, technician, "/queue/arrivals?view=all", shown=shown)


def test_a_later_page_is_told_of_what_came_before_it(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    """An urgent order that comes while somebody reads the second page is due before all of it."""
    known, shown = bench.order(Status.PLANNED), bench.order(Status.PLANNED)
    shown.due_at = known.due_at + timedelta(hours=2)
    bench.session.flush()
    technician = as_role(Role.TECHNICIAN, browser=True)
    cursor = page_cursor((known.due_at, known.id))
    page = client.get(f"/queue?{urlencode({'view': 'all', 'cursor': cursor})}", headers=technician)
    found = re.search(r'hx-get="(/queue/arrivals[^"]*)"', page.text)
    assert found
    address = unescape(found[1])
    row = f"{encode('ord', shown.id)}:{shown.version}"
    assert numbers(client, technician, address, shown=row) == ""

    urgent = bench.order(Status.PLANNED)
    urgent.due_at = known.due_at - timedelta(hours=1)
    urgent.status_since = known.status_since + timedelta(days=1)
    bench.session.flush()

    told = numbers(client, technician, address, shown=row)
    assert "1 new order due before these" in told
    assert "From the start" in told


def test_a_screen_that_asks_by_itself_looks_at_nobody(
    client: Client, as_role: AsRole, bench: Bench, session: Session
) -> None:
    order = bench.order(Status.PLANNED)
    technician = as_role(Role.TECHNICIAN, browser=True)
    public = encode("ord", order.id)
    entries = session.scalar(select(func.count()).select_from(AuditEntry))

    row = client.get(f"/queue/rows/{public}", headers=OPEN_PAGE | technician)
    stale = f"/queue/arrivals?view=all&shown={public}:{order.version - 1}"
    arrivals = client.get(stale, headers=OPEN_PAGE | technician)

    assert "changed now" in row.text
    assert "Testpatient" not in row.text
    assert "1981-" not in row.text
    assert public in arrivals.headers["HX-Trigger"]
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries


def test_a_list_of_rows_that_no_page_shows_is_refused(client: Client, as_role: AsRole) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.get("/queue/arrivals?shown=ord_1:x", headers=OPEN_PAGE | technician)

    assert answer.status_code == 400


def test_a_name_finds_a_patient_and_stands_in_no_address(
    client: Client, as_role: AsRole, bench: Bench, session: Session
) -> None:
    patient = make_patient(session, identifier_value="MRN-Q", family="Quennell", given="Ida")
    order = bench.order(Status.PLANNED, patient=patient)
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.post("/scan", headers=OPEN_PAGE | technician, data={"code": "quen, i"})

    assert answer.status_code == 200
    assert "Quennell, Ida" in answer.text
    assert answer.headers["HX-Push-Url"] == "/search"
    assert answer.headers["HX-Retarget"] == "#page"
    seen = session.scalars(select(AuditEntry).where(AuditEntry.action == "queue.read")).all()
    assert [encode("ord", order.id)] in [entry.detail["orders"] for entry in seen]


def test_a_number_leads_to_its_order(client: Client, as_role: AsRole, bench: Bench) -> None:
    order = bench.order(Status.PLANNED)
    technician = as_role(Role.TECHNICIAN, browser=True)

    for line in (str(order.number), f"Rx #{order.number}"):
        answer = client.post("/scan", headers=OPEN_PAGE | technician, data={"code": line})
        assert f"/orders/{encode('ord', order.id)}" in answer.headers["HX-Location"]


@pytest.mark.parametrize(
    ("fields", "tries"),
    [
        ({"family": "Nobody"}, "Type fewer letters"),
        ({"number": "999999999"}, "digit by digit"),
        ({"birth_date": "1900-01-01"}, "month and day may be swapped"),
        ({"lot": "LOT-0"}, "whole number"),
        ({"tracking": "986578788855"}, "carrier"),
    ],
)
def test_a_search_that_finds_nothing_says_what_to_try(
    client: Client, as_role: AsRole, bench: Bench, fields: dict[str, str], tries: str
) -> None:
    bench.order(Status.PLANNED)
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.post("/search", headers=OPEN_PAGE | technician, data=fields)

    assert "Nothing found" in answer.text
    assert tries in answer.text


def test_what_means_nothing_is_refused(client: Client, as_role: AsRole) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.post("/scan", headers=OPEN_PAGE | technician, data={"code": "%%%"})

    assert answer.status_code == 404


def test_a_cold_load_of_a_full_page_is_at_most_100_kb_apart_from_fonts(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    for _ in range(USUAL + 1):
        bench.order()
    headers = as_role(Role.TECHNICIAN, browser=True) | {"Accept-Encoding": "gzip"}

    page = client.get("/queue?view=all", headers=headers)
    files = set(re.findall(r'"(/assets/[^"]+)"', page.text))
    answers = [page, *(client.get(each, headers=headers) for each in files)]

    assert page.text.count("data-row") == USUAL
    assert len(files) >= 5
    assert sum(int(each.headers["Content-Length"]) for each in answers) <= 100_000


def test_a_person_keeps_a_view_as_a_tab_that_nobody_else_has(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    planned, packing = bench.order(Status.PLANNED), bench.order(Status.LABELING)
    technician, other = (as_role(Role.TECHNICIAN, browser=True) for _ in range(2))
    tab = re.compile(r'<a href="([^"]+)"( aria-current="page")?[^>]*data-key="1">Plans ')
    sent = {"name": "Plans", "view": "all", "status": "planned", "due": "of-old"}

    kept = client.post("/queue/views", headers=OPEN_PAGE | technician, data=sent)
    assert kept.status_code == 200
    found = tab.search(client.get("/queue", headers=technician).text)
    assert found
    assert not found[2]
    address = found[1].replace("&amp;", "&")
    assert address == "/queue?view=all&status=planned"

    opened = client.get(address, headers=technician).text
    current = tab.search(opened)
    assert current
    assert current[2]
    assert opened.count('aria-current="page"') == 2  # the area, and this tab alone
    assert "Keep this view" not in opened
    assert encode("ord", planned.id) in opened
    assert encode("ord", packing.id) not in opened
    assert "Plans" not in client.get("/queue", headers=other).text

    again = client.post("/queue/views", headers=OPEN_PAGE | technician, data=sent)
    assert again.status_code == 409
    assert "another view" in again.text


def test_a_kept_view_is_renamed_moved_and_removed(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)
    headers = OPEN_PAGE | technician
    for name in ("Late", "Held"):
        client.post("/queue/views", headers=headers, data={"name": name, "view": "all"})

    def listed() -> list[tuple[str, str]]:
        page = client.get("/queue/views", headers=technician).text
        form = re.compile(r'hx-post="/queue/views/(qvw_\w+)/name".*?value="([^"]+)"', re.DOTALL)
        return form.findall(page)

    (_, first), (held, second) = listed()
    assert (first, second) == ("Late", "Held")
    client.post(f"/queue/views/{held}/earlier", headers=headers, data={"_": "1"})
    client.post(f"/queue/views/{held}/name", headers=headers, data={"name": "On hold here"})
    assert [name for _, name in listed()] == ["On hold here", "Late"]
    client.post(f"/queue/views/{held}/removal", headers=headers, data={"_": "1"})
    assert [name for _, name in listed()] == ["Late"]
