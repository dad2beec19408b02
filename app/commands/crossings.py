"""Crossings: where the border is passed. Their state is told by the dispatchers of the members they join.

A crossing that closes, or takes less than it did, is told to each mission whose way leads over it; the lender sends its
unit another way. One that was closed until a time opens by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import col, func

from app.commands.changes import write_sent
from app.commands.parts import parts_of, parts_with
from app.commands.patients import is_seen
from app.commands.places import require_point_inside
from app.commands.registry import Act, Command, handles
from app.commands.standing import standing_of
from app.domain import geo
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict, Duplicate, FieldError, Malformed, OutOfRange
from app.domain.forms import WHOLE, Code, Instant, Names, ShortText
from app.domain.ids import new_id
from app.domain.on_way import ON_WAY
from app.planning.eta import CLOSED, Size, excesses, is_open
from app.store.tables import Crossing, Member, Mission, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.planning.eta import Sized
    from app.store.unit_of_work import UnitOfWork

Control = Literal["none", "checks", "closed"]
Delay = Annotated[int, Field(strict=True, ge=0, le=1440), WHOLE]
"""Minutes that a convoy loses there."""
Limit = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1_000)]
"""Tonnes or metres, in the field's name."""
Capacity = Annotated[int, Field(strict=True, ge=1, le=20_000), WHOLE]
"""Vehicles an hour, in one direction."""
LIMITS: Final = frozenset({"max_weight_t", "max_height_m", "max_width_m"})
MEASURES: Final = LIMITS | {"delay_min", "capacity_vph"}


class AddCrossing(Act):
    """Put a crossing between two members of two countries on the map."""

    code: Code
    names: Names
    lon: geo.Longitude
    lat: geo.Latitude
    roads: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    member_a_id: UUID
    member_b_id: UUID
    control: Control = "none"
    closed_until: Instant | None = None
    capacity_vph: Capacity
    delay_min: Delay = 0
    max_weight_t: Limit | None = None
    max_height_m: Limit | None = None
    max_width_m: Limit | None = None


class SetCrossingState(Act):
    """Say how it is at a crossing now. What is not sent stays, but a crossing that is open is no longer closed until."""

    control: Control | None = None
    delay_min: Delay | None = None
    closed_until: Instant | None = None
    """Only for a crossing that is closed; left out where nobody knows. It opens by itself then."""
    capacity_vph: Capacity | None = None
    max_weight_t: Limit | None = None
    """Null: none but the general ones; so for height and width."""
    max_height_m: Limit | None = None
    max_width_m: Limit | None = None


class ReopenCrossing(Command):
    """The time until which a crossing was closed has come."""


@handles(AddCrossing)
async def add_crossing(uow: UnitOfWork, cmd: AddCrossing) -> None:
    """Record ``crossing.added``.

    Raises:
        Malformed: both members stand on the same side of the border.
    """
    uow.authorise()
    a, b = await uow.get(Member, cmd.member_a_id), await uow.get(Member, cmd.member_b_id)
    if a.country == b.country:
        detail = f"{a.code} and {b.code} are both in {a.country}: no border runs between them."
        raise Malformed(detail, errors=[FieldError("/member_b_id", Malformed.slug, detail)])
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")
    _require_until(uow, cmd.control, cmd.closed_until)
    if taken := await uow.find(Crossing, col(Crossing.code) == cmd.code):
        raise Duplicate(f"There is a crossing {cmd.code!r} already.", extra={"current": taken[0].state()})
    crossing = uow.add(
        Crossing(
            space_id=uow.space,
            id=new_id(),
            code=cmd.code,
            names=dict(cmd.names),
            lon=cmd.lon,
            lat=cmd.lat,
            roads=list(cmd.roads),
            member_a_id=a.id,
            member_b_id=b.id,
            control=cmd.control,
            closed_until=cmd.closed_until,
            capacity_vph=cmd.capacity_vph,
            delay_min=cmd.delay_min,
            max_weight_t=cmd.max_weight_t,
            max_height_m=cmd.max_height_m,
            max_width_m=cmd.max_width_m,
        )
    )
    _reopen_later(uow, crossing)
    uow.record("crossing.added", crossing)


