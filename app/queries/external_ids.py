"""External ids: what a dispatch system's code means, now and before."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, fetch
from app.queries.models import ReadModel, Row
from app.store.tables.external_ids import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.external_ids import Named


class ExternalIdBrief(ReadModel):
    """A code by which a dispatch system knows this."""

    id: UUID
    member_id: UUID
    """Whose code it is."""
    source: str
    """Which system's."""
    code: str
    valid_from: datetime


class ExternalIdView(Row):
    """A code of a dispatch system, and what it means."""

    member_id: UUID
    """Whose code it is; of an incident each member has its own."""
    source: str
    kind: str
    """What it names: `resource`, `depot`, `incident`, `member` or `resource_type`."""
    code: str
    subject_id: UUID | None
    """Which one; null for a type."""
    type_code: str | None
    valid_from: datetime
    valid_to: datetime | None
    """Null: it counts now."""


_SELECT: Final = """
    SELECT x.*, coalesce(x.resource_id, x.depot_id, x.incident_id, x.of_member_id) AS subject_id FROM external_id x
"""


def codes_of(kind: str, row: str, *, key: str = "id", name: str = "external_ids") -> str:
    """Return the column, for a SELECT, with the codes that the thing ``row`` (an alias in it) has now."""
    return f"""(SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'member_id', x.member_id, 'source', x.source,
                   'code', x.code, 'valid_from', x.valid_from) ORDER BY x.id), '[]')
              FROM external_id x
             WHERE x.space_id = {row}.space_id AND x.{NAMES[kind]} = {row}.{key} AND x.valid_to IS NULL) AS {name}"""  # noqa: S608 - names of ours


def add_external(where: Where, named: Named | None, kind: str, row: str, *, key: str = "id") -> Where:
    """Keep what has this code now; nothing is added without one."""
    if named is None:
        return where
    here = f"x.space_id = {row}.space_id AND x.{NAMES[kind]} = {row}.{key} AND x.valid_to IS NULL"
    return where.add(
        f"EXISTS (SELECT FROM external_id x WHERE {here} AND x.source = {{}} AND x.code = {{}})",
        named.source,
        named.code,
    )


async def external_id(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> ExternalIdView:
    """Return one code.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_SELECT} WHERE x.space_id = $1 AND x.id = $2", space, id_)
    if row is None:
        raise NotFound("external id", id_)
    return ExternalIdView.model_validate(dict(row))


async def external_ids(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    kind: Sequence[str] = (),
    named: Named | None = None,
    source: str | None = None,
    member: UUID | None = None,
    subject: UUID | None = None,
    type_code: str | None = None,
    at: datetime | None = None,
    ended: bool = False,
    after: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ExternalIdView]:
    """Return codes in the order in which they were given: those that count (``at`` an instant, or now), or that have ended."""
    where = Where().add("x.space_id = {}", space).add_if(list(kind), "x.kind = ANY({})")
    where.add_if(source, "x.source = {}").add_if(member, "x.member_id = {}").add_if(type_code, "x.type_code = {}")
    where.add_if(subject, "coalesce(x.resource_id, x.depot_id, x.incident_id, x.of_member_id) = {}")
    if named is not None:
        where.add("x.source = {} AND x.code = {}", *named)
    if at is not None:
        where.add("x.valid_from <= {} AND (x.valid_to IS NULL OR x.valid_to > {})", at, at)
    else:
        where.add("(x.valid_to IS NOT NULL) = {}", ended)
    if after is not None:
        where.add("x.id > {}", after[0])
    rows = await fetch(conn, _SELECT, where, order="x.id", limit=limit)
    return [ExternalIdView.model_validate(dict(row)) for row in rows]
