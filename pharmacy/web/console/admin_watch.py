"""What an administrator must see to, gathered from every corner, the gravest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from pharmacy.infra import jobs, record_checks
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import local_date
from pharmacy.prescribers import queries as prescribers
from pharmacy.prescribers.models import RegistryImport
from pharmacy.printing import queries as printing
from pharmacy.printing.rules.troubles import in_words
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.words import registry_words
from pharmacy.web.view import View

LATE: Final = timedelta(minutes=5)
"""Work that could have run so long ago waits for more than a busy moment."""
EVERYBODY: Final = 500
NEEDED: Final = {"nppes": "who prescribers are (NPPES)", "leie": "who is excluded (LEIE)"}
"""Registries without which no prescriber is cleared by themselves."""


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that needs somebody."""

    words: str
    remedy: str
    url: str
    is_grave: bool = True


@dataclass(frozen=True, slots=True)
class RegistryFile:
    """The newest file of a registry."""

    found: RegistryImport
    days: int
    most_days: int

    @property
    def is_old(self) -> bool:
        return self.days > self.most_days

    @property
    def words(self) -> str:
        """What the registry is called."""
        return registry_words(self.found.kind)


def files_of(session: Session, now: datetime) -> list[RegistryFile]:
    """Return the newest file of each registry with its age in days and the age that is allowed."""
    site, policy = practice.site_and_policy(session)
    today = local_date(now, site.time_zone)
    return [
        RegistryFile(
            each,
            (today - each.file_date).days,
            policy.exclusion_file_max_age_days
            if each.kind == "leie"
            else policy.registry_file_max_age_days,
        )
        for each in prescribers.newest_imports(session)
    ]


def concerns(session: Session, view: View) -> list[Concern]:
    """Return what needs somebody; nothing when all is well."""
    found = [*_records(session, view.now), *_work(session), *_registries(session, view.now)]
    if view.may(Permission.READ_PRINTER):
        found += _printers(session)
    if view.may(Permission.MANAGE_STAFF):
        found += _people(session)
    return sorted(found, key=lambda each: not each.is_grave)


def _records(session: Session, now: datetime) -> list[Concern]:
    last, url = record_checks.latest(session), "/admin/checks"
    if last is None:
        return [Concern("The records were never checked", "See that a worker runs.", url)]
    found = []
    if last.broken:
        words = f"{len(last.broken)} of {last.invariants} rules do not hold in the records"
        found.append(Concern(words, "Run `pharmacy check` on the server: it names the rows.", url))
    if now - last.checked_at > 2 * record_checks.EVERY:
        words = "The records were not checked for two hours or more"
        found.append(Concern(words, "See that a worker runs.", url))
    return found


def _work(session: Session) -> list[Concern]:
    owed = jobs.backlog(session)
    found = []
    if owed.dead:
        one = owed.dead == 1
        words = "1 job was given up" if one else f"{owed.dead} jobs were given up"
        remedy = "Read why; mend the cause; then try again."
        found.append(Concern(words, remedy, "/admin/jobs?state=dead"))
    if owed.oldest_due > LATE:
        minutes = owed.oldest_due // timedelta(minutes=1)
        words = f"{owed.ready} jobs wait, the oldest for {minutes} min"
        found.append(Concern(words, "See that workers run.", "/admin/jobs?state=ready"))
    return found


def _registries(session: Session, now: datetime) -> list[Concern]:
    files, url = files_of(session, now), "/admin/registries"
    loaded = {each.found.kind for each in files}
    found = [
        Concern(
            f"No file is loaded that says {what}",
            "Send one here, or load it with `pharmacy registry import`.",
            url,
        )
        for kind, what in NEEDED.items()
        if kind not in loaded
    ]
    found += [
        Concern(
            f"{each.words}: the file is {each.days} days old; {each.most_days} are allowed",
            "Send a newer one.",
            url,
        )
        for each in files
        if each.is_old
    ]
    return found


def _printers(session: Session) -> list[Concern]:
    return [
        Concern(
            f"{printer.name} is in trouble",
            " ".join(in_words(each) for each in printer.troubles),
            "/admin/printers",
        )
        for printer in printing.printers(session)
        if printer.troubles
    ]


def _people(session: Session) -> list[Concern]:
    members = [each.account for each in staff.members(session, limit=EVERYBODY)]
    unopened = [each for each in members if not each.password_hash and not each.disabled_at]
    if not unopened:
        return []
    some = ", ".join(each.display_name for each in unopened[:3])
    more = f" and {len(unopened) - 3} more" if len(unopened) > 3 else ""  # noqa: PLR2004
    words = f"Not opened yet: the account of {some}{more}"
    remedy = "An invitation lasts 24 hours; give a new one if it is over."
    return [Concern(words, remedy, "/admin/staff", is_grave=False)]
