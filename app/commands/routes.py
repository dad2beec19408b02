"""Another way over the border for a unit that is on its way: the lender's word, as everything about its unit."""

from __future__ import annotations

from uuid import UUID

from app.commands.crossing_choice import way_ids
from app.commands.missions import choose_way_of
from app.commands.parts import parts_of, parts_with
from app.commands.registry import Act, handles
from app.commands.standing import standing_of
from app.domain.because import because
from app.domain.errors import Conflict
from app.domain.lifecycle import machine, not_allowed
from app.store.tables import Mission, Resource
from app.store.unit_of_work import UnitOfWork


class RerouteMission(Act):
    """Send a unit over another crossing: the one it was to take is closed, or too weak for it, or there is a queue."""

    crossing_id: UUID | None = None
    """Which one; the open way that is soonest there if none is named. Where it leads to a country between, the way goes on as is soonest."""


@handles(RerouteMission)
async def reroute_mission(uow: UnitOfWork, cmd: RerouteMission) -> None:
    """Record ``mission.rerouted``, with ``in_transit`` where the unit stood at the border, or is cleared. Locks the mission.

    Its way is what is ahead of it from now on: a unit that is in a country between begins there, and its clearance was for what lies behind.

    Raises:
        TransitionNotAllowed: the unit is over the border already.
        Conflict: no unit is named yet, the named crossing is closed, or too weak, low or narrow for the unit.
    """
    mission = await uow.lock_target(Mission)
    uow.authorise({"lender": {mission.lender_id}})
    standing = await standing_of(uow, mission)
    if standing.over:
        raise not_allowed(
            "mission", mission.status, "reroute", (), words="take another crossing", current=mission.state()
        )
    if mission.resource_id is None:
        message = "No unit is named for this mission yet."
        raise Conflict(
            message,
            extra={**because("no_unit_named"), "current": mission.state()},
            hint="Name the unit, with its crossing.",
        )
    was = way_ids(mission)
    unit = await uow.get(Resource, mission.resource_id)
    parts = await parts_with(uow, mission, await parts_of(uow, unit))
    await choose_way_of(uow, mission, unit, parts, crossing_id=cmd.crossing_id, start=standing.start)
    turns = way_ids(mission) != list(standing.ahead)
    if mission.status == "cleared" or (turns and mission.status == "at_border"):
        mission.status = machine("mission").to(mission.status, "in_transit", by=uow.act.command).to
        mission.status_at = max(uow.act.occurred_at, mission.status_at)
    uow.record(
        "mission.rerouted",
        mission,
        state=mission.status,
        was_crossing_id=was[0] if was else None,
        was_via_crossing_ids=was[1:],
    )
