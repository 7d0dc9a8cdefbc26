"""The console's page of label texts: written by one pharmacist, approved by another."""

from urllib.parse import urlencode

from pharmacy.labels.rules.texts import KEYS, Part, shipped
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client

AT = "/admin/texts/es/label"


def sent(client: Client, headers: dict[str, str], **changes: str) -> tuple[int, str]:
    """Send the form of a new version with some texts changed; return the status and the answer."""
    texts = shipped("es", Part.LABEL) | changes
    fields = [("reason", "For our patients")]
    for key in KEYS[Part.LABEL]:
        fields += [("key", key), ("text", texts[key])]
    response = client.post(
        AT,
        headers=headers | HTMX | {"content-type": FORM},
        content=urlencode(fields),
    )
    return response.status_code, response.text


FORM = "application/x-www-form-urlencoded"
HTMX = {"hx-request": "true"}


def test_a_version_is_written_shown_and_approved_by_somebody_else(
    client: Client, as_role: AsRole
) -> None:
    writer, approver = (as_role(Role.PHARMACIST, browser=True) for _ in range(2))
    assert "Draft, not in force" in client.get("/admin/texts", headers=writer).text

    status, answer = sent(client, writer, route="Se traga.")

    assert status == 200, answer
    page = client.get(AT, headers=writer).text
    assert "Version 1 waits for approval" in page
    assert "Se traga." in page
    assert "Somebody else approves what you wrote." in page
    assert client.post(f"{AT}/1/approve", headers=writer | HTMX).status_code == 409
    assert client.post(f"{AT}/1/approve", headers=approver | HTMX).status_code == 200
    assert "Version 1 in force" in client.get("/admin/texts", headers=approver).text


def test_what_is_shipped_may_be_approved_as_it_is(client: Client, as_role: AsRole) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    assert sent(client, pharmacist)[0] == 200

    assert "As this program brings it along" in client.get(AT, headers=pharmacist).text
    assert client.post(f"{AT}/1/approve", headers=pharmacist | HTMX).status_code == 200


def test_a_text_that_cannot_stand_is_refused_and_nothing_is_kept(
    client: Client, as_role: AsRole
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    status, _ = sent(client, pharmacist, step="Paso")

    assert status == 422
    assert "waits for approval" not in client.get(AT, headers=pharmacist).text


def test_the_administrator_reads_and_writes_none(client: Client, as_role: AsRole) -> None:
    administrator = as_role(Role.ADMINISTRATOR, browser=True)

    page = client.get(AT, headers=administrator)

    assert (page.status_code, "Write a version" in page.text) == (200, False)
    assert client.get(f"{AT}/new", headers=administrator).status_code == 403
