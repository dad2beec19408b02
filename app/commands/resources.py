"""Resources: what a member owns and can lend, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import func
from sqlmodel import col

from app.commands.changes import write_sent
from app.commands.depots import owner_of
from app.commands.external_ids import ended_with
from app.commands.parts import lock_units, parts_among
from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.errors import Conflict, DuplicateCallSign, FieldError, Malformed, MissingField, NotAvailable, NotFound
from app.domain.forms import WHOLE, CallSign, Code, Count, Flag, Form, Language, Measure
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import is_composite, require_type
from app.domain.vocabulary import codes, require
from app.store.tables import Depot, Member, Mission, Resource

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

Mobilisation = Annotated[int, Field(strict=True, ge=0, le=7 * 24 * 60), WHOLE]
"""Minutes from the alarm to the wheels turning."""
OutOfServiceReason = Literal["maintenance", "crew", "damage", "own_incident", "exercise", "other"]


class Readiness(Form):
    """What a unit has for working on the other side of the border."""

    papers: Flag = False
    couplings: Flag = False
    radios: Flag = False
    languages: Annotated[tuple[Language, ...], Field(max_length=24)] = ()
    """That somebody in the crew speaks."""


class AddResource(Act):
    """Enter a unit that a member owns. It stands at its depot and is available."""

    member_id: UUID | None = None
    """Whose it is; the actor's own member if nobody is named."""
    depot_id: UUID
    type_code: Code
    call_sign: CallSign
    officers: Count = 0
    ncos: Count = 0
    crew: Count = 0
    """Beside officers and NCOs, as the German tactical strength counts them (0/1/5//6)."""
    mobilisation_min: Mobilisation
    weight_t: Measure | None = None
    length_m: Measure | None = None
    width_m: Measure | None = None
    height_m: Measure | None = None
    readiness: Readiness = Field(default_factory=Readiness)


class ChangeResource(Act):
    """Correct a unit's particulars. Only the fields sent change; a unit of another type is another unit."""

    depot_id: UUID | None = None
    """Its new home, of the same member; unless it is on a mission it stands there from now on."""
    call_sign: CallSign | None = None
    officers: Count | None = None
    ncos: Count | None = None
    crew: Count | None = None
    mobilisation_min: Mobilisation | None = None
    weight_t: Measure | None = None
    """Null: not known. So for length, width and height."""
    length_m: Measure | None = None
    width_m: Measure | None = None
    height_m: Measure | None = None
    readiness: Readiness | None = None


class SetResourceStatus(Act):
    """Say whether a unit can be asked for."""

    status: Literal["available", "reserved", "out_of_service"]
    reason: OutOfServiceReason | None = None
    """Why it is out of service; only then, and always then."""


class RetireResource(Act):
    """The unit is gone for good. Its history stays; its call sign is free for another."""


PLAIN = ("call_sign", "officers", "ncos", "crew", "mobilisation_min", "readiness")
SIZES = ("weight_t", "length_m", "width_m", "height_m")
LIVE_OFFER_HOLDS_IT = """
    SELECT o.id FROM offer_line l JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
    WHERE l.space_id = $1 AND l.resource_id = ANY($2) AND o.status IN ('offered', 'provisional', 'accepted')
      AND NOT l.committed AND (o.status = 'offered' OR l.accepted_quantity > 0)
    LIMIT 1
"""


@handles(AddResource)
async def add_resource(uow: UnitOfWork, cmd: AddResource) -> None:
    """Record ``resource.added``."""
    member = await uow.get(Member, owner_of(uow, cmd.member_id))
    require_words(cmd)
    depot = await own_depot(uow, cmd.depot_id, member.id)
    if is_composite(cmd.type_code):
        detail = f"A {cmd.type_code} is made of units."
        error = FieldError("/type_code", Malformed.slug, detail)
        raise Malformed(detail, errors=[error], hint="Enter its units first, then form the formation.")
    await require_free_call_sign(uow, member.id, cmd.call_sign)
    said: dict[str, Any] = cmd.model_dump(mode="json", include={*PLAIN, *SIZES, "type_code"})
    resource = uow.add(
        Resource(
            space_id=uow.space,
            id=new_id(),
            member_id=member.id,
            depot_id=depot.id,
            status=machine("resource").initial,
            lon=depot.lon,
            lat=depot.lat,
            position_at=uow.act.occurred_at,
            **said,
        )
    )
    uow.record("resource.added", resource)


