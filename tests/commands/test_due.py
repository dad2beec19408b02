"""Due work: done once, by whoever is there, and by somebody else when that one dies."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.commands import due
from app.commands.due import LONGEST_WAIT_S, next_due, one_due, run_due
from app.commands.execute import Door
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.registry import BY_MODEL, BY_NAME, Entry
from app.domain.authority import SYSTEM
from app.domain.errors import Unavailable
from app.domain.ids import new_id
from app.entrypoints.scheduler import DUE, scheduler
from app.store.engine import create_engine
from tests.world import flood


@pytest.fixture
async def incident(door, world):
    return (await door.execute(
        ReportIncident.model_validate(flood()), actor=world.actor("maas", "dispatcher"), space="live"
    )).id  # fmt: skip


@pytest.fixture
def put_in(pg, clock):
    """Has a command fall due."""

    async def put(target, *, command="add_log_entry", body='{"text": "The time has come."}', after_s=0):
        id_ = new_id()
        await (await pg()).execute(
            "INSERT INTO due_work (id, space_id, command, target, body, due_at, attempts)"
            " VALUES ($1, 'live', $2, $3, $4::jsonb, $5, 0)",
            id_, command, target, body, clock.now() + timedelta(seconds=after_s),
        )  # fmt: skip
        return id_

    return put


@pytest.fixture
def row(pg):
    async def read(id_):
        return await (await pg()).fetchrow("SELECT * FROM due_work WHERE id = $1", id_)

    return read


@pytest.fixture
def told(pg):
    """Counts the entries of the incident's log."""

    async def lines():
        return await (await pg()).fetchval("SELECT count(*) FROM incident_log")

    return lines


def handled_by(monkeypatch, handler):
    """Have AddLogEntry carried out by another handler."""
    entry = Entry("add_log_entry", AddLogEntry, handler)
    monkeypatch.setitem(BY_MODEL, AddLogEntry, entry)
    monkeypatch.setitem(BY_NAME, "add_log_entry", entry)


async def test_work_waits_for_its_time_and_is_done_once(door, clock, incident, put_in, row, told, assert_fold):
    """A deadline would pass unseen, or be told twice."""
    heard = []
    door.on_commit = lambda space, seq: heard.append(space)
    otherwise = await next_due(door)  # of the world
    id_ = await put_in(incident, after_s=60)
    assert await next_due(door) == clock.now() + timedelta(seconds=60)
    assert await run_due(door) == 0
    clock.move(seconds=61)
    assert await run_due(door) == 1
    assert await run_due(door) == 0
    assert await told() == 1
    assert heard == ["live"]
    done = await row(id_)
    assert (done["done_at"], done["outcome"]) == (clock.now(), "done")
    assert await next_due(door) == otherwise
    await assert_fold()


async def test_the_most_overdue_comes_first(door, clock, incident, put_in, pg):
    """What is late already would wait behind what has just fallen due."""
    for text, after_s in (("second", 20), ("first", 10), ("third", 30)):
        await put_in(incident, body=f'{{"text": "{text}"}}', after_s=after_s)
    clock.move(seconds=60)
    assert await run_due(door, limit=2) == 2
    assert await run_due(door) == 1
    texts = await (await pg()).fetch("SELECT text FROM incident_log ORDER BY id")
    assert [each["text"] for each in texts] == ["first", "second", "third"]


async def test_two_workers_claim_it_once(door, database, settings, clock, incident, put_in, told):
    """Two processes would both send the alarm."""
    other = Door(create_engine(database, pool_size=4), settings, clock)
    for _ in range(20):
        await put_in(incident)
    done = await asyncio.gather(run_due(door), run_due(other), run_due(door), run_due(other))
    assert sum(done) == 20
    assert await told() == 20
    await other.engine.dispose()


async def test_a_claim_does_not_wait_for_another(door, incident, put_in, row, pg, told):
    """One slow piece of work would hold up all the others."""
    slow, quick = await put_in(incident, after_s=-20), await put_in(incident, after_s=-10)
    conn = await pg()
    async with conn.transaction():
        await conn.execute("SELECT 1 FROM due_work WHERE id = $1 FOR UPDATE", slow)
        assert await run_due(door) == 1
        assert (await row(quick))["outcome"] == "done"
        assert (await row(slow))["done_at"] is None
    assert await run_due(door) == 1
    assert await told() == 2


async def test_a_worker_that_dies_in_the_middle_leaves_it_to_others(
    door, database, settings, clock, incident, put_in, told, monkeypatch
):
    """A process that is killed would take the deadline with it, or leave half of its effect."""
    original = BY_NAME["add_log_entry"].handler
    reached = asyncio.Event()

    async def add_log_entry(uow, cmd):
        await original(uow, cmd)
        await uow.flush()
        reached.set()
        await asyncio.Event().wait()

    await put_in(incident)
    dying = Door(create_engine(database, pool_size=2), settings, clock)
    with monkeypatch.context() as patch:
        handled_by(patch, add_log_entry)
        worker = asyncio.create_task(run_due(dying))
        await reached.wait()
    assert await run_due(door) == 0, "it is claimed as long as that one lives"
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await dying.engine.dispose()
    assert await run_due(door) == 1
    assert await told() == 1


async def test_a_refusal_means_that_its_time_has_passed(door, put_in, row, pg):
    """The alarm for a debt that was made good would be tried for ever."""
    id_ = await put_in(new_id())
    assert await run_due(door) == 1
    done = await row(id_)
    assert (done["outcome"], done["attempts"]) == ("not-found", 0)
    assert done["done_at"] is not None
    assert await run_due(door) == 0


