"""Questions about requests, as everybody in the corridor reads them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg


class QuestionView(Row):
    """A question, and its answer once there is one."""

    request_id: UUID
    member_id: UUID
    """Who asks."""
    to_member_id: UUID
    """Who is to answer."""
    text: str
    language: str | None
    """What the question is written in (ISO 639-1), if its writer said so."""
    occurred_at: datetime
    """When it was asked."""
    answer: str | None
    answer_language: str | None
    answered_at: datetime | None


async def question(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> QuestionView:
    """Return one question. Only opened requests have any, so that every member may read it.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM question WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("question", id_)
    return QuestionView.model_validate(dict(row))


async def questions(
    conn: asyncpg.Connection[Any],
    space: str,
    request: UUID,
    *,
    answered: bool | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[QuestionView]:
    """Return the questions about a request, newest first. Whether the request is seen is asked before."""
    where = Where().add("space_id = {}", space).add("request_id = {}", request)
    where.add_if(answered, "(answered_at IS NOT NULL) = {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM question", where, order="id DESC", limit=limit)
    return [QuestionView.model_validate(dict(row)) for row in rows]
