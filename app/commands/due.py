"""Due work: commands the service itself carries out when their time comes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.commands.afterwards import afterwards
from app.commands.drill_deadlines import BY_DRILLS_CLOCK
from app.commands.frozen import require_open
from app.commands.registry import BY_NAME
from app.domain.authority import SYSTEM
from app.domain.errors import ConcordError, Unavailable
from app.store.engine import reading
from app.store.unit_of_work import LIVE, Act, commit, operation, unit_of_work
from app.telemetry import DUE_DONE, DUE_LATE_SECONDS

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from app.commands.execute import Door

log = structlog.get_logger(__name__)

LONGEST_WAIT_S: Final = 600
MOST_DOUBLINGS: Final = 10
WAITS: Final = ", ".join(f"'{each}'" for each in BY_DRILLS_CLOCK)
READY: Final = f"""
    done_at IS NULL AND (command NOT IN ({WAITS}) OR NOT EXISTS (
        SELECT FROM drill_clock c WHERE c.space_id = due_work.space_id AND c.status = 'paused'
    ))
"""
"""What is not done, and does not wait for a drill that stands."""
CLAIM = f"""
    SELECT id, space_id, command, target, body, due_at, attempts FROM due_work
    WHERE {READY} AND due_at <= $1 AND ($2::text IS NULL OR command = $2) AND ($3::uuid IS NULL OR target = $3)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - a constant of ours
_LOOK: Final = f"""
    SELECT EXISTS (SELECT FROM due_work WHERE {READY} AND due_at <= $1) AS overdue,
           (SELECT min(due_at) FROM due_work WHERE {READY} AND due_at > $1) AS next_at
"""  # noqa: S608 - a constant of ours
_NEXT: Final = f"SELECT min(due_at) FROM due_work WHERE {READY}"  # noqa: S608 - a constant of ours
FORGETS: Final = "erase_in_space"
"""Whose body names people: it goes when the work is done."""
DONE = f"""
    UPDATE due_work SET done_at = $2, outcome = $3, body = CASE command WHEN '{FORGETS}' THEN '{{}}'::jsonb ELSE body END
    WHERE id = $1 AND done_at IS NULL
"""  # noqa: S608 - a constant of ours
LATER = "UPDATE due_work SET attempts = attempts + 1, due_at = $2, outcome = $3 WHERE id = $1 AND done_at IS NULL"


async def run_due(door: Door, *, limit: int = 100) -> int:
    """Carry out what has fallen due, each in one transaction with its claim; return how many were done.

    Safe in any number of processes at once: a row is claimed with SKIP LOCKED, and its effect and its mark are one
    commit. A refusal means that its time has passed (the debt was made good): it is marked as such.
    """
    done = 0
    while done < limit and await one_due(door):
        done += 1
    return done


async def one_due(door: Door, *, command: str | None = None, target: UUID | None = None) -> bool:
    """Carry out the most overdue piece of work that nobody else has claimed, of that ``command`` and ``target`` if they are named.

    False when there is none.
    """
    now = door.clock.now()
    claimed: asyncpg.Record | None = None
    try:
        act = Act("due_work", SYSTEM.via, now)
        async with unit_of_work(door.engine, space="", actor=SYSTEM, now=now, act=act, settings=door.settings) as uow:
            claimed = await uow.raw.fetchrow(CLAIM, now, command, target)
            if claimed is None:
                return False
            entry = BY_NAME[claimed["command"]]
            uow.space, uow.target = claimed["space_id"], claimed["target"]
            drill_id = None if entry.name == FORGETS else await require_open(uow)
            uow.act = Act(entry.name, SYSTEM.via, claimed["due_at"])
            await entry.handler(uow, entry.model.model_validate(claimed["body"]))
            await afterwards(uow)
            if drill_id is not None:
                uow.later("advance_drill", now, drill_id, space=LIVE)
            _ = await uow.finish()
            await uow.raw.execute(DONE, claimed["id"], now, "done")
            await commit(uow)
            hints = uow.appended()
    except Exception as error:  # whatever it is, the other work that is due must not wait behind it
        if claimed is None:
            raise
        await _ended_badly(door, claimed, now, error)
        return True
    DUE_DONE.labels(claimed["command"], "done").inc()
    DUE_LATE_SECONDS.observe((now - claimed["due_at"]).total_seconds())
    for space, seq in hints:
        door.hint(space, seq)
    return True


async def next_due(door: Door) -> datetime | None:
    """Return when the next piece of work falls due, or None when nothing waits."""
    async with operation(door.engine) as tx:
        found: Any = await tx.raw.fetchval(_NEXT)
    at: datetime | None = found
    return at


async def look_for_due(door: Door) -> tuple[bool, datetime | None]:
    """Return whether anything is due, whoever has it in hand, and when the next piece of work falls due, or None. Locks nothing."""
    async with reading(door.engine) as conn:
        found = await conn.fetchrow(_LOOK, door.clock.now())
    assert found is not None
    return found["overdue"], found["next_at"]


async def _ended_badly(door: Door, claimed: asyncpg.Record, now: datetime, error: Exception) -> None:
    """Mark what was refused as done, and put off what failed, longer each time."""
    if isinstance(error, ConcordError) and not isinstance(error, Unavailable):
        await _mark(door, claimed["id"], DONE, now, error.slug)
        DUE_DONE.labels(claimed["command"], error.slug).inc()
        return
    wait_s = min(2 ** min(claimed["attempts"], MOST_DOUBLINGS), LONGEST_WAIT_S)
    log.error(
        "due_work_failed",
        command=claimed["command"],
        attempts=claimed["attempts"] + 1,
        again_in_s=wait_s,
        exc_info=error,
    )
    told = type(error).__name__ if claimed["command"] == FORGETS else repr(error)[:500]
    await _mark(door, claimed["id"], LATER, now + timedelta(seconds=wait_s), told)
    DUE_DONE.labels(claimed["command"], "failed").inc()


async def _mark(door: Door, id_: UUID, statement: str, at: datetime, outcome: str) -> None:
    async with operation(door.engine) as tx:
        await tx.raw.execute(statement, id_, at, outcome)
