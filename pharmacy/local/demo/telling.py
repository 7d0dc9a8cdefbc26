"""One line for each step, with the seconds that it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Teller:
    """Says what is being done, and how long what was done took."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._status = self._console.status("")
        self._words = ""
        self._step_began = self._began

    def chapter(self, words: str) -> None:
        self.done()
        self._console.print(f"\n[bold]{escape(words)}[/bold]")

    def begin(self, words: str) -> None:
        """Begin a step; the one before it is done."""
        self.done()
        self._words, self._step_began = words, time.monotonic()
        self._status.update(escape(words))
        self._status.start()

    def done(self, note: str = "") -> None:
        """End the step that was begun, with a note of what came of it."""
        if not self._words:
            return
        self._status.stop()
        took = time.monotonic() - self._step_began
        said = f"{self._words}: {note}" if note else self._words
        self._console.print(f"[green]{took:6.2f} s[/green]  {escape(said)}")
        self._words = ""

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    @contextmanager
    def quiet_at_last(self) -> Iterator[None]:
        """See to it that no spinner is left turning, however it ends."""
        try:
            yield
        finally:
            self._status.stop()
