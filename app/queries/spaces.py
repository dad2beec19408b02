"""Spaces: the worlds there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import NotFound

if TYPE_CHECKING:
    import asyncpg


async def require_space(conn: asyncpg.Connection[Any], space: str) -> None:
    """Refuse the name of a space that there is not.

    Raises:
        NotFound: no space has it.
    """
    if not await conn.fetchval("SELECT true FROM space WHERE id = $1", space):
        raise NotFound("space", space)
