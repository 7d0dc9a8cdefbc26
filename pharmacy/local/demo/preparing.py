"""At the bench, step by step: checklists ticked, a timer waited for, a photograph kept."""

import io
import time
from datetime import datetime
from typing import Final

from PIL import Image, ImageDraw

from pharmacy.local.demo.people import Json, Person
from pharmacy.local.demo.telling import Teller

TRAY: Final = (320, 200)
HOLES: Final = (8, 5)
HOLE: Final = 40
STEEL: Final = "#9aa5ad"
SHELL: Final = "#fbfaf5"


def do_steps(person: Person, path: str, *, until: str, teller: Teller) -> None:
    """
    Do a batch's open steps, as far as the one of an act, and say what was done.

    Args:
        until: `weigh`, `blend`, `fill`, `test`, or nothing for what comes before all of them.
    """
    for step in person.get(f"{path}/steps")["steps"]:
        if step["done_at"] is None:
            _do(person, f"{path}/steps/{step['no']}", step, teller)
        if step["act"] == until:
            return


def _do(person: Person, path: str, step: Json, teller: Teller) -> None:
    teller.begin(f"Technician: step {step['no']}, {step['title'].lower()}")
    done = []
    for check in step["checklist"]:
        person.post(f"{path}/checks/{check['no']}")
    if step["checklist"]:
        done.append(f"{len(step['checklist'])} ticked")
    if (seconds := step["wait_seconds"]) is not None:
        _wait(person, path, step["no"], seconds)
        done.append(f"{seconds} s on the timer")
    if step["needs_photo"]:
        kept = person.send(f"{path}/photos", photograph())
        done.append(f"a photograph of {kept['bytes']:,} bytes kept, {kept['sha256'][:12]}…")
    person.post(f"{path}/done")
    teller.done(", ".join(done) or "done")


def _wait(person: Person, path: str, no: int, seconds: int) -> None:
    """Run a timer by the pharmacy's own clock, which decides when it is over."""
    started = person.post(f"{path}/timer/start")
    step = next(each for each in started["steps"] if each["no"] == no)
    until = datetime.fromisoformat(step["timer_started_at"]).timestamp() + seconds
    time.sleep(max(0.0, until - time.time()) + 0.01)
    person.post(f"{path}/timer/finish")


def photograph() -> bytes:
    """Return a picture of a full tray, drawn."""
    picture = Image.new("RGB", TRAY, STEEL)
    pen = ImageDraw.Draw(picture)
    for column in range(HOLES[0]):
        for row in range(HOLES[1]):
            x, y = column * HOLE + 8, row * HOLE + 8
            pen.rounded_rectangle((x, y, x + 24, y + 24), radius=12, fill=SHELL, outline="#c9c6ba")
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=85)
    return kept.getvalue()
