"""Retention: people are forgotten by themselves when their matter has been over for long enough.

One piece of due work a day, for all spaces, begun by whoever serves; the settings are read when it runs. Sessions, throttles and
refusals go in ``store/housekeeping.py``, as they are no part of the domain.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from app.commands.registry import Command, handles
from app.domain.ids import new_id
from app.store.personal import CALLS, CONTACTS, forget_named
from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from app.commands.execute import Door
    from app.store.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

AT_ONCE: Final = 2000
"""Rows of a table that one run empties: it must not hold their locks for long."""
EVERY: Final = timedelta(days=1)

# The lock lets one process at a time look whether there is such work already.
_BEGIN: Final = """
    INSERT INTO due_work (id, space_id, command, target, body, due_at, attempts)
    SELECT $1, 'live', 'apply_retention', NULL, '{}', $2, 0
     WHERE EXISTS (SELECT FROM space WHERE id = 'live')
       AND NOT EXISTS (SELECT FROM due_work WHERE command = 'apply_retention' AND done_at IS NULL)
"""

# What waits for a person is never lost: it goes when somebody has seen to it, and its time is over. In a drill that is over, nobody can.
_MESSAGES: Final = f"""
    DELETE FROM inbox_message WHERE (space_id, id) IN (
        SELECT m.space_id, m.id FROM inbox_message m JOIN space s ON s.id = m.space_id
         WHERE m.received_at <= $1 AND (m.outcome NOT IN ('received', 'quarantined') OR s.frozen_at IS NOT NULL)
        LIMIT {AT_ONCE} FOR UPDATE OF m SKIP LOCKED)
"""  # noqa: S608 - a figure of ours


class ApplyRetention(Command):
    """Forget who was rung and who was met, and what dispatch systems told, where it was long ago: by the service itself."""


@handles(ApplyRetention)
async def apply_retention(uow: UnitOfWork, _cmd: ApplyRetention) -> None:
    """Empty what has served its time and come back tomorrow, or at once where more is left. Records nothing: nothing of it was told.

    Locks the rows that it empties, and passes over those that somebody else holds.
    """
    uow.authorise({})
    forgotten = await forget_named(uow.raw, CALLS, uow.now - timedelta(days=uow.settings.retention_days_calls), AT_ONCE)
    forgotten |= await forget_named(
        uow.raw, CONTACTS, uow.now - timedelta(days=uow.settings.retention_days_contacts), AT_ONCE
    )
    before = uow.now - timedelta(days=uow.settings.retention_days_inbox)
    forgotten["inbox_message"] = int((await uow.raw.execute(_MESSAGES, before)).rpartition(" ")[2])
    if any(forgotten.values()):
        log.info("people_forgotten", **forgotten)
    more = any(rows >= AT_ONCE for rows in forgotten.values())
    at = uow.now if more else uow.now + EVERY
    await uow.raw.execute(
        "INSERT INTO due_work (id, space_id, command, target, body, due_at, attempts)"
        " VALUES ($1, $2, 'apply_retention', NULL, '{}', $3, 0)",
        new_id(), uow.space, at,
    )  # fmt: skip


async def begin_retention(door: Door) -> None:
    """Have ``apply_retention`` fall due now, unless it is waiting already: once a deployment, however many processes serve."""
    async with operation(door.engine) as tx:
        await tx.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended('apply_retention', 0))")
        await tx.raw.execute(_BEGIN, new_id(), door.clock.now())
