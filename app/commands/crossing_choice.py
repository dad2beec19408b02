"""Which way a mission takes when nobody has said so: the one that ranking and plan tell, over one crossing, or two with a country between.

Decided by ``app.planning.choice`` on the corridor's own roads, from where the unit is. A router outside is not asked: a command waits for no network.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from app.domain.agreements import passes_elsewhere
from app.domain.because import because
from app.domain.errors import Conflict
from app.planning.candidates import Gate
from app.planning.choice import chosen_way, travel_with
from app.planning.eta import CHECKS, CLOSED, Size, country_of, excesses, is_open
from app.store.tables import Crossing, Member

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreement_reasons import Reason
    from app.domain.agreement_terms import Terms
    from app.planning.eta import Excess, Sized
    from app.store.tables import Mission, Resource
    from app.store.unit_of_work import UnitOfWork

Start: TypeAlias = tuple[float, float, str]
"""Longitude, latitude, and the country in which that lies."""
_REPORTED: Final = "SELECT lon, lat FROM position WHERE space_id = $1 AND resource_id = $2 AND at > $3"


async def choose_way(
    uow: UnitOfWork,
    *,
    lender_id: UUID,
    requester_id: UUID,
    lon: float,
    lat: float,
    unit: Resource | None = None,
    parts: Sequence[Resource] = (),
    named: UUID | None = None,
    terms: Terms | None = None,
    start: Start | None = None,
) -> tuple[Crossing, ...]:
    """Return the crossings of a unit on its way to a place, in turn; none where it passes no border, or no way is open to it.

    Ways that the ``terms`` it runs under allow go before the others; whether one that they don't is a refusal or a warning
    is for the caller to say (``outside_agreement``). The way over a ``named`` crossing goes on, or comes there, as is soonest; where it lies on no way between
    the two, it is taken for the whole way.

    A formation passes where the heaviest, the highest and the widest of its ``parts`` pass. The way begins at ``start``, if that is given (``standing.py``: the unit is abroad
    already); or else in the lender's country, where the unit is, and without a unit (nobody has named it yet) at the lender's coordination centre. Nothing is locked: a crossing that closes a moment later is closed for those who are under way, too. A crossing of
    a sooner way that is too weak, low or narrow for the unit is told as a warning, and so is each country that the way goes through between.

    Raises:
        NotFound: the named crossing is not there.
        Conflict: the named crossing is closed, or the unit is too heavy, high or wide for it.
    """
    size: Sized | None = Size.of((unit, *parts)) if unit is not None and parts else unit
    by = None if named is None else await uow.get(Crossing, named)
    if by is not None:
        _require_passable(by, size, uow.now)
    members = {each.id: each for each in await uow.find(Member)}
    lender, requester = await uow.get(Member, lender_id), await uow.get(Member, requester_id)
    areas = [(each.country, each.area) for each in members.values()]
    there = country_of(areas, lon, lat, otherwise=requester.country)
    if start is None:
        start = *(await place_of(uow, unit) if unit is not None else (lender.lon, lender.lat)), lender.country
    if start[2] == there:
        return () if by is None else (by,)
    crossings = {each.code: each for each in await uow.find(Crossing)}
    gates = [_gate(each, members) for each in crossings.values()]
    travel = await asyncio.to_thread(travel_with, gates, uow.settings.roads)
    goal = travel.goal(lon, lat, there)
    codes = None if terms is None else [code for code in crossings if terms.allows_crossing(code)]
    eta = chosen_way(
        travel, *start, goal, uow.now, unit=size, allowed=codes, by=None if by is None else by.code
    )  # fmt: skip
    way = tuple(crossings[gate.code] for gate in eta.gates)
    for why in eta.transits:
        uow.warn(why.code, why.said("en"), figures=dict(why.figures))
    if by is not None:
        return way or (by,)
    if not way:
        uow.warn("no_open_crossing", f"No crossing between {start[2]} and {there} is open to this unit.")
    _tell_too_much(uow, travel.eta(*start, goal, uow.now).gates, size, way)
    return way


async def outside_agreement(uow: UnitOfWork, terms: Terms | None, way: Sequence[Crossing]) -> Reason | None:
    """Return what the terms say against the way that was chosen; None where they say nothing."""
    if terms is None or (code := first_against(terms, [each.code for each in way])) is None:
        return None
    return passes_elsewhere(terms, code, {each.code: each.names for each in await uow.find(Crossing)})


def first_against(terms: Terms | None, codes: Sequence[str]) -> str | None:
    """Return the first crossing of a way that the terms do not allow; where they allow all, the first one of them."""
    against = (code for code in codes if terms is not None and not terms.allows_crossing(code))
    return next(against, next(iter(codes), None))


def put_way(mission: Mission, way: Sequence[Crossing]) -> None:
    """Put a mission on a way, all of it ahead: its crossings, and whether it passes through the border states."""
    mission.crossing_id = way[0].id if way else None
    mission.via_crossing_ids = [each.id for each in way[1:]]
    mission.has_control = has_control(way)
    mission.crossings_behind = 0


async def way_of(uow: UnitOfWork, mission: Mission) -> list[Crossing]:
    """Return the crossings of a mission's way, in turn."""
    return [await uow.get(Crossing, id_) for id_ in way_ids(mission)]


