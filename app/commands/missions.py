"""Missions: from the lender's word until the unit is home. Whoever lends decides about what is theirs, at every moment.

A step of the lender's own is reported as it happens; the state machine in ``protocols/lifecycle/mission.yaml`` says which
steps there are. Each is recorded as ``mission.<state>``, for the whole corridor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema
from sqlmodel import col

from app.commands.crossing_choice import choose_crossing, has_control
from app.commands.fill import settle_request
from app.commands.registry import Act, handles
from app.domain.errors import Conflict, FieldError, NotAvailable, NotFound, OutOfOrder, TransitionNotAllowed
from app.domain.forms import Note
from app.domain.lifecycle import machine
from app.domain.vocabulary import require
from app.store.tables import Depot, Mission, Request, Resource

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.store.unit_of_work import UnitOfWork

HOME: Final = "returned"
RELEASED: Final = "released"
BEFORE_CLEARANCE: Final = frozenset({"committed", "mobilising", "in_transit", "at_border"})
"""Where a mission stands while a crossing with control is still ahead of it."""


def reached_by(command: str) -> list[str]:
    """Return the states that a command can take a mission to."""
    return list(machine("mission").reached_by(command))


NextState = Annotated[
    str, Field(max_length=64), WithJsonSchema({"type": "string", "enum": reached_by("advance_mission")})
]
BorderState = Annotated[
    str, Field(max_length=64), WithJsonSchema({"type": "string", "enum": reached_by("report_at_border")})
]


class AdvanceMission(Act):
    """The unit has taken the next step on its way."""

    to: NextState
    """The state it has reached. From a dispatch system it may be ahead: the states between are filled in as inferred."""


class ReportAtBorder(Act):
    """The unit stands at a crossing that has control, or was let through. People say so: roads zigzag along a border."""

    to: BorderState


class ReleaseMission(Act):
    """The requester no longer needs the unit: its work is done."""


class StandDown(Act):
    """The requester calls the help off before its work is done."""


class Recall(Act):
    """The lender needs its unit itself. Nobody can refuse."""

    why: Note
    """What the requester is told."""


class AbortMission(Act):
    """The unit can't go on: a breakdown, an accident, the crew."""

    why: Note
    """What the requester is told."""
    out_of_service: Literal["maintenance", "crew", "damage", "other"] | None = None
    """Set where the unit can't be sent again before somebody has seen to it."""


class AssignUnit(Act):
    """Name the unit of a mission that began with a phone call."""

    resource_id: UUID
    crossing_id: UUID | None = None
    """Which way it takes; the soonest one if nobody says."""


class CloseMission(Act):
    """The unit is home and nothing more is to be written about it."""


# ---------------------------------------------------------------- the lender's steps


@handles(AdvanceMission)
async def advance_mission(uow: UnitOfWork, cmd: AdvanceMission) -> None:
    """Record ``mission.<state>``, and before it those that are inferred. Locks the unit when it comes home, and the mission.

    A dispatch system that says the same again is told as ``mission.reported``, and changes nothing.

    Raises:
        TransitionNotAllowed: no such step from here, or to a dispatch system: no way leads there.
        OutOfOrder: it happened before what is known already.
    """
    require("state to advance to", cmd.to, reached_by("advance_mission"), pointer="/to")
    mission = await _mission(uow)
    unit = await _unit_before(uow, mission) if cmd.to == HOME else None
    await _lock(uow)
    _authorise(uow, mission)
    facts = await _facts(uow, mission)
    _keep_order(uow, mission, cmd)
    if uow.actor.via == "dispatch_system":
        states = _way(mission, cmd.to, facts)
    else:
        states = [_step(mission, cmd.to, facts, by="advance_mission")]
    if not states:
        uow.record("mission.reported", mission, state=cmd.to)
        return
    for state in states[:-1]:
        uow.record(f"mission.{state}", mission, state=state, inferred=True)
    _enter(uow, mission, states[-1])
    if cmd.to == HOME and (unit := await _unit_now(uow, mission, unit)) is not None:
        await _come_home(uow, unit)
        uow.record(f"mission.{HOME}", mission, unit, state=HOME)
    else:
        uow.record(f"mission.{mission.status}", mission, state=mission.status)


@handles(ReportAtBorder)
async def report_at_border(uow: UnitOfWork, cmd: ReportAtBorder) -> None:
    """Record ``mission.at_border`` or ``mission.cleared``. Locks the mission.

    Raises:
        TransitionNotAllowed: not that step from here; where the crossing has no control there are none.
    """
    require("state at the border", cmd.to, reached_by("report_at_border"), pointer="/to")
    mission = await _lock(uow)
    _authorise(uow, mission)
    await _advance(uow, mission, cmd, cmd.to)


