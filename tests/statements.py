"""Counting the statements that a piece of work sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Yield the list that fills with the statements of a session's connection."""
    sent: list[str] = []
    connection = session.connection()

    def listener(*heard: object) -> None:
        sent.append(str(heard[2]))

    event.listen(connection, "before_cursor_execute", listener)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", listener)
