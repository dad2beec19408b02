"""What can be at a place within a time: read in three statements, estimated by ``app.planning.reach``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.geo import Point
from app.domain.lender_words import CANNOT, cannot
from app.planning.candidates import Gate, Unit, Why
from app.planning.eta import country_of
from app.planning.reach import Spot, within
from app.queries.between import PLACE_SEEN
from app.queries.candidates import AREAS, GATES, WhyView
from app.queries.lists import Where
from app.queries.models import ReadModel
from app.store.agreements import words_about

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.lender_words import Word
    from app.planning.reach import Reach

_UNITS: Final = f"""
    SELECT r.id, r.member_id, m.country, r.call_sign, r.status, r.out_of_service_reason, r.mobilisation_min,
           coalesce(p.lon, r.lon) AS lon, coalesce(p.lat, r.lat) AS lat, coalesce(p.at, r.position_at) AS position_at,
           r.weight_t, r.height_m, r.width_m, r.type_code, m.time_zone AS zone
      FROM resource r
      JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
      LEFT JOIN position p ON p.space_id = r.space_id AND p.resource_id = r.id AND p.at > r.position_at
       AND {PLACE_SEEN.format(space="r.space_id", units="r.id, r.formation_id", viewer="{viewer}")}
"""  # noqa: S608 - constants of ours


class ReachView(ReadModel):
    """A unit that can be there in time."""

    resource_id: UUID
    call_sign: str
    type_code: str
    member_id: UUID
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
    eta_min: int
    """Minutes from now."""
    arrives_at: datetime
    distance_km: float
    """Great circle, by way of the crossings."""
    crossing_id: UUID | None
    """Where it would leave its country."""
    via_crossing_ids: tuple[UUID, ...]
    """Those that it would pass after that one, on a way through a third country."""
    cannot: WhyView | None
    """Its owner's own word that it cannot, while that stands: until when, and why."""


async def reachable(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    lon: float,
    lat: float,
    minutes: int,
    at: datetime,
    types: Sequence[str] = (),
    status: Sequence[str] = (),
    member: UUID | None = None,
    viewer: UUID | None = None,
    language: str = "en",
    after: tuple[int, UUID] | None = None,
    limit: int = 50,
) -> list[ReachView]:
    """Return, first to arrive first, the units that can be there in time, one more than ``limit`` where there are more.

    The place's country is that of the member in whose area it lies; in nobody's, the viewer's own.
    """
    known = await conn.fetch(AREAS, space)
    home = await conn.fetchval("SELECT country FROM member WHERE space_id = $1 AND id = $2", space, viewer)
    country = country_of([(row["country"], row["area"]) for row in known], lon, lat, otherwise=home or "")
    seen = _UNITS.format(viewer="NULL" if viewer is None else f"'{viewer}'::uuid")
    where = Where().add("r.space_id = {}", space).add("NOT r.retired")
    where.add_if(list(types), "r.type_code = ANY({})").add_if(list(status), "r.status = ANY({})")
    where.add_if(member, "r.member_id = {}")
    rows = [dict(row) for row in await conn.fetch(f"{seen} WHERE {where.sql}", *where.values)]
    type_of = {row["id"]: row.pop("type_code") for row in rows}
    gates = [Gate(**{**row, "countries": frozenset(row["countries"])}) for row in await conn.fetch(GATES, space)]
    found = within([Unit(**row) for row in rows], gates, Spot(country, lon, lat, at), minutes)
    if after is not None:
        found = [each for each in found if (each.eta_min, each.unit.id) > after]
    shown = found[: limit + 1]
    words = {code: await words_about(conn, space, code) for code in {type_of[each.unit.id] for each in shown}}
    return [
        _view(each, type_of[each.unit.id], at, words[type_of[each.unit.id]].get(each.unit.member_id), language)
        for each in shown
    ]


def _view(found: Reach, type_code: str, at: datetime, word: Word | None, language: str) -> ReachView:
    unit = found.unit
    told = cannot(word, at, unit.zone)
    why = Why(CANNOT, told or {})
    return ReachView(
        resource_id=unit.id,
        call_sign=unit.call_sign,
        type_code=type_code,
        member_id=unit.member_id,
        status=unit.status,
        place=Point(type="Point", coordinates=(unit.lon, unit.lat)),
        position_at=unit.position_at,
        position_age_s=max(0, int((at - unit.position_at).total_seconds())),
        mobilisation_min=unit.mobilisation_min,
        drive_min=found.eta_min - unit.mobilisation_min - found.delay_min,
        delay_min=found.delay_min,
        eta_min=found.eta_min,
        arrives_at=at + timedelta(minutes=found.eta_min),
        distance_km=round(found.km, 1),
        crossing_id=found.gates[0].id if found.gates else None,
        via_crossing_ids=tuple(gate.id for gate in found.gates[1:]),
        cannot=None
        if told is None
        else WhyView(code=why.code, blocking=True, text=why.said(language), figures=dict(why.figures)),
    )
