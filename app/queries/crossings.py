"""Crossings and how it is at each of them now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.geo import Box


class CrossingView(Row):
    """A crossing."""

    code: str
    names: dict[str, str]
    place: Point
    roads: tuple[str, ...]
    member_a_id: UUID
    member_b_id: UUID
    control: str
    """`none`, `checks` or `closed`."""
    reopens_as: str
    """Its control once it is no longer closed."""
    closed_until: datetime | None
    """Null where it is open, and where nobody knows."""
    capacity_vph: int
    """Vehicles an hour, in one direction."""
    delay_min: int
    max_weight_t: float | None
    max_height_m: float | None
    max_width_m: float | None


async def crossing(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> CrossingView:
    """Return one crossing.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM crossing WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("crossing", id_)
    return _crossing(row)


async def crossings(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    control: Sequence[str] = (),
    member: UUID | None = None,
    box: Box | None = None,
    after: tuple[str] | None = None,
    limit: int = 50,
) -> list[CrossingView]:
    """Return crossings by code; ``member`` keeps those that join it to another."""
    where = Where().add("space_id = {}", space).add_if(list(control), "control = ANY({})").add_box(box)
    if member is not None:
        where.add("{} IN (member_a_id, member_b_id)", member)
    if after is not None:
        where.add("code > {}", after[0])
    return [_crossing(row) for row in await fetch(conn, "SELECT * FROM crossing", where, order="code", limit=limit)]


def _crossing(row: asyncpg.Record) -> CrossingView:
    return CrossingView.model_validate(placed(decoded(row, "names", "roads"), "place"))
