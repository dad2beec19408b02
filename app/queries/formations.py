"""Formations with their parts, and how many people they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    import asyncpg

# Leader and telephone for the owner, and for whom the formation helps now.
_SELECT: Final = """
    SELECT f.*, EXISTS (SELECT FROM mission m WHERE m.space_id = f.space_id AND m.resource_id = f.id
                          AND m.status NOT IN ('returned', 'closed') AND m.requester_id = {viewer}) AS helps,
           (SELECT jsonb_agg(jsonb_build_object('resource_id', p.id, 'call_sign', p.call_sign, 'type_code', p.type_code,
                   'status', p.status, 'officers', p.officers, 'ncos', p.ncos, 'crew', p.crew,
                   'mission_id', (SELECT m.id FROM mission m WHERE m.space_id = p.space_id AND m.resource_id = p.id
                                     AND m.status NOT IN ('returned', 'closed'))) ORDER BY p.id)
              FROM resource p WHERE p.space_id = f.space_id AND p.formation_id = f.id) AS parts
      FROM resource f
"""
_IS_FORMATION: Final = "EXISTS (SELECT FROM resource_type t WHERE t.code = f.type_code AND t.parts <> '[]')"


class StrengthView(ReadModel):
    """People as the German tactical strength counts them: 1/4/17//22."""

    officers: int
    ncos: int
    crew: int
    total: int


class FormationPartView(ReadModel):
    """A unit in a formation."""

    resource_id: UUID
    call_sign: str
    type_code: str
    status: str
    mission_id: UUID | None
    """Its own mission, where it was sent alone or went on alone."""


class FormationView(Row):
    """Several units under one leader, that are asked for in one line and move as one."""

    member_id: UUID
    depot_id: UUID
    """Where it gathers."""
    type_code: str
    call_sign: str
    status: str
    whole: bool
    """Whether it and each of its parts is available: it can be sent as it is."""
    mobilisation_min: int
    talkgroup: str | None
    leader_name: str | None
    leader_phone: str | None
    """Seen by its owner, and by whom it helps."""
    strength: StrengthView
    """Of the whole, in people: its parts, and who belongs to none of them."""
    parts: tuple[FormationPartView, ...]
    retired: bool


async def formation(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> FormationView:
    """Return one formation, as a user of the member ``viewer`` sees it.

    Raises:
        NotFound: there is none of that id in the space.
    """
    where = Where().add("f.space_id = {}", space).add("f.id = {}", id_).add(_IS_FORMATION)
    rows = await fetch(conn, _for(viewer), where, order="f.id", limit=1)
    if not rows:
        raise NotFound("formation", id_)
    return _formation(rows[0], viewer)


async def formations(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    member: UUID | None = None,
    type_code: str | None = None,
    after: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[FormationView]:
    """Return formations in use, in the order they were formed; one more than ``limit`` where there is more."""
    where = Where().add("f.space_id = {}", space).add("NOT f.retired").add(_IS_FORMATION)
    where.add_if(member, "f.member_id = {}").add_if(type_code, "f.type_code = {}")
    if after is not None:
        where.add("f.id > {}", after[0])
    return [_formation(row, viewer) for row in await fetch(conn, _for(viewer), where, order="f.id", limit=limit)]


def _for(viewer: UUID | None) -> str:
    """Return the statement for a viewer; an id is written as PostgreSQL reads it, and comes from no body."""
    return _SELECT.format(viewer="NULL" if viewer is None else f"'{viewer}'::uuid")


def _formation(row: asyncpg.Record, viewer: UUID | None) -> FormationView:
    found = dict(row)
    parts: list[dict[str, Any]] = found.pop("parts") or []
    if viewer is not None and viewer != found["member_id"] and not found["helps"]:
        found |= {"leader_name": None, "leader_phone": None}
    ranks = {rank: found[rank] + sum(part.pop(rank) for part in parts) for rank in ("officers", "ncos", "crew")}
    whole = found["status"] == "available" and all(part["status"] == "available" for part in parts)
    strength = StrengthView(**ranks, total=sum(ranks.values()))
    return FormationView.model_validate(found | {"parts": parts, "strength": strength, "whole": whole})
