"""Rendezvous: where units from the other side are met, wait for a task, or are received. Kept by whose ground it is.

How many units are there or on their way is counted from the missions. A place that is full, or closed, turns nobody away: who
sends a unit there is warned, and decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, WithJsonSchema
from sqlmodel import col

from app.commands.changes import write_sent
from app.commands.depots import owner_of
from app.commands.mission_steps import facts_of
from app.commands.places import require_point_inside
from app.commands.registry import Act, handles
from app.domain import geo
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Duplicate
from app.domain.forms import Code, Count, Flag, LongText, Names, Quantity, ShortText, fitting, pattern_schema
from app.domain.ids import new_id
from app.domain.lifecycle import machine, not_allowed
from app.store.rendezvous import COMING, used, vehicles
from app.store.tables import Member, Mission, Rendezvous

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

_GUIDE_CODE = r"^[A-Z]{1,2}[0-9]{1,2}$"
GuideCode: TypeAlias = Annotated[
    str,
    Field(max_length=4),
    fitting(_GUIDE_CODE, "a guide code is one or two capital letters and a number, such as M3"),
    WithJsonSchema(pattern_schema(_GUIDE_CODE, "M3", longest=4)),
]
"""What is said on the radio and stands on the sign: a letter or two and a number."""
Kind = Literal["guide_post", "staging_area", "reception_departure_centre"]


class AddRendezvous(Act):
    """Put a place where units from the other side are met on the map."""

    member_id: UUID | None = None
    """On whose ground; the actor's own member if nobody is named."""
    code: Code
    guide_code: GuideCode
    names: Names
    kind: Kind
    lon: geo.Longitude
    lat: geo.Latitude
    capacity: Quantity
    """Units that have room there at once."""
    guide: Flag = False
    """Somebody waits there who knows the way."""
    fuel: Flag = False
    launch_ramp: Flag = False
    """Boats can be put into the water there."""
    food: Flag = False
    beds: Count = 0
    talkgroup: ShortText | None = None
    note: LongText | None = None


class ChangeRendezvous(Act):
    """Bring what is told of a rendezvous up to date. Only the fields sent change; its code and kind stay."""

    guide_code: GuideCode | None = None
    names: Names | None = None
    lon: geo.Longitude | None = None
    lat: geo.Latitude | None = None
    capacity: Quantity | None = None
    guide: Flag | None = None
    fuel: Flag | None = None
    launch_ramp: Flag | None = None
    food: Flag | None = None
    beds: Count | None = None
    talkgroup: ShortText | None = None
    """Null takes it away."""
    note: LongText | None = None
    """Null takes it away."""


class SetRendezvousState(Act):
    """Open a rendezvous, or close it. Units that are on their way to it go on until somebody sends them elsewhere."""

    status: Literal["open", "closed"]


class SendToRendezvous(Act):
    """Say where the unit is met before it goes to the scene; null: nowhere, it drives straight there."""

    rendezvous_id: UUID | None


FIELDS: Final = frozenset(ChangeRendezvous.model_fields) - {"occurred_at", "why"}
CLEARABLE: Final = frozenset({"talkgroup", "note"})
ON_THE_WAY: Final = """
    SELECT id, kind, lender_id, requester_id FROM mission
     WHERE space_id = $1 AND rendezvous_id = $2 AND status = ANY($3) ORDER BY id
"""


@handles(AddRendezvous)
async def add_rendezvous(uow: UnitOfWork, cmd: AddRendezvous) -> None:
    """Record ``rendezvous.added``.

    Raises:
        Duplicate: its code, or its guide code, is taken.
    """
    member = await uow.get(Member, owner_of(uow, cmd.member_id))
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")
    if taken := await uow.find(Rendezvous, col(Rendezvous.code) == cmd.code):
        raise Duplicate(f"There is a rendezvous {cmd.code!r} already.", extra={"current": taken[0].state()})
    await _require_free(uow, cmd.guide_code)
    said = cmd.model_dump(mode="json", exclude={"occurred_at", "why", "member_id"})
    place = uow.add(Rendezvous(space_id=uow.space, id=new_id(), member_id=member.id, **said))
    uow.record("rendezvous.added", place)


