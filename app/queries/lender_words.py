"""What members themselves say: for a time they can, or they cannot."""

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


class LenderWordView(Row):
    """A member's own word, about one type or about all that it has."""

    member_id: UUID
    type_code: str | None
    """Null: about everything. What is said about a type goes before it."""
    word: str
    """`can`: its reserve is set aside. `cannot`: its units are nobody's candidates."""
    reason: str | None
    """Why it cannot, one of `decline_reasons`."""
    note: str | None
    """Why it can, or more about it, in its own words."""
    said_at: datetime
    until_at: datetime
    """When it ends by itself."""
    status: str
    ended_at: datetime | None


async def word(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> LenderWordView:
    """Return one word.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM lender_word WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("lender_word", id_)
    return LenderWordView.model_validate(dict(row))


async def words(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    status: Sequence[str] = (),
    member: UUID | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[LenderWordView]:
    """Return what members have said, the newest first."""
    where = (
        Where().add("space_id = {}", space).add_if(list(status), "status = ANY({})").add_if(member, "member_id = {}")
    )
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM lender_word", where, order="id DESC", limit=limit)
    return [LenderWordView.model_validate(dict(row)) for row in rows]
