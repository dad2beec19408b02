"""The engine: one pool a process, READ COMMITTED, short waits for locks."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


DIALECT: Final = "postgresql+asyncpg://"
"""Where to connect is left to asyncpg, by ``connect_args``: it reads what libpq reads (sslmode, several hosts), while
SQLAlchemy would hand those on as arguments that asyncpg does not know."""


AWAY: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What reading can fail with while the database is away, or while every connection of the pool is taken: whoever runs for ever
waits and goes on. SQLAlchemy's own timeout is none of Python's; the driver's internal error is that of a server killed in
mid-sentence."""
STATEMENTS: Final = 300
"""Statements that a connection keeps prepared: all there are. One that had to go would be prepared anew each time."""


def plain_dsn(url: str) -> str:
    """Return the DSN as asyncpg and libpq read it."""
    _, _, rest = url.partition("://")
    return f"postgresql://{rest}"


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def create_engine(dsn: str, *, pool_size: int = 10, lock_timeout_ms: int = 5000) -> AsyncEngine:
    """Return an engine on ``dsn``. A statement that waits longer than ``lock_timeout_ms`` for a lock fails (55P03)."""
    engine = create_async_engine(
        DIALECT,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        hide_parameters=True,  # errors are logged, and what people wrote does not belong there
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={
            "dsn": plain_dsn(dsn),
            "timeout": 10,
            "statement_cache_size": STATEMENTS,
            "server_settings": {
                "application_name": "concord",
                "lock_timeout": str(lock_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
                "jit": "off",
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_unfit)
    return engine


def _refuse_unfit(connection: Any, _record: object, _proxy: object) -> None:
    """Keep a connection whose server is gone, or that is still in somebody's transaction, from being handed out: the pool then opens another.

    asyncpg knows both without asking, so this costs no round trip, as a ping would.
    """
    found = connection.driver_connection
    if found.is_closed() or found.is_in_transaction():
        raise DisconnectionError


async def driver(connection: AsyncConnection) -> asyncpg.Connection[Any]:
    """Return the asyncpg connection beneath, inside the transaction of ``connection``.

    SQLAlchemy sends BEGIN only with its own first statement; a statement by hand before that would stand alone, and its
    locks would be gone at once. So the transaction is begun here. The method is not public in SQLAlchemy 2.1 (the
    version is pinned, and a test holds that a lock taken by hand is kept).

    Raises:
        ConnectionError: the server is gone, or just going.
    """
    raw = await connection.get_raw_connection()
    adapted: Any = raw.dbapi_connection
    if adapted._transaction is None:  # noqa: SLF001 - see above
        try:
            await adapted._start_transaction()  # noqa: SLF001 - see above
        except asyncio.CancelledError:
            # The server may have begun, and nobody else knows: it would go back to the pool with locks, and what is done on it next
            # would stand in a savepoint that nobody commits.
            await connection.invalidate()
            raise
        except Exception as error:  # whatever stops a BEGIN, in whoever's class: the connection is of no use
            await connection.invalidate()
            message = "the connection was lost before the transaction began"
            raise ConnectionError(message) from error
    return cast("asyncpg.Connection[Any]", raw.driver_connection)


@asynccontextmanager
async def reading(engine: AsyncEngine, *, snapshot: bool = False) -> AsyncIterator[asyncpg.Connection[Any]]:
    """Open a connection for queries: each statement sees what is committed, or all see one instant with ``snapshot``.

    Without ``snapshot`` no transaction is begun, which saves two round trips; nothing may be written through it.
    """
    async with engine.connect() as plain:
        if snapshot:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            yield await driver(await plain.execution_options(**options))
        else:
            raw = await plain.get_raw_connection()
            yield cast("asyncpg.Connection[Any]", raw.driver_connection)
