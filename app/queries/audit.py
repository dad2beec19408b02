"""What a member's users tried and were refused."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.queries.lists import Where, fetch
from app.queries.models import ReadModel

if TYPE_CHECKING:
    import asyncpg

_SELECT = """
    SELECT a.*, a.space_id AS space, u.id AS user_id, u.display_name
      FROM audit a LEFT JOIN user_account u ON a.actor = 'user:' || u.id::text
"""


class RefusalView(ReadModel):
    """Something that one of the member's users tried and was refused."""

    id: int
    at: datetime
    space: str
    actor: str
    """`user:<id>`."""
    user_id: UUID | None
    """The user that it was."""
    display_name: str | None
    """The user's name, unless it was erased."""
    command: str
    target: UUID | None
    """What it was about."""
    slug: str
    """Why: the last part of the problem's `type`."""
    detail: str


async def refusals(
    conn: asyncpg.Connection[Any],
    member: UUID,
    *,
    user: UUID | None = None,
    command: str | None = None,
    slug: str | None = None,
    space: str | None = None,
    target: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[int] | None = None,
    limit: int = 50,
) -> list[RefusalView]:
    """Return what the member's users were refused, newest first."""
    where = Where().add("a.member_id = {}", member)
    where.add_if(None if user is None else f"user:{user}", "a.actor = {}").add_if(command, "a.command = {}")
    where.add_if(slug, "a.slug = {}").add_if(space, "a.space_id = {}").add_if(target, "a.target = {}")
    where.add_if(since, "a.at >= {}").add_if(until, "a.at < {}")
    if before is not None:
        where.add("a.id < {}", before[0])
    rows = await fetch(conn, _SELECT, where, order="a.id DESC", limit=limit)
    return [RefusalView.model_validate(dict(row)) for row in rows]


async def refusals_of(conn: asyncpg.Connection[Any], user: UUID) -> list[RefusalView]:
    """Return all that one user was refused, oldest first."""
    rows = await conn.fetch(f"{_SELECT} WHERE a.actor = $1 ORDER BY a.id", f"user:{user}")
    return [RefusalView.model_validate(dict(row)) for row in rows]
