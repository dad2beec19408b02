"""Missions: from the lender's word until the unit is home. Whoever lends decides about what is theirs, at every moment.

A step of the lender's own is reported as it happens; the state machine in ``protocols/lifecycle/mission.yaml`` says which
steps there are. Each is recorded as ``mission.<state>``, for the whole corridor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema
from sqlmodel import col

from app.commands.agreement_cases import refuse_outright, terms_of
from app.commands.claim_times import start_clock
from app.commands.crossing_choice import choose_way, has_control, outside_agreement, put_way, way_of
from app.commands.fill import mission_facts
from app.commands.letting_go import end_offers
from app.commands.measures import estimated_km
from app.commands.mission_steps import (
    HOME,
    RELEASED,
    STAGED,
    STAGED_FOR,
    authorise,
    bound_stay,
    end_early,
    enter,
    hear_alarm,
    keep_order,
    known_mission,
    let_go,
    locked_mission,
    locked_with_request,
    raise_alarm,
    reach,
    step_to,
    take_step,
    unanswered,
    way_to,
)
from app.commands.not_free import Said, not_free, other_type, part_not_free
from app.commands.parts import crew_of, lock_units, parts_among, parts_of, parts_with, put
from app.commands.parts import taken as lost_part
from app.commands.registry import Act, Command, handles
from app.commands.response_commitments import turned_out
from app.commands.rolling import LEFT, MOBILISING, depart, rolling_among
from app.domain import geo
from app.domain.because import because
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict, FieldError, NotAvailable, NotFound, OutOfRange
from app.domain.forms import Form, Note, ShortText
from app.domain.lifecycle import machine
from app.domain.on_way import BEFORE_LEAVING, said
from app.domain.vocabulary import require
from app.store.tables import Depot, HostSupport, Mission, Request, Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from app.commands.crossing_choice import Start
    from app.store.unit_of_work import UnitOfWork


HOMEWARD: Final = ("returning", HOME)
TRANSPORT: Final = ("transporting", "at_destination")


def reached_by(command: str) -> list[str]:
    """Return the states that a command can take a mission to."""
    return list(machine("mission").reached_by(command))


NextState = Annotated[
    str, Field(max_length=64), WithJsonSchema({"type": "string", "enum": reached_by("advance_mission")})
]
BorderState = Annotated[
    str, Field(max_length=64), WithJsonSchema({"type": "string", "enum": reached_by("report_at_border")})
]


class Destination(Form):
    """Where an ambulance goes from the scene: a hospital, never a person."""

    place: ShortText | None = None
    lon: geo.Longitude
    lat: geo.Latitude


class AdvanceMission(Act):
    """The unit has taken the next step on its way."""

    to: NextState
    """The state it has reached. From a dispatch system it may be ahead: the states between are filled in as inferred."""
    destination: Destination | None = None
    """Where help from day to day takes somebody, with `transporting` or `at_destination`."""


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


class MarkStagedLong(Command):
    """The unit has stood in the staging area for half an hour without a task: by the service itself."""


# ---------------------------------------------------------------- the lender's steps


@handles(AdvanceMission)
async def advance_mission(uow: UnitOfWork, cmd: AdvanceMission) -> None:
    """Record ``mission.<state>``, and before it those that are inferred. Locks the unit when it comes home, and the mission.

    A dispatch system that says the same again is told as ``mission.reported``, and changes nothing. An ambulance that has taken somebody where
    they go turns home by its own dispatcher's word: that it was let go is inferred.

    Raises:
        TransitionNotAllowed: no such step from here, or to a dispatch system: no way leads there.
        OutOfOrder: it happened before what is known already.
        Conflict: nobody has named the unit that would drive.
    """
    require("state to advance to", cmd.to, reached_by("advance_mission"), pointer="/to")
    mission = await known_mission(uow)
    request = await uow.lock(Request, mission.request_id) if cmd.to in HOMEWARD else None
    if request is not None and cmd.to == HOME and mission.kind == DAY_TO_DAY:
        await end_offers(uow, request)
    unit = await _unit_before(uow, mission) if cmd.to == HOME else None
    await locked_mission(uow)
    authorise(uow, mission)
    keep_order(uow, mission, cmd)
    if uow.actor.via == "dispatch_system" or _turns_home(mission, cmd.to):
        states = way_to(mission, cmd.to)
    else:
        states = [step_to(mission, cmd.to, by="advance_mission")]
    _require_unit(mission, states)
    _set_destination(mission, cmd)
    uow.main = mission  # the receipt is about it, whatever is told before
    if states and unanswered(mission):
        await hear_alarm(uow, mission)
    if not states:
        uow.record("mission.reported", mission, state=cmd.to)
        return
    for state in states[:-1]:
        reach(uow, mission, state)
        uow.record(f"mission.{state}", mission, state=state, inferred=True)
    enter(uow, mission, states[-1])
    if cmd.to != HOME:
        uow.record(f"mission.{mission.status}", mission, state=mission.status)
    else:
        await _come_home(uow, mission, await _unit_now(uow, mission, unit))
    if MOBILISING in states:
        await bound_stay(uow, mission)
    if LEFT in states:
        await turned_out(uow, mission)
    if RELEASED in states:
        await let_go(uow, mission)
    if request is not None and cmd.to == HOME:
        await _close_day_to_day(uow, request)


def _turns_home(mission: Mission, to: str) -> bool:
    """Whether an ambulance leaves where it took somebody for home: its work is done, and nobody over there has to say so."""
    return mission.kind == DAY_TO_DAY and mission.status == TRANSPORT[-1] and to in HOMEWARD


def _require_unit(mission: Mission, states: Sequence[str]) -> None:
    """Refuse to let a mission leave for which nobody has named a unit: what drives would be counted as standing at home."""
    leaves = mission.status in BEFORE_LEAVING and any(state not in BEFORE_LEAVING for state in states)
    if leaves and mission.resource_id is None and not unanswered(mission):
        hint = "Let the lender name the unit first (assign a unit); then it can leave."
        raise Conflict(
            "Nobody has named this mission's unit.",
            extra={**because("no_unit_named"), "current": mission.state()},
            hint=hint,
        )


def _set_destination(mission: Mission, cmd: AdvanceMission) -> None:
    if (to := cmd.destination) is None:
        return
    if cmd.to not in TRANSPORT:
        detail = f"A destination is for {' and '.join(TRANSPORT)}."
        raise OutOfRange(detail, errors=[FieldError("/destination", OutOfRange.slug, detail)])
    mission.destination, mission.destination_lon, mission.destination_lat = to.place, to.lon, to.lat


async def _close_day_to_day(uow: UnitOfWork, request: Request) -> None:
    """Close a request for help from day to day once its unit is home: nobody keeps paper for it."""
    if request.kind != DAY_TO_DAY or machine("request").is_final(request.status):
        return
    facts = await mission_facts(uow, request.id)
    steps = machine("request").allowed(request.status, facts, by=uow.act.command)
    if (closing := next((step for step in steps if step.name == "close"), None)) is not None:
        request.status, request.closed_at = closing.to, uow.act.occurred_at
        uow.record("request.closed", request)


@handles(ReportAtBorder)
async def report_at_border(uow: UnitOfWork, cmd: ReportAtBorder) -> None:
    """Record ``mission.at_border`` or ``mission.cleared``. Locks the mission.

    Raises:
        TransitionNotAllowed: not that step from here; where the crossing has no control there are none.
    """
    require("state at the border", cmd.to, reached_by("report_at_border"), pointer="/to")
    mission = await locked_mission(uow)
    authorise(uow, mission)
    keep_order(uow, mission, cmd)
    enter(uow, mission, step_to(mission, cmd.to, by="report_at_border"))
    mission.crossings_behind = said([has_control([each]) for each in await way_of(uow, mission)], cmd.to)
    uow.record(f"mission.{cmd.to}", mission, state=cmd.to)


@handles(Recall)
async def recall(uow: UnitOfWork, cmd: Recall) -> None:
    """Record ``mission.recalled``, and what becomes of the request. Locks the request, then the mission."""
    request, mission = await locked_with_request(uow)
    await end_early(uow, request, mission, cmd, "recalled")


@handles(AbortMission)
async def abort_mission(uow: UnitOfWork, cmd: AbortMission) -> None:
    """Record ``mission.aborted``, and what becomes of the request. Locks the request, the unit, then the mission."""
    mission = await known_mission(uow)
    request = await uow.lock(Request, mission.request_id)
    unit = await _unit_before(uow, mission) if cmd.out_of_service else None
    await locked_mission(uow)
    if mission.request_id != request.id:
        request = await uow.lock(Request, mission.request_id)
    await end_early(uow, request, mission, cmd, "aborted")
    if cmd.out_of_service and (unit := await _unit_now(uow, mission, unit)) is not None:
        if unit.status != "out_of_service":
            unit.status = machine("resource").to(unit.status, "out_of_service", by="abort_mission").to
        unit.out_of_service_reason = cmd.out_of_service
        parts = await _parts_along(uow, mission, unit)
        put([part for part in parts if part.status == "committed"], "out_of_service", by="abort_mission")
        for part in parts:
            part.out_of_service_reason = part.out_of_service_reason or cmd.out_of_service
        uow.record("resource.taken_out", unit, *parts)


@handles(AssignUnit)
async def assign_unit(uow: UnitOfWork, cmd: AssignUnit) -> None:
    """Record ``mission.unit_assigned``, and that it has left where it drives already. Locks (lender, type), the unit, then the mission.

    Raises:
        Conflict: the mission has its unit, or is over.
        NotAvailable: the unit is not free.
    """
    mission = await known_mission(uow)
    authorise(uow, mission)
    await uow.lock_stock(mission.lender_id, mission.type_code)
    rolling = await rolling_among(uow, [cmd.resource_id])
    units = await take_units(
        uow, [cmd.resource_id], mission.lender_id, mission.type_code, pointer="/resource_id", rolling=rolling
    )
    await locked_mission(uow)
    if mission.resource_id is not None:
        raise Conflict("The mission has its unit.", extra={**because("mission_has_unit"), "current": mission.state()})
    if mission.status == HOME or machine("mission").is_final(mission.status):
        raise Conflict("The mission is over.", extra={**because("mission_over"), "current": mission.state()})
    if unanswered(mission):
        hint = "Answer the alarm, and name the unit with it."
        raise Conflict(
            "Its alarm is not answered.", extra={**because("alarm_unanswered"), "current": mission.state()}, hint=hint
        )
    await give_unit(uow, mission, units[0], crossing_id=cmd.crossing_id)
    uow.record("mission.unit_assigned", mission, units[0], *await parts_of(uow, units[0]))
    if rolling:
        await depart(uow, mission)


# ---------------------------------------------------------------- the requester's steps, and the end


@handles(ReleaseMission)
async def release_mission(uow: UnitOfWork, cmd: ReleaseMission) -> None:
    """Record ``mission.released``. Locks the request, then the mission.

    A unit whose relief is there, or on its way, was relieved: its place in the line is the other's now.
    """
    _, mission = await locked_with_request(uow)
    authorise(uow, mission)
    await take_step(uow, mission, cmd, "released")
    await let_go(uow, mission)


@handles(StandDown)
async def stand_down(uow: UnitOfWork, cmd: StandDown) -> None:
    """Record ``mission.stood_down``, and what becomes of the request. Locks the request, then the mission."""
    request, mission = await locked_with_request(uow)
    await end_early(uow, request, mission, cmd, "stood_down")


@handles(CloseMission)
async def close_mission(uow: UnitOfWork, cmd: CloseMission) -> None:
    """Record ``mission.closed``. Locks the mission."""
    mission = await locked_mission(uow)
    authorise(uow, mission)
    await take_step(uow, mission, cmd, "closed")


@handles(MarkStagedLong)
async def mark_staged_long(uow: UnitOfWork, _cmd: MarkStagedLong) -> None:
    """Record ``mission.staged_without_task``. Locks the mission. Refused, and so without effect, once it has a task.

    Raises:
        Conflict: it stands there no longer, or not for so long.
    """
    mission = await locked_mission(uow)
    uow.authorise()
    if mission.status != STAGED or mission.status_at + STAGED_FOR > uow.now:
        message = "The unit does not stand in the staging area for so long."
        raise Conflict(message, extra={"current": mission.state()})
    raise_alarm(mission, "staged_without_task")
    uow.record("mission.staged_without_task", mission)


# ---------------------------------------------------------------- units


async def take_units(
    uow: UnitOfWork,
    ids: Collection[UUID],
    lender_id: UUID,
    type_code: str,
    *,
    pointer: str,
    rolling: Collection[UUID] = (),
) -> list[Resource]:
    """Lock the lender's units by id and commit them with their parts; return them in the order they were named.

    The caller holds (lender, type) and records the units with their missions. Those that are ``rolling`` may be out of service.

    Raises:
        NotFound: another member's.
        NotAvailable: not free, or of another type.
    """
    rows = await lock_units(uow, ids)
    found = {unit.id: unit for unit in rows if unit.id in set(ids)}
    taken: list[Resource] = []
    for id_ in ids:
        unit = found.get(id_)
        if unit is None or unit.member_id != lender_id:
            raise NotFound(f"{Resource.KIND} of the lender", id_)
        said: Said | None = None
        rolls = unit.id in rolling
        if unit.retired or (unit.status != machine("resource").initial and not rolls):
            said = not_free(unit)
        elif unit.type_code != type_code:
            said = other_type(unit, type_code)
        elif (lost := lost_part(unit, parts_among(unit, rows))) is not None:
            said = part_not_free(unit, lost)
        if said is not None:
            detail, told = said
            error = FieldError(pointer, NotAvailable.slug, detail)
            raise NotAvailable(detail, errors=[error], extra={"current": unit.state(), **told})
        along = [unit, *parts_among(unit, rows)]
        put(along, "committed", by=uow.act.command, rolls=rolls)
        for each in along:
            each.out_of_service_reason = None
        taken.append(unit)
    return taken


async def give_unit(
    uow: UnitOfWork, mission: Mission, unit: Resource, *, crossing_id: UUID | None = None, strict: bool = False
) -> None:
    """Put a unit on a mission and choose its way; the caller holds both and records them. With ``strict`` it is a promise (``choose_way_of``)."""
    parts = await parts_with(uow, mission, await parts_of(uow, unit))
    await choose_way_of(uow, mission, unit, parts, crossing_id=crossing_id, strict=strict)
    mission.resource_id = unit.id
    mission.crew_count = crew_of(unit, parts)
    mission.talkgroup = mission.talkgroup or unit.talkgroup


async def choose_way_of(
    uow: UnitOfWork,
    mission: Mission,
    unit: Resource,
    parts: Sequence[Resource],
    *,
    crossing_id: UUID | None = None,
    strict: bool = False,
    start: Start | None = None,
) -> None:
    """Put a mission on the way of its unit with these parts, from ``start`` if it is abroad already; the caller holds the mission and records it.

    A crossing that the mission's agreement does not allow is a warning: the unit is as good as on its way.

    Raises:
        AgreementRefused: with ``strict``, where that would be a promise.
    """
    terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
    way = await choose_way(
        uow,
        lender_id=mission.lender_id,
        requester_id=mission.requester_id,
        lon=mission.lon,
        lat=mission.lat,
        unit=unit,
        parts=parts,
        named=crossing_id,
        terms=terms,
        start=start,
    )
    if (elsewhere := await outside_agreement(uow, terms, way)) is not None:
        if strict:
            refuse_outright([elsewhere], "/crossing_id")
        uow.warn(elsewhere.code, elsewhere.detail, figures=dict(elsewhere.figures))
    put_way(mission, way)


async def _unit_before(uow: UnitOfWork, mission: Mission) -> Resource | None:
    """Lock the unit of a mission that is not locked yet, and its parts: units come before missions."""
    if mission.resource_id is None:
        return None
    rows = await lock_units(uow, [mission.resource_id])
    return next(row for row in rows if row.id == mission.resource_id)


async def _unit_now(uow: UnitOfWork, mission: Mission, unit: Resource | None) -> Resource | None:
    """Return the locked unit of a locked mission; one that was named in between is locked now.

    That is out of order, and meets at worst a command that the door runs again.
    """
    if unit is None and mission.resource_id is not None:
        return await _unit_before(uow, mission)
    return unit


async def _parts_along(uow: UnitOfWork, mission: Mission, unit: Resource) -> list[Resource]:
    """Return the parts that are away with the formation's mission; those that went on alone come home alone."""
    return await parts_with(uow, mission, await parts_of(uow, unit))


