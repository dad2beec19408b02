"""Depots of the corridor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.external_ids import ExternalIdBrief, add_external, codes_of
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg

    from app.domain.external_ids import Named
    from app.domain.geo import Box


class DepotView(Row):
    """A place where a member's resources stand."""

    member_id: UUID
    code: str
    """Unique among the member's depots."""
    name: str
    address: str | None
    place: Point
    external_ids: tuple[ExternalIdBrief, ...]
    """By which codes dispatch systems know it."""


_SELECT: Final = f"SELECT d.*, {codes_of('depot', 'd')} FROM depot d"  # noqa: S608 - names of ours


async def depot(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> DepotView:
    """Return one depot.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_SELECT} WHERE d.space_id = $1 AND d.id = $2", space, id_)
    if row is None:
        raise NotFound("depot", id_)
    return _depot(row)


async def depots(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    member: UUID | None = None,
    box: Box | None = None,
    external: Named | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[DepotView]:
    """Return depots by code."""
    where = Where().add("space_id = {}", space).add_if(member, "member_id = {}").add_box(box)
    add_external(where, external, "depot", "d")
    if after is not None:
        where.add("(code, id) > ({}, {})", *after)
    return [_depot(row) for row in await fetch(conn, _SELECT, where, order="code, id", limit=limit)]


def _depot(row: asyncpg.Record) -> DepotView:
    return DepotView.model_validate(placed(decoded(row, "external_ids"), "place"))
