"""Requests with their lines and how far each is filled, as the corridor sees them; a draft is its own member's alone, and help from
day to day is seen by who asks and who is asked.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.between import REQUEST_SEEN
from app.queries.external_ids import ExternalIdBrief, add_external, codes_of
from app.queries.lists import Where, decoded, fetch
from app.queries.missions import AT_INCIDENTS
from app.queries.models import ReadModel, Row
from app.queries.response_commitments import TOOK_MIN, ResponseCommitmentView
from app.store.fill import FILL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.external_ids import Named
    from app.domain.geo import Box

# One statement, so that state, lines and fill are those of one moment. FILL is a constant of ours.
_SELECT = f"""
    SELECT r.*,
           (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.position)
              FROM (SELECT l.*, {FILL} FROM request_line l
                     WHERE l.space_id = r.space_id AND l.request_id = r.id) f) AS lines,
           (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.id) FROM acknowledgement a
             WHERE a.space_id = r.space_id AND a.request_id = r.id) AS acknowledgements,
           (SELECT jsonb_agg(to_jsonb(c) || jsonb_build_object('took_min', {TOOK_MIN}) ORDER BY c.id)
              FROM response_commitment c
             WHERE c.space_id = r.space_id AND c.request_id = r.id) AS response_commitments,
           {codes_of("incident", "r", key="incident_id", name="incident_numbers")}
      FROM request r
"""  # noqa: S608
_A_LINE = "EXISTS (SELECT FROM request_line l WHERE l.space_id = r.space_id AND l.request_id = r.id AND {})"


class PartFillView(ReadModel):
    """How far one part of a composite type is found."""

    type_code: str
    wanted: int
    committed: int
    pending: int
    open: int


class FillView(ReadModel):
    """How far a line is filled, counted from missions and accepted offers at this moment."""

    wanted: int
    committed: int
    """On missions, or home again after their work."""
    pending: int
    """Accepted, and still to be committed by the lender."""
    open: int
    """Still to be found."""
    parts: tuple[PartFillView, ...] | None
    """Of a composite type: how far each of its parts is found, those of whole formations included. A line is filled by as many
    wholes as can be made of them."""


class RequestLineView(Row):
    """One type and how many of it, by when and where to."""

    position: int
    type_code: str
    quantity: int
    priority: str
    needed_by: datetime | None
    place: str | None
    geometry: Point
    rendezvous_id: UUID | None
    """Where units are met on their way."""
    fill: FillView


class AcknowledgementView(ReadModel):
    """A member has read the request. No answer."""

    member_id: UUID
    occurred_at: datetime


class RequestView(Row):
    """A request."""

    ref: str
    """Short code for the telephone."""
    incident_id: UUID | None
    """Null for help from day to day, which needs none."""
    incident_numbers: tuple[ExternalIdBrief, ...]
    """The numbers that the members' dispatch systems have for the incident, each with whose it is."""
    member_id: UUID
    """Who asks."""
    to_member_id: UUID | None
    """Whom help from day to day is asked of; null for the other kinds, which everybody is asked."""
    kind: str
    status: str
    note: str | None
    opened_at: datetime | None
    """Since when the corridor sees it."""
    expires_at: datetime | None
    closed_at: datetime | None
    """When it ended, in whatever way."""
    geometry: dict[str, Any]
    """Where help is wanted: GeoJSON MultiPoint, one point a line, longitude before latitude."""
    lines: tuple[RequestLineView, ...]
    acknowledgements: tuple[AcknowledgementView, ...]
    response_commitments: tuple[ResponseCommitmentView, ...]
    """What was promised about it, and kept or broken: as far as your member asks or promised it."""


async def request(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> RequestView:
    """Return one request, as a user of the member ``viewer`` sees it (the service itself, without one, sees all).

    Raises:
        NotFound: there is none of that id in the space, or it is another member's draft, or between two others.
    """
    where = _seen_by(viewer, space).add("r.id = {}", id_)
    rows = await fetch(conn, _SELECT, where, order="r.id", limit=1)
    if not rows:
        raise NotFound("request", id_)
    return _request(rows[0], viewer)


async def requests(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    kind: Sequence[str] = (),
    priority: Sequence[str] = (),
    member: UUID | None = None,
    incident: UUID | None = None,
    box: Box | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    external: Named | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[RequestView]:
    """Return requests, newest first. ``priority`` and ``box`` want one line that fits; times are of ``opened_at``.

    Help from day to day is left out, unless its ``kind`` is asked for.
    """
    where = _seen_by(viewer, space).add_if(list(status), "r.status = ANY({})")
    where.add("r.kind = ANY({})", list(kind or AT_INCIDENTS))
    where.add_if(member, "r.member_id = {}").add_if(incident, "r.incident_id = {}")
    where.add_if(since, "r.opened_at >= {}").add_if(until, "r.opened_at < {}")
    where.add_if(list(priority), _A_LINE.format("l.priority = ANY({})"))
    add_external(where, external, "incident", "r", key="incident_id")
    if box is not None:
        inside = _A_LINE.format("l.lon BETWEEN {} AND {} AND l.lat BETWEEN {} AND {}")
        where.add(inside, box.west, box.east, box.south, box.north)
    if before is not None:
        where.add("r.id < {}", before[0])
    return [_request(row, viewer) for row in await fetch(conn, _SELECT, where, order="r.id DESC", limit=limit)]


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("r.space_id = {}", space)
    if viewer is None:
        return where
    return where.add("(r.opened_at IS NOT NULL OR r.member_id = {})", viewer).add(REQUEST_SEEN, viewer)


def _request(row: asyncpg.Record, viewer: UUID | None) -> RequestView:
    found = decoded(row, "lines", "acknowledgements", "response_commitments", "incident_numbers")
    found["lines"] = [_line(line) for line in found["lines"] or ()]
    points = [line["geometry"]["coordinates"] for line in found["lines"]]
    found["geometry"] = {"type": "MultiPoint", "coordinates": points}
    found["acknowledgements"] = found["acknowledgements"] or ()
    found["response_commitments"] = [
        each
        for each in found["response_commitments"] or ()
        if viewer is None or str(viewer) in {each["requester_id"], each["lender_id"]}
    ]
    return RequestView.model_validate(found)


def _line(line: dict[str, Any]) -> dict[str, Any]:
    wanted, committed, pending = line["wanted"], line["committed"], line["pending"]
    left = max(0, wanted - committed - pending)
    return line | {
        "geometry": {"type": "Point", "coordinates": [line["lon"], line["lat"]]},
        "fill": {"wanted": wanted, "committed": committed, "pending": pending, "open": left, "parts": line["parts"]},
    }
