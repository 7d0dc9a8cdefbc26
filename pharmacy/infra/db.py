"""The database: one engine a process, one transaction a door's call."""

import select
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Connection,
    DateTime,
    Enum,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    create_engine,
    event,
    literal,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

PLAN_ANEW: Final = text("set local plan_cache_mode = force_custom_plan")
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table. Text is unbounded, instants carry a zone, documents are JSONB."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        bytes: LargeBinary,
        int: BigInteger,
        Decimal: Numeric,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            length=40,
            values_callable=lambda members: [str(member.value) for member in members],
        ),
    }

    @classmethod
    def table(cls) -> Table:
        """Return the table, for statements that write much and often, without making objects."""
        found = cls.__table__
        assert isinstance(found, Table)
        return found


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds only the values that `kind` knows."""
    values = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} in ({values})", name=f"{column}_known")


def among(column: Any, ids: Collection[UUID] | str) -> ColumnElement[bool]:
    """
    Return the condition that a column holds one of these identifiers, sent as one value.

    `in_` sends each by itself, which for a page of the queue took longer than to answer it.

    Args:
        ids: Those; or the name under which a statement that is made once is given a list of them.
    """
    kind = ARRAY(Uuid())
    given = bindparam(ids, type_=kind) if isinstance(ids, str) else literal([*ids], kind)
    return cast("ColumnElement[bool]", column == any_(given))


def written(value: StrEnum) -> ColumnElement[Any]:
    """
    Return a code of ours as a constant of the statement; other values are sent beside it.

    So the database sees, whatever else is asked, that an index of the rows with it is enough.
    """
    return literal_column(f"'{value.value}'")


def plan_anew(session: Session) -> None:
    """
    Have PostgreSQL plan what this transaction asks for the values at hand.

    Otherwise a statement that is asked often gets one plan for any values, which for a search is
    made for none: a name that nobody has was looked for among all orders.
    """
    session.execute(PLAN_ANEW)


def _replace_dead_connections(engine: Engine) -> None:
    """
    Have the pool look at a connection before it gives it out, without asking the server.

    A server that ended or threw us out said so on the connection's socket, where nothing waits
    otherwise. That costs no round trip, of which `pool_pre_ping` takes one for every transaction.
    """

    @event.listens_for(engine, "checkout")
    def look(connection: Any, _record: object, _proxy: object) -> None:
        looking = select.poll()
        try:
            looking.register(connection.fileno(), select.POLLIN)
            if looking.poll(0):
                engine.dialect.do_ping(connection)
        except (DBAPIError, psycopg.Error) as error:
            raise InvalidatePoolError from error


class Database:
    """Gives out transactions. `with database.transaction() as session:` commits or undoes all."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            hide_parameters=True,  # an error must not carry a patient's data into a log
        )
        _replace_dead_connections(self.engine)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._alone = sessionmaker(alone, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends well, undo everything when it does not."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """
        Yield a session in which every statement is a transaction of its own.

        For the one small read that a request begins with: to begin and to commit are two round
        trips, each as long as that read.
        """
        with self._alone() as session:
            yield session

    def apart(self) -> "Database":
        """Return where to write what stays written although the request is refused."""
        return self

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Yield a plain connection inside a transaction, for streaming and bulk loading."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()
