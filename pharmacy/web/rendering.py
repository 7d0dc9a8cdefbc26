"""Templates: escaped always, strict about names, with the few filters that pages share."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from pharmacy.kernel.ids import encode
from pharmacy.kernel.quantities import Mass
from pharmacy.web import assets

FOLDER: Final = Path(__file__).parent / "templates"
NONE: Final = "\N{EN DASH}"
SPELLED: Final = {
    "worker": "The system",
    "hcl-anhydrous": "HCl, anhydrous",
    "hcl-dihydrate": "HCl dihydrate",
    "photo-id": "Photo ID",
}
"""Codes whose own letters would mislead."""


def local(instant: datetime, zone: str) -> datetime:
    """Return an instant on the pharmacy's clock."""
    return instant.astimezone(ZoneInfo(zone))


def day(when: date | None) -> str:
    """Return a date as it is read aloud: `Mon 2 Mar 2026`."""
    return f"{when:%a} {when.day} {when:%b %Y}" if when else NONE


def born(when: date | str) -> str:
    """Return a date of birth, as somebody says it across a counter: `14 Jul 1981`."""
    if isinstance(when, str):
        when = date.fromisoformat(when)
    return f"{when.day} {when:%b %Y}"


@jinja2.pass_context
def moment(context: jinja2.runtime.Context, instant: datetime | None) -> Markup | str:
    """Return an instant on the pharmacy's clock, readable by machines too: `2 Mar, 16:30`."""
    if instant is None:
        return NONE
    here = local(instant, context["zone"])
    same_year = here.year == local(context["now"], context["zone"]).year
    words = f"{here.day} {here:%b}" + ("" if same_year else f" {here.year}") + f", {here:%H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), words)


@jinja2.pass_context
def clock(context: jinja2.runtime.Context, instant: datetime) -> str:
    """Return an instant as a field for a day and a time holds it: `2026-03-02T16:30`."""
    return f"{local(instant, context['zone']):%Y-%m-%dT%H:%M}"


def lasting(span: timedelta) -> str:
    """Return a span in its two largest units that matter: `2 h 5 min`, `40 min`, `12 h`."""
    minutes = int(span.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    if hours >= 10:  # noqa: PLR2004 -- from here on minutes are noise
        return f"{hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@jinja2.pass_context
def age(context: jinja2.runtime.Context, instant: datetime) -> str:
    """Return how long ago something was, in the unit that matters: `40 min`, `3 h`, `12 days`."""
    span: timedelta = context["now"] - instant
    days = span.days
    if span < timedelta(minutes=1):
        return "under 1 min"
    return f"{days} days" if days >= 2 else lasting(span)  # noqa: PLR2004


def milligrams(micrograms: int) -> str:
    """Return a dose or a strength with its unit: `4.5 mg`."""
    return str(Mass.of_micrograms(micrograms))


def words_of(code: str) -> str:
    """Return a code of ours as words: `final-check` is `Final check`."""
    return SPELLED.get(str(code)) or str(code).replace("-", " ").replace("_", " ").capitalize()


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "age": age,
        "born": born,
        "clock": clock,
        "day": day,
        "lasting": lasting,
        "mg": milligrams,
        "moment": moment,
        "public": lambda value, prefix: encode(prefix, value),
        "words": words_of,
    }
    environment.globals["asset"] = assets.url_of
    return environment


ENVIRONMENT: Final = _environment()


def render(template: str, **context: Any) -> str:
    """Return a page or a part of one."""
    return ENVIRONMENT.get_template(template).render(**context)
