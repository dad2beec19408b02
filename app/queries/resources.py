"""Resources of the corridor: what there is, whose, and whether it can be asked for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

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
    """Where it was last known to be."""
    position_at: datetime
    """When that was."""
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


async def resource(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> ResourceView:
    """Return one resource, also a retired one.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM resource WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("resource", id_)
    return _resource(row)


async def resources(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    types: Sequence[str] = (),
    status: Sequence[str] = (),
    member: UUID | None = None,
    depot: UUID | None = None,
    box: Box | None = None,
    retired: bool = False,
    after: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ResourceView]:
    """Return resources in the order they were entered; ``box`` keeps those that were last known to be in it."""
    where = Where().add("space_id = {}", space).add("retired = {}", retired)
    where.add_if(list(types), "type_code = ANY({})").add_if(list(status), "status = ANY({})")
    where.add_if(member, "member_id = {}").add_if(depot, "depot_id = {}").add_box(box)
    if after is not None:
        where.add("id > {}", after[0])
    return [_resource(row) for row in await fetch(conn, "SELECT * FROM resource", where, order="id", limit=limit)]


def _resource(row: asyncpg.Record) -> ResourceView:
    return ResourceView.model_validate(placed(decoded(row, "readiness"), "place"))
