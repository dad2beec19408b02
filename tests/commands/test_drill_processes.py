"""Each inject is delivered once, whichever of several server processes is there, and whichever is killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from app.commands import drill_engine
from app.commands.due import run_due
from app.commands.execute import Door
from app.domain.clock import SystemClock
from app.store.engine import create_engine
from tests.commands.drilling import SCRIPT, Drilling
from tests.until import until

SHORT = SCRIPT
for old, new in (
    ('duration: "01:00:00"', 'duration: "00:12:00"'),
    ('else_at: "00:20:00"', 'else_at: "00:07:00"'),
    ('by: "00:30:00"', 'by: "00:08:00"'),
    ('else_at: "00:40:00"', 'else_at: "00:09:00"'),
    ('at: "01:00:00"', 'at: "00:12:00"'),
    ('M: {within: "00:20:00"}', 'M: {within: "00:11:00"}'),
):
    assert old in SHORT
    SHORT = SHORT.replace(old, new)
TOP = Path(__file__).parents[2]


async def test_several_at_once_deliver_each_once(drilling, corridor_database, settings, clock, beside):
    """Two processes would both tell the players, and each count its own drill time."""
    _, space = await drilling.started()
    others = [Door(create_engine(corridor_database, pool_size=2), settings, clock) for _ in range(2)]
    for _ in range(12):
        clock.move(minutes=5, seconds=1)
        await asyncio.gather(*(run_due(door) for door in (drilling.door, *others)))
    found = await drilling.deliveries(space)
    assert found == {
        "begin": 0, "flood": 300, "pumps": 1200, "follow": 1260, "prompt": 1800, "both": 2400, "finish": 3600,
    }  # fmt: skip
    told = "SELECT count(*) FROM journal_entry WHERE space_id = $1 AND type = 'inject.delivered'"
    assert await beside.fetchval(told, space) == len(found)
    for other in others:
        await other.engine.dispose()


async def test_who_dies_in_the_middle_of_a_delivery_leaves_it_to_others(
    drilling, corridor_database, settings, clock, monkeypatch
):
    """An inject would be lost with the process, or be told twice."""
    _, space = await drilling.started()
    clock.move(minutes=5)
    original, reached = drill_engine.deliver, asyncio.Event()

    async def deliver(uow, there, *rest, **more):
        await original(uow, there, *rest, **more)
        await there.flush()
        reached.set()
        await asyncio.Event().wait()

    dying = Door(create_engine(corridor_database, pool_size=2), settings, clock)
    with monkeypatch.context() as patch:
        patch.setattr(drill_engine, "deliver", deliver)
        worker = asyncio.create_task(run_due(dying))
        await reached.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await dying.engine.dispose()
    assert "flood" not in await drilling.deliveries(space)
    await drilling.due()
    assert (await drilling.deliveries(space))["flood"] == 300


@pytest.mark.slow
async def test_one_of_three_processes_is_killed_while_the_script_runs(corridor_database, settings, beside):
    """A process that is killed at the moment an inject is due takes it along, or its successor tells it once more."""
    door = Door(create_engine(corridor_database, pool_size=3), settings, SystemClock())
    drilling = await Drilling(door, SystemClock()).learn()
    drill = await drilling.planned(SHORT, speed=60, virtual="all")
    workers = []
    try:
        for _ in range(3):
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.commands.drill_worker", corridor_database,
                cwd=TOP, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            workers.append(worker)
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"works\n"
        began = await drilling.does("start_drill", drill)
        space = began.subject["plays_in"]

        async def second():
            return await beside.fetchval("SELECT count(*) > 1 FROM drill_delivery WHERE space_id = $1", space)

        async def ended():
            assert workers[1].returncode is None
            return (await drilling.drill(drill))["status"] == "ended"

        await until(second, patience_s=60)
        workers[0].kill()
        await until(ended, patience_s=120)
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()
        await door.engine.dispose()
    told = "SELECT count(*) FROM journal_entry WHERE space_id = $1 AND type = 'inject.delivered'"
    found = await drilling.deliveries(space)
    assert {"begin", "flood", "pumps", "follow", "both", "finish"} <= set(found)
    assert found["finish"] == 12 * 60
    assert await beside.fetchval(told, space) == len(found)
