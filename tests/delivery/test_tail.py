"""The tail: everything after a cursor, in order, without a gap, whoever writes meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import chain

import pytest

from app.commands.incidents import AddLogEntry, ReportIncident
from app.delivery import tail as module
from app.delivery.tail import tail
from app.delivery.wakes import Wakes
from app.domain.chain import Stub, Viewer
from app.store.engine import create_engine
from tests.until import until
from tests.world import flood

LONG_S = 60
"""A poll that comes too late to help: what arrives was hinted at."""


@pytest.fixture
async def incident(door, world):
    return await door.execute(
        ReportIncident.model_validate(flood()), actor=world.actor("maas", "dispatcher"), space="live"
    )


@pytest.fixture
def writes(door, world, incident):
    """Appends one entry, as the dispatcher of a member."""

    async def write(number, member="maas"):
        line = AddLogEntry(text=f"Line {number}")
        actor = world.actor(member, "dispatcher")
        return (await door.execute(line, actor=actor, space="live", target=incident.id)).seq

    return write


async def read_until(follow, seq):
    """Read on until ``seq`` has come."""
    seen = []
    async with asyncio.timeout(20):
        async for batch in follow:
            seen += [each.seq for each in batch]
            if seen[-1] >= seq:
                return seen
    return seen


async def test_what_is_there_comes_first_then_what_is_new(engine, database, door, writes, incident):
    """A partner that connects late would have to ask elsewhere for what went before."""
    wakes = Wakes(database)
    door.on_commit = wakes.committed
    async with aclosing(tail(engine, wakes, "live", 0, None, poll_s=LONG_S)) as follow:
        assert await read_until(follow, incident.seq) == list(range(1, incident.seq + 1))
        waiting = asyncio.create_task(anext(follow))
        seq = await writes(1)
        async with asyncio.timeout(10):
            assert [each.seq for each in await waiting] == [seq]


@pytest.mark.parametrize("batch", [1, 3, 500])
async def test_no_entry_is_missed_while_many_write(engine, database, door, writes, incident, world, monkeypatch, batch):
    """A feed that skips one entry shows a unit where it is not, until somebody drives there."""
    monkeypatch.setattr(module, "BATCH", batch)
    wakes = Wakes(database)
    door.on_commit = wakes.committed
    members = ("maas", "luik", "aken")

    async def write(member):
        return [await writes(number, member) for number in range(8)]

    follow = tail(engine, wakes, "live", incident.seq, None, poll_s=LONG_S)
    async with aclosing(follow):
        reading = asyncio.create_task(read_until(follow, incident.seq + 8 * len(members)))
        written = await asyncio.gather(*(write(member) for member in members))
        seen = await reading
    assert seen == list(range(incident.seq + 1, incident.seq + 1 + 8 * len(members)))
    assert sorted(chain.from_iterable(written)) == seen


async def test_a_lost_hint_costs_a_poll_and_no_entry(engine, database, writes, incident):
    """Hints get lost: in a restart, in a process that dies between commit and hint."""
    silent = Wakes(database)
    async with aclosing(tail(engine, silent, "live", incident.seq, None, poll_s=0.02)) as follow:
        reading = asyncio.create_task(read_until(follow, incident.seq + 3))
        for number in range(3):
            await writes(number)
        assert await reading == [incident.seq + 1, incident.seq + 2, incident.seq + 3]


async def test_a_reader_comes_back_with_its_seq(engine, database, writes, incident):
    """Somebody whose line broke would have to read everything again, or lose what came meanwhile."""
    wakes = Wakes(database)
    seqs = [await writes(number) for number in range(4)]
    async with aclosing(tail(engine, wakes, "live", seqs[1], None)) as follow:
        assert await read_until(follow, seqs[-1]) == seqs[2:]


async def test_what_is_not_for_the_viewer_keeps_its_place(engine, database, world):
    """A gap would look like a lost entry; the whole entry would give away what two cities agreed on."""
    viewer = Viewer(world.members["hasselt"])
    async with aclosing(tail(engine, Wakes(database), "live", 0, viewer)) as follow:
        batch = await anext(follow)
    assert [each.seq for each in batch] == list(range(1, len(batch) + 1))
    assert any(isinstance(each, Stub) for each in batch)
    assert any(not isinstance(each, Stub) for each in batch)


async def test_a_reader_that_waits_holds_no_connection(database, incident):
    """As many feeds as there are connections, and nobody could do anything any more."""
    small = create_engine(database, pool_size=1)
    wakes = Wakes(database)
    follows = [tail(small, wakes, "live", incident.seq, None, poll_s=LONG_S) for _ in range(5)]
    tasks = [asyncio.create_task(anext(each)) for each in follows]
    await until(lambda: len(wakes._ears.get("live", ())) == len(tasks) and not small.pool.checkedout())
    assert small.pool.checkedout() == 0
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await small.dispose()


async def test_an_end_leaves_no_task_and_no_waiter(engine, database, incident):
    """Each reader that goes would leave something that runs for ever."""
    before = asyncio.all_tasks()
    wakes = Wakes(database)
    follow = tail(engine, wakes, "live", incident.seq, None, poll_s=LONG_S)
    task = asyncio.create_task(anext(follow))
    await until(lambda: wakes._ears)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wakes._ears == {}
    await until(lambda: asyncio.all_tasks() == before)  # the driver cancels its query in a task of its own
    with pytest.raises(StopAsyncIteration):
        await anext(follow)