@handles(ChangeResource)
async def change_resource(uow: UnitOfWork, cmd: ChangeResource) -> None:
    """Record ``resource.changed``. Locks the resource."""
    resource, _ = await _lock_own(uow)
    require_words(cmd)
    if cmd.call_sign is not None and cmd.call_sign != resource.call_sign:
        await require_free_call_sign(uow, resource.member_id, cmd.call_sign, but=resource.id)
    if cmd.depot_id is not None and cmd.depot_id != resource.depot_id:
        depot = await own_depot(uow, cmd.depot_id, resource.member_id)
        resource.depot_id = depot.id
        if resource.status != "committed":
            resource.lon, resource.lat, resource.position_at = depot.lon, depot.lat, uow.act.occurred_at
    write_sent(resource, cmd, (*PLAIN, *SIZES), clearable=SIZES)
    uow.record("resource.changed", resource)


@handles(SetResourceStatus)
async def set_resource_status(uow: UnitOfWork, cmd: SetResourceStatus) -> None:
    """Record ``resource.status_set``. Locks the resource and, of a formation, its parts: those of the same status follow it.

    A unit that is promised or on its way can break down, and is then out of service; it comes back only when no mission
    has it any more, and a promise is taken back by withdrawing the offer.

    Raises:
        NotAvailable: an offer or a mission has it.
        TransitionNotAllowed: the machine has no such step.
    """
    resource, parts = await _lock_own(uow)
    _require_reason(cmd)
    alike = [part for part in parts if part.status == resource.status]
    if cmd.status == resource.status == "out_of_service" and cmd.reason != resource.out_of_service_reason:
        resource.out_of_service_reason = cmd.reason
    else:
        step = machine("resource").to(resource.status, cmd.status, by="set_resource_status")
        if step.to == "available":
            for each in (resource, *alike):
                await _require_let_go(uow, each)
        for each in (resource, *alike):
            each.status, each.out_of_service_reason = step.to, cmd.reason
    uow.record("resource.status_set", resource, *alike)


@handles(RetireResource)
async def retire_resource(uow: UnitOfWork, _cmd: RetireResource) -> None:
    """Record ``resource.retired``, with the external ids that end with it. Locks the resource, then those.

    Raises:
        NotAvailable: an offer or a mission has it.
    """
    resource, parts = await _lock_own(uow)
    if resource.formation_id is not None:
        message = f"{resource.call_sign} is a part of a formation."
        raise Conflict(
            message,
            extra={**because("unit_in_formation", unit=resource.call_sign), "current": resource.state()},
            hint="Put another unit in its place first.",
        )
    if resource.status in {"reserved", "committed"}:
        message = f"{resource.call_sign} is {resource.status}; it can be retired when it is free."
        raise NotAvailable(
            message,
            extra={
                **because("unit_state", unit=resource.call_sign, unit_status=resource.status),
                "current": resource.state(),
            },
        )
    await _require_let_go(uow, resource)
    resource.retired = True
    for part in parts:
        part.formation_id = None
    uow.record("resource.retired", resource, *parts, *await ended_with(uow, resource))


async def _lock_own(uow: UnitOfWork) -> tuple[Resource, list[Resource]]:
    """Lock the resource and, of a formation, its parts."""
    rows = await lock_units(uow, [uow.require_target()])
    resource = next((row for row in rows if row.id == uow.target), None)
    if resource is None:
        raise NotFound(Resource.KIND, uow.require_target())
    uow.expect_revision(resource)
    uow.authorise({"owner": {resource.member_id}})
    if resource.retired:
        message = f"{resource.call_sign} was retired."
        raise Conflict(
            message,
            extra={**because("unit_retired", unit=resource.call_sign), "current": resource.state()},
            hint="Enter it again as a new unit.",
        )
    return resource, parts_among(resource, rows)