@handles(ChangeRendezvous)
async def change_rendezvous(uow: UnitOfWork, cmd: ChangeRendezvous) -> None:
    """Record ``rendezvous.changed``. Locks the rendezvous.

    Raises:
        Duplicate: another one has that guide code.
    """
    place = await uow.lock_target(Rendezvous)
    uow.authorise({"owner": {place.member_id}})
    if cmd.guide_code not in {None, place.guide_code}:
        await _require_free(uow, cmd.guide_code)
    old = (place.lon, place.lat)
    write_sent(place, cmd, FIELDS, clearable=CLEARABLE)
    if (place.lon, place.lat) != old:
        await require_point_inside(uow, place.lon, place.lat, pointer="/lon")
    uow.record("rendezvous.changed", place)
    taken = await used(uow.raw, uow.space, place.id)
    if cmd.capacity is not None and taken > place.capacity:
        _warn_full(uow, place, taken)


@handles(SetRendezvousState)
async def set_rendezvous_state(uow: UnitOfWork, cmd: SetRendezvousState) -> None:
    """Record ``rendezvous.opened`` or ``rendezvous.closed``, with the missions that are on their way there. Locks it.

    Of help from day to day its two members alone are told.
    """
    place = await uow.lock_target(Rendezvous)
    uow.authorise({"owner": {place.member_id}})
    place.status = cmd.status
    coming = await uow.raw.fetch(ON_THE_WAY, uow.space, place.id, list(COMING))
    for_all = [str(row["id"]) for row in coming if row["kind"] != DAY_TO_DAY]
    seen = [
        str(row["id"]) for row in coming if row["kind"] != DAY_TO_DAY or uow.sees(row["lender_id"], row["requester_id"])
    ]
    if place.status == "closed" and seen:
        detail = f"On their way to {place.guide_code}: {len(seen)}. Send them elsewhere."
        uow.warn("units_on_their_way", detail, figures={"units": len(seen)}, missions=seen)
    event = "rendezvous.opened" if place.status == "open" else "rendezvous.closed"
    uow.record(event, place, missions=for_all)


@handles(SendToRendezvous)
async def send_to_rendezvous(uow: UnitOfWork, cmd: SendToRendezvous) -> None:
    """Record ``mission.sent_to_rendezvous``. Locks the mission.

    Raises:
        TransitionNotAllowed: the unit is there already, or past it.
    """
    mission = await uow.lock_target(Mission)
    uow.authorise({"requester": {mission.requester_id}, "lender": {mission.lender_id}})
    if mission.status not in COMING:
        raise not_allowed(
            "mission",
            mission.status,
            "send_to_rendezvous",
            machine("mission").steps(mission.status, facts_of(mission)),
            words="be sent to a rendezvous",
            current=mission.state(),
        )
    mission.rendezvous_id = None
    if cmd.rendezvous_id is not None:
        more = await vehicles(uow.raw, uow.space, mission.id)
        mission.rendezvous_id = (await expected_at(uow, cmd.rendezvous_id, more=more, without=mission)).id
    uow.record("mission.sent_to_rendezvous", mission)


async def expected_at(uow: UnitOfWork, rendezvous_id: UUID, *, more: int, without: Mission | None = None) -> Rendezvous:
    """Return a rendezvous that ``more`` units are to go to; warn where it is closed, or has no room for them.

    ``without``: the mission that all of ``more`` are of, and that may stand in the count already. Nothing is locked: two who send
    their units there at once may both find room, and the map shows it.

    Raises:
        NotFound: there is none of that id.
    """
    place = await uow.get(Rendezvous, rendezvous_id)
    if place.status == "closed":
        uow.warn("rendezvous_closed", f"The rendezvous {place.guide_code} is closed.", rendezvous_id=str(place.id))
    taken = await used(uow.raw, uow.space, place.id)
    if without is not None and await _counted(uow, without, place):
        taken -= more
    if taken + more > place.capacity:
        _warn_full(uow, place, taken + more)
    return place


async def _counted(uow: UnitOfWork, mission: Mission, place: Rendezvous) -> bool:
    found = await uow.raw.fetchval(
        "SELECT rendezvous_id FROM mission WHERE space_id = $1 AND id = $2", uow.space, mission.id
    )
    return bool(found == place.id)


def _warn_full(uow: UnitOfWork, place: Rendezvous, taken: int) -> None:
    detail = f"Room at {place.guide_code}: {place.capacity}; with these it would be {taken}."
    figures = {"capacity": place.capacity, "units": taken}
    uow.warn("rendezvous_full", detail, figures=figures, rendezvous_id=str(place.id))


async def _require_free(uow: UnitOfWork, guide_code: str | None) -> None:
    if taken := await uow.find(Rendezvous, col(Rendezvous.guide_code) == guide_code):
        detail = f"The guide code {guide_code} is that of {taken[0].code}."
        raise Duplicate(detail, extra={"current": taken[0].state()})
