"""The parts of Administration that a person may enter."""

from typing import Final, NamedTuple

from pharmacy.staff.rules import Permission
from pharmacy.web.view import View


class Tab(NamedTuple):
    """One part, with its key."""

    url: str
    name: str
    key: str
    permission: Permission


TABS: Final = (
    Tab("/admin", "To see to", "1", Permission.READ_JOBS),
    Tab("/admin/staff", "Staff", "2", Permission.MANAGE_STAFF),
    Tab("/admin/printers", "Printers", "3", Permission.READ_PRINTER),
    Tab("/admin/jobs", "Jobs", "4", Permission.READ_JOBS),
    Tab("/admin/registries", "Registries", "5", Permission.READ_JOBS),
    Tab("/admin/checks", "Record checks", "6", Permission.READ_JOBS),
    Tab("/admin/reasons", "Reasons", "7", Permission.READ_JOBS),
    Tab("/admin/policies", "Policies", "8", Permission.READ_JOBS),
    Tab("/admin/prescribers", "Prescribers", "9", Permission.READ_JOBS),
    Tab("/admin/clinics", "Clinics", "0", Permission.MANAGE_CLIENTS),
    Tab("/admin/texts", "Label texts", "y", Permission.READ_TEXT),
)


def tabs_of(view: View) -> list[Tab]:
    """Return the parts that a person may enter; none for who has no duty of oversight."""
    if not view.may(Permission.READ_JOBS):
        return []
    return [tab for tab in TABS if view.may(tab.permission)]
