"""Crossings: where the border is passed. Their state is told by the dispatchers of the members they join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.places import require_point_inside
from app.commands.registry import Act, handles
from app.domain import geo
from app.domain.errors import Duplicate, FieldError, Malformed, OutOfRange
from app.domain.forms import WHOLE, Code, Instant, Measure, Names, ShortText
from app.domain.ids import new_id
from app.store.tables import Crossing, Member

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.unit_of_work import UnitOfWork

Control = Literal["none", "checks", "closed"]
Delay = Annotated[int, Field(strict=True, ge=0, le=1440), WHOLE]
"""Minutes that a convoy loses there."""
Capacity = Annotated[int, Field(strict=True, ge=1, le=20_000), WHOLE]
"""Vehicles an hour, in one direction."""


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
    max_weight_t: Measure | None = None
    max_height_m: Measure | None = None
    max_width_m: Measure | None = None


class SetCrossingState(Act):
    """Say how it is at a crossing now. What is not sent stays, but a crossing that is open is no longer closed until."""

    control: Control | None = None
    delay_min: Delay | None = None
    closed_until: Instant | None = None
    """Only for a crossing that is closed; left out where nobody knows."""


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
    uow.record("crossing.added", crossing)


@handles(SetCrossingState)
async def set_crossing_state(uow: UnitOfWork, cmd: SetCrossingState) -> None:
    """Record ``crossing.state_set``. Locks the crossing. Missions under way keep the border states they have."""
    crossing = await uow.lock_target(Crossing)
    uow.authorise({"joins": {crossing.member_a_id, crossing.member_b_id}})
    control = cmd.control or crossing.control
    _require_until(uow, control, cmd.closed_until)
    if control != "closed":
        crossing.closed_until = None
    elif "closed_until" in cmd.model_fields_set:
        crossing.closed_until = cmd.closed_until
    crossing.control = control
    if cmd.delay_min is not None:
        crossing.delay_min = cmd.delay_min
    uow.record("crossing.state_set", crossing)


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
