"""Formations: several units under one leader, asked for in one line, that move as one and may split.

What a formation is made of is said by its type (``parts`` in ``resource_types.yaml``): so many units of each type, neither
more nor fewer, so that two members mean the same by its name.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.depots import owner_of
from app.commands.mission_steps import HOME, authorise, known_mission, locked_mission, not_now
from app.commands.not_free import Said, not_free
from app.commands.parts import crew_of, lock_units, parts_among, parts_with
from app.commands.registry import Act, handles
from app.commands.resources import Mobilisation, Readiness, own_depot, require_free_call_sign
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, Malformed, NotAvailable, NotFound, OutOfRange
from app.domain.forms import CallSign, Code, Count, Phone, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import is_composite, parts_of_type, require_type
from app.store.tables import Member, Mission, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork

Parts = Annotated[tuple[UUID, ...], Field(min_length=2, max_length=50)]
FREE_OF_MISSION = ("available", "out_of_service")
"""Statuses of units whose formation can be changed: neither it nor they are promised or away."""


class FormFormation(Act):
    """Put units of a member together under one leader. They stay units of their own, and can be sent alone as well."""

    member_id: UUID | None = None
    """Whose it is; the actor's own member if nobody is named."""
    depot_id: UUID
    """Where it gathers."""
    type_code: Code
    """A composite type."""
    call_sign: CallSign
    part_ids: Parts
    """Its units: as many of each type as the composite type says."""
    mobilisation_min: Mobilisation
    officers: Count = 0
    ncos: Count = 0
    crew: Count = 0
    """People who belong to no part; the strength of the whole is theirs and that of the parts."""
    talkgroup: ShortText | None = None
    leader_name: ShortText | None = None
    leader_phone: Phone | None = None
    """Leader and telephone are seen by its owner and by whom it helps."""


class ChangeFormation(Act):
    """Change what a formation is made of, who leads it, or how it is spoken to. Only the fields sent change."""

    part_ids: Parts | None = None
    talkgroup: ShortText | None = None
    leader_name: ShortText | None = None
    leader_phone: Phone | None = None
    """Null empties the talkgroup, the leader and the telephone."""


class SplitMission(Act):
    """Let some parts of a formation go on as missions of their own; the rest stays with the formation."""

    part_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=49)]
    """Units of the formation. One part at least stays."""


@handles(FormFormation)
async def form_formation(uow: UnitOfWork, cmd: FormFormation) -> None:
    """Record ``formation.formed``. Locks the units that become its parts.

    Raises:
        OutOfRange: the units are not what the type is made of.
        NotAvailable: one is promised, away, or in another formation.
    """
    member = await uow.get(Member, owner_of(uow, cmd.member_id))
    require_composite(cmd.type_code)
    depot = await own_depot(uow, cmd.depot_id, member.id)
    await require_free_call_sign(uow, member.id, cmd.call_sign)
    units = await _own_units(uow, member.id, cmd.part_ids)
    _require_made_of(cmd.type_code, units)
    formation = uow.add(
        Resource(
            space_id=uow.space,
            id=new_id(),
            member_id=member.id,
            depot_id=depot.id,
            status=machine("resource").initial,
            lon=depot.lon,
            lat=depot.lat,
            position_at=uow.act.occurred_at,
            readiness=_readiness(units),
            type_code=cmd.type_code,
            call_sign=cmd.call_sign,
            mobilisation_min=cmd.mobilisation_min,
            officers=cmd.officers,
            ncos=cmd.ncos,
            crew=cmd.crew,
            talkgroup=cmd.talkgroup,
            leader_name=cmd.leader_name,
            leader_phone=cmd.leader_phone,
        )
    )
    await uow.flush()
    _join(formation, units)
    uow.record("formation.formed", formation, *units)


