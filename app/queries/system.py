"""How the service is, in figures that an admin can read: the database, the journal's ends, what is due, who is signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from app.queries.models import ReadModel

if TYPE_CHECKING:
    import asyncpg

LATE_AFTER: Final = timedelta(seconds=10)
"""Due work is taken up every second: what waits ten times as long is late."""
REFUSALS_OF: Final = timedelta(hours=24)

_DATABASE: Final = """
    SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size_bytes,
           (SELECT version_num FROM alembic_version) AS revision
"""
_JOURNALS: Final = """
    SELECT h.space_id AS space, h.seq, encode(h.hash, 'hex') AS hash, e.recorded_at AS at
      FROM journal_head h LEFT JOIN journal_entry e ON e.space_id = h.space_id AND e.seq = h.seq
     ORDER BY h.space_id <> 'live', h.space_id
"""
_DUE: Final = """
    SELECT count(*) AS waiting, count(*) FILTER (WHERE due_at < $1 AND NOT EXISTS (
               SELECT FROM drill_clock c WHERE c.space_id = due_work.space_id AND c.status = 'paused'
           )) AS late, count(*) FILTER (WHERE attempts > 0) AS failing,
           min(due_at) FILTER (WHERE command NOT IN ('begin_drill', 'advance_drill')) AS next_at
      FROM due_work WHERE done_at IS NULL
"""


class DatabaseView(ReadModel):
    """The database beneath."""

    version: str
    size_bytes: int
    revision: str
    """Of the schema."""


class JournalEndView(ReadModel):
    """Where a space's journal ends."""

    space: str
    seq: int
    hash: str
    """Of the last entry: keep it, and `journal verify --head` can prove that nothing was rewritten."""
    at: datetime | None
    """When that entry was recorded; null where nothing has happened yet."""


class DueView(ReadModel):
    """What the service itself has to do at its time."""

    waiting: int
    late: int
    """Should have been taken up more than ten seconds ago."""
    failing: int
    """Was tried and put off."""
    next_at: datetime | None
    """Drills left out: their hour and what comes next are their staff's to know."""


class StoreView(ReadModel):
    """What the database knows about how the service is."""

    database: DatabaseView
    journals: tuple[JournalEndView, ...]
    due: DueView
    sessions: int
    """Browsers that are signed in."""
    refusals: int
    """What users of the reader's own member were refused within a day."""


async def store(
    conn: asyncpg.Connection[Any], *, member: object, now: datetime, idle_since: datetime
) -> StoreView:  # fmt: skip
    """Return how the database is; ``idle_since`` ends sessions left alone."""
    database = await conn.fetchrow(_DATABASE)
    due = await conn.fetchrow(_DUE, now - LATE_AFTER)
    journals = await conn.fetch(_JOURNALS)
    sessions = "SELECT count(*) FROM session WHERE expires_at > $1 AND last_used_at > $2"
    refusals = "SELECT count(*) FROM audit WHERE member_id = $1 AND at > $2"
    return StoreView(
        database=DatabaseView.model_validate(dict(database or {})),
        journals=tuple(JournalEndView.model_validate(dict(row)) for row in journals),
        due=DueView.model_validate(dict(due or {})),
        sessions=await conn.fetchval(sessions, now, idle_since),
        refusals=await conn.fetchval(refusals, member, now - REFUSALS_OF),
    )
