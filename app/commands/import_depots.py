"""Importing depots. What stands at home in one that moves goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.imports import Codes, Externals, Import, ImportedRow, Planned, Work
from app.commands.places import corridor
from app.commands.registry import handles
from app.domain import geo
from app.domain.errors import OutsideCorridor
from app.domain.forms import Code, ShortText
from app.domain.ids import new_id
from app.store.tables import Depot, Resource

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

FIELDS: Final = ("name", "address", "lon", "lat")


class DepotRow(ImportedRow):
    """A depot as a file tells it."""

    code: Code
    name: ShortText | None = None
    address: ShortText | None = None
    lon: geo.Longitude | None = None
    lat: geo.Latitude | None = None
    external_ids: Externals | None = None


class ImportDepots(Import):
    """Enter and correct a member's depots from a file."""

    rows: tuple[DepotRow, ...]


@handles(ImportDepots)
async def import_depots(uow: UnitOfWork, cmd: ImportDepots) -> None:
    """Record ``depots.imported``. Locks what stands at home in those that move, those that change, then the member.

    Raises:
        BadRows: with every row that does not fit.
    """
    work: Work[Depot] = Work(uow, cmd, "depots")
    there = {depot.code: depot for depot in await uow.find(Depot, col(Depot.member_id) == work.member_id)}
    codes = await Codes.read(uow, "depot", work.member_id)
    area = (await corridor(uow)).area
    async for row, depot in work.each(cmd.rows, there, codes, key=lambda row: row.code):
        fields = row.sent(FIELDS, clearable={"address"})
        if depot is None:
            if not work.require(row, fields, ("name", "lon", "lat")):
                continue
        else:
            fields = {name: value for name, value in fields.items() if getattr(depot, name) != value}
            if row.code != depot.code:
                fields["code"] = row.code
        lon: float = fields.get("lon", getattr(depot, "lon", 0.0))
        lat: float = fields.get("lat", getattr(depot, "lat", 0.0))
        if {"lon", "lat"} & fields.keys() and not geo.covers(area, lon, lat):
            work.wrong(row.at, "lon", OutsideCorridor, "outside_corridor", lon=lon, lat=lat)
        work.plan(row, row.code, depot, fields, codes)
    work.refuse()
    at_home = await _at_home(uow, work.plans)
    await work.lock(Depot)
    before = {plan.thing.id: (plan.thing.lon, plan.thing.lat) for plan in work.plans if plan.thing is not None}
    await work.write(lambda plan: _made(work, plan), _changed, "depot")
    places = {plan.thing.id: plan.thing for plan in work.plans if plan.thing is not None}
    for unit in at_home:
        depot = places[unit.depot_id]
        if (unit.lon, unit.lat) == before[depot.id]:
            unit.lon, unit.lat, unit.position_at = depot.lon, depot.lat, uow.act.occurred_at
            work.touched.append(unit)
    await work.conclude()


async def _at_home(uow: UnitOfWork, plans: list[Planned[Depot]]) -> list[Resource]:
    """Return what stands at home in the depots that move, locked."""
    moving: list[UUID] = [
        plan.thing.id for plan in plans if plan.thing is not None and {"lon", "lat"} & plan.fields.keys()
    ]
    if not moving:
        return []
    return await uow.lock_where(
        Resource, col(Resource.depot_id).in_(moving), col(Resource.status) != "committed", ~col(Resource.retired)
    )


def _made(work: Work[Depot], plan: Planned[Depot]) -> Depot:
    return Depot(space_id=work.uow.space, id=new_id(), member_id=work.member_id, code=plan.key, **plan.fields)


def _changed(depot: Depot, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(depot, name, value)
