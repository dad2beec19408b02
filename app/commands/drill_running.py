"""A drill that is played without people, from its scenario to its ratings: for ``drill run``, for CI and for tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from app.commands.drill_plans import ApproveDrill, PlanDrill
from app.commands.drill_start import StartDrill
from app.commands.due import next_due, run_due
from app.domain.authority import SYSTEM
from app.domain.clock import SetClock
from app.store import journal
from app.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from app.commands.execute import Door

LIVE: Final = "live"
LONGEST_SLEEP_S: Final = 0.5
_RATINGS: Final = "SELECT * FROM drill_rating WHERE space_id = 'live' AND drill_id = $1 ORDER BY position"
_TASKS: Final = "SELECT key, at_us, outcome FROM drill_task WHERE space_id = $1 ORDER BY at_us, key"
_FAILED: Final = """
    SELECT command, outcome FROM due_work
    WHERE attempts > 0 AND (space_id = $1 OR (space_id = 'live' AND target = $2)) ORDER BY due_at
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How it went. ``broken`` is empty if nothing of the service broke; refusals that players met are in ``tasks``."""

    drill_id: UUID
    code: str
    space: str
    status: str
    entries: int
    ratings: tuple[dict[str, Any], ...]
    deliveries: int
    tasks: tuple[dict[str, Any], ...]
    broken: tuple[str, ...]


async def run_drill(
    door: Door, script: str, *, speed: int, virtual: str, tell: Callable[[int, str], None] = lambda _us, _line: None
) -> Ran:
    """Plan, approve and begin a drill, and have it played to its end; ``tell`` hears each inject with its drill time.

    On a clock that can be set, time goes on to whatever is due next; on the machine's own one it is waited for.

    Raises:
        ConcordError: the script can't be played, or may not begin.
    """
    body = PlanDrill.model_validate({"script": script, "speed": speed, "virtual": virtual})
    planned = await door.execute(body, actor=SYSTEM, space=LIVE)
    await door.execute(ApproveDrill(), actor=SYSTEM, space=LIVE, target=planned.id)
    began = await door.execute(StartDrill(), actor=SYSTEM, space=LIVE, target=planned.id)
    space: str = began.subject["plays_in"]
    status = await play_on(door, planned.id, space, tell=tell)
    return await _how_it_went(door, planned.id, str(began.subject["code"]), space, status)


async def play_on(
    door: Door, drill_id: UUID, space: str, *, tell: Callable[[int, str], None] = lambda _us, _line: None
) -> str:
    """Have a drill that has begun played for as long as it runs; return the state in which it is left."""
    told = 0
    while True:
        await run_due(door, limit=50)
        async with reading(door.engine) as conn:
            status: str = await conn.fetchval(
                "SELECT status FROM drill WHERE space_id = $1 AND id = $2", LIVE, drill_id
            )
            rows = await conn.fetch(
                "SELECT inject, at_us FROM drill_delivery WHERE space_id = $1 ORDER BY at_us, id OFFSET $2", space, told
            )
        for row in rows:
            tell(row["at_us"], row["inject"])
        told += len(rows)
        if status != "running":
            return status
        await _wait(door)


async def _wait(door: Door) -> None:
    at: datetime | None = await next_due(door)
    if isinstance(door.clock, SetClock):
        if at is not None:
            door.clock.at = max(door.clock.at, at)
        return
    left_s = LONGEST_SLEEP_S if at is None else (at - door.clock.now()).total_seconds()
    await asyncio.sleep(max(0.0, min(LONGEST_SLEEP_S, left_s)))


async def _how_it_went(door: Door, drill_id: UUID, code: str, space: str, status: str) -> Ran:
    async with reading(door.engine) as conn:
        ratings = tuple(dict(row) for row in await conn.fetch(_RATINGS, drill_id))
        tasks = tuple(dict(row) for row in await conn.fetch(_TASKS, space))
        deliveries = await conn.fetchval("SELECT count(*) FROM drill_delivery WHERE space_id = $1", space)
        broken = [f"{row['command']} failed: {row['outcome']}" for row in await conn.fetch(_FAILED, space, drill_id)]
        seq, _ = await journal.head_of(conn, space)
        report = await journal.verify(conn, space)
    if status != "ended":
        broken.append(f"The drill is {status} and has not ended.")
    if not report.ok:
        broken.append("The drill's journal is not as it was written.")
    return Ran(drill_id, code, space, status, seq, ratings, deliveries, tasks, tuple(broken))