def way_ids(mission: Mission) -> list[UUID]:
    """Return the ids of the crossings of a mission's way, in turn."""
    return [] if mission.crossing_id is None else [mission.crossing_id, *mission.via_crossing_ids]


def has_control(way: Iterable[Crossing]) -> bool:
    """Return whether a mission on a way passes through the border states: at one crossing of it there is control."""
    return any((each.reopens_as if each.control == CLOSED else each.control) == CHECKS for each in way)


def _gate(crossing: Crossing, members: Mapping[UUID, Member]) -> Gate:
    joined = frozenset({members[crossing.member_a_id].country, members[crossing.member_b_id].country})
    said: dict[str, Any] = {name: getattr(crossing, name) for name in Gate.__dataclass_fields__ if name != "countries"}
    return Gate(**said, countries=joined)


async def place_of(uow: UnitOfWork, unit: Resource) -> tuple[float, float]:
    """Return where a unit was last known to be."""
    row = await uow.raw.fetchrow(_REPORTED, uow.space, unit.id, unit.position_at)
    return (unit.lon, unit.lat) if row is None else (row["lon"], row["lat"])


def _tell_too_much(uow: UnitOfWork, soonest: Sequence[Gate], size: Sized | None, way: Sequence[Crossing]) -> None:
    """Warn of what the unit is too much for on the way that would be the soonest."""
    goes_by = {} if not way else {"goes_by": way[0].code}
    way_taken = "" if not way else f" It goes by {' and '.join(each.names['en'] for each in way)}."
    for gate in soonest:
        for excess in excesses(gate, size):
            figures = {"crossing": gate.code, **goes_by, **excess.figures}
            uow.warn(excess.code, _said(gate, excess) + way_taken, figures=figures)


def _require_passable(crossing: Crossing, unit: Sized | None, at: datetime) -> None:
    if not is_open(crossing, at):
        message = f"The crossing {crossing.names['en']} is closed."
        raise Conflict(
            message, extra={**because("crossing_closed_now", crossing=crossing.code), "current": crossing.state()}
        )
    if beyond := excesses(crossing, unit):
        message = " ".join(_said(crossing, excess) for excess in beyond)
        reasons = [{"code": excess.code, "figures": excess.figures} for excess in beyond]
        raise Conflict(
            message, extra={"current": crossing.state(), "reasons": reasons}, hint="Name another crossing, or none."
        )


def _said(crossing: Crossing | Gate, excess: Excess) -> str:
    """Return in English what a unit is too much for: both figures stand in it."""
    measure, limit = excess.figures.values()
    unit = next(iter(excess.figures)).rpartition("_")[2]
    return f"The unit is {excess.code.replace('_', ' ')} for {crossing.names['en']}: {measure:g} {unit}, limit {limit:g} {unit}."
