"""Members, as everybody in the corridor sees them: also whom to ring, for that is what the corridor is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point, joined
from app.queries.external_ids import ExternalIdBrief, add_external, codes_of
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.external_ids import Named
    from app.domain.geo import Box


class JurisdictionView(ReadModel):
    """What a member may ask for."""

    hazards: tuple[str, ...]
    kinds: tuple[str, ...]


class InformedAuthorityView(ReadModel):
    """Whom a member keeps informed."""

    name: str
    kind: str
    contact: str | None = None


class MemberView(Row):
    """A member."""

    code: str
    country: str
    """ISO 3166-1 alpha-2."""
    names: dict[str, str]
    other_names: tuple[str, ...]
    """What people also call it."""
    area: dict[str, Any]
    """GeoJSON, longitude before latitude."""
    centre: Point
    """Of coordination."""
    time_zone: str
    languages: tuple[str, ...]
    currency: str
    phone: str
    """Answered day and night."""
    talkgroup: str | None
    jurisdiction: JurisdictionView
    informed_authorities: tuple[InformedAuthorityView, ...]
    inform_on: tuple[str, ...]
    """Events that they are told of in any case."""
    external_ids: tuple[ExternalIdBrief, ...]
    """By which codes dispatch systems know it."""


JSON = (
    "names",
    "other_names",
    "area",
    "languages",
    "jurisdiction",
    "informed_authorities",
    "inform_on",
    "external_ids",
)
_SELECT: Final = f"SELECT m.*, {codes_of('member', 'm')} FROM member m"  # noqa: S608 - names of ours


async def member(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> MemberView:
    """Return one member.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_SELECT} WHERE m.space_id = $1 AND m.id = $2", space, id_)
    if row is None:
        raise NotFound("member", id_)
    return _member(row)


async def members(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    country: str | None = None,
    box: Box | None = None,
    external: Named | None = None,
    after: tuple[str] | None = None,
    limit: int = 50,
) -> list[MemberView]:
    """Return members by code; ``box`` keeps those whose coordination centre lies in it."""
    where = Where().add("space_id = {}", space).add_if(country, "country = {}").add_box(box)
    add_external(where, external, "member", "m")
    if after is not None:
        where.add("code > {}", after[0])
    return [_member(row) for row in await fetch(conn, _SELECT, where, order="code", limit=limit)]


async def area_of(conn: asyncpg.Connection[Any], space: str, ids: Sequence[UUID]) -> dict[str, Any]:
    """Return the areas of members as one.

    Raises:
        NotFound: one of them is not there.
    """
    rows = await conn.fetch("SELECT id, area FROM member WHERE space_id = $1 AND id = ANY($2)", space, ids)
    found = {row["id"]: row["area"] for row in rows}
    if missing := [id_ for id_ in ids if id_ not in found]:
        raise NotFound("member", missing[0])
    return joined(found[id_] for id_ in dict.fromkeys(ids))


def _member(row: asyncpg.Record) -> MemberView:
    return MemberView.model_validate(placed(decoded(row, *JSON), "centre"))