@handles(ChangeFormation)
async def change_formation(uow: UnitOfWork, cmd: ChangeFormation) -> None:
    """Record ``formation.changed``. Locks the formation, its parts and those that join it, in the order of their ids.

    Raises:
        NotFound: it is no formation.
        NotAvailable: it, or one of the units, is promised or away.
        OutOfRange: the units are not what the type is made of.
    """
    rows = await lock_units(uow, {uow.require_target(), *(cmd.part_ids or ())})
    formation = next((row for row in rows if row.id == uow.target), None)
    if formation is None or not is_composite(formation.type_code):
        raise NotFound("formation", uow.require_target())
    uow.authorise({"owner": {formation.member_id}})
    uow.expect_revision(formation)
    if formation.retired:
        raise Conflict(
            f"{formation.call_sign} was retired.",
            extra={
                **because("unit_retired", unit=formation.call_sign),
                "current": formation.state(),
            },
        )
    changed: list[Resource] = []
    if cmd.part_ids is not None:
        present = parts_among(formation, rows)
        wanted = await _own_units(uow, formation.member_id, cmd.part_ids, of=formation)
        _require_made_of(formation.type_code, wanted)
        _require_at_home([formation, *present])
        leaving = [part for part in present if part not in wanted]
        for part in leaving:
            part.formation_id = None
        _join(formation, wanted)
        formation.readiness = _readiness(wanted)
        changed = [*leaving, *wanted]
    for name in ("talkgroup", "leader_name", "leader_phone"):
        if name in cmd.model_fields_set:
            setattr(formation, name, getattr(cmd, name))
    uow.revise(formation)
    uow.record("formation.changed", formation, *changed)


@handles(SplitMission)
async def split_mission(uow: UnitOfWork, cmd: SplitMission) -> None:
    """Record ``mission.split`` and ``mission.split_off`` of each part that goes on alone. Locks the units, then the mission.

    Each part stands where the formation stands, in the same state, under the same agreement; from then on its way is its own.
    In the line it counts on as a part of the whole.

    Raises:
        Conflict: it is no formation's mission.
        TransitionNotAllowed: it is home.
        NotAvailable: a part is not with it, or nothing would stay.
    """
    seen = await known_mission(uow)
    rows = await lock_units(uow, [seen.resource_id] if seen.resource_id is not None else [])
    mission = await locked_mission(uow)
    authorise(uow, mission)
    unit = next((row for row in rows if row.id == mission.resource_id), None)
    if unit is None or not is_composite(unit.type_code):
        raise Conflict(
            "Only a formation can be split.", extra={**because("only_formations_split"), "current": mission.state()}
        )
    if mission.status == HOME or machine("mission").is_final(mission.status):
        raise not_now(mission, "be split")
    here = {part.id: part for part in await parts_with(uow, mission, parts_among(unit, rows))}
    parts: list[Resource] = []
    for number, id_ in enumerate(dict.fromkeys(cmd.part_ids)):
        if id_ not in here:
            detail = f"That unit is no part of {unit.call_sign}, or is not with it any more."
            raise NotAvailable(
                detail,
                errors=[FieldError(f"/part_ids/{number}", NotAvailable.slug, detail)],
                extra=because("not_its_part", unit=unit.call_sign),
            )
        parts.append(here[id_])
    if len(parts) == len(here):
        detail = "One part at least stays with the formation."
        error = FieldError("/part_ids", OutOfRange.slug, detail)
        raise OutOfRange(detail, errors=[error], extra=because("one_part_stays"))
    children = [uow.add(_alone(mission, part)) for part in parts]
    if mission.crew_count is not None:
        mission.crew_count = max(0, mission.crew_count - sum(crew_of(part, ()) for part in parts))
    uow.revise(mission)
    uow.record("mission.split", mission, parts=[part.id for part in parts], missions=[child.id for child in children])
    for child in children:
        uow.record("mission.split_off", child, state=child.status)


# ---------------------------------------------------------------- what they share


def require_composite(type_code: str) -> None:
    """Refuse a type that is not made of parts.

    Raises:
        UnknownCode, Malformed: at ``/type_code``.
    """
    require_type(type_code)
    if not is_composite(type_code):
        detail = f"{type_code} is not made of parts."
        raise Malformed(detail, errors=[FieldError("/type_code", Malformed.slug, detail)])


