"""The engine: what becomes of a connection whose server goes."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.entrypoints.http.causes import is_not_now
from app.store.engine import driver
from app.store.unit_of_work import operation


async def test_a_connection_lost_before_its_transaction_is_the_database_being_away(engine, pg):
    """A command in the second of a database's crash would be answered with 500, "our defect", and not be sent again."""
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        other = await pg()
        await other.execute("SELECT pg_terminate_backend($1)", raw.get_server_pid())
        with pytest.raises(ConnectionError) as lost:
            await driver(connection)
        assert is_not_now(lost.value)
    async with engine.connect() as connection:
        await driver(connection)
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


@pytest.mark.parametrize(
    ("message", "away"), [("cannot switch to state 15; another operation (2) is in progress", True), ("else", False)]
)
def test_a_goodbye_that_asyncpg_has_not_read_yet_is_not_a_defect(message, away):
    """asyncpg has no class of its own for it; as an unknown error it would be a 500 as well."""
    assert is_not_now(asyncpg.InternalClientError(message)) is away


async def test_an_error_does_not_repeat_what_was_sent(engine):
    """A log of errors would be full of telephone numbers, and nobody erases anything there."""
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(text("SELECT 1 / 0 WHERE :phone <> ''"), {"phone": "+31 00 000 0417"})
    assert "0417" not in str(failed.value)


LEFT_OPEN = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
)


async def test_who_stops_while_a_transaction_begins_leaves_none_behind(engine, pg, monkeypatch):
    """The connection went back to the pool in the transaction: it kept its locks, and what came next was acknowledged and never committed."""
    begun, executes = asyncio.Event(), asyncpg.Connection.execute

    async def executing(self, query, *args, **named):
        done = await executes(self, query, *args, **named)
        if query.startswith("BEGIN"):
            begun.set()
            await asyncio.Event().wait()
        return done

    async def opens():
        async with operation(engine):
            pytest.fail("it was stopped before")

    async with operation(engine):
        """SQLAlchemy's own first transaction, which looks at the server, is not meant."""
    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.Connection, "execute", executing)
        opening = asyncio.create_task(opens())
        await begun.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    async with operation(engine) as tx:
        assert await tx.raw.fetchval(LEFT_OPEN) == 0
        await tx.raw.execute("CREATE TABLE kept ()")
    assert await (await pg()).fetchval("SELECT to_regclass('kept') IS NOT NULL")


async def test_a_connection_in_somebodys_transaction_is_not_handed_out(engine, pg):
    """Whatever left it there: what is done on it would stand in a savepoint."""
    async with engine.connect() as connection:
        await (await connection.get_raw_connection()).driver_connection.execute("BEGIN")
    async with operation(engine) as tx:
        await tx.raw.execute("CREATE TABLE kept ()")
    assert await (await pg()).fetchval("SELECT to_regclass('kept') IS NOT NULL")
