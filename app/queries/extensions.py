"""Extensions: who asked to keep which unit for longer, and what its lender said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg


class ExtensionView(Row):
    """A wish to keep a unit for longer, and its lender's answer."""

    mission_id: UUID
    request_id: UUID
    status: str
    until: datetime
    """Until when the unit is wanted."""
    was: datetime | None
    """Until when it was to stay before that was granted."""
    reason: str
    occurred_at: datetime
    """When it was asked."""
    answer: str | None
    answered_at: datetime | None


async def extension(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> ExtensionView:
    """Return one extension.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM extension WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("extension", id_)
    return ExtensionView.model_validate(dict(row))


async def extensions(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    mission: UUID | None = None,
    request: UUID | None = None,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ExtensionView]:
    """Return extensions, newest first."""
    where = Where().add("space_id = {}", space).add_if(mission, "mission_id = {}").add_if(request, "request_id = {}")
    where.add_if(list(status), "status = ANY({})")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM extension", where, order="id DESC", limit=limit)
    return [ExtensionView.model_validate(dict(row)) for row in rows]
