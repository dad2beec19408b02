"""Missions as everybody in the corridor sees them, and how each came to where it is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.chain import Viewer
from app.domain.errors import NotFound
from app.domain.geo import Point
from app.domain.lifecycle import states
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import ReadModel, Row
from app.store import journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.chain import Entry
    from app.domain.geo import Box


class MissionView(Row):
    """A unit on its way."""

    request_id: UUID
    request_line_id: UUID
    offer_id: UUID
    offer_line_id: UUID
    incident_id: UUID
    lender_id: UUID
    """Who sends."""
    requester_id: UUID
    """Who asked."""
    type_code: str
    resource_id: UUID | None
    """The unit; null after a phone call, until the lender names it."""
    agreement_id: UUID | None
    """The agreement it runs under; null: `ad_hoc`."""
    agreement_version: int | None
    status: str
    status_at: datetime
    """When it came to that state."""
    ended_by: str | None
    """`stood_down`, `recalled` or `aborted`; null where it ran, or runs, to its end."""
    crossing_id: UUID | None
    has_control: bool
    """Whether it passes through the border states."""
    place: str | None
    geometry: Point
    """Where it is wanted."""
    talkgroup: str | None
    relieve_by: datetime | None


class StepView(ReadModel):
    """One thing that happened to a mission."""

    seq: int
    """Where it stands in the journal."""
    event: str
    """`mission.in_transit`, `mission.unit_assigned` …"""
    state: str | None
    """The state it came to; null for what is no step."""
    occurred_at: datetime | None
    """When it happened; null once the entry's content was erased."""
    recorded_at: datetime
    via: str | None
    """From where: console, api, dispatch_system …"""
    inferred: bool
    """True for a state that nobody reported: a dispatch system was ahead of it."""
    actor: str
    """user:<id>, or system."""
    member_id: UUID | None
    """The actor's member; null for the service itself."""
    why: str | None


async def mission(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> MissionView:
    """Return one mission.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM mission WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("mission", id_)
    return _mission(row)


async def missions(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    status: Sequence[str] = (),
    member: UUID | None = None,
    incident: UUID | None = None,
    request: UUID | None = None,
    active: bool | None = None,
    box: Box | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[MissionView]:
    """Return missions, newest first. ``member`` lends or asks; ``active`` ones are not home; times are of ``status_at``."""
    where = Where().add("space_id = {}", space).add_if(list(status), "status = ANY({})").add_box(box)
    where.add_if(member, "{} IN (lender_id, requester_id)").add_if(incident, "incident_id = {}")
    where.add_if(request, "request_id = {}").add_if(since, "status_at >= {}").add_if(until, "status_at < {}")
    where.add_if(active, "(status NOT IN ('returned', 'closed')) = {}")
    if before is not None:
        where.add("id < {}", before[0])
    return [_mission(row) for row in await fetch(conn, "SELECT * FROM mission", where, order="id DESC", limit=limit)]


async def mission_steps(
    conn: asyncpg.Connection[Any],
    space: str,
    id_: UUID,
    *,
    viewer: UUID | None,
    after: tuple[int] | None = None,
    limit: int = 50,
) -> list[StepView]:
    """Return what happened to a mission, in order, as its journal tells it; one more than ``limit`` where there is more."""
    seq = after[0] if after is not None else 0
    told = await journal.about(conn, space, "mission", id_, seq, limit + 1, Viewer(viewer))
    return [_step(entry) for entry in told]


def _mission(row: asyncpg.Record) -> MissionView:
    return MissionView.model_validate(placed(decoded(row), "geometry"))


def _step(entry: Entry) -> StepView:
    data: dict[str, Any] = (entry.body() or {}).get("data", {})
    state = entry.type.removeprefix("mission.")
    return StepView(
        seq=entry.seq,
        event=entry.type,
        state=state if state in states("mission") else None,
        occurred_at=data.get("occurred_at"),
        recorded_at=entry.recorded_at,
        via=data.get("via"),
        inferred=data.get("inferred", False),
        actor=str(entry.head()["actor"]),
        member_id=data.get("member_id"),
        why=data.get("why"),
    )
