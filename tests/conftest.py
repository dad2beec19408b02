"""What the tests stand on: a real PostgreSQL, a template database cloned for each test, a clock that can be set."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import app.commands.catalogue  # noqa: F401 - enters every handler at the door
from app.commands.execute import Door
from app.commands.load_corridor import load_corridor
from app.domain.clock import SetClock
from app.domain.webhooks import events
from app.main import create_app
from app.settings import Settings
from app.store import engine as engines
from app.store.embedded import EmbeddedServer
from app.store.engine import create_engine, reading
from app.store.folded import folded_and_tables
from app.store.migrate import migrate
from app.store.tables import JOURNALED
from tests.commands.drilling import Drilling
from tests.entrypoints.drilling import Cast, DrillOverHttp
from tests.world import World, build_world

NOON = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)


SEEN_FROM_OUTSIDE = {"acceptance", "browser"}
"""Folders of tests whose lines don't count as covered: they see that it works, and being traced would take them half as long again."""


def pytest_collection_modifyitems(items):
    """Coverage is told by the tests that call the code themselves, but for the slow ones, which play what others have taken apart."""
    for item in items:
        if SEEN_FROM_OUTSIDE.intersection(item.path.parts) or item.get_closest_marker("slow"):
            item.add_marker("no_cover")


class Compiling:
    """What SQLAlchemy has compiled stays for the next test: each has an engine of its own, on a database of its own, with the same SQL.

    From the first engine that has spoken to the server (so its dialect knows the server) all others of this process take the
    dialect and the statements compiled for it. To compile them anew was more than a quarter of a command's test.
    """

    def __init__(self):
        self.first = None

    def begin(self, engine: AsyncEngine):
        """Let the engines made from now on share what this one has compiled."""
        self.first = engine.sync_engine

    def engine(self, *args, **named) -> AsyncEngine:
        """Make an engine as SQLAlchemy does."""
        made = create_async_engine(*args, **named)
        if self.first is not None:
            made.sync_engine.dialect = self.first.dialect
            made.sync_engine._compiled_cache = self.first._compiled_cache
        return made


COMPILING = Compiling()
engines.create_async_engine = COMPILING.engine


