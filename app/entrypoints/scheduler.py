"""APScheduler, with its store in memory: it wakes due work and housekeeping, and decides nothing.

What is due stands in the database and is claimed there, so any number of processes may run this at once, and a process
that dies takes nothing with it. A process sleeps until the next thing that it has seen falls due, or has itself put down;
what others put down it sees within ``DUE_EVERY_S``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.commands.due import look_for_due, run_due
from app.commands.retention import begin_retention
from app.store.engine import AWAY
from app.store.housekeeping import purge

if TYPE_CHECKING:
    from app.commands.execute import Door

DUE_EVERY_S: Final = 1
PURGE_EVERY_MIN: Final = 15
DUE: Final = "due"

log = structlog.get_logger(__name__)


def scheduler(door: Door) -> AsyncIOScheduler:
    """Return a scheduler (not started) that takes up due work at its moment and cleans up every quarter of an hour.

    The door tells it of what falls due. That people are forgotten is due work, which comes again by itself once it was begun.
    """
    made = AsyncIOScheduler(timezone="UTC")
    waker = Waker(door, made)
    door.on_due = waker.wake
    # Late is better than in a second, and one that comes while another is at it is gone at once.
    made.add_job(
        waker.turn, "interval", seconds=DUE_EVERY_S, id=DUE, max_instances=2, coalesce=True, misfire_grace_time=None
    )
    made.add_job(_forget, "date", args=[door], misfire_grace_time=None)  # once, however busy it is at the start
    made.add_job(_purge, "interval", minutes=PURGE_EVERY_MIN, args=[door], max_instances=1, coalesce=True)
    return made


class Waker:
    """Has due work taken up: every ``DUE_EVERY_S``, and before that at the next moment at which something is known to fall due."""

    def __init__(self, door: Door, timer: AsyncIOScheduler) -> None:
        self._door = door
        self._timer = timer
        self._at_it = False
        self._told = False
        """Whether something was put down since the last look."""

    def wake(self, at: datetime) -> None:
        """Take up what falls due ``at`` that moment, by the door's clock. Never blocks, never fails."""
        self._told = True
        if self._at_it or not self._timer.running:
            return
        left = at - self._door.clock.now()
        moment = datetime.now(UTC) + left  # looked up second: it must not wake a moment too early
        if moment < self._timer.get_job(DUE).next_run_time:
            self._timer.modify_job(DUE, next_run_time=moment)

    async def turn(self) -> None:
        """Carry out what is due, and have the next thing taken up at its moment."""
        if self._at_it:
            return
        self._at_it, at = True, None
        try:
            at = await self._done_until()
        except AWAY as error:
            log.warning("due_work_waits", error=repr(error))
        finally:
            self._at_it = False
        if at is not None:
            self.wake(at)

    async def _done_until(self) -> datetime | None:
        """Carry out what is due; return when the next thing falls due, None when nothing waits.

        What another process holds is overdue and can't be claimed: it is looked at again a second later.
        """
        while True:
            self._told = False
            overdue, at = await look_for_due(self._door)
            if not (overdue and await run_due(self._door)) and not self._told:
                return at


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
