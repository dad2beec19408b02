"""A database for the tests of the store: the one named by CONCORD_TEST_DATABASE_URL, or an embedded one, migrated."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import asyncpg
import pytest

from app.store.embedded import EmbeddedServer
from app.store.migrate import migrate


@pytest.fixture(scope="session")
def store_server():
    """The address of a server. Data stand directly under /tmp: root runs PostgreSQL as somebody else."""
    if named := os.environ.get("CONCORD_TEST_DATABASE_URL"):
        yield named
        return
    folder = Path(tempfile.mkdtemp(prefix="concord-test-", dir="/tmp"))
    folder.chmod(0o755)
    with EmbeddedServer(folder / "data", fsync=False) as server:
        yield server.dsn
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def store_dsn(store_server):
    """The address of a migrated database."""
    await migrate(store_server)
    return store_server


@pytest.fixture
async def pg(store_dsn):
    """Opens asyncpg connections: ``conn = await pg()``. They are closed after the test."""
    opened = []

    async def connect():
        opened.append(await asyncpg.connect(store_dsn, timeout=10))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()
