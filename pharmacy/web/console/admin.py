"""Administration: what needs somebody, the registries, the hourly checks, the policies."""

from typing import Final

from litestar import Controller, get

from pharmacy.http.dependencies import Db
from pharmacy.infra import record_checks
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import DEFAULTS, NAMES, to_data
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.console.admin_watch import concerns, files_of
from pharmacy.web.rendering import milligrams, words_of
from pharmacy.web.view import Answer, CurrentView

CHECKS_SHOWN: Final = 48
"""Two days of hourly checks."""
UNITS: Final = {
    "mg": "mg",
    "percent": "%",
    **{unit: unit for unit in ("minutes", "hours", "days", "months")},
}
"""What a policy's name ends in, and its value then carries."""


class AdminPages(Controller):
    """What everybody with a duty of oversight may read."""

    path = "/admin"
    opt = {"permission": Permission.READ_JOBS}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """Show what needs somebody, and nothing else."""
        with db.transaction() as session:
            return view.page(
                "admin/index.html", tabs=tabs_of(view), concerns=concerns(session, view)
            )

    @get("/registries", sync_to_thread=True)
    def registries(self, view: CurrentView, db: Db) -> Answer:
        """Show the newest file of each public registry, and whether it is too old."""
        with db.transaction() as session:
            return view.page(
                "admin/registries.html", tabs=tabs_of(view), files=files_of(session, view.now)
            )

    @get("/checks", sync_to_thread=True)
    def checks(self, view: CurrentView, db: Db) -> Answer:
        """Show what the hourly checks of all records found."""
        with db.transaction() as session:
            found = record_checks.listing(session, before_id=None, limit=CHECKS_SHOWN)
            return view.page(
                "admin/checks.html", tabs=tabs_of(view), checks=found, every=record_checks.EVERY
            )

    @get("/policies", sync_to_thread=True)
    def policies(self, view: CurrentView, db: Db) -> Answer:
        """Show every policy as it is in force, those that the pharmacy changed first."""
        with db.transaction() as session:
            in_force = practice.policy(session)
            changes = practice.last_changes(session)
            people = {each.changed_by for each in changes.values() if each.changed_by}
            rows = [
                (
                    name,
                    *_told(name, getattr(in_force, name)),
                    _told(name, getattr(DEFAULTS, name))[1],
                )
                for name in sorted(NAMES, key=lambda name: (name not in changes, name))
            ]
            return view.page(
                "admin/policies.html",
                tabs=tabs_of(view),
                rows=rows,
                changes=changes,
                names=staff.names(session, people),
            )


def _told(name: str, value: object) -> tuple[str, str]:
    """Return what a policy is called, and its value with its unit, as a person reads them."""
    plain = to_data(value)
    title, _, unit = name.rpartition("_")
    if isinstance(plain, bool):
        return words_of(name), "yes" if plain else "no"
    if isinstance(plain, list):
        return words_of(name), ", ".join(map(str, plain)) or "none"
    if unit == "ug" and isinstance(plain, int):
        return words_of(title), milligrams(plain)
    if unit in UNITS:
        return words_of(title), f"{plain} {UNITS[unit]}"
    return words_of(name), str(plain)