@pytest.mark.parametrize("error", [RuntimeError("a defect"), Unavailable("not now"), OSError("gone")])
async def test_a_failure_is_tried_again_later_and_holds_up_nothing(
    door, clock, incident, put_in, row, told, monkeypatch, error
):
    """One piece of work with a defect would stop all deadlines of the house."""

    async def add_log_entry(uow, cmd):
        raise error

    id_ = await put_in(incident, after_s=-1)
    waits = []
    with monkeypatch.context() as patch, capture_logs() as logs:
        handled_by(patch, add_log_entry)
        for _ in range(3):
            before = clock.now()
            assert await run_due(door) == 1
            assert await run_due(door) == 0, "not at once"
            put_off = await row(id_)
            waits.append((put_off["due_at"] - before).total_seconds())
            clock.at = put_off["due_at"]
    assert waits == [1, 2, 4]
    assert put_off["attempts"] == 3
    assert str(error) in put_off["outcome"]
    assert [each["event"] for each in logs] == ["due_work_failed"] * 3
    assert await run_due(door) == 1
    assert (await row(id_))["outcome"] == "done"
    assert await told() == 1


async def test_the_pauses_end_growing(door, clock, incident, put_in, row, pg, monkeypatch):
    """After a long night of failures the next try would come in years."""

    async def add_log_entry(uow, cmd):
        raise RuntimeError

    handled_by(monkeypatch, add_log_entry)
    id_ = await put_in(incident)
    await (await pg()).execute("UPDATE due_work SET attempts = 2000")
    await run_due(door)
    assert (await row(id_))["due_at"] == clock.now() + timedelta(seconds=LONGEST_WAIT_S)


async def test_work_of_an_unknown_command_is_put_off(door, put_in, row):
    """A release that was rolled back would lose what the newer one had left for later."""
    id_ = await put_in(new_id(), command="from_the_next_release", body="{}")
    with capture_logs():
        assert await one_due(door)
    put_off = await row(id_)
    assert (put_off["done_at"], put_off["attempts"]) == (None, 1)


@pytest.fixture
async def timer(door):
    """The scheduler, which tells when it would wake and never does."""
    made = scheduler(door)
    made.start(paused=True)
    yield made
    made.shutdown(wait=False)
    await asyncio.sleep(0)


async def test_without_a_database_the_scheduler_waits(door, monkeypatch):
    """A restart of the database would fill the log with stacks, or end the scheduler."""
    from app.entrypoints import scheduler as module

    async def away(_door):
        raise asyncpg.InterfaceError("connection is closed")

    monkeypatch.setattr(module, "look_for_due", away)
    made = scheduler(door)
    waker = made.get_job(module.DUE).func.__self__
    with capture_logs() as logs:
        await waker.turn()
        await waker.turn()
    assert [each["event"] for each in logs] == ["due_work_waits"] * 2
    assert {job.func for job in made.get_jobs()} == {waker.turn, module._forget, module._purge}


async def test_the_scheduler_sleeps_until_the_next_thing_is_due(door, timer, clock, incident, put_in, told):
    """An inject would come up to a second late; or what is due after something that waits for its second try."""
    await put_in(incident, after_s=-1)
    await put_in(incident, after_s=0.25)
    before = datetime.now(UTC)
    await timer.get_job(DUE).func()
    after = datetime.now(UTC)
    assert await told() == 1
    assert before <= timer.get_job(DUE).next_run_time - timedelta(seconds=0.25) <= after
    clock.move(seconds=0.25)
    await timer.get_job(DUE).func()
    assert await told() == 2


async def test_the_scheduler_is_told_of_what_a_command_puts_down(door, timer, clock, incident, world, monkeypatch):
    """Virtual players and scripts would answer what people do only when somebody happens to look."""
    original = BY_NAME["add_log_entry"].handler

    async def puts_down(uow, cmd):
        await original(uow, cmd)
        uow.later("add_log_entry", uow.now + timedelta(hours=1), incident)
        uow.beside("live").later("add_log_entry", uow.now, incident)

    handled_by(monkeypatch, puts_down)
    before = timer.get_job(DUE).next_run_time
    command = AddLogEntry.model_validate({"text": "The water rises."})
    await door.execute(command, actor=world.actor("maas", "dispatcher"), space="live", target=incident)
    assert timer.get_job(DUE).next_run_time <= datetime.now(UTC) < before


async def test_what_is_put_down_while_the_scheduler_looks_is_looked_for_again(door, timer, clock, monkeypatch):
    """It was committed behind the look, with a moment before it: nobody would come for it for a second."""
    from app.entrypoints import scheduler as module

    looks = []

    async def look(_door):
        looks.append(1)
        if len(looks) == 1:
            door.on_due(clock.now())
        return False, None

    monkeypatch.setattr(module, "look_for_due", look)
    await timer.get_job(DUE).func()
    assert len(looks) == 2


async def test_the_service_itself_is_the_actor(door, incident, put_in, pg, clock):
    """The journal would name a person for what nobody did, or the wrong time."""
    await put_in(incident, after_s=-30)
    await run_due(door)
    actor, recorded_at, payload = await (await pg()).fetchrow(
        "SELECT actor_id, recorded_at, payload FROM journal_entry ORDER BY seq DESC LIMIT 1"
    )
    assert actor is None
    assert recorded_at == clock.now()
    assert f'"via":"{SYSTEM.via}"' in payload
    assert due.CLAIM.count("SKIP LOCKED") == 1
