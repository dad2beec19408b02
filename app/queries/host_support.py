"""Host support: what units have asked for on the other side, and where they get it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.between import OF_SEEN_REQUEST
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg


class HostSupportView(Row):
    """Something that a unit needs over there, and the requester's answer."""

    mission_id: UUID
    request_id: UUID
    status: str
    kind: str
    """`fuel`, `food`, `beds` or `repair`."""
    quantity: int
    """Litres, meals, beds, units to be repaired."""
    needed_by: datetime | None
    note: str | None
    place: str | None
    """Where it is to be had, once it is confirmed."""
    ready_at: datetime | None
    """From when on."""
    occurred_at: datetime
    """When it was asked."""
    answer: str | None
    answered_at: datetime | None


async def one_host_support(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None
) -> HostSupportView:
    """Return one request for host support.

    Raises:
        NotFound: there is none of that id in the space.
    """
    rows = await fetch(
        conn, "SELECT * FROM host_support", _seen_by(viewer, space).add("id = {}", id_), order="id", limit=1
    )
    if not rows:
        raise NotFound("host_support", id_)
    return HostSupportView.model_validate(dict(rows[0]))


async def host_support(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    mission: UUID | None = None,
    request: UUID | None = None,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[HostSupportView]:
    """Return what was asked for, newest first."""
    where = _seen_by(viewer, space).add_if(mission, "mission_id = {}").add_if(request, "request_id = {}")
    where.add_if(list(status), "status = ANY({})")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM host_support", where, order="id DESC", limit=limit)
    return [HostSupportView.model_validate(dict(row)) for row in rows]


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add(OF_SEEN_REQUEST.format(table="host_support"), viewer)
