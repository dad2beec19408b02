"""Migrations bring a database to what the tables say, one after the other."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from app.store.engine import create_engine
from app.store.migrate import check, config


async def test_a_migrated_database_is_what_the_tables_say(empty_database):
    """A column that only the tables know works in no city that was updated."""
    engine = create_engine(empty_database, pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(check)
    finally:
        await engine.dispose()


def test_the_versions_are_one_line():
    """Two newest versions: whoever updates gets one of them."""
    script = ScriptDirectory.from_config(config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
