"""Who can get there first, for one line of a request: read in six statements and one a part, ranked by ``app.planning.candidates``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.agreement_reasons import YEARLY_COST_CAP
from app.domain.cost_terms import EXPECTED_HOURS
from app.domain.errors import NotFound
from app.domain.geo import Point
from app.domain.resource_types import parts_of_type
from app.planning.candidates import Agreed, Gate, Unit, Wanted, rank
from app.planning.eta import DETOUR, SPEED_KMH, country_of
from app.queries.between import PLACE_SEEN
from app.queries.costs import EstimateView
from app.queries.lists import decoded
from app.queries.models import ReadModel
from app.queries.requests import request
from app.queries.said_cannot import said_cannot
from app.store.agreements import agreed, stocks_of, uses_of
from app.store.costs import with_spent

if TYPE_CHECKING:
    import asyncpg

    from app.planning.candidates import Candidate
    from app.queries.requests import RequestLineView, RequestView

# A formation passes where the heaviest, the highest and the widest of its parts pass.
_MOST: Final = (
    "greatest(r.{0}, (SELECT max(part.{0}) FROM resource part WHERE part.space_id = r.space_id AND part.formation_id = r.id))"
    " AS {0}"
)
_UNITS: Final = f"""
    SELECT r.id, r.member_id, m.country, r.call_sign, CASE WHEN r.status <> 'available' THEN r.status ELSE coalesce((
             SELECT part.status FROM resource part
              WHERE part.space_id = r.space_id AND part.formation_id = r.id AND part.status <> 'available' LIMIT 1), r.status)
           END AS status, r.out_of_service_reason, r.mobilisation_min,
           r.officers + r.ncos + r.crew + coalesce((
             SELECT sum(part.officers + part.ncos + part.crew)::int FROM resource part
              WHERE part.space_id = r.space_id AND part.formation_id = r.id), 0) AS crew, m.currency, m.time_zone AS zone, {_MOST.format("weight_t")}, {_MOST.format("height_m")},
           {_MOST.format("width_m")},
           coalesce(p.lon, r.lon) AS lon, coalesce(p.lat, r.lat) AS lat, coalesce(p.at, r.position_at) AS position_at
      FROM resource r
      JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
      LEFT JOIN position p ON p.space_id = r.space_id AND p.resource_id = r.id AND p.at > r.position_at
       AND {PLACE_SEEN.format(space="r.space_id", units="r.id, r.formation_id", viewer="$3::uuid")}
     WHERE r.space_id = $1 AND r.type_code = $2 AND NOT r.retired
"""  # noqa: S608 - constants of this module
GATES: Final = """
    SELECT c.id, c.code, c.names, ARRAY[a.country, b.country] AS countries, c.lon, c.lat, c.control, c.closed_until, c.delay_min,
           c.max_weight_t, c.max_height_m, c.max_width_m
      FROM crossing c
      JOIN member a ON a.space_id = c.space_id AND a.id = c.member_a_id
      JOIN member b ON b.space_id = c.space_id AND b.id = c.member_b_id
     WHERE c.space_id = $1
"""
AREAS: Final = "SELECT country, area FROM member WHERE space_id = $1 ORDER BY id"
ABOUT: Final = """
    SELECT m.country, i.hazard, i.phases
      FROM request r
      JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
      LEFT JOIN incident i ON i.space_id = r.space_id AND i.id = r.incident_id
     WHERE r.space_id = $1 AND r.id = $2
"""


class WhyView(ReadModel):
    """One reason why a unit can't be sent, or what somebody should know although it can."""

    code: str
    blocking: bool
    text: str
    """In the reader's language."""
    figures: dict[str, Any]


class CandidateView(ReadModel):
    """A unit of the type, with when it could be there."""

    resource_id: UUID
    call_sign: str
    member_id: UUID
    of_requester: bool
    """The requester's own: no agreement and no border between."""
    status: str
    place: Point
    """Where it was last known to be; the estimate begins there."""
    position_at: datetime
    position_age_s: int
    """How long ago that was."""
    mobilisation_min: int
    drive_min: int
    delay_min: int
    """At the crossings."""
    eta_min: int | None
    """Minutes from now; null where no crossing is open to it."""
    arrives_at: datetime | None
    in_time: bool | None
    """Whether that is soon enough; null where the line names no time."""
    distance_km: float
    """Great circle, by way of the crossings."""
    crossing_id: UUID | None
    """Where it would leave its country."""
    via_crossing_ids: tuple[UUID, ...]
    """Those that it would pass after that one, on a way through a third country."""
    can: bool
    """Nothing stands against sending it."""
    only_reserve: bool
    """The reserve is all that stands against it: an authorised representative of its owner can override that."""
    only_agreement: bool
    """The agreements are all that stands against it: an authorised representative of its owner can send it without one (`ad_hoc`)."""
    agreement_id: UUID | None
    """The agreement that counts, or that is nearest to allowing it."""
    agreement_code: str | None
    estimate: EstimateView | None
    """What it is expected to cost by that agreement, for the two members it would be between; null for others."""
    reasons: tuple[WhyView, ...]


