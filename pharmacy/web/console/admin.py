"""Administration: what needs somebody, the hourly checks, the policies."""

from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.infra import record_checks
from pharmacy.kernel.quantities import NotWholeMicrograms, mg
from pharmacy.practice import operations
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import DEFAULTS, PolicyValueInvalid, to_data
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.console.admin_watch import concerns
from pharmacy.web.console.policy_words import SUBJECTS
from pharmacy.web.rendering import milligrams, words_of
from pharmacy.web.view import Action, Answer, CurrentView

CHECKS_SHOWN: Final = 48
"""Two days of hourly checks."""
UNITS: Final = {
    "mg": "mg",
    "percent": "%",
    **{unit: unit for unit in ("minutes", "hours", "days", "months")},
}
"""What a policy's name ends in, and its value then carries."""


class PolicyForm(msgspec.Struct, frozen=True):
    """A policy's new value as a person types it, and why."""

    name: Annotated[str, Meta(max_length=60)]
    value: Annotated[str, Meta(max_length=500)]
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


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
        """Show every policy as it is in force and what it decides, by the work it is part of."""
        with db.transaction() as session:
            in_force = practice.policy(session)
            changes = practice.last_changes(session)
            people = {each.changed_by for each in changes.values() if each.changed_by}
            change = Action("c", "Change a policy", opens="change")
            subjects = {
                subject: [
                    (
                        name,
                        words,
                        _told(name, getattr(in_force, name))[1],
                        _told(name, getattr(DEFAULTS, name))[1],
                    )
                    for name, words in policies.items()
                ]
                for subject, policies in SUBJECTS.items()
            }
            return view.page(
                "admin/policies.html",
                actions=[change] if view.may(Permission.CHANGE_POLICY) else [],
                tabs=tabs_of(view),
                subjects=subjects,
                choices={
                    subject: [(name, _asked(name)) for name in policies]
                    for subject, policies in SUBJECTS.items()
                },
                changes=changes,
                names=staff.names(session, people),
            )

    @post(
        "/policies",
        opt={"permission": Permission.CHANGE_POLICY},
        status_code=200,
        sync_to_thread=True,
    )
    def change_policy(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Put a policy's value in force from now on, with a reason that is kept."""
        given = form.read(PolicyForm)
        with db.transaction() as session:
            operations.change_policy(
                session,
                given.name,
                _typed(given.name, given.value),
                reason=given.reason,
                by=actor,
                now=view.now,
            )
        return view.go("/admin/policies", toast="In force from now on")


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


def _asked(name: str) -> str:
    """Return what a policy is called where its value is asked for, with the unit to type it in."""
    title, value = _told(name, getattr(DEFAULTS, name))
    unit = "mg" if name.endswith("_ug") else UNITS.get(name.rpartition("_")[2], "")
    if value in {"yes", "no"}:
        unit = "yes or no"
    return f"{title} ({unit})" if unit else title


def _typed(name: str, text: str) -> object:
    """Return what a person typed, as the list shows it, in the form that policies are kept in."""
    default = to_data(getattr(DEFAULTS, name, None))
    text = text.strip()
    if isinstance(default, bool):
        return {"yes": True, "no": False}.get(text.lower(), text)
    if isinstance(default, list):
        return [] if text == "none" else [each.strip() for each in text.split(",")]
    if name.endswith("_ug"):
        return _micrograms(name, text)
    if isinstance(default, int) and text.isascii() and text.isdigit():
        return int(text)
    return text


def _micrograms(name: str, text: str) -> int:
    try:
        return mg(text.removesuffix("mg").strip()).micrograms
    except (ArithmeticError, NotWholeMicrograms, TypeError) as error:
        raise PolicyValueInvalid(f"{name} is a mass in mg", field="value") from error