@handles(SetCrossingState)
async def set_crossing_state(uow: UnitOfWork, cmd: SetCrossingState) -> None:
    """Record ``crossing.state_set``, and ``mission.way_barred`` for each unit that can no longer take it.

    Locks the missions whose way leads over it, then the crossing. Missions under way keep the border states they have.
    Of help from day to day its two members alone are told.
    """
    over = await missions_over(uow, uow.require_target())
    crossing = await uow.lock_target(Crossing)
    uow.authorise({"joins": {crossing.member_a_id, crossing.member_b_id}})
    control = cmd.control or crossing.control
    _require_until(uow, control, cmd.closed_until)
    if control == CLOSED and crossing.control != CLOSED:
        crossing.reopens_as = crossing.control
    if control != "closed":
        crossing.closed_until = None
    elif "closed_until" in cmd.model_fields_set:
        crossing.closed_until = cmd.closed_until
    crossing.control = control
    write_sent(crossing, cmd, MEASURES, clearable=LIMITS)
    if cmd.closed_until is not None:
        _reopen_later(uow, crossing)
    barred = await barred_from(uow, crossing, over)
    for_all = [str(mission.id) for mission, _ in barred if mission.kind != DAY_TO_DAY]
    uow.record("crossing.state_set", crossing, missions=for_all)
    for mission, reasons in barred:
        uow.record("mission.way_barred", mission, crossing_id=crossing.id, reasons=reasons)
    if seen := [str(mission.id) for mission, _ in barred if is_seen(uow, mission)]:
        detail = (
            f"On their way over {crossing.names['en']}, and can't pass there now: {len(seen)}. Their lenders are told."
        )
        uow.warn("way_barred", detail, figures={"units": len(seen)}, missions=seen)


@handles(ReopenCrossing)
async def reopen_crossing(uow: UnitOfWork, _cmd: ReopenCrossing) -> None:
    """Record ``crossing.reopened``. Locks the crossing. Refused, and so without effect, where it was put off or is open.

    Raises:
        Conflict: its time has not come.
    """
    crossing = await uow.lock_target(Crossing)
    uow.authorise()
    if crossing.control != CLOSED or crossing.closed_until is None or crossing.closed_until > uow.now:
        message = "The crossing is open, or is closed for longer."
        raise Conflict(message, extra={"current": crossing.state()})
    crossing.control, crossing.closed_until = crossing.reopens_as, None
    uow.record("crossing.reopened", crossing)


def _reopen_later(uow: UnitOfWork, crossing: Crossing) -> None:
    if crossing.closed_until is not None:
        uow.later("reopen_crossing", crossing.closed_until, crossing.id)


async def missions_over(uow: UnitOfWork, crossing_id: UUID) -> list[Mission]:
    """Lock and return the missions that still have the crossing ahead of them."""
    over = (col(Mission.crossing_id) == crossing_id) | col(Mission.via_crossing_ids).contains([crossing_id])
    between = col(Mission.via_crossing_ids) != []
    only = (col(Mission.status) != "cleared") & (func.coalesce(col(Mission.crossings_behind), 0) == 0)
    missions = await uow.lock_where(Mission, over, col(Mission.status).in_(ON_WAY), between | only)
    members = await uow.find(Member)
    return [
        mission
        for mission in missions
        if not mission.via_crossing_ids or crossing_id in (await standing_of(uow, mission, members)).ahead
    ]


async def barred_from(
    uow: UnitOfWork, crossing: Crossing, missions: Sequence[Mission]
) -> list[tuple[Mission, list[dict[str, Any]]]]:
    """Return those of the missions that can't pass the crossing as it is, each with the coded reasons and their figures."""
    if not is_open(crossing, uow.now):
        until = crossing.closed_until and crossing.closed_until.isoformat()
        closed: list[dict[str, Any]] = [{"code": "crossing_closed", "figures": {"closed_until": until}}]
        return [(mission, closed) for mission in missions]
    return [
        (mission, [{"code": each.code, "figures": each.figures} for each in beyond])
        for mission in missions
        if (beyond := excesses(crossing, await _size_of(uow, mission)))
    ]


async def _size_of(uow: UnitOfWork, mission: Mission) -> Sized | None:
    """Return what has to pass for the mission: of a formation the heaviest, the highest and the widest that is still with it."""
    if mission.resource_id is None:
        return None
    unit = await uow.get(Resource, mission.resource_id)
    parts = await parts_with(uow, mission, await parts_of(uow, unit))
    return Size.of((unit, *parts)) if parts else unit


def _require_until(uow: UnitOfWork, control: str, until: datetime | None) -> None:
    if until is None:
        return
    detail, kind = "", Malformed
    if control != "closed":
        detail = f"closed_until goes with control 'closed', and here it is {control!r}."
    elif until <= uow.now:
        detail, kind = f"closed_until {until.isoformat()} is over; it is {uow.now.isoformat()} here.", OutOfRange
    if detail:
        raise kind(detail, errors=[FieldError("/closed_until", kind.slug, detail)])
