"""The wake-up: a hint that comes at once, that may be lost, and that nobody waits for in vain."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import asyncpg
from structlog.testing import capture_logs

from app.delivery import wakes as module
from app.delivery.wakes import CHANNEL, DOUBT_CHANNEL, Wakes
from app.domain.ids import new_id
from tests.until import until

LONG_S = 30
"""Longer than any test: what returns before was woken."""
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@asynccontextmanager
async def listening(dsn):
    """A process' wake-up, connected."""
    made = Wakes(dsn)
    task = asyncio.create_task(made.run(), name="wakes under test")
    try:
        async with asyncio.timeout(10):
            await made.connected.wait()
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def waits(wakes, space, after, timeout_s=LONG_S):
    """Start to wait, and return the task once it does."""
    begun = asyncio.Event()

    async def wait():
        with wakes.listening(space) as ear:
            ear.begin()
            begun.set()
            await ear.wait(after, timeout_s=timeout_s)

    task = asyncio.create_task(wait())
    await begun.wait()
    await asyncio.sleep(0)
    return task


async def done(task):
    async with asyncio.timeout(10):
        await task


async def ended_backends(dsn):
    """Cut every listening connection of the database, as a restart does."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def test_a_commit_wakes_this_process_at_once(empty_database):
    """People of the same process would wait for a round trip, or without a database for ever."""
    wakes = Wakes(empty_database)
    task = await waits(wakes, "live", 6)
    wakes.committed("live", 7)
    await done(task)


async def test_a_commit_while_one_reads_is_not_lost(empty_database):
    """What is committed behind a reader's back would be seen only at the next poll."""
    wakes = Wakes(empty_database)
    with wakes.listening("live") as ear:
        ear.begin()
        wakes.committed("live", 7)
        await done(asyncio.create_task(ear.wait(6, timeout_s=LONG_S)))


async def test_a_hint_with_nothing_behind_it_costs_one_look(empty_database):
    """A journal that was put back, or a stranger's hint, would have every reader ask the database without a pause."""
    wakes = Wakes(empty_database)
    with wakes.listening("live") as ear:
        wakes.committed("live", 900)
        ear.begin()  # it looked, and found no more than 6
        waiting = asyncio.create_task(ear.wait(6, timeout_s=LONG_S))
        await asyncio.sleep(0)
        assert not waiting.done()
        wakes.committed("live", 7)
        await done(waiting)


async def test_a_commit_wakes_the_other_processes(empty_database):
    """A city whose people sit at another process would see everything two seconds late."""
    async with listening(empty_database) as one, listening(empty_database) as other:
        task = await waits(other, "live", 6)
        one.committed("live", 7)
        await done(task)


async def test_other_spaces_and_old_hints_wake_nobody(empty_database):
    """Each commit of a drill would make every reader of the real thing look."""
    async with listening(empty_database) as wakes:
        task = await waits(wakes, "live", 6)
        wakes.committed("drill-1", 900)
        wakes.committed("live", 6)
        await asyncio.sleep(0)
        assert not task.done()
        wakes.committed("live", 7)
        await done(task)


async def test_many_commits_are_told_in_one_hint(empty_database):
    """A burst would send as many notifications as there are commits, each waking everybody."""
    heard = asyncio.Queue()
    connection = await asyncpg.connect(empty_database)
    await connection.add_listener(CHANNEL, lambda *args: heard.put_nowait(args[3]))
    async with listening(empty_database) as wakes:
        for seq in range(1, 101):
            wakes.committed("live", seq)
        async with asyncio.timeout(10):
            assert await heard.get() == "live:100"
        assert heard.empty()
    await connection.close()


async def test_without_a_hint_the_wait_ends_by_itself(empty_database):
    """A lost hint would leave a reader asleep until the next one."""
    async with listening(empty_database) as wakes:
        started = time.monotonic()
        await done(await waits(wakes, "live", 6, timeout_s=0.05))
        assert time.monotonic() - started >= 0.05
        assert wakes._ears == {}


async def test_nonsense_on_the_channel_is_passed_over(empty_database):
    """Anybody who may connect to the database could stop the wake-ups of a city."""
    async with listening(empty_database) as wakes:
        connection = await asyncpg.connect(empty_database)
        doubted = asyncio.Queue()
        wakes.on_doubt = doubted.put_nowait
        with wakes.listening("live") as ear:
            ear.begin()
            for payload in ("", "live", "live:", ":5", "live:x", "live:-1", "live:٣x", "live:" + "9" * 5000, "live:8"):
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
            await done(asyncio.create_task(ear.wait(7, timeout_s=LONG_S)))
            assert ear._heard == 8
        user = new_id()
        for payload in ("", "nobody", str(user)):
            await connection.execute("SELECT pg_notify($1, $2)", DOUBT_CHANNEL, payload)
        async with asyncio.timeout(10):
            assert await doubted.get() == user
        await connection.close()


