"""Where a mission stands on its way: the crossings that it has still ahead of it, and from where another way would begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.commands.crossing_choice import has_control, place_of, way_ids, way_of
from app.domain.on_way import BEFORE_LEAVING, ON_WAY, Passage, along, passed
from app.planning.eta import country_of
from app.store.tables import Member, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.commands.crossing_choice import Start
    from app.store.tables import Mission
    from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a mission stands."""

    ahead: tuple[UUID, ...]
    """Ids of the crossings that it has still to pass, in turn."""
    start: Start | None
    """Where a way from now on begins, if that is not at home."""
    over: bool = False
    """Whether it has its border behind it."""


async def standing_of(uow: UnitOfWork, mission: Mission, members: Sequence[Member] | None = None) -> Standing:
    """Return where a mission stands. Nothing is locked. ``members`` spares their reading where there are many missions."""
    ids = tuple(way_ids(mission))
    if mission.resource_id is None or mission.status in BEFORE_LEAVING:
        return Standing(ids, None)
    members = members or await uow.find(Member)
    countries = {each.id: each.country for each in members}
    areas = [(each.country, each.area) for each in members]
    goal = country_of(areas, mission.lon, mission.lat, otherwise=countries[mission.requester_id])
    place = await place_of(uow, await uow.get(Resource, mission.resource_id))
    here = country_of(areas, *place, otherwise="")
    at_goal = place if here == goal else (mission.lon, mission.lat)
    if mission.status not in ON_WAY:
        return Standing((), (*at_goal, goal), over=True)
    crossings = await way_of(uow, mission)
    way = [
        Passage({countries[each.member_a_id], countries[each.member_b_id]}, has_control([each])) for each in crossings
    ]
    gone = passed(way, mission.status, here, mission.crossings_behind)
    through = along(way, goal)
    if gone == len(way) and (way or mission.status == "cleared"):
        return Standing((), (*at_goal, goal), over=True)
    if gone and through:
        last = crossings[gone - 1]
        return Standing(ids[gone:], (*(place if here == through[gone] else (last.lon, last.lat)), through[gone]))
    if through and through[0] not in {
        here,
        countries[mission.lender_id],
    }:  # it was sent on abroad, and nobody knows where it is there
        return Standing(ids[gone:], (crossings[0].lon, crossings[0].lat, through[0]))
    abroad = here not in {"", goal} and (not way or through[:1] == [here])
    return Standing(ids[gone:], (*place, here) if abroad else None)
