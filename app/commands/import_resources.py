"""Importing resources: particulars, never the status or where a unit is; those are said by who moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from sqlmodel import col

from app.commands.imports import Codes, Externals, Import, ImportedRow, Planned, Work
from app.commands.registry import handles
from app.commands.resources import Mobilisation, Readiness
from app.domain.errors import Conflict, DuplicateCallSign, Malformed, UnknownCode
from app.domain.forms import CallSign, Code, Count, Flag, Language, Measure
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import is_composite, type_codes
from app.domain.vocabulary import codes as codes_of
from app.store.tables import Depot, Resource

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

SIZES: Final = ("weight_t", "length_m", "width_m", "height_m")
PLAIN: Final = ("officers", "ncos", "crew", "mobilisation_min", *SIZES)
READY: Final = ("papers", "couplings", "radios", "languages")
NOTHING: Final = Readiness().model_dump(mode="json")


class ResourceRow(ImportedRow):
    """A unit as a file tells it."""

    call_sign: CallSign
    type: Code | None = None
    depot: Code | None = None
    """Its home, by the code of one of the member's depots."""
    officers: Count | None = None
    ncos: Count | None = None
    crew: Count | None = None
    mobilisation_min: Mobilisation | None = None
    weight_t: Measure | None = None
    length_m: Measure | None = None
    width_m: Measure | None = None
    height_m: Measure | None = None
    papers: Flag | None = None
    couplings: Flag | None = None
    radios: Flag | None = None
    languages: Annotated[tuple[Language, ...], Field(max_length=24)] | None = None
    external_ids: Externals | None = None


class ImportResources(Import):
    """Enter and correct a member's units from a file. A new one stands at its depot and is available."""

    rows: tuple[ResourceRow, ...]


@handles(ImportResources)
async def import_resources(uow: UnitOfWork, cmd: ImportResources) -> None:
    """Record ``resources.imported``. Locks the units that change, then the member.

    Raises:
        BadRows: with every row that does not fit.
    """
    work: Work[Resource] = Work(uow, cmd, "resources")
    own = await uow.find(Resource, col(Resource.member_id) == work.member_id, ~col(Resource.retired))
    there = {unit.call_sign.lower(): unit for unit in own}
    depots = {depot.code: depot for depot in await uow.find(Depot, col(Depot.member_id) == work.member_id)}
    codes = await Codes.read(uow, "resource", work.member_id)
    named: dict[str, int] = {}
    async for row, unit in work.each(cmd.rows, there, codes, key=lambda row: row.call_sign.lower()):
        fields = _fields(work, row, unit, depots)
        holder = there.get(row.call_sign.lower())
        if holder is not None and holder is not unit:
            work.wrong(row.at, "call_sign", DuplicateCallSign, "call_sign_in_use", call_sign=holder.call_sign)
        if (first := named.setdefault(row.call_sign.lower(), row.at)) != row.at:
            work.wrong(row.at, "call_sign", DuplicateCallSign, "call_sign_twice", first=first)
        if unit is None and not work.require(row, fields, ("type", "depot", "mobilisation_min")):
            continue
        work.plan(row, row.call_sign, unit, fields, codes)
    work.refuse()
    await work.lock(Resource)
    for plan in work.plans:
        if plan.thing is not None and plan.thing.retired:
            work.wrong(plan.at, None, Conflict, "retired", call_sign=plan.thing.call_sign)
    work.refuse()
    await work.write(
        lambda plan: _made(work, plan, depots), lambda unit, fields: _changed(work, unit, fields, depots), "resource"
    )
    await work.conclude()


def _fields(work: Work[Resource], row: ResourceRow, unit: Resource | None, depots: dict[str, Depot]) -> dict[str, Any]:
    """Return what the row says otherwise than it is (of a new unit: all it says), and keep what does not fit."""
    fields = row.sent(("type", "depot", *PLAIN, *READY), clearable={*SIZES, "languages"})
    if "languages" in fields:
        fields["languages"] = list(fields["languages"] or ())
        for language in fields["languages"]:
            if language not in codes_of("languages"):
                work.wrong(row.at, "languages", UnknownCode, "unknown_language", value=language)
    if "type" in fields and fields["type"] not in type_codes():
        work.wrong(row.at, "type", UnknownCode, "unknown_type", value=fields["type"])
    elif unit is None and is_composite(str(fields.get("type"))):
        work.wrong(row.at, "type", Malformed, "made_of_units", type_code=fields["type"])
    if "depot" in fields and fields["depot"] not in depots:
        work.wrong(row.at, "depot", UnknownCode, "unknown_depot", value=fields["depot"])
    if unit is None:
        return fields
    if fields.get("type", unit.type_code) != unit.type_code:
        work.wrong(row.at, "type", Conflict, "other_type", call_sign=unit.call_sign, type_code=unit.type_code)
    home = depots.get(str(fields.get("depot")))
    now = {"type": unit.type_code, "depot": fields.get("depot") if home and home.id == unit.depot_id else None}
    now |= NOTHING | unit.readiness | {name: getattr(unit, name) for name in PLAIN}
    said = {name: value for name, value in fields.items() if now[name] != value}
    return said if row.call_sign == unit.call_sign else {"call_sign": row.call_sign, **said}


def _made(work: Work[Resource], plan: Planned[Resource], depots: dict[str, Depot]) -> Resource:
    said = dict(plan.fields)
    depot = depots[said.pop("depot")]
    readiness = NOTHING | {name: said.pop(name) for name in READY if name in said}
    return Resource(
        space_id=work.uow.space,
        id=new_id(),
        member_id=work.member_id,
        depot_id=depot.id,
        call_sign=plan.key,
        type_code=said.pop("type"),
        status=machine("resource").initial,
        lon=depot.lon,
        lat=depot.lat,
        position_at=work.uow.act.occurred_at,
        readiness=readiness,
        **said,
    )


def _changed(work: Work[Resource], unit: Resource, fields: dict[str, Any], depots: dict[str, Depot]) -> None:
    """Write what differs; unless it is on a mission, a unit with a new home stands there from now on."""
    said = dict(fields)
    if (code := said.pop("depot", None)) is not None:
        depot = depots[code]
        unit.depot_id = depot.id
        if unit.status != "committed":
            unit.lon, unit.lat, unit.position_at = depot.lon, depot.lat, work.uow.act.occurred_at
    if ready := {name: said.pop(name) for name in READY if name in said}:
        unit.readiness = unit.readiness | ready
    for name, value in said.items():
        setattr(unit, name, value)
