"""APScheduler, with its store in memory: it wakes due work and housekeeping, and decides nothing.

What is due stands in the database and is claimed there, so any number of processes may run this at once, and a process
that dies takes nothing with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.commands.due import run_due
from app.commands.retention import begin_retention
from app.store.engine import AWAY
from app.store.housekeeping import purge

if TYPE_CHECKING:
    from app.commands.execute import Door

DUE_EVERY_S: Final = 1
PURGE_EVERY_MIN: Final = 15

log = structlog.get_logger(__name__)


def scheduler(door: Door) -> AsyncIOScheduler:
    """Return a scheduler (not started) that takes up due work every second and cleans up every quarter of an hour.

    That people are forgotten is due work, which comes again by itself once it was begun.
    """
    made = AsyncIOScheduler(timezone="UTC")
    made.add_job(_due, "interval", seconds=DUE_EVERY_S, args=[door], max_instances=1, coalesce=True)
    made.add_job(_forget, "date", args=[door], misfire_grace_time=None)  # once, however busy it is at the start
    made.add_job(_purge, "interval", minutes=PURGE_EVERY_MIN, args=[door], max_instances=1, coalesce=True)
    return made


async def _due(door: Door) -> None:
    try:
        await run_due(door)
    except AWAY as error:
        log.warning("due_work_waits", error=repr(error))


async def _forget(door: Door) -> None:
    try:
        await begin_retention(door)
    except AWAY as error:
        log.warning("retention_waits", error=repr(error))


async def _purge(door: Door) -> None:
    try:
        await purge(door.engine, door.settings, door.clock.now())
    except AWAY as error:
        log.warning("housekeeping_waits", error=repr(error))
