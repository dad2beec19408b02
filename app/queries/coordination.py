"""The coordinator: whose turn it is, who comes next, and which turns are to be swapped."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg


class TurnView(Row):
    """One member's turn to lead the corridor."""

    member_id: UUID
    from_at: datetime
    until_at: datetime
    """When the next member's turn begins."""
    status: str
    swapped: bool
    """It was another member's by the rota."""


class TurnSwapView(Row):
    """`member_id` offers its turn for the other member's."""

    turn_id: UUID
    other_turn_id: UUID
    member_id: UUID
    other_member_id: UUID
    status: str
    reason: str
    occurred_at: datetime
    """When it was proposed."""
    answer: str | None
    answered_at: datetime | None


class CoordinationView(ReadModel):
    """How the corridor's coordinator changes, and whose turn it is."""

    period: str
    """`weekly`, `monthly` or `quarterly`."""
    hour_utc: int
    member_ids: list[UUID]
    """Who takes part, in the order to begin with."""
    current: TurnView
    following: TurnView | None
    """The turn after it."""


async def coordination(conn: asyncpg.Connection[Any], space: str) -> CoordinationView:
    """Return the rota with the running turn and the next one.

    Raises:
        NotFound: the space has no rota.
    """
    rota = await conn.fetchrow("SELECT * FROM rota WHERE space_id = $1", space)
    running = await turns(conn, space, status=["current"], limit=1)
    planned = await turns(conn, space, status=["planned"], limit=1)
    if rota is None or not running:
        raise NotFound("rota", space)
    members = rota["member_ids"]
    return CoordinationView(
        period=rota["period"],
        hour_utc=rota["hour_utc"],
        member_ids=[UUID(each) for each in (orjson.loads(members) if isinstance(members, str) else members)],
        current=running[0],
        following=planned[0] if planned else None,
    )


async def turn(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> TurnView:
    """Return one turn.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM coordination_turn WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("coordination_turn", id_)
    return TurnView.model_validate(dict(row))


async def turns(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    status: Sequence[str] = (),
    member: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[TurnView]:
    """Return turns, the earliest first."""
    where = (
        Where().add("space_id = {}", space).add_if(list(status), "status = ANY({})").add_if(member, "member_id = {}")
    )
    if after is not None:
        where.add("(from_at, id) > ({}, {})", *after)
    rows = await fetch(conn, "SELECT * FROM coordination_turn", where, order="from_at, id", limit=limit)
    return [TurnView.model_validate(dict(row)) for row in rows]


async def swap(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> TurnSwapView:
    """Return one swap of turns.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM turn_swap WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("turn_swap", id_)
    return TurnSwapView.model_validate(dict(row))


async def swaps(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    status: Sequence[str] = (),
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[TurnSwapView]:
    """Return swaps of turns, the newest first."""
    where = Where().add("space_id = {}", space).add_if(list(status), "status = ANY({})")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM turn_swap", where, order="id DESC", limit=limit)
    return [TurnSwapView.model_validate(dict(row)) for row in rows]
