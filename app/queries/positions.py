"""Where units were last, and how long ago."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.clock import stamp
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.queries.between import PLACE_SEEN
from app.queries.lists import Where, fetch
from app.queries.models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Collection

    import asyncpg

    from app.domain.geo import Box

# Reports are committed a little later than the clock was read for them, and not in that order; when it is read they hold
# all their locks, so nothing but the commit comes between.
# Of a unit on help from day to day, and of a part that goes along, whom it is for.
_FOR: Final = f"""
    SELECT u.id, m.lender_id, m.requester_id FROM resource u
      JOIN mission m ON m.space_id = u.space_id AND m.resource_id IN (u.id, u.formation_id)
     WHERE u.space_id = $1 AND u.id = ANY($2) AND m.kind = '{DAY_TO_DAY}' AND m.status NOT IN ('returned', 'closed')
"""  # noqa: S608 - a constant of ours
_WITH_WHOLE: Final = """position.resource_id,
    (SELECT u.formation_id FROM resource u WHERE u.space_id = position.space_id AND u.id = position.resource_id)"""
_SINCE: Final = """
    SELECT resource_id, lon, lat, at, reported_at FROM position
    WHERE space_id = $1 AND reported_at > $2::timestamptz - interval '5 seconds'
"""


class PositionView(ReadModel):
    """A unit's last position."""

    resource_id: UUID
    lon: float
    lat: float
    at: datetime
    """When it was there."""
    age_s: int
    """How long ago that is."""


async def positions(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    now: datetime,
    box: Box | None = None,
    since: datetime | None = None,
    after: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[PositionView]:
    """Return last positions in the order of the units' ids; ``since`` keeps those who were seen at that time or later.

    Left out are units that are on help from day to day between two others.
    """
    where = Where().add("space_id = {}", space).add_box(box).add_if(since, "at >= {}")
    where.add(PLACE_SEEN.format(space="position.space_id", units=_WITH_WHOLE, viewer="{}::uuid"), viewer)
    if after is not None:
        where.add("resource_id > {}", after[0])
    rows = await fetch(conn, "SELECT * FROM position", where, order="resource_id", limit=limit)
    return [
        PositionView.model_validate(dict(row) | {"age_s": max(0, int((now - row["at"]).total_seconds()))})
        for row in rows
    ]


async def between_two(
    conn: asyncpg.Connection[Any], space: str, units: Collection[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """Return, of those of the units that are on help from day to day, which two members may know where each is."""
    if not units:
        return {}
    rows = await conn.fetch(_FOR, space, list(units))
    return {row["id"]: frozenset({row["lender_id"], row["requester_id"]}) for row in rows}


async def reported_since(
    conn: asyncpg.Connection[Any], space: str, since: datetime | None
) -> tuple[datetime, dict[UUID, dict[str, Any]]]:
    """Return what was reported since, by unit and as the feed tells it, and until when that is; first without ``since``: nothing.

    What was reported a few seconds before ``since`` is there again.
    """
    if since is None:
        return await conn.fetchval("SELECT clock_timestamp()"), {}
    rows = await conn.fetch(_SINCE, space, since)
    told = {
        row["resource_id"]: {
            "resource_id": row["resource_id"], "lon": row["lon"], "lat": row["lat"], "at": stamp(row["at"]),
        }
        for row in rows
    }  # fmt: skip
    return max([since, *(row["reported_at"] for row in rows)]), told
