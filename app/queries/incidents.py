"""Incidents and their logs, as everybody in the corridor sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.external_ids import ExternalIdBrief, add_external, codes_of
from app.queries.lists import Where, decoded, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.external_ids import Named
    from app.domain.geo import Box


class IncidentView(Row):
    """An incident."""

    ref: str
    """Short code for the telephone."""
    title: str
    hazard: str
    severity: int
    """1 (small) to 5 (disaster)."""
    area: dict[str, Any]
    """GeoJSON, longitude before latitude."""
    status: str
    phases: dict[str, str]
    """Country → its own word for how far it has gone."""
    lead_member_id: UUID
    reported_by_id: UUID | None
    occurred_at: datetime
    closed_at: datetime | None
    external_ids: tuple[ExternalIdBrief, ...]
    """The numbers that the members' dispatch systems have for it, each with whose it is."""


class LogEntryView(Row):
    """One line of an incident's log."""

    incident_id: UUID
    member_id: UUID
    author_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    language: str | None
    text: str


_SELECT: Final = f"SELECT i.*, {codes_of('incident', 'i')} FROM incident i"  # noqa: S608 - names of ours


async def incident(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> IncidentView:
    """Return one incident.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_SELECT} WHERE i.space_id = $1 AND i.id = $2", space, id_)
    if row is None:
        raise NotFound("incident", id_)
    return _incident(row)


async def incidents(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    status: Sequence[str] = (),
    member: UUID | None = None,
    box: Box | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    external: Named | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[IncidentView]:
    """Return incidents, newest first; ``box`` keeps those whose bounds touch it, times are of ``occurred_at``."""
    where = Where().add("space_id = {}", space).add_if(list(status), "status = ANY({})")
    where.add_if(member, "lead_member_id = {}").add_if(since, "occurred_at >= {}").add_if(until, "occurred_at < {}")
    if box is not None:
        where.add("west <= {} AND east >= {} AND south <= {} AND north >= {}", box.east, box.west, box.north, box.south)
    add_external(where, external, "incident", "i")
    if before is not None:
        where.add("id < {}", before[0])
    return [_incident(row) for row in await fetch(conn, _SELECT, where, order="id DESC", limit=limit)]


async def incident_log(
    conn: asyncpg.Connection[Any], space: str, incident_id: UUID, *, before: tuple[UUID] | None = None, limit: int = 50
) -> list[LogEntryView]:
    """Return the log's lines, newest first."""
    where = Where().add("space_id = {}", space).add("incident_id = {}", incident_id)
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM incident_log", where, order="id DESC", limit=limit)
    return [LogEntryView.model_validate(dict(row)) for row in rows]


def _incident(row: asyncpg.Record) -> IncidentView:
    return IncidentView.model_validate(decoded(row, "area", "phases", "external_ids"))
