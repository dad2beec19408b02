"""Protocols: shared ones, a member's own with the difference, and what applies to an incident."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point, centroid, great_circle_km
from app.domain.playbook_overlays import effective
from app.domain.playbooks import playbook, playbooks
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.playbook_overlays import Effective
    from app.domain.playbooks import Playbook

NEAREST: Final = 6
"""Rendezvous that are shown with an incident."""
_ASKED: Final = """
    SELECT l.type_code, sum(l.quantity)::int AS quantity
      FROM request_line l JOIN request q ON q.space_id = l.space_id AND q.id = l.request_id
     WHERE q.space_id = $1 AND q.incident_id = $2 AND q.kind <> 'day_to_day'
       AND q.status NOT IN ('cancelled', 'expired', 'unfilled')
       AND (q.opened_at IS NOT NULL OR $3::uuid IS NULL OR q.member_id = $3)
     GROUP BY l.type_code
"""
_PLACES: Final = """
    SELECT id, code, guide_code, names, kind, member_id, lon, lat, capacity, talkgroup FROM rendezvous
     WHERE space_id = $1 AND status = 'open' AND kind = ANY($2) ORDER BY id
"""


class ProtocolBrief(ReadModel):
    """A shared protocol in a list."""

    code: str
    version: int
    names: dict[str, str]
    hazard: str
    severity_from: int
    severity_to: int
    """Severities of an incident that it is for, both ends among them."""


class ProtocolLine(ReadModel):
    """One line of the standard package."""

    type_code: str
    quantity: int
    priority: str
    within_min: int
    """Minutes after the protocol applies."""


class ProtocolItem(ReadModel):
    """One thing to do in the first hour."""

    code: str
    due_min: int
    texts: dict[str, str]
    """Language → text; at least one."""


class ProtocolView(ProtocolBrief):
    """A protocol: what happens by itself."""

    package: tuple[ProtocolLine, ...]
    notify: tuple[str, ...]
    """Kinds of the lead member's informed authorities that are told."""
    checklist: tuple[ProtocolItem, ...]
    radio_plan: dict[str, str]
    rendezvous_kinds: tuple[str, ...]


class DifferenceView(ReadModel):
    """One thing that a member does otherwise."""

    op: str
    part: str
    """`line`, `item`, `radio_plan` or `rendezvous`."""
    key: str
    """The type, item or kind; empty for the radio plan."""
    base: Any
    """What the shared protocol says; null where it has nothing."""
    own: Any
    """What the member says; null where it leaves it out."""
    why: str
    fits: bool
    """False: the shared protocol says something else than when it was written. It does not apply; review it."""


class MemberProtocolView(ReadModel):
    """A protocol as it applies to one member."""

    member_id: UUID
    overlay_id: UUID | None
    overlay_revision: int | None
    base_version: int | None
    """The shared version that the overlay was written against."""
    to_review: int
    """How many of the differences no longer fit."""
    shared: ProtocolView
    effective: ProtocolView
    difference: tuple[DifferenceView, ...]


class ProtocolOverlayView(Row):
    """What a member does otherwise than a shared protocol, as operations."""

    member_id: UUID
    code: str
    base_version: int
    operations: list[dict[str, Any]]
    """Each with why, and `was`: what the shared protocol said when it was written."""


class SuggestedLine(ProtocolLine):
    """A line of the standard package, with what is still missing of it."""

    asked: int
    """Asked for already, in requests that are open or have been, and in your own drafts."""
    missing: int
    needed_by: datetime


class FittingRendezvous(ReadModel):
    """An open rendezvous of a kind that the protocol wants."""

    id: UUID
    member_id: UUID
    code: str
    guide_code: str
    names: dict[str, str]
    kind: str
    place: Point
    capacity: int
    talkgroup: str | None
    distance_km: float
    """From the middle of the incident's area, great circle."""


class IncidentProtocolView(Row):
    """The protocol that applies to an incident, as its lead member had it when it began to apply."""

    incident_id: UUID
    member_id: UUID
    code: str
    version: int
    overlay_revision: int | None
    """Of the member's overlay, where it had one."""
    names: dict[str, str]
    applied_at: datetime
    package: tuple[SuggestedLine, ...]
    """The standard package. Nobody has asked for it: that is an act of people."""
    notify: tuple[str, ...]
    radio_plan: dict[str, str]
    rendezvous_kinds: tuple[str, ...]
    rendezvous: tuple[FittingRendezvous, ...]
    """The nearest open ones, at most 6."""


class ChecklistItemView(Row):
    """One thing to do for an incident."""

    incident_id: UUID
    incident_protocol_id: UUID
    code: str
    texts: dict[str, str]
    due_at: datetime
    done_at: datetime | None
    done_by_id: UUID | None
    done_by_member_id: UUID | None
    superseded_at: datetime | None
    """Another protocol took its place before it was done."""


def protocols(
    *, hazard: str | None = None, severity: int | None = None, after: tuple[str] | None = None, limit: int = 50
) -> list[ProtocolBrief]:
    """Return the shared protocols by code, one more than ``limit``: it tells that there is a next page."""
    found = [
        _brief(each)
        for each in playbooks().values()
        if hazard in {None, each.hazard}
        and (severity is None or each.severity.least <= severity <= each.severity.most)
        and (after is None or each.code > after[0])
    ]
    return found[: limit + 1]


def protocol(code: str) -> ProtocolView:
    """Return one shared protocol.

    Raises:
        NotFound: there is none of that code.
    """
    return _view(playbook(code))


