"""Which crossing a mission takes when nobody has said so: the open one that brings the unit there soonest.

An estimate that is good enough to choose between crossings, not to promise an arrival: the great circle from the depot over
the crossing to the place, times ``DETOUR``, at ``SPEED_KMH``, and the crossing's own delay on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import Conflict
from app.domain.geo import great_circle_km
from app.store.tables import Crossing, Depot, Member

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.store.tables import Resource
    from app.store.unit_of_work import UnitOfWork

DETOUR: Final = 1.3
"""How much longer the road is than the great circle: this project's working figure."""
SPEED_KMH: Final = 50
"""Of a heavy vehicle under blue lights on mixed roads: this project's working figure."""
CLOSED: Final = "closed"
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
    if lender.country == requester.country:
        return None
    start: Depot | Member = lender if unit is None else await uow.get(Depot, unit.depot_id)
    countries = {member.id: member.country for member in await uow.find(Member)}
    wanted = {lender.country, requester.country}
    open_ways = [
        crossing
        for crossing in await uow.find(Crossing)
        if {countries[crossing.member_a_id], countries[crossing.member_b_id]} == wanted
        and is_open(crossing, uow.now)
        and carries(crossing, unit)
    ]
    if not open_ways:
        uow.warn(
            "no_open_crossing", f"No crossing between {lender.country} and {requester.country} is open to this unit."
        )
        return None
    return min(open_ways, key=lambda crossing: (minutes_over(crossing, start.lon, start.lat, lon, lat), crossing.code))


def has_control(crossing: Crossing | None) -> bool:
    """Return whether a mission over the crossing passes through the border states."""
    return crossing is not None and crossing.control == CHECKS


def is_open(crossing: Crossing, at: datetime) -> bool:
    """Return whether the crossing can be passed at an instant; one that is closed until then is open again."""
    return crossing.control != CLOSED or (crossing.closed_until is not None and crossing.closed_until <= at)


def carries(crossing: Crossing, unit: Resource | None) -> bool:
    """Return whether the unit is within the crossing's limits, as far as both are known."""
    if unit is None:
        return True
    measures = (
        (crossing.max_weight_t, unit.weight_t),
        (crossing.max_height_m, unit.height_m),
        (crossing.max_width_m, unit.width_m),
    )
    return all(limit is None or measure is None or measure <= limit for limit, measure in measures)


def minutes_over(crossing: Crossing, lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the estimated minutes from one place to another over the crossing, its delay included."""
    to_it = great_circle_km(lon1, lat1, crossing.lon, crossing.lat)
    from_it = great_circle_km(crossing.lon, crossing.lat, lon2, lat2)
    return (to_it + from_it) * DETOUR / SPEED_KMH * 60 + crossing.delay_min


def _require_passable(crossing: Crossing, unit: Resource | None, at: datetime) -> None:
    if not is_open(crossing, at):
        message = f"The crossing {crossing.code} is closed."
        raise Conflict(message, extra={"current": crossing.state()})
    if not carries(crossing, unit):
        message = f"The unit is beyond the limits of weight, height or width of the crossing {crossing.code}."
        raise Conflict(message, extra={"current": crossing.state()})
