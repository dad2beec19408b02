"""What a unit is expected to take, read without a lock: as an offer will be estimated (``commands.costs``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.geo import great_circle_km
from app.planning.efforts import effort_of

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from app.domain.cost_terms import Effort

_OWN: Final = """
    SELECT m.lon AS home_lon, m.lat AS home_lat, r.id, r.lon, r.lat, r.officers + r.ncos + r.crew + coalesce(
               (SELECT sum(p.officers + p.ncos + p.crew) FROM resource p
                 WHERE p.space_id = r.space_id AND p.formation_id = r.id), 0)::int AS crew
      FROM member m LEFT JOIN resource r ON r.space_id = m.space_id AND r.member_id = m.id AND r.type_code = $3
     WHERE m.space_id = $1 AND m.id = $2
"""


async def expected(
    conn: asyncpg.Connection[Any],
    space: str,
    lender: UUID,
    type_code: str,
    place: tuple[float, float] | None,
    *,
    resource_id: UUID | None = None,
    hours: float | None = None,
) -> Effort | None:
    """Return what one unit is expected to take: from where it stands, or from its owner's centre where none is named.

    An unnamed unit counts with the largest crew that its owner has for the type. Without a ``place`` nothing is said of the way. None where
    there is no such member.
    """
    rows = await conn.fetch(_OWN, space, lender, type_code)
    if not rows:
        return None
    unit = next((row for row in rows if row["id"] is not None and row["id"] == resource_id), None)
    crews = [row["crew"] for row in ([unit] if unit else rows) if row["crew"] is not None]
    lon, lat = (unit["lon"], unit["lat"]) if unit else (rows[0]["home_lon"], rows[0]["home_lat"])
    return effort_of(None if place is None else great_circle_km(lon, lat, *place), max(crews, default=0), hours)