async def _own_units(
    uow: UnitOfWork, member_id: UUID, ids: Sequence[UUID], *, of: Resource | None = None
) -> list[Resource]:
    """Lock and return the member's units that can be parts (of the formation ``of``), in the order they were named."""
    rows = {row.id: row for row in await uow.lock_where(Resource, col(Resource.id).in_(list(ids)))}
    units: list[Resource] = []
    for number, id_ in enumerate(ids):
        unit = rows.get(id_)
        if unit is None or unit.member_id != member_id:
            raise NotFound(f"{Resource.KIND} of the member", id_)
        said: Said | None = None
        if unit in units:
            said = f"{unit.call_sign} stands twice.", because("unit_twice", unit=unit.call_sign)
        elif unit.retired or is_composite(unit.type_code):
            formation = f"{unit.call_sign} is a formation itself.", because("unit_formation", unit=unit.call_sign)
            said = not_free(unit) if unit.retired else formation
        elif unit.formation_id is not None and (of is None or unit.formation_id != of.id):
            said = f"{unit.call_sign} is in another formation.", because("unit_in_formation", unit=unit.call_sign)
        elif unit.status not in FREE_OF_MISSION:
            said = not_free(unit)
        if said is not None:
            detail, told = said
            error = FieldError(f"/part_ids/{number}", NotAvailable.slug, detail)
            raise NotAvailable(detail, errors=[error], extra={"current": unit.state(), **told})
        units.append(unit)
    return units


def _require_made_of(type_code: str, units: Sequence[Resource]) -> None:
    """Refuse units that are not exactly what the type is made of."""
    wanted, have = parts_of_type(type_code), Counter(unit.type_code for unit in units)
    if have != Counter(wanted):
        listed = ", ".join(f"{count} {code}" for code, count in wanted.items())
        detail = f"{type_code} is made of {listed}."
        raise OutOfRange(
            detail,
            errors=[FieldError("/part_ids", OutOfRange.slug, detail)],
            extra={"wanted": dict(wanted), "named": dict(have)},
        )


def _require_at_home(rows: Sequence[Resource]) -> None:
    for row in rows:
        if row.status not in FREE_OF_MISSION:
            detail, told = not_free(row)
            hint = "A formation is changed when all of it is free."
            raise NotAvailable(detail, extra={"current": row.state(), **told}, hint=hint)


def _join(formation: Resource, units: Sequence[Resource]) -> None:
    for unit in units:
        unit.formation_id = formation.id


def _readiness(units: Sequence[Resource]) -> dict[str, Any]:
    """Return what the whole is ready for: what each part is, and every language that somebody speaks."""
    each = [Readiness.model_validate(unit.readiness) for unit in units]
    spoken = dict.fromkeys(language for one in each for language in one.languages)
    return Readiness(
        papers=all(one.papers for one in each),
        couplings=all(one.couplings for one in each),
        radios=all(one.radios for one in each),
        languages=tuple(spoken)[:24],
    ).model_dump(mode="json")


COPIED = (
    "space_id", "request_id", "request_line_id", "offer_id", "offer_line_id", "incident_id", "kind", "lender_id",
    "requester_id", "agreement_id", "agreement_version", "status", "status_at", "ended_by", "crossing_id", "via_crossing_ids", "has_control", "crossings_behind",
    "rendezvous_id", "place", "lon", "lat", "talkgroup", "relieve_by", "mobilised_at", "left_at", "on_scene_at",
    "released_at",
)  # fmt: skip
"""Columns of a mission that a part takes along when it goes on alone."""


def _alone(mission: Mission, part: Resource) -> Mission:
    return Mission(
        **{name: getattr(mission, name) for name in COPIED},
        id=new_id(),
        type_code=part.type_code,
        resource_id=part.id,
        split_from_id=mission.id,
        crew_count=crew_of(part, ()),
    )