@pytest.fixture(scope="session")
def server_dsn():
    """Address of a PostgreSQL server: CONCORD_TEST_DATABASE_URL, or an embedded one without fsync."""
    if named := os.environ.get("CONCORD_TEST_DATABASE_URL"):
        yield named
        return
    folder = Path(tempfile.mkdtemp(prefix="concord-test-", dir=_quick_folder()))
    folder.chmod(0o755)
    try:
        with EmbeddedServer(folder / "data", fsync=False) as server:
            yield server.dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _quick_folder() -> str:
    """Where the cluster goes: in memory where there is room, for a database of 300 files is made for each test."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return str(memory) if roomy else "/tmp"


def _beside(dsn: str, database: str) -> str:
    return f"{dsn.rsplit('/', 1)[0]}/{database}"


async def _on_server(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def empty_template(server_dsn):
    """Name of a migrated database without a corridor."""
    name = f"concord_empty_{uuid.uuid4().hex[:8]}"
    await _on_server(server_dsn, f"CREATE DATABASE {name}")
    await migrate(_beside(server_dsn, name))
    yield name
    await _on_server(server_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def world_template(server_dsn, empty_template):
    """Name of a database with the world of ``tests/world.py`` in it, and that world's ids."""
    name = f"concord_world_{uuid.uuid4().hex[:8]}"
    await _on_server(server_dsn, f"CREATE DATABASE {name} TEMPLATE {empty_template}")
    engine = create_engine(_beside(server_dsn, name), pool_size=2)
    world = await build_world(Door(engine, Settings(), SetClock(NOON)))
    COMPILING.begin(engine)
    await engine.dispose()
    yield name, world
    await _on_server(server_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _clone(server_dsn: str, template: str):
    name = f"concord_test_{uuid.uuid4().hex[:12]}"
    await _on_server(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _beside(server_dsn, name)
    await _on_server(server_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def empty_database(server_dsn, empty_template):
    """Address of a fresh migrated database without a corridor."""
    async for dsn in _clone(server_dsn, empty_template):
        yield dsn


@pytest.fixture
async def database(server_dsn, world_template):
    """Address of a fresh database with the world in it."""
    async for dsn in _clone(server_dsn, world_template[0]):
        yield dsn


@pytest.fixture
def world(world_template) -> World:
    """The ids of the world."""
    return world_template[1]


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at noon on 14 July 2026 (UTC) until the test moves it."""
    return SetClock(NOON)


@pytest.fixture
def settings() -> Settings:
    """The defaults."""
    return Settings()


@pytest.fixture
async def engine(database):
    """An engine on the test's database."""
    made = create_engine(database, pool_size=8)
    yield made
    await made.dispose()


@pytest.fixture
def door(engine: AsyncEngine, settings: Settings, clock: SetClock) -> Door:
    """The door on the test's database, with the clock that can be set."""
    return Door(engine, settings, clock)


@pytest.fixture
async def pg(database):
    """Opens asyncpg connections to the test's database: ``conn = await pg()``. They are closed after the test."""
    opened = []

    async def connect():
        opened.append(await asyncpg.connect(database, timeout=10))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()


@pytest.fixture
async def application(database, settings, clock):
    """The whole application on the test's database, without background work."""
    made = create_app(settings, database, clock=clock, background=False)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def anonymous(application):
    """An HTTP client that is nobody."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.test") as client:
        yield client


@pytest.fixture
async def client(application, world):
    """Makes HTTP clients: ``client("maas", "dispatcher")`` is signed in with that user's token."""
    opened = []

    def make(member: str, role: str) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application),
            base_url="http://concord.test",
            headers={"Authorization": f"Bearer {world.token(member, role)}"},
        )
        opened.append(made)
        return made

    yield make
    for each in opened:
        await each.aclose()


@pytest.fixture
def assert_fold(engine):
    """Compares the journal folded from its beginning with the tables, row by row, in every journaled table, and its events with what a
    webhook can ask for."""

    async def compare(space: str = "live") -> None:
        async with reading(engine) as conn:
            told = await conn.fetch("SELECT DISTINCT type FROM journal_entry WHERE space_id = $1", space)
        for area, _, what in (row["type"].partition(".") for row in told):
            assert what in events().events.get(area, {what}), f"no webhook can ask for {area}.{what}: events.yaml"
        folded, tables = await folded_and_tables(engine, space)
        for kind in JOURNALED:
            assert folded.get(kind, {}) == tables.get(kind, {}), f"the journal tells {kind} otherwise than the table"

    return compare


# ---------------------------------------------------------------- drills


@pytest.fixture(scope="session")
async def corridor_template(server_dsn, empty_template):
    """Name of a database with the demonstration corridor in it."""
    name = f"concord_corridor_{uuid.uuid4().hex[:8]}"
    beside = f"{server_dsn.rsplit('/', 1)[0]}/{name}"
    connection = await asyncpg.connect(server_dsn, timeout=10)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {empty_template}")
    engine = create_engine(beside, pool_size=2)
    folder = Path(__file__).parents[1] / "simulations" / "corridors" / "meuse-rhine"
    await load_corridor(Door(engine, Settings(), SetClock(NOON)), folder, lambda _line: None)
    await engine.dispose()
    yield name
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def corridor_database(server_dsn, corridor_template):
    """Address of a fresh database with the demonstration corridor in it."""
    name = f"concord_drill_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(server_dsn, timeout=10)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {corridor_template}")
    yield f"{server_dsn.rsplit('/', 1)[0]}/{name}"
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def drilling(corridor_database, settings, clock):
    """Acts in drills on the demonstration corridor."""
    engine = create_engine(corridor_database, pool_size=6)
    yield await Drilling(Door(engine, settings, clock), clock).learn()
    await engine.dispose()


@pytest.fixture
async def beside(corridor_database):
    """A connection to the drills' database."""
    connection = await asyncpg.connect(corridor_database, timeout=10)
    yield connection
    await connection.close()


@pytest.fixture
async def played(corridor_database, drilling, settings, clock):
    """A drill over HTTP: clients of members in roles, on the drills' database, with the same clock."""
    made = create_app(settings, corridor_database, clock=clock, background=False)
    async with made.router.lifespan_context(made):
        over = DrillOverHttp(made, drilling)
        yield over
        await over.close()


@pytest.fixture
async def cast(played):
    """The staff and the players of the small drill, and somebody who takes no part."""
    return await Cast(played).come()
