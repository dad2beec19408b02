"""Where units are: reported by their owner's dispatchers or dispatch system, many at a time and often.

Operational: the last position stands in a table, and no entry tells of it. So this passes the door by; who may report is
decided here, by the same file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from app.commands.execute import FUTURE
from app.domain import authority
from app.domain.errors import FieldError, NotFound, OutOfRange
from app.domain.forms import Form, Instant
from app.domain.geo import Latitude, Longitude
from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import asyncpg

    from app.commands.execute import Door
    from app.domain.authority import Actor

MOST: Final = 1000
"""Positions in one report."""

Outcome: TypeAlias = Literal["kept", "older", "not_yours"]

OWN_COUNTS: Final = timedelta(minutes=5)
"""For so long a part's own report says more about it than where its formation is."""

# A formation takes its parts along: those that are with it. Left out are those of which the same report tells, those on a mission of
# their own, and those that have lately told themselves; what a part was given stands at its formation's last position exactly.
# Rows are locked in the order of their ids, so that two reports never wait for each other in a circle. Which report came
# last is told by the database's own clock: processes compare it. It is read when every lock is held, so that a report is
# committed right behind its time, however long it had to wait.
_REPORT: Final = """
    WITH told AS (
        SELECT * FROM unnest($3::uuid[], $4::float8[], $5::float8[], $6::timestamptz[]) AS t (id, lon, lat, at)
    ), named AS (
        SELECT told.*, r.status FROM told JOIN resource r ON r.space_id = $1 AND r.id = told.id
         WHERE r.member_id = $2 AND NOT r.retired
    ), along AS (
        SELECT part.id, named.lon, named.lat, named.at
          FROM named
          JOIN resource part ON part.space_id = $1 AND part.formation_id = named.id AND part.status = named.status AND NOT part.retired
          LEFT JOIN position own ON own.space_id = $1 AND own.resource_id = part.id
          LEFT JOIN position whole ON whole.space_id = $1 AND whole.resource_id = named.id
         WHERE NOT EXISTS (SELECT FROM told WHERE told.id = part.id)
           AND NOT EXISTS (SELECT FROM mission m WHERE m.space_id = $1 AND m.resource_id = part.id
                              AND m.status NOT IN ('returned', 'closed'))
           AND NOT coalesce(own.at > named.at - $7::interval
                            AND (own.lon, own.lat, own.at) IS DISTINCT FROM (whole.lon, whole.lat, whole.at), false)
    ), ours AS (
        SELECT id, lon, lat, at FROM (SELECT id, lon, lat, at FROM named UNION ALL SELECT * FROM along) AS all_of_them ORDER BY id
    ), locked AS MATERIALIZED (
        SELECT p.resource_id FROM position p JOIN ours ON p.space_id = $1 AND p.resource_id = ours.id
         ORDER BY p.resource_id FOR NO KEY UPDATE OF p
    ), kept AS (
        INSERT INTO position (space_id, resource_id, lon, lat, at, reported_at)
        SELECT $1, id, lon, lat, at, clock_timestamp() FROM (SELECT count(*) FROM locked) AS all_locked, ours
        ON CONFLICT (space_id, resource_id) DO UPDATE
        SET lon = excluded.lon, lat = excluded.lat, at = excluded.at, reported_at = excluded.reported_at
        WHERE position.at < excluded.at
        RETURNING resource_id
    )
    SELECT told.id, CASE WHEN kept.resource_id IS NOT NULL THEN 'kept' WHEN ours.id IS NOT NULL THEN 'older'
                         ELSE 'not_yours' END AS outcome
      FROM told LEFT JOIN ours USING (id) LEFT JOIN kept ON kept.resource_id = told.id
"""


class ReportedPosition(Form):
    """One unit's position."""

    resource_id: UUID
    lon: Longitude
    lat: Latitude
    at: Instant | None = None
    """When it was there; now, where it is left out."""


class ReportPositions(Form):
    """Where units are."""

    items: Annotated[tuple[ReportedPosition, ...], Field(min_length=1, max_length=MOST)]
    """Of a unit that stands here more than once, its newest counts."""


async def report_positions(door: Door, report: ReportPositions, *, actor: Actor, space: str) -> dict[UUID, Outcome]:
    """Keep the positions and return for each unit what became of it. The parts of a formation go where it goes.

    Raises:
        RoleMissing, ScopeMissing: the actor reports for no member.
        NotFound: there is no such space.
        OutOfRange: a unit will be there only later.
    """
    member = actor.member_id
    if member is None:
        message = "the service itself knows of no positions"
        raise RuntimeError(message)
    authority.check("report_positions", actor, {"owner": frozenset({member})})
    newest = _newest(report, door.clock.now())
    columns = [(id_, one.lon, one.lat, at) for id_, (at, one) in newest.items()]
    async with operation(door.engine) as tx:
        if not await tx.raw.fetchval("SELECT true FROM space WHERE id = $1", space):
            raise NotFound("space", space)
        return await keep_positions(tx.raw, space, member, columns)


async def keep_positions(
    conn: asyncpg.Connection[Any], space: str, member: UUID, rows: Iterable[tuple[UUID, float, float, datetime]]
) -> dict[UUID, Outcome]:
    """Keep where units of a member are, each as (id, longitude, latitude, when), in the transaction of ``conn``; return what became of it.

    Units are named once each. Locks their positions.
    """
    kept = await conn.fetch(_REPORT, space, member, *map(list, zip(*rows, strict=True)), OWN_COUNTS)
    return {row["id"]: row["outcome"] for row in kept}


def _newest(report: ReportPositions, now: datetime) -> dict[UUID, tuple[datetime, ReportedPosition]]:
    newest: dict[UUID, tuple[datetime, ReportedPosition]] = {}
    for number, one in enumerate(report.items):
        at = one.at or now
        if at > now + FUTURE:
            detail = f"{at.isoformat()} lies in the future; it is {now.isoformat()} here."
            raise OutOfRange(detail, errors=[FieldError(f"/items/{number}/at", OutOfRange.slug, detail)])
        if one.resource_id not in newest or newest[one.resource_id][0] < at:
            newest[one.resource_id] = (at, one)
    return newest
