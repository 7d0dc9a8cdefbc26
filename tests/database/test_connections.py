"""A server that was restarted costs nobody a request: the pool notices before it gives out."""

from contextlib import ExitStack, suppress

from sqlalchemy import text

from pharmacy.infra.db import Database

OTHERS = text(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where pid = any(:pids) and pid <> pg_backend_pid()"
)


def use_several(database: Database, count: int) -> list[int]:
    with ExitStack() as stack:
        sessions = [stack.enter_context(database.transaction()) for _ in range(count)]
        return [each.scalars(text("select pg_backend_pid()")).one() for each in sessions]


def test_connections_that_the_server_ended_are_replaced_unseen(database: Database) -> None:
    before = use_several(database, 3)
    with database.transaction() as session:
        session.execute(OTHERS, {"pids": before})

    after = use_several(database, 3)

    assert len(after) == 3
    assert not set(after) & set(before)


def test_living_connections_are_kept(database: Database) -> None:
    assert set(use_several(database, 3)) == set(use_several(database, 3))


def test_a_connection_that_was_closed_in_the_pool_is_replaced(database: Database) -> None:
    with database.engine.connect() as connection:
        inner = connection.connection.driver_connection
    assert inner is not None
    inner.close()

    with database.transaction() as session:
        assert session.scalar(text("select 1")) == 1


def test_a_glance_writes_at_once_and_leaves_its_connection_to_transactions(
    database: Database,
) -> None:
    with suppress(ZeroDivisionError), database.glance() as session:
        session.execute(text("create table glanced ()"))
        raise ZeroDivisionError
    with suppress(ZeroDivisionError), database.transaction() as session:
        session.execute(text("drop table glanced"))
        raise ZeroDivisionError

    with database.transaction() as session:
        session.execute(text("drop table glanced"))
