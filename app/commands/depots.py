"""Depots: where a member's resources stand when they are at home."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import col

from app.commands.changes import write_sent
from app.commands.places import require_point_inside
from app.commands.registry import Act, handles
from app.commands.whose import whose
from app.domain import geo
from app.domain.because import because
from app.domain.errors import Conflict, Duplicate
from app.domain.forms import Code, ShortText
from app.domain.ids import new_id
from app.store.tables import Depot, ExternalId, Member, Resource

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class AddDepot(Act):
    """Add a place where resources stand."""

    member_id: UUID | None = None
    """Whose it is; the actor's own member if nobody is named."""
    code: Code
    name: ShortText
    address: ShortText | None = None
    lon: geo.Longitude
    lat: geo.Latitude


class ChangeDepot(Act):
    """Correct or move a depot. Only the fields sent change; what stands at home there moves with it."""

    name: ShortText | None = None
    address: ShortText | None = None
    """Null takes it away."""
    lon: geo.Longitude | None = None
    lat: geo.Latitude | None = None


class RemoveDepot(Act):
    """Take a depot out that was entered by mistake: nothing has ever stood at home there."""


def owner_of(uow: UnitOfWork, named: UUID | None) -> UUID:
    """Return the member that ``named`` says, or the actor's own, and check that the actor may act for it.

    Raises:
        RoleMissing, ScopeMissing: not for that member.
        MissingField: the service itself named nobody.
    """
    owner = whose(uow, named)
    uow.authorise({"owner": {owner}})
    return owner


@handles(AddDepot)
async def add_depot(uow: UnitOfWork, cmd: AddDepot) -> None:
    """Record ``depot.added``."""
    member = await uow.get(Member, owner_of(uow, cmd.member_id))
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")
    if taken := await uow.find(Depot, col(Depot.member_id) == member.id, col(Depot.code) == cmd.code):
        raise Duplicate(f"{member.code} has a depot {cmd.code!r} already.", extra={"current": taken[0].state()})
    depot = uow.add(
        Depot(
            space_id=uow.space,
            id=new_id(),
            member_id=member.id,
            code=cmd.code,
            name=cmd.name,
            address=cmd.address,
            lon=cmd.lon,
            lat=cmd.lat,
        )
    )
    uow.record("depot.added", depot)


@handles(ChangeDepot)
async def change_depot(uow: UnitOfWork, cmd: ChangeDepot) -> None:
    """Record ``depot.changed``, with the resources that move with it. Locks those that stand there, then the depot."""
    target = uow.require_target()
    at_home = []
    if cmd.lon is not None or cmd.lat is not None:
        at_home = await uow.lock_where(
            Resource, col(Resource.depot_id) == target, col(Resource.status) != "committed", ~col(Resource.retired)
        )
    depot = await uow.lock_target(Depot)
    uow.authorise({"owner": {depot.member_id}})
    old = (depot.lon, depot.lat)
    write_sent(depot, cmd, ("name", "address", "lon", "lat"), clearable={"address"})
    moved = [] if (depot.lon, depot.lat) == old else [unit for unit in at_home if (unit.lon, unit.lat) == old]
    if (depot.lon, depot.lat) != old:
        await require_point_inside(uow, depot.lon, depot.lat, pointer="/lon")
    for unit in moved:
        unit.lon, unit.lat, unit.position_at = depot.lon, depot.lat, uow.act.occurred_at
    uow.record("depot.changed", depot, *moved)


@handles(RemoveDepot)
async def remove_depot(uow: UnitOfWork, _cmd: RemoveDepot) -> None:
    """Record ``depot.removed``. Locks the depot.

    Raises:
        Conflict: units stand or stood at home there, or a dispatch system knows it by a code.
    """
    depot = await uow.lock_target(Depot)
    uow.authorise({"owner": {depot.member_id}})
    if units := await uow.find(Resource, col(Resource.depot_id) == depot.id):
        detail = f"Units with this depot as their home, retired ones among them: {len(units)}."
        hint = "Give them another depot first; one where retired units stood stays in the list."
        raise Conflict(detail, extra={**because("depot_has_units", n=len(units)), "current": depot.state()}, hint=hint)
    if await uow.find(ExternalId, col(ExternalId.depot_id) == depot.id):
        detail = "A dispatch system knows this depot by a code, and may ask for it."
        raise Conflict(
            detail,
            extra={**because("depot_has_code"), "current": depot.state()},
            hint="Correct the depot instead of removing it.",
        )
    await uow.remove(depot)
    uow.record("depot.removed", depot)