async def _come_home(uow: UnitOfWork, mission: Mission, unit: Resource | None) -> None:
    """Set the unit down at its depot, and each of its parts at its own; one that broke down on the way stays out of service.
    Record ``mission.returned``.

    The way that nobody has measured is estimated; what it asked for and nobody answered lapses.
    """
    home: list[Resource] = []
    if unit is not None:
        home = [unit, *await _parts_along(uow, mission, unit)]
        put([each for each in home if each.status == "committed"], "available", by="advance_mission")
        for each in home:
            depot = await uow.get(Depot, each.depot_id)
            each.lon, each.lat, each.position_at = depot.lon, depot.lat, uow.act.occurred_at
        if mission.kilometres is None and mission.left_at is not None:
            depot = await uow.get(Depot, unit.depot_id)
            mission.kilometres, mission.kilometres_from = await estimated_km(uow, mission, depot), "estimate"
    uow.record(f"mission.{HOME}", mission, *home, state=HOME)
    open_support = machine("host_support").initial
    for asked in await uow.lock_where(
        HostSupport, col(HostSupport.mission_id) == mission.id, col(HostSupport.status) == open_support
    ):
        asked.status = machine("host_support").next(asked.status, "lapse")
        uow.record("host_support.lapsed", asked)
    await start_clock(uow, mission)
