"""Resources of the corridor: what there is, whose, and whether it can be asked for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.between import PLACE_SEEN
from app.queries.external_ids import ExternalIdBrief, add_external, codes_of
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.external_ids import Named
    from app.domain.geo import Box


class ReadinessView(ReadModel):
    """What a unit has for working on the other side of the border."""

    papers: bool
    couplings: bool
    radios: bool
    languages: tuple[str, ...]


class ResourceView(Row):
    """A unit that can be lent."""

    member_id: UUID
    depot_id: UUID
    """Where it stands when it is at home."""
    type_code: str
    call_sign: str
    status: str
    """Whether it can be asked for; where it is on its way is its mission's business."""
    out_of_service_reason: str | None
    place: Point
    """Where it was last known to be: as reported, or as it was entered."""
    position_at: datetime
    """When that was."""
    position_age_s: int
    """How long ago that is."""
    officers: int
    ncos: int
    crew: int
    mobilisation_min: int
    weight_t: float | None
    length_m: float | None
    width_m: float | None
    height_m: float | None
    readiness: ReadinessView
    retired: bool
    formation_id: UUID | None
    """The formation that it is a part of; as a part it goes with it, and alone it can be sent as any unit."""
    talkgroup: str | None
    """On which a formation is spoken to."""
    external_ids: tuple[ExternalIdBrief, ...]
    """By which codes dispatch systems know it."""


# A unit's own row has where it was entered, or where the journal told it to be; the newest report stands beside.
_SELECT: Final = f"""
    SELECT r.*, {codes_of("resource", "r")}, p.lon AS reported_lon, p.lat AS reported_lat, p.at AS reported_at
      FROM resource r
      LEFT JOIN position p ON p.space_id = r.space_id AND p.resource_id = r.id AND p.at > r.position_at
       AND {PLACE_SEEN.format(space="r.space_id", units="r.id, r.formation_id", viewer="{viewer}")}
"""  # noqa: S608 - names of ours
# By the indexes on both tables: those who are there by their own row, or by a report; then which of the two is newer.
_IN_BOX: Final = """
    r.id IN (SELECT id FROM resource WHERE space_id = {0} AND lon BETWEEN {1} AND {2} AND lat BETWEEN {3} AND {4}
             UNION ALL
             SELECT resource_id FROM position
              WHERE space_id = {0} AND lon BETWEEN {1} AND {2} AND lat BETWEEN {3} AND {4})
    AND coalesce(p.lon, r.lon) BETWEEN {1} AND {2} AND coalesce(p.lat, r.lat) BETWEEN {3} AND {4}
"""


async def resource(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None, now: datetime
) -> ResourceView:
    """Return one resource, also a retired one.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_for(viewer)} WHERE r.space_id = $1 AND r.id = $2", space, id_)
    if row is None:
        raise NotFound("resource", id_)
    return _resource(row, now)


async def resources(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    now: datetime,
    types: Sequence[str] = (),
    status: Sequence[str] = (),
    member: UUID | None = None,
    depot: UUID | None = None,
    box: Box | None = None,
    external: Named | None = None,
    retired: bool = False,
    after: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ResourceView]:
    """Return resources in the order they were entered; ``box`` keeps those that were last known to be in it."""
    where = Where().add("r.space_id = {}", space).add("r.retired = {}", retired)
    where.add_if(list(types), "r.type_code = ANY({})").add_if(list(status), "r.status = ANY({})")
    where.add_if(member, "r.member_id = {}").add_if(depot, "r.depot_id = {}")
    add_external(where, external, "resource", "r")
    if box is not None:
        where.add(_IN_BOX, space, box.west, box.east, box.south, box.north)
    if after is not None:
        where.add("r.id > {}", after[0])
    return [_resource(row, now) for row in await fetch(conn, _for(viewer), where, order="r.id", limit=limit)]


def _for(viewer: UUID | None) -> str:
    """Return the statement for a viewer; an id is written as PostgreSQL reads it, and comes from no body."""
    return _SELECT.format(viewer="NULL" if viewer is None else f"'{viewer}'::uuid")


def _resource(row: asyncpg.Record, now: datetime) -> ResourceView:
    found = decoded(row, "readiness", "external_ids")
    if (reported_at := found.pop("reported_at")) is not None:
        found |= {"lon": found["reported_lon"], "lat": found["reported_lat"], "position_at": reported_at}
    age_s = max(0, int((now - found["position_at"]).total_seconds()))
    return ResourceView.model_validate(placed(found, "place") | {"position_age_s": age_s})