@handles(Recall)
async def recall(uow: UnitOfWork, cmd: Recall) -> None:
    """Record ``mission.recalled``, and what becomes of the request. Locks the request, then the mission."""
    request, mission = await _lock_with_request(uow)
    await _end(uow, request, mission, cmd, "recalled")


@handles(AbortMission)
async def abort_mission(uow: UnitOfWork, cmd: AbortMission) -> None:
    """Record ``mission.aborted``, and what becomes of the request. Locks the request, the unit, then the mission."""
    mission = await _mission(uow)
    request = await uow.lock(Request, mission.request_id)
    unit = await _unit_before(uow, mission) if cmd.out_of_service else None
    await _lock(uow)
    await _end(uow, request, mission, cmd, "aborted")
    if cmd.out_of_service and (unit := await _unit_now(uow, mission, unit)) is not None:
        if unit.status != "out_of_service":
            unit.status = machine("resource").to(unit.status, "out_of_service", by="abort_mission").to
        unit.out_of_service_reason = cmd.out_of_service
        uow.record("resource.taken_out", unit)


@handles(AssignUnit)
async def assign_unit(uow: UnitOfWork, cmd: AssignUnit) -> None:
    """Record ``mission.unit_assigned``. Locks (lender, type), the unit, then the mission.

    Raises:
        Conflict: the mission has its unit, or is over.
        NotAvailable: the unit is not free.
    """
    mission = await _mission(uow)
    _authorise(uow, mission)
    await uow.lock_stock(mission.lender_id, mission.type_code)
    units = await take_units(uow, [cmd.resource_id], mission.lender_id, mission.type_code, pointer="/resource_id")
    await _lock(uow)
    if mission.resource_id is not None:
        raise Conflict("The mission has its unit.", extra={"current": mission.state()})
    if mission.status == HOME or machine("mission").is_final(mission.status):
        raise Conflict("The mission is over.", extra={"current": mission.state()})
    await give_unit(uow, mission, units[0], crossing_id=cmd.crossing_id)
    uow.record("mission.unit_assigned", mission, units[0])


# ---------------------------------------------------------------- the requester's steps, and the end


@handles(ReleaseMission)
async def release_mission(uow: UnitOfWork, cmd: ReleaseMission) -> None:
    """Record ``mission.released``. Locks the mission."""
    mission = await _lock(uow)
    _authorise(uow, mission)
    await _advance(uow, mission, cmd, "released")


@handles(StandDown)
async def stand_down(uow: UnitOfWork, cmd: StandDown) -> None:
    """Record ``mission.stood_down``, and what becomes of the request. Locks the request, then the mission."""
    request, mission = await _lock_with_request(uow)
    await _end(uow, request, mission, cmd, "stood_down")


@handles(CloseMission)
async def close_mission(uow: UnitOfWork, cmd: CloseMission) -> None:
    """Record ``mission.closed``. Locks the mission."""
    mission = await _lock(uow)
    _authorise(uow, mission)
    await _advance(uow, mission, cmd, "closed")


# ---------------------------------------------------------------- units


async def take_units(
    uow: UnitOfWork, ids: Collection[UUID], lender_id: UUID, type_code: str, *, pointer: str
) -> list[Resource]:
    """Lock the lender's units by id and commit them; return them in the order they were named.

    The caller holds (lender, type) and records the units with their missions.

    Raises:
        NotFound: another member's.
        NotAvailable: not free, or of another type.
    """
    found = {unit.id: unit for unit in await uow.lock_where(Resource, col(Resource.id).in_(list(ids)))}
    taken: list[Resource] = []
    for id_ in ids:
        unit = found.get(id_)
        if unit is None or unit.member_id != lender_id:
            raise NotFound(f"{Resource.KIND} of the lender", id_)
        detail = ""
        if unit.status != machine("resource").initial or unit.retired:
            detail = f"{unit.call_sign} is {'retired' if unit.retired else unit.status.replace('_', ' ')}."
        elif unit.type_code != type_code:
            detail = f"{unit.call_sign} is no {type_code}."
        if detail:
            error = FieldError(pointer, NotAvailable.slug, detail)
            raise NotAvailable(detail, errors=[error], extra={"current": unit.state()})
        unit.status = machine("resource").to(unit.status, "committed", by=uow.act.command).to
        taken.append(unit)
    return taken


async def give_unit(uow: UnitOfWork, mission: Mission, unit: Resource, *, crossing_id: UUID | None = None) -> None:
    """Put a unit on a mission and choose its way; the caller holds both and records them."""
    crossing = await choose_crossing(
        uow,
        lender_id=mission.lender_id,
        requester_id=mission.requester_id,
        lon=mission.lon,
        lat=mission.lat,
        unit=unit,
        named=crossing_id,
    )
    mission.resource_id = unit.id
    mission.crossing_id = crossing.id if crossing is not None else None
    mission.has_control = has_control(crossing)


