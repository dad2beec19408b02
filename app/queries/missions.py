"""Missions as everybody in the corridor sees them, and how each came to where it is. Help from day to day is seen by its two members."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.chain import Viewer
from app.domain.errors import NotFound
from app.domain.geo import Point
from app.domain.lifecycle import states
from app.queries.between import MISSION_SEEN
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import ReadModel, Row
from app.store import journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.chain import Entry
    from app.domain.geo import Box


AT_INCIDENTS: Final = ("immediate", "planned")
"""Kinds of help that a disaster's screens show; an ambulance's everyday run over the border is not among them."""
PEOPLE: Final = ("liaison_name", "liaison_phone", "guide_name", "guide_phone")
"""Columns that only the two members of a mission see."""


class MissionView(Row):
    """A unit on its way."""

    request_id: UUID
    request_line_id: UUID
    offer_id: UUID
    offer_line_id: UUID
    incident_id: UUID | None
    """Null for help from day to day, which needs none."""
    kind: str
    """The request's."""
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
    """Why it fills its line no more: `stood_down`, `recalled`, `aborted`, `relieved` or `reassigned`; null where it does."""
    crossing_id: UUID | None
    """At which it leaves its country."""
    via_crossing_ids: tuple[UUID, ...]
    """Those that it passes after that one, on a way through a country between."""
    has_control: bool
    """Whether it passes through the border states."""
    crossings_behind: int | None
    """How many crossings of its way were behind it by people's word when it last came to a border state; 0 where nobody has said so on this way,
    null where that was not kept yet."""
    rendezvous_id: UUID | None
    """Where it is met on its way."""
    place: str | None
    geometry: Point
    """Where it is wanted."""
    talkgroup: str | None
    relieve_by: datetime | None
    """By when it is relieved, or leaves."""
    relief_of_id: UUID | None
    """The mission that it relieves."""
    stands_for_id: UUID | None
    """The mission whose place in the line it has taken: both count once while they overlap."""
    split_from_id: UUID | None
    """The mission of the formation that it was a part of, until it went on alone."""
    alarms: tuple[str, ...]
    """What somebody has to see to now: `staged_without_task`, `relief_due`."""
    destination: str | None
    destination_lon: float | None
    destination_lat: float | None
    """Where help from day to day took somebody."""
    liaison_user_id: UUID | None
    liaison_name: str | None
    liaison_phone: str | None
    """Who travels with it; name and telephone for the two members alone."""
    liaison_at: datetime | None
    """When the liaison officer was named."""
    guide_name: str | None
    guide_phone: str | None
    """Who meets it; for the two members alone."""
    guide_at: datetime | None
    manifest: dict[str, Any] | None
    """What comes along: people by rank, vehicles, things. No names."""
    mobilised_at: datetime | None
    left_at: datetime | None
    on_scene_at: datetime | None
    released_at: datetime | None
    home_at: datetime | None
    """When it first came to each of these; of a state that nobody reported, when it was there at the latest."""
    kilometres: float | None
    """There and back."""
    kilometres_from: str | None
    """`odometer`, or `estimate`: the great circle over its crossings, times 1.3."""
    crew_count: int | None
    person_hours: float | None
    consumables: tuple[dict[str, Any], ...]


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


async def mission(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> MissionView:
    """Return one mission, as a user of the member ``viewer`` sees it (the service itself, without one, sees all).

    Raises:
        NotFound: there is none of that id in the space, or it is help from day to day between two others.
    """
    rows = await fetch(conn, "SELECT * FROM mission", _seen_by(viewer, space).add("id = {}", id_), order="id", limit=1)
    if not rows:
        raise NotFound("mission", id_)
    return _mission(rows[0], viewer)


async def missions(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    kind: Sequence[str] = (),
    member: UUID | None = None,
    incident: UUID | None = None,
    request: UUID | None = None,
    resource: UUID | None = None,
    active: bool | None = None,
    box: Box | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[MissionView]:
    """Return missions, newest first. ``member`` lends or asks; ``active`` ones are not home; times are of ``status_at``.

    Help from day to day is left out, unless its ``kind``, its ``request`` or its unit is asked for.
    """
    where = _seen_by(viewer, space).add_if(list(status), "status = ANY({})").add_box(box)
    where.add_if(member, "{} IN (lender_id, requester_id)").add_if(incident, "incident_id = {}")
    where.add_if(request, "request_id = {}").add_if(since, "status_at >= {}").add_if(until, "status_at < {}")
    where.add_if(resource, "resource_id = {}")
    where.add_if(active, "(status NOT IN ('returned', 'closed')) = {}")
    if kind or (request is None and resource is None):
        where.add("kind = ANY({})", list(kind or AT_INCIDENTS))
    if before is not None:
        where.add("id < {}", before[0])
    return [
        _mission(row, viewer) for row in await fetch(conn, "SELECT * FROM mission", where, order="id DESC", limit=limit)
    ]


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


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add(MISSION_SEEN, viewer)


def _mission(row: asyncpg.Record, viewer: UUID | None) -> MissionView:
    found = placed(decoded(row, "alarms", "manifest", "consumables"), "geometry")
    if viewer is not None and viewer not in {found["lender_id"], found["requester_id"]}:
        found |= dict.fromkeys(PEOPLE)
    return MissionView.model_validate(found)


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
