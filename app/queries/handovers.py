"""Shift hand-overs, for the eyes of the control room that wrote them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, decoded, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg

_SELECT = """
    SELECT h.*, w.display_name AS written_by, t.display_name AS taken_by FROM handover h
      LEFT JOIN user_account w ON w.id = h.written_by_id
      LEFT JOIN user_account t ON t.id = h.taken_by_id
"""


class HandoverView(Row):
    """A note to the next shift, with what was open when it was written."""

    member_id: UUID
    written_by_id: UUID
    written_by: str | None
    """The writer's name."""
    text: str
    language: str | None
    matters: dict[str, Any]
    """Kind (`requests`, `missions`, `debts` …) → what was open then; `more` counts what is not listed."""
    occurred_at: datetime
    taken_by_id: UUID | None
    taken_by: str | None
    taken_at: datetime | None


async def handover(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> HandoverView:
    """Return one note.

    Raises:
        NotFound: there is none of that id, or it is another member's.
    """
    where = _of(space, viewer).add("h.id = {}", id_)
    rows = await fetch(conn, _SELECT, where, order="h.id", limit=1)
    if not rows:
        raise NotFound("handover", id_)
    return _handover(rows[0])


async def handovers(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    taken: bool | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[HandoverView]:
    """Return the notes of the viewer's member, newest first."""
    where = _of(space, viewer).add_if(taken, "(h.taken_at IS NOT NULL) = {}")
    if before is not None:
        where.add("h.id < {}", before[0])
    return [_handover(row) for row in await fetch(conn, _SELECT, where, order="h.id DESC", limit=limit)]


def _of(space: str, viewer: UUID | None) -> Where:
    return Where().add("h.space_id = {}", space).add_if(viewer, "h.member_id = {}")


def _handover(row: asyncpg.Record) -> HandoverView:
    return HandoverView.model_validate(decoded(row, "matters"))