async def test_a_connection_that_was_cut_heals(empty_database):
    """After a restart of the database nobody would be woken any more, and nobody would notice."""
    async with listening(empty_database) as one, listening(empty_database) as other:
        waiting = await waits(other, "live", 6)
        with capture_logs():
            assert len(await ended_backends(empty_database)) == 2
            await done(waiting)  # it looks once, for what it may have missed
            await until(lambda: one.connected.is_set() and other.connected.is_set())
        task = await waits(other, "live", 6)
        one.committed("live", 7)
        await done(task)


async def test_coming_back_makes_everybody_look(empty_database):
    """What was committed elsewhere while the connection was away would be seen only at the next poll."""
    wakes = Wakes(empty_database)
    task = await waits(wakes, "live", 6)
    run = asyncio.create_task(wakes.run())
    await done(task)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_what_was_committed_while_it_was_away_is_told_afterwards(empty_database):
    """The others would hear nothing of the last commit before a pause."""
    async with listening(empty_database) as other:
        one = Wakes(empty_database)
        one.committed("live", 7)
        task = await waits(other, "live", 6)
        run = asyncio.create_task(one.run())
        await done(task)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def test_it_goes_on_trying_while_there_is_no_database(monkeypatch):
    """A service that starts before its database would never be woken."""
    monkeypatch.setattr(module, "SHORTEST_PAUSE_S", 0.001)
    wakes = Wakes("postgresql://nobody@127.0.0.1:1/none")
    with capture_logs() as logs:
        run = asyncio.create_task(wakes.run())
        await until(lambda: len(logs) >= 4)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    pauses = [each["again_in_s"] for each in logs[:4]]
    assert pauses == [0.001, 0.002, 0.004, 0.008]
    assert not wakes.connected.is_set()


async def test_a_hint_that_could_not_be_sent_is_sent_again(empty_database, monkeypatch):
    """The others would hear nothing of what was committed just when the line broke."""
    execute, failed = asyncpg.Connection.execute, []

    async def failing(self, query, *args, **more):
        if not failed:
            failed.append(query)
            raise asyncpg.InterfaceError("the line broke")
        return await execute(self, query, *args, **more)

    async with listening(empty_database) as other, listening(empty_database) as one:
        task = await waits(other, "live", 6)
        with monkeypatch.context() as patch, capture_logs():
            patch.setattr(asyncpg.Connection, "execute", failing)
            one.committed("live", 7)
            await done(task)
    assert failed


async def test_a_doubt_is_heard_everywhere(empty_database):
    """Who signed out at one process would go on reading at the other; and what was missed is doubted as a whole."""
    async with listening(empty_database) as one, listening(empty_database) as other:
        here, there, user = asyncio.Queue(), asyncio.Queue(), new_id()
        one.on_doubt, other.on_doubt = here.put_nowait, there.put_nowait
        one.doubted(user)
        assert here.get_nowait() == user
        async with asyncio.timeout(10):
            assert await there.get() == user
        with capture_logs():
            await ended_backends(empty_database)
            async with asyncio.timeout(10):
                assert [await here.get(), await there.get()] == [None, None]


async def test_a_far_side_that_vanished_is_noticed(empty_database, monkeypatch):
    """A firewall that forgets the connection sends no word; hints would be lost from then on."""
    monkeypatch.setattr(module, "PING_S", 0.02)
    pinged = asyncio.Event()
    execute = asyncpg.Connection.execute

    async def failing(self, query, *args, **more):
        if query == "SELECT 1":
            pinged.set()
            raise TimeoutError
        return await execute(self, query, *args, **more)

    async with listening(empty_database) as wakes:
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(asyncpg.Connection, "execute", failing)
            async with asyncio.timeout(10):
                await pinged.wait()
            await until(lambda: logs)
        assert logs[0]["event"] == "wake_up_lost"
        async with asyncio.timeout(10):
            await wakes.connected.wait()


async def test_an_end_leaves_nothing_behind(empty_database):
    """Tasks and connections would pile up with each restart of the application in its process."""
    before = asyncio.all_tasks()
    async with listening(empty_database) as wakes:
        wakes.committed("live", 1)
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    connection = await asyncpg.connect(empty_database)

    async def alone():
        return not await connection.fetchval(OTHERS)

    await until(alone)
    await connection.close()


async def test_nobody_waits_for_a_process_that_ends(empty_database):
    """Who follows the journal would hold up the end of the service, and be cut off with an error that is none."""
    wakes = Wakes(empty_database)
    task = await waits(wakes, "live", 0)
    wakes.end()
    await done(task)
    assert wakes.ending


async def test_a_server_killed_in_mid_sentence_is_asked_again(empty_database, monkeypatch):
    """The driver's own confusion would end the wake-up, and screens would be seconds behind until the next start."""
    real, tries = asyncpg.connect, []

    async def confused_once(*args, **named):
        tries.append(1)
        if len(tries) == 1:
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
        return await real(*args, **named)

    monkeypatch.setattr(module.asyncpg, "connect", confused_once)
    with capture_logs():
        async with listening(empty_database):
            assert len(tries) == 2