async def own_depot(uow: UnitOfWork, depot_id: UUID, member_id: UUID) -> Depot:
    """Return a depot of the member's.

    Raises:
        NotFound, Malformed: there is none of that id, or it is another member's.
    """
    depot = await uow.get(Depot, depot_id)
    if depot.member_id != member_id:
        detail = f"The depot {depot.code!r} is another member's."
        raise Malformed(detail, errors=[FieldError("/depot_id", Malformed.slug, detail)])
    return depot


async def require_free_call_sign(uow: UnitOfWork, member_id: UUID, call_sign: str, *, but: UUID | None = None) -> None:
    """Refuse a call sign that another unit of the member has, however it is written; PostgreSQL folds both, as its index."""
    taken = await uow.find(
        Resource,
        col(Resource.member_id) == member_id,
        func.lower(col(Resource.call_sign)) == func.lower(call_sign),
        ~col(Resource.retired),
    )
    if found := next((unit for unit in taken if unit.id != but), None):
        raise DuplicateCallSign(f"{found.call_sign!r} is in use.", extra={"current": found.state()})


async def _require_let_go(uow: UnitOfWork, resource: Resource) -> None:
    """Refuse while an offer or a mission has the unit; whoever gives it to one locks the resource first, as we have."""
    on_its_way = await uow.find(
        Mission, col(Mission.resource_id).in_(_held_as(resource)), col(Mission.status).not_in(["returned", "closed"])
    )
    alone = await uow.find(Mission, col(Mission.resource_id) == resource.id, col(Mission.split_from_id).is_not(None))
    left = {mission.split_from_id for mission in alone}
    on_its_way = [mission for mission in on_its_way if mission.id not in left]
    if on_its_way:
        message = f"{resource.call_sign} is still on a mission ({on_its_way[0].status})."
        raise NotAvailable(
            message,
            extra={
                **because("unit_on_mission", unit=resource.call_sign),
                "current": resource.state(),
                "mission_id": on_its_way[0].id,
            },
        )
    offer_id = await uow.raw.fetchval(LIVE_OFFER_HOLDS_IT, uow.space, _held_as(resource))
    if offer_id is not None:
        message = f"{resource.call_sign} is promised in an offer."
        extra = {"current": resource.state(), "offer_id": offer_id}
        raise NotAvailable(
            message,
            extra={**extra, **because("unit_promised", unit=resource.call_sign)},
            hint="Withdraw that offer first.",
        )


def _held_as(resource: Resource) -> list[UUID]:
    """Return as what an offer or a mission may have the unit: as itself, or as a part of its formation."""
    return [resource.id] if resource.formation_id is None else [resource.id, resource.formation_id]


def require_words(cmd: AddResource | ChangeResource) -> None:
    """Refuse a type or a language that is in no list.

    Raises:
        UnknownCode: the first of them.
    """
    if isinstance(cmd, AddResource):
        require_type(cmd.type_code)
    for number, language in enumerate(cmd.readiness.languages if cmd.readiness is not None else ()):
        require("language", language, codes("languages"), pointer=f"/readiness/languages/{number}")


def _require_reason(cmd: SetResourceStatus) -> None:
    if cmd.status == "out_of_service" and cmd.reason is None:
        detail = "Say why it is out of service."
        raise MissingField(detail, errors=[FieldError("/reason", MissingField.slug, detail)])
    if cmd.status != "out_of_service" and cmd.reason is not None:
        detail = f"A reason goes with out_of_service, not with {cmd.status}."
        raise Malformed(detail, errors=[FieldError("/reason", Malformed.slug, detail)])
