"""Clearing away what has served its time: sessions, throttles, used keys, due work that is done, old refusals,
the log of what was sent to dispatch systems.

None of it is part of the journal. Any number of processes may do this at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.settings import Settings

AT_ONCE: Final = 5000
"""Rows deleted in one statement: a backlog must not hold its locks for long. The next run goes on."""
DUE_WORK_KEPT: Final = timedelta(days=30)
FAILURES_KEPT: Final = timedelta(days=1)
"""After so long without another one, failed sign-ins are forgotten."""

# Table → which of its rows have served their time before $1.
_OVER: Final = {
    "session": "expires_at <= $1",
    "login_throttle": "last_failure_at <= $1",
    "idempotency": "created_at <= $1",
    "due_work": "done_at <= $1",
    "audit": "at <= $1",
    # What waits is kept, but for an endpoint that is turned off: its own end said that nobody is there.
    "webhook_delivery": "coalesce(delivered_at, made_at) <= $1 AND (status <> 'waiting' OR EXISTS ("
    "SELECT FROM webhook_endpoint e WHERE e.id = webhook_delivery.endpoint_id AND e.status = 'disabled'))",
    "inbox_refusal": "minute <= $1",
}


async def purge(engine: AsyncEngine, settings: Settings, now: datetime) -> dict[str, int]:
    """Delete what is over at ``now`` and return how many rows of each table went.

    A session left idle goes when its time is over, too: until then it is refused.
    """
    limits = {
        "session": now,
        "login_throttle": now - FAILURES_KEPT,
        "idempotency": now - timedelta(hours=settings.idempotency_hours),
        "due_work": now - DUE_WORK_KEPT,
        "audit": now - timedelta(days=settings.retention_days_audit),
        "webhook_delivery": now - timedelta(days=settings.retention_days_deliveries),
        "inbox_refusal": now - timedelta(days=settings.retention_days_deliveries),
    }
    gone: dict[str, int] = {}
    for table, before in limits.items():
        statement = (
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 - constants of this module
            f"SELECT ctid FROM {table} WHERE {_OVER[table]} LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED))"
        )
        async with operation(engine) as tx:
            gone[table] = int((await tx.raw.execute(statement, before)).rpartition(" ")[2])
    return gone
