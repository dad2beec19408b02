"""Which crossing a mission takes when nobody has said so: the open one that brings the unit there soonest.

How soon is estimated in ``app.planning.eta``, from the unit's depot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.agreements import passes_elsewhere
from app.domain.because import because
from app.domain.errors import Conflict
from app.planning.eta import CLOSED, Size, carries, country_of, excesses, is_open, soonest
from app.store.tables import Crossing, Depot, Member

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreement_reasons import Reason
    from app.domain.agreement_terms import Terms
    from app.planning.eta import Excess, Sized
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
    parts: Sequence[Resource] = (),
    named: UUID | None = None,
    terms: Terms | None = None,
) -> Crossing | None:
    """Return the crossing for a unit on its way to a place, or None where it passes no border, or none is open to it.

    Those that the ``terms`` it runs under allow go before the others; whether one that they don't is a refusal or a warning
    is for the caller to say (``outside_agreement``).

    A formation passes where the heaviest, the highest and the widest of its ``parts`` pass. Without a unit (nobody has named it yet) the way begins at the lender's coordination centre. Nothing is locked: a
    crossing that closes a moment later is closed for those who are under way, too. A sooner crossing that is too weak, low or
    narrow for the unit is told as a warning.

    Raises:
        NotFound: the named crossing is not there.
        Conflict: the named crossing is closed, or the unit is too heavy, high or wide for it.
    """
    size: Sized | None = Size.of((unit, *parts)) if unit is not None and parts else unit
    if named is not None:
        crossing = await uow.get(Crossing, named)
        _require_passable(crossing, size, uow.now)
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
        if {countries[crossing.member_a_id], countries[crossing.member_b_id]} == wanted and is_open(crossing, uow.now)
    ]
    way = (start.lon, start.lat, lon, lat)
    passable = [crossing for crossing in open_ways if carries(crossing, size)]
    allowed = [crossing for crossing in passable if terms is None or terms.allows_crossing(crossing.code)]
    chosen = soonest(allowed, *way) or soonest(passable, *way)
    if chosen is None:
        uow.warn("no_open_crossing", f"No crossing between {lender.country} and {there} is open to this unit.")
    if (nearest := soonest(open_ways, *way)) is not None and nearest is not chosen:
        for excess in excesses(nearest, size):
            way_taken = "" if chosen is None else f" It goes by {chosen.names['en']}."
            goes_by = {} if chosen is None else {"goes_by": chosen.code}
            figures = {"crossing": nearest.code, **goes_by, **excess.figures}
            uow.warn(excess.code, _said(nearest, excess) + way_taken, figures=figures)
    return chosen


async def outside_agreement(uow: UnitOfWork, terms: Terms | None, crossing: Crossing | None) -> Reason | None:
    """Return what the terms say against the crossing that was chosen; None where they say nothing."""
    if terms is None or crossing is None or terms.allows_crossing(crossing.code):
        return None
    return passes_elsewhere(terms, crossing.code, {each.code: each.names for each in await uow.find(Crossing)})


def has_control(crossing: Crossing | None) -> bool:
    """Return whether a mission over the crossing passes through the border states."""
    if crossing is None:
        return False
    return (crossing.reopens_as if crossing.control == CLOSED else crossing.control) == CHECKS


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


def _said(crossing: Crossing, excess: Excess) -> str:
    """Return in English what a unit is too much for: both figures stand in it."""
    measure, limit = excess.figures.values()
    unit = next(iter(excess.figures)).rpartition("_")[2]
    return f"The unit is {excess.code.replace('_', ' ')} for {crossing.names['en']}: {measure:g} {unit}, limit {limit:g} {unit}."
