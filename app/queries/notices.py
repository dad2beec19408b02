"""Authorities that are kept informed, and which of them have confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg


class NoticeView(Row):
    """That an authority is told of something. Nothing waits for its receipt."""

    member_id: UUID
    """Whose control room tells it."""
    name: str
    kind: str
    contact: str | None
    event: str
    """`request_opened`, `help_committed` …"""
    incident_id: UUID | None
    request_id: UUID | None
    mission_id: UUID | None
    agreement_id: UUID | None
    """The agreement that wants it told; null: the member's own wish."""
    agreement_version: int | None
    occurred_at: datetime
    """When that happened of which it is told."""
    confirmed_at: datetime | None
    """When it confirmed that it knows; null until then."""
    confirmed_person: str | None
    """Who confirmed; for the eyes of the member that told it."""


async def notice(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> NoticeView:
    """Return one notice.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM authority_notice WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("notice", id_)
    return _notice(row, viewer)


async def notices(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    member: UUID | None = None,
    request: UUID | None = None,
    confirmed: bool | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[NoticeView]:
    """Return notices, newest first."""
    where = Where().add("space_id = {}", space).add_if(member, "member_id = {}").add_if(request, "request_id = {}")
    where.add_if(confirmed, "(confirmed_at IS NOT NULL) = {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM authority_notice", where, order="id DESC", limit=limit)
    return [_notice(row, viewer) for row in rows]


def _notice(row: asyncpg.Record, viewer: UUID | None) -> NoticeView:
    found = dict(row)
    if viewer not in {None, found["member_id"]}:
        found["confirmed_person"] = None
    return NoticeView.model_validate(found)
