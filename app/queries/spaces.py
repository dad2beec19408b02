"""Spaces: the worlds there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.drills.sides import is_staff, reads_space
from app.domain.errors import NotFound, NotInDrill

if TYPE_CHECKING:
    import asyncpg

    from app.domain.authority import Actor

_PARTS = """
    SELECT d.code, p.role FROM drill d
    LEFT JOIN drill_participant p ON p.space_id = d.space_id AND p.drill_id = d.id AND p.member_id = $2
    WHERE d.plays_in = $1
"""


async def kind_of(conn: asyncpg.Connection[Any], space: str) -> str:
    """Return what a space is: `live`, `integration` or `drill`.

    Raises:
        NotFound: no space has that name.
    """
    kind: str | None = await conn.fetchval("SELECT kind FROM space WHERE id = $1", space)
    if kind is None:
        raise NotFound("space", space)
    return kind


async def require_reader(conn: asyncpg.Connection[Any], space: str, actor: Actor) -> bool:
    """Refuse who may not read in a space, and return whether it is of a drill that the actor is staff of.

    Every space but a drill's is read by whoever is signed in; a drill's by those who play, its staff and its observers.

    Raises:
        NotFound: no space has that name.
        NotInDrill: the actor's member has no part in the drill, or the actor none of its roles there.
    """
    if await kind_of(conn, space) != "drill":
        return False
    found = await conn.fetch(_PARTS, space, actor.member_id)
    parts = [row["role"] for row in found if row["role"]]
    if actor.kind != "system" and found and not reads_space(parts, actor.roles):
        message = f"{found[0]['code']} is read by its players, its staff and its observers: you are none of them."
        raise NotInDrill(message)
    return is_staff(parts, actor.roles)
