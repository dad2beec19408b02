"""Reassignments: which unit was to go where instead, and what its leader said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.lists import Where, fetch, placed
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg


class ReassignmentView(Row):
    """Another incident or place for a unit, and the lender's answer."""

    mission_id: UUID
    request_id: UUID
    status: str
    incident_id: UUID
    """The same as the mission's, where only the place changes."""
    request_line_id: UUID | None
    """What it is to fill there; null: nothing."""
    place: str | None
    geometry: Point
    """Where it is to go."""
    reason: str
    occurred_at: datetime
    """When it was proposed."""
    answer: str | None
    answered_at: datetime | None
    findings: list[dict[str, Any]]
    """In what it lies outside the agreement that the unit runs under: {code, blocking, detail, figures}; the lender confirms it."""
    worked_off_line_id: UUID | None
    """The line whose work the unit had done when it was sent on: it still counts as filled by it."""


async def reassignment(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> ReassignmentView:
    """Return one reassignment.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM reassignment WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("reassignment", id_)
    return ReassignmentView.model_validate(placed(dict(row), "geometry"))


async def reassignments(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    mission: UUID | None = None,
    request: UUID | None = None,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ReassignmentView]:
    """Return reassignments, newest first."""
    where = Where().add("space_id = {}", space).add_if(mission, "mission_id = {}").add_if(request, "request_id = {}")
    where.add_if(list(status), "status = ANY({})")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM reassignment", where, order="id DESC", limit=limit)
    return [ReassignmentView.model_validate(placed(dict(row), "geometry")) for row in rows]