class AssumptionsView(ReadModel):
    """What the estimate rests on: `detour` times the great circle at `speed_kmh`, the crossings' delays, the time to get ready."""

    detour: float
    speed_kmh: int
    hours: int
    """How long a deployment is taken to last, for its cost."""


class CandidatesView(ReadModel):
    """Who can get there first, in the order of arrival; those that can't come stand where they would be."""

    request_id: UUID
    request_line_id: UUID
    type_code: str
    at: datetime
    """As things were at this moment. Nothing was reserved."""
    assumptions: AssumptionsView
    items: tuple[CandidateView, ...]
    more: int
    """How many others could come too, later."""


async def candidates(
    conn: asyncpg.Connection[Any],
    space: str,
    request_id: UUID,
    *,
    viewer: UUID | None,
    language: str,
    at: datetime,
    line_id: UUID | None = None,
    limit: int = 10,
) -> CandidatesView:
    """Return who can get there first for a line; for the first that is not filled if none is named.

    Raises:
        NotFound: no such request or line, or not for these eyes.
    """
    asked = await request(conn, space, request_id, viewer=viewer)
    line = line_of(asked, line_id)
    about = await conn.fetchrow(ABOUT, space, request_id)
    if about is None:
        raise NotFound("request", request_id)
    wanted = Wanted(
        member_id=asked.member_id,
        country=country_of(
            [(row["country"], row["area"]) for row in await conn.fetch(AREAS, space)],
            line.geometry.lon,
            line.geometry.lat,
            otherwise=about["country"],
        ),
        hazard=about["hazard"],
        type_code=line.type_code,
        kind=asked.kind,
        lon=line.geometry.lon,
        lat=line.geometry.lat,
        at=at,
        borrower_country=about["country"],
        phases=decoded(about, "phases")["phases"],
    )
    units = [Unit(**row) for row in await conn.fetch(_UNITS, space, line.type_code, viewer)]
    gates = [Gate(**{**row, "countries": frozenset(row["countries"])}) for row in await conn.fetch(GATES, space)]
    known = Agreed(
        await with_spent(conn, space, await agreed(conn, space), at),
        await stocks_of(conn, space, line.type_code),
        await uses_of(conn, space, line.type_code),
        {
            code: (await stocks_of(conn, space, code), await uses_of(conn, space, code))
            for code in parts_of_type(line.type_code)
        },
        (await said_cannot(conn, space, [request_id])).get(request_id, frozenset()),
    )
    ranking = rank(units, gates, wanted, known, limit=limit)
    return CandidatesView(
        request_id=request_id,
        request_line_id=line.id,
        type_code=line.type_code,
        at=at,
        assumptions=AssumptionsView(detour=DETOUR, speed_kmh=SPEED_KMH, hours=EXPECTED_HOURS),
        items=tuple(_view(each, wanted, line.needed_by, language, viewer) for each in ranking.candidates),
        more=ranking.more,
    )


def line_of(asked: RequestView, line_id: UUID | None) -> RequestLineView:
    """Return a line of a request; the first that is not filled if none is named.

    Raises:
        NotFound: the request has no such line.
    """
    if line_id is None:
        return next((line for line in asked.lines if line.fill.open), asked.lines[0])
    found = next((line for line in asked.lines if line.id == line_id), None)
    if found is None:
        raise NotFound("request line", line_id)
    return found


def _view(
    found: Candidate, wanted: Wanted, needed_by: datetime | None, language: str, viewer: UUID | None
) -> CandidateView:
    unit, verdict = found.unit, found.verdict
    party = viewer is None or viewer in {unit.member_id, wanted.member_id}
    eta_min = round(found.total_min) if found.reachable else None
    arrives_at = None if eta_min is None else wanted.at + timedelta(minutes=eta_min)
    return CandidateView(
        resource_id=unit.id,
        call_sign=unit.call_sign,
        member_id=unit.member_id,
        of_requester=unit.member_id == wanted.member_id,
        status=unit.status,
        place=Point(type="Point", coordinates=(unit.lon, unit.lat)),
        position_at=unit.position_at,
        position_age_s=max(0, int((wanted.at - unit.position_at).total_seconds())),
        mobilisation_min=unit.mobilisation_min,
        drive_min=round(found.drive_min),
        delay_min=found.delay_min,
        eta_min=eta_min,
        arrives_at=arrives_at,
        in_time=None if needed_by is None or arrives_at is None else arrives_at <= needed_by,
        distance_km=round(found.km, 1),
        crossing_id=found.gates[0].id if found.gates else None,
        via_crossing_ids=tuple(gate.id for gate in found.gates[1:]),
        can=found.can,
        only_reserve=found.only_reserve,
        only_agreement=found.only_agreement,
        agreement_id=None if verdict is None else verdict.agreement.id,
        agreement_code=None if verdict is None else verdict.agreement.code,
        estimate=EstimateView.model_validate(found.estimate.told()) if party and found.estimate else None,
        reasons=tuple(
            WhyView(code=why.code, blocking=why.blocking, text=why.said(language), figures=dict(why.figures))
            for why in found.reasons
            if party or why.code != YEARLY_COST_CAP
        ),
    )