async def _unit_before(uow: UnitOfWork, mission: Mission) -> Resource | None:
    """Lock the unit of a mission that is not locked yet: units come before missions."""
    return await uow.lock(Resource, mission.resource_id) if mission.resource_id is not None else None


async def _unit_now(uow: UnitOfWork, mission: Mission, unit: Resource | None) -> Resource | None:
    """Return the locked unit of a locked mission; one that was named in between is locked now.

    That is out of order, and meets at worst a command that the door runs again.
    """
    if unit is None and mission.resource_id is not None:
        return await uow.lock(Resource, mission.resource_id)
    return unit


async def _come_home(uow: UnitOfWork, unit: Resource) -> None:
    """Set the unit down at its depot; one that broke down on the way stays out of service."""
    if unit.status == "committed":
        unit.status = machine("resource").to(unit.status, "available", by="advance_mission").to
    depot = await uow.get(Depot, unit.depot_id)
    unit.lon, unit.lat, unit.position_at = depot.lon, depot.lat, uow.act.occurred_at


# ---------------------------------------------------------------- what they share


async def _mission(uow: UnitOfWork) -> Mission:
    """Return the mission as it is before its lock: what it belongs to never changes."""
    return await uow.get(Mission, uow.require_target())


async def _lock(uow: UnitOfWork) -> Mission:
    return await uow.lock_target(Mission)


async def _lock_with_request(uow: UnitOfWork) -> tuple[Request, Mission]:
    request = await uow.lock(Request, (await _mission(uow)).request_id)
    return request, await _lock(uow)


def _authorise(uow: UnitOfWork, mission: Mission) -> None:
    uow.authorise({"requester": {mission.requester_id}, "lender": {mission.lender_id}})


async def _facts(uow: UnitOfWork, mission: Mission) -> dict[str, bool]:
    request = await uow.get(Request, mission.request_id)
    return {
        "crossing_has_control": mission.has_control and mission.status in BEFORE_CLEARANCE,
        "day_to_day": request.kind == "day_to_day",
    }


async def _advance(uow: UnitOfWork, mission: Mission, cmd: Act, to: str) -> None:
    """Take one step of the command's own, and record it."""
    facts = await _facts(uow, mission)
    _keep_order(uow, mission, cmd)
    _enter(uow, mission, _step(mission, to, facts, by=uow.act.command))
    uow.record(f"mission.{to}", mission, state=to)


async def _end(uow: UnitOfWork, request: Request, mission: Mission, cmd: Act, how: str) -> None:
    """End the mission early: it fills nothing any more, and the request goes back to what is left."""
    _authorise(uow, mission)
    await _advance(uow, mission, cmd, how)
    mission.ended_by = how
    before = request.status
    if await settle_request(uow, request):
        uow.record(f"request.{'reopened' if request.status == 'open' else request.status}", request, was=before)


def _step(mission: Mission, to: str, facts: dict[str, bool], *, by: str) -> str:
    """Return the state one step on; a refusal shows the mission as it is."""
    try:
        return machine("mission").to(mission.status, to, facts, by=by).to
    except Conflict as refusal:
        refusal.extra["current"] = mission.state()
        raise


def _way(mission: Mission, to: str, facts: dict[str, bool]) -> list[str]:
    """Return the states on the way to one that may lie ahead; a refusal shows the mission as it is.

    That the unit is let go is the requester's word. It is taken as given where the unit was on the scene, and nowhere
    else: a unit that is home again and was never there did not do what it was sent for.
    """
    try:
        way = machine("mission").path(mission.status, to, facts)
    except Conflict as refusal:
        refusal.extra["current"] = mission.state()
        raise
    if RELEASED in way and mission.status not in machine("mission").sources("release"):
        ends = ["stand_down", "recall", "abort"]
        raise TransitionNotAllowed("mission", mission.status, to, ends, current=mission.state())
    return way


def _enter(uow: UnitOfWork, mission: Mission, state: str) -> None:
    mission.status, mission.status_at = state, uow.act.occurred_at


def _keep_order(uow: UnitOfWork, mission: Mission, cmd: Act) -> None:
    """Refuse what is said to have happened before the mission's last step; what just happened comes after it.

    The last step may bear a clock that is a little ahead of ours.

    Raises:
        OutOfOrder: with the mission as it is.
    """
    if cmd.occurred_at is None:
        uow.act.occurred_at = max(uow.act.occurred_at, mission.status_at)
    elif cmd.occurred_at < mission.status_at:
        message = f"The mission has been {mission.status} since {mission.status_at.isoformat()}."
        error = FieldError("/occurred_at", OutOfOrder.slug, message)
        raise OutOfOrder(message, errors=[error], extra={"current": mission.state()})