async def member_protocol(conn: asyncpg.Connection[Any], space: str, member: UUID, code: str) -> MemberProtocolView:
    """Return a protocol as it applies to ``member``.

    Raises:
        NotFound: no such member, or protocol.
    """
    base = playbook(code)
    if not await conn.fetchval("SELECT true FROM member WHERE space_id = $1 AND id = $2", space, member):
        raise NotFound("member", member)
    row = await conn.fetchrow(
        "SELECT * FROM protocol_overlay WHERE space_id = $1 AND member_id = $2 AND code = $3", space, member, code
    )
    overlay = None if row is None else ProtocolOverlayView.model_validate(decoded(row, "operations"))
    as_it_applies: Effective = effective(base, [] if overlay is None else overlay.operations)
    return MemberProtocolView(
        member_id=member,
        overlay_id=None if overlay is None else overlay.id,
        overlay_revision=None if overlay is None else overlay.revision,
        base_version=None if overlay is None else overlay.base_version,
        to_review=len(as_it_applies.to_review),
        shared=_view(base),
        effective=_view(as_it_applies.playbook),
        difference=tuple(
            DifferenceView.model_validate(each, from_attributes=True) for each in as_it_applies.differences
        ),
    )


async def overlay(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> ProtocolOverlayView:
    """Return one overlay.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM protocol_overlay WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("protocol_overlay", id_)
    return ProtocolOverlayView.model_validate(decoded(row, "operations"))


async def overlays(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    member: UUID | None = None,
    code: str | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[ProtocolOverlayView]:
    """Return overlays, the newest first."""
    where = Where().add("space_id = {}", space).add_if(member, "member_id = {}").add_if(code, "code = {}")
    if before is not None:
        where.add("id < {}", before[0])
    rows = await fetch(conn, "SELECT * FROM protocol_overlay", where, order="id DESC", limit=limit)
    return [ProtocolOverlayView.model_validate(decoded(row, "operations")) for row in rows]


async def incident_protocol(
    conn: asyncpg.Connection[Any], space: str, incident_id: UUID, *, viewer: UUID | None
) -> IncidentProtocolView:
    """Return the protocol that applies to the incident, with what is missing of its package in the eyes of ``viewer``.

    Raises:
        NotFound: no such incident, or none applies to it.
    """
    incident = await conn.fetchrow("SELECT area FROM incident WHERE space_id = $1 AND id = $2", space, incident_id)
    if incident is None:
        raise NotFound("incident", incident_id)
    row = await conn.fetchrow(
        "SELECT * FROM incident_protocol WHERE space_id = $1 AND incident_id = $2 AND superseded_at IS NULL",
        space,
        incident_id,
    )
    if row is None:
        raise NotFound("protocol", f"for incident {incident_id}")
    found = decoded(row, "names", "package", "notify", "radio_plan", "rendezvous_kinds")
    asked = {each["type_code"]: each["quantity"] for each in await conn.fetch(_ASKED, space, incident_id, viewer)}
    found["package"] = [
        _suggested(line, asked.get(line["type_code"], 0), found["applied_at"]) for line in found["package"]
    ]
    places = await conn.fetch(_PLACES, space, found["rendezvous_kinds"])
    found["rendezvous"] = _nearest(places, centroid(decoded(incident, "area")["area"]))
    return IncidentProtocolView.model_validate(found)


async def checklist(
    conn: asyncpg.Connection[Any],
    space: str,
    incident_id: UUID,
    *,
    superseded: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ChecklistItemView]:
    """Return the checklist of an incident, what is due first before the rest; with ``superseded`` also what is no more."""
    where = Where().add("space_id = {}", space).add("incident_id = {}", incident_id)
    if not superseded:
        where.add("superseded_at IS NULL")
    if after is not None:
        where.add("(due_at, id) > ({}, {})", *after)
    rows = await fetch(conn, "SELECT * FROM checklist_item", where, order="due_at, id", limit=limit)
    return [_item(row) for row in rows]


async def checklist_item(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> ChecklistItemView:
    """Return one item.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow("SELECT * FROM checklist_item WHERE space_id = $1 AND id = $2", space, id_)
    if row is None:
        raise NotFound("checklist_item", id_)
    return _item(row)


def _item(row: asyncpg.Record) -> ChecklistItemView:
    return ChecklistItemView.model_validate(decoded(row, "texts"))


def _suggested(line: dict[str, Any], asked: int, applied_at: datetime) -> dict[str, Any]:
    needed_by = applied_at + timedelta(minutes=line["within_min"])
    return line | {"asked": asked, "missing": max(0, line["quantity"] - asked), "needed_by": needed_by}


def _nearest(rows: Sequence[asyncpg.Record], middle: tuple[float, float]) -> list[dict[str, Any]]:
    found = [
        decoded(row, "names")
        | {
            "place": {"type": "Point", "coordinates": (row["lon"], row["lat"])},
            "distance_km": round(great_circle_km(*middle, row["lon"], row["lat"]), 1),
        }
        for row in rows
    ]
    return sorted(found, key=lambda each: (each["distance_km"], each["code"]))[:NEAREST]


def _brief(each: Playbook) -> ProtocolBrief:
    return ProtocolBrief(
        code=each.code,
        version=each.version,
        names=each.names,
        hazard=each.hazard,
        severity_from=each.severity.least,
        severity_to=each.severity.most,
    )


def _view(each: Playbook) -> ProtocolView:
    return ProtocolView(
        **_brief(each).model_dump(),
        package=tuple(ProtocolLine.model_validate(line.model_dump()) for line in each.package),
        notify=each.notify,
        checklist=tuple(ProtocolItem.model_validate(item.model_dump()) for item in each.checklist),
        radio_plan=each.radio_plan,
        rendezvous_kinds=each.rendezvous,
    )
