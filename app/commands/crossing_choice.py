"""Which crossing a mission takes when nobody has said so: the open one that brings the unit there soonest.

How soon is estimated in ``app.planning.eta``, from the unit's depot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import Conflict
from app.planning.eta import carries, country_of, is_open, soonest
from app.store.tables import Crossing, Depot, Member

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.store.tables import Resource
    from app.store.unit_of_work import UnitOfWork

CHECKS: Final = "checks"


async def choose_crossing(
    uow: UnitOfWork,
    *,
    lender_id: UUID,
    requester_id: UUID,
    lon: float,
    lat: float,
    unit: Resource | None = None,
    named: UUID | None = None,
) -> Crossing | None:
    """Return the crossing for a unit on its way to a place, or None where it passes no border, or none is open to it.

    Without a unit (nobody has named it yet) the way begins at the lender's coordination centre. Nothing is locked: a
    crossing that closes a moment later is closed for those who are under way, too.

    Raises:
        NotFound: the named crossing is not there.
        Conflict: the named crossing is closed, or the unit is too heavy, high or wide for it.
    """
    if named is not None:
        crossing = await uow.get(Crossing, named)
        _require_passable(crossing, unit, uow.now)
        return crossing
    lender, requester = await uow.get(Member, lender_id), await uow.get(Member, requester_id)
    members = await uow.find(Member)
    there = country_of([(each.country, each.area) for each in members], lon, lat, otherwise=requester.country)
    if lender.country == there:
        return None
    start: Depot | Member = lender if unit is None else await uow.get(Depot, unit.depot_id)
    countries = {member.id: member.country for member in members}
    wanted = {lender.country, there}
    open_ways = [
        crossing
        for crossing in await uow.find(Crossing)
        if {countries[crossing.member_a_id], countries[crossing.member_b_id]} == wanted
        and is_open(crossing, uow.now)
        and carries(crossing, unit)
    ]
    chosen = soonest(open_ways, start.lon, start.lat, lon, lat)
    if chosen is None:
        uow.warn("no_open_crossing", f"No crossing between {lender.country} and {there} is open to this unit.")
    return chosen


def has_control(crossing: Crossing | None) -> bool:
    """Return whether a mission over the crossing passes through the border states."""
    return crossing is not None and crossing.control == CHECKS


def _require_passable(crossing: Crossing, unit: Resource | None, at: datetime) -> None:
    if not is_open(crossing, at):
        message = f"The crossing {crossing.code} is closed."
        raise Conflict(message, extra={"current": crossing.state()})
    if not carries(crossing, unit):
        message = f"The unit is beyond the limits of weight, height or width of the crossing {crossing.code}."
        raise Conflict(message, extra={"current": crossing.state()})
