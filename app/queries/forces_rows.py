"""The rows that the forces of a space are made of: its crossings, its members' units where they are now, and who lends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from app.planning.candidates import Gate, Unit
from app.planning.papers import Home, Lender
from app.queries.candidates import GATES
from app.queries.lists import decoded

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import asyncpg

# A formation is as large as the largest of its parts, and as ready as the least ready of them.
_UNITS: Final = """
    SELECT r.id, r.member_id, m.country, r.call_sign, coalesce(parts.status, r.status) AS status, r.out_of_service_reason,
           r.mobilisation_min, r.officers + r.ncos + r.crew + coalesce(parts.crew, 0) AS crew, m.currency, m.time_zone AS zone,
           greatest(r.weight_t, parts.weight_t) AS weight_t, greatest(r.height_m, parts.height_m) AS height_m,
           greatest(r.width_m, parts.width_m) AS width_m,
           coalesce(p.lon, r.lon) AS lon, coalesce(p.lat, r.lat) AS lat, coalesce(p.at, r.position_at) AS position_at,
           r.type_code, r.retired, r.formation_id, d.lon AS home_lon, d.lat AS home_lat
      FROM resource r
      JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
      JOIN depot d ON d.space_id = r.space_id AND d.id = r.depot_id
      LEFT JOIN position p ON p.space_id = r.space_id AND p.resource_id = r.id AND p.at > r.position_at
      LEFT JOIN LATERAL (
           SELECT sum(part.officers + part.ncos + part.crew)::int AS crew, max(part.weight_t) AS weight_t, max(part.height_m) AS height_m, max(part.width_m) AS width_m,
                  CASE WHEN r.status = 'available' THEN min(part.status) FILTER (WHERE part.status <> 'available') END AS status
             FROM resource part
            WHERE part.space_id = r.space_id AND part.formation_id = r.id) parts ON r.type_code LIKE 'formation.%'
     WHERE r.space_id = $1
"""
_ALL: Final = f"{_UNITS} AND NOT r.retired AND r.id > $2 ORDER BY r.id LIMIT $3"
_SOME: Final = f"""{_UNITS} AND (r.id = ANY($2)
    OR r.id IN (SELECT part.formation_id FROM resource part WHERE part.space_id = $1 AND part.id = ANY($2)))"""  # noqa: S608 - constants of this module
_MEMBERS: Final = "SELECT id, country, area, time_zone, currency, names FROM member WHERE space_id = $1 ORDER BY id"
_READINESS: Final = "SELECT id, readiness FROM resource WHERE space_id = $1 AND id = ANY($2)"
AT_ONCE: Final = 2000
"""Units read at a time."""
_FIRST: Final = UUID(int=0)


class Standing(NamedTuple):
    """A unit as the tables have it, with its type, its home, and the formation that it is a part of."""

    unit: Unit
    type_code: str
    retired: bool
    formation_id: UUID | None
    home: Home


@dataclass(frozen=True, slots=True)
class Members:
    """Who lends, and in which country a place lies."""

    lenders: dict[UUID, Lender]
    areas: Sequence[tuple[str, Any]]
    names: dict[UUID, dict[str, str]]
    """By language."""


async def all_units(conn: asyncpg.Connection[Any], space: str, after: UUID | None = None) -> list[Standing]:
    """Return up to ``AT_ONCE`` units in use whose ids come after one, in their order."""
    return [_standing(row) for row in await conn.fetch(_ALL, space, after or _FIRST, AT_ONCE)]


async def some_units(conn: asyncpg.Connection[Any], space: str, ids: Collection[UUID]) -> list[Standing]:
    """Return these units, retired ones too, and the formations that they are parts of."""
    return [_standing(row) for row in await conn.fetch(_SOME, space, list(ids))]


async def gates_of(conn: asyncpg.Connection[Any], space: str) -> list[Gate]:
    """Return the crossings."""
    return [Gate(**{**row, "countries": frozenset(row["countries"])}) for row in await conn.fetch(GATES, space)]


async def members_of(conn: asyncpg.Connection[Any], space: str) -> Members:
    """Return who lends, and the areas by country."""
    rows = await conn.fetch(_MEMBERS, space)
    return Members(
        {row["id"]: Lender(row["country"], row["time_zone"], row["currency"]) for row in rows},
        [(row["country"], row["area"]) for row in rows],
        {row["id"]: decoded(row, "names")["names"] for row in rows},
    )


async def readiness_of(conn: asyncpg.Connection[Any], space: str, ids: Collection[UUID]) -> dict[UUID, Any]:
    """Return how ready units are to cross the border, as their rows hold it."""
    return {row["id"]: row["readiness"] for row in await conn.fetch(_READINESS, space, list(ids))}


def _standing(row: asyncpg.Record) -> Standing:
    said = dict(row)
    type_code, retired, formation = said.pop("type_code"), said.pop("retired"), said.pop("formation_id")
    home = Home(said.pop("home_lon"), said.pop("home_lat"), said["crew"])
    return Standing(Unit(**said), type_code, retired, formation, home)
