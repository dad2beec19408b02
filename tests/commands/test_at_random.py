"""Random sequences of commands, several at once, each in a fresh world: whatever meets, the invariants hold and the journal folds."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.main import create_app
from app.settings import Settings
from app.store import journal
from app.store.engine import create_engine
from app.store.folded import differences, folded_and_tables
from app.store.invariants import INVARIANTS, broken_invariants
from simulations.bench.storm.board import Board, Counts
from simulations.bench.storm.ground import Ground, rows_of
from simulations.bench.storm.paths import Walker

STEPS = 40


class Counted(Walker):
    """A walker that takes so many steps, however long they take."""

    async def walk(self, until):
        steps = [step for step, weight in self.steps() for _ in range(weight)]
        await self.take(self.report)  # by chance alone, one walker may find nothing to do in all its steps
        for _ in range(STEPS):
            await self.take(self.rng.choice(steps))


@pytest.fixture
def fresh_world(server_dsn, world_template):
    """Makes databases with the world in them, one for each example."""
    from tests.conftest import _clone

    return lambda: _clone(server_dsn, world_template[0])


async def ground_of(engine, world, conn):
    """The test's world, as the storm sees it. Users hold one role each: a walker is given all that its member's hold."""
    rows = await rows_of(engine)
    everything = '["requester", "dispatcher", "authorised_representative", "liaison_officer", "finance", "admin"]'
    await conn.execute(
        "UPDATE user_account SET roles = $1::jsonb WHERE login LIKE 'dispatcher@%' OR login LIKE 'viewer@%'", everything
    )
    tokens = {
        str(id_): [world.token(member, "dispatcher"), world.token(member, "viewer")]
        for member, id_ in world.members.items()
    }
    return Ground(rows, tokens, [])


@given(seed=st.integers(0, 2**32), clients=st.integers(1, 5))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_meets_the_invariants_hold(seed, clients, fresh_world, world, pg):
    """A reserve is broken by two offers that nobody thought of together, or a unit drives to two places."""
    async for dsn in fresh_world():
        await one_storm(dsn, seed, clients, world)


async def one_storm(dsn, seed, clients, world):
    import asyncpg

    conn = await asyncpg.connect(dsn, timeout=10)
    engine = create_engine(dsn, pool_size=2)
    made = create_app(Settings(), dsn, background=False)
    try:
        ground = await ground_of(engine, world, conn)
        board, counts = Board(ground), Counts()
        async with (
            made.router.lifespan_context(made),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=made), base_url="http://concord.test") as http,
        ):
            walkers = [Counted(http, board, counts, seed + number) for number in range(clients)]
            await asyncio.gather(*(walker.walk(time.perf_counter()) for walker in walkers))
        assert counts.faults == []
        assert counts.done
        assert [str(broken) for broken in await broken_invariants(conn)] == []
        folded, tables = await folded_and_tables(engine)
        tables["user"] = folded["user"]  # given more roles by hand, above
        assert differences(folded, tables) == []
        assert (await journal.verify(conn, "live")).ok
    finally:
        await conn.close()
        await engine.dispose()


def test_every_invariant_is_written_out():
    """A word that stands for nothing would be an error of the database in the middle of a check."""
    for statement in INVARIANTS.values():
        assert not any(
            f":{word}" in statement for word in ("fill", "under_way", "stands", "promised", "by_call", "split_off")
        )
