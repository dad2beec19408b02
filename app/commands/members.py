"""Members: who asks and who lends. Added when a deployment is set up; each keeps its own particulars up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import available_timezones

from pydantic import Field
from sqlmodel import col

from app.commands.changes import write_sent
from app.commands.corridor import Currency, Languages
from app.commands.places import require_inside, require_point_inside
from app.commands.registry import Act, handles
from app.domain import geo
from app.domain.errors import Duplicate, FieldError, UnknownCode
from app.domain.forms import Code, CountryCode, Form, Names, Phone, ShortText
from app.domain.ids import new_id
from app.domain.vocabulary import codes, require
from app.store.tables import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork


class Jurisdiction(Form):
    """What a member may ask for."""

    hazards: Annotated[tuple[Code, ...], Field(max_length=50)]
    kinds: Annotated[tuple[Code, ...], Field(max_length=10)]


class InformedAuthority(Form):
    """Whom a member keeps informed. Told, never asked: no gate."""

    name: ShortText
    kind: Code
    contact: ShortText | None = None
    """Where it is told: a telephone number or an address that is staffed day and night."""


OtherNames = Annotated[tuple[ShortText, ...], Field(max_length=50)]
InformOn = Annotated[tuple[Code, ...], Field(max_length=50)]
"""Events that the authorities are told of in any case; agreements may name others."""
Informed = Annotated[tuple[InformedAuthority, ...], Field(max_length=50)]
TimeZone = Annotated[str, Field(max_length=64, examples=["Europe/Amsterdam"])]
"""Name in the IANA time zone database."""


class AddMember(Act):
    """Let a city, region, control room or agency join the corridor."""

    code: Code
    country: CountryCode
    names: Names
    other_names: OtherNames = ()
    area: geo.Area
    lon: geo.Longitude
    """Of the coordination centre."""
    lat: geo.Latitude
    time_zone: TimeZone
    languages: Languages
    currency: Currency
    phone: Phone
    """Answered day and night."""
    talkgroup: ShortText | None = None
    jurisdiction: Jurisdiction
    informed_authorities: Informed = ()
    inform_on: InformOn = ()


class ChangeMember(Act):
    """Bring a member's particulars up to date. Only the fields sent change; its code and country stay."""

    names: Names | None = None
    other_names: OtherNames | None = None
    area: geo.Area | None = None
    lon: geo.Longitude | None = None
    lat: geo.Latitude | None = None
    time_zone: TimeZone | None = None
    languages: Languages | None = None
    currency: Currency | None = None
    phone: Phone | None = None
    talkgroup: ShortText | None = None
    """Null takes it away."""
    jurisdiction: Jurisdiction | None = None
    """The member's admin may make it narrower. Wider, only the operator of the deployment makes it."""
    informed_authorities: Informed | None = None
    inform_on: InformOn | None = None


@handles(AddMember)
async def add_member(uow: UnitOfWork, cmd: AddMember) -> None:
    """Record ``member.added``."""
    uow.authorise()
    require_words(cmd)
    await require_inside(uow, cmd.area.geojson(), pointer="/area")
    await require_point_inside(uow, cmd.lon, cmd.lat, pointer="/lon")
    if taken := await uow.find(Member, col(Member.code) == cmd.code):
        raise Duplicate(f"There is a member {cmd.code!r} already.", extra={"current": taken[0].state()})
    said = cmd.model_dump(mode="json", exclude={"occurred_at", "why"})
    member = uow.add(Member(space_id=uow.space, id=new_id(), **said))
    uow.record("member.added", member)


@handles(ChangeMember)
async def change_member(uow: UnitOfWork, cmd: ChangeMember) -> None:
    """Record ``member.changed``. Locks the member.

    Raises:
        RoleMissing: its own admin would let it ask for more than the corridor has given it the say in.
    """
    member = await uow.lock_target(Member)
    uow.authorise({"member": {member.id}})
    require_words(cmd)
    if cmd.jurisdiction is not None and _is_wider(cmd.jurisdiction, member.jurisdiction):
        uow.authorise(command="widen_jurisdiction")
    write_sent(member, cmd, FIELDS, clearable={"talkgroup"})
    await require_inside(uow, member.area, pointer="/area")
    await require_point_inside(uow, member.lon, member.lat, pointer="/lon")
    uow.record("member.changed", member)


FIELDS = frozenset(ChangeMember.model_fields) - {"occurred_at", "why"}


def _is_wider(wanted: Jurisdiction, present: dict[str, list[str]]) -> bool:
    return bool(set(wanted.hazards) - set(present["hazards"]) or set(wanted.kinds) - set(present["kinds"]))


def require_words(cmd: AddMember | ChangeMember) -> None:
    """Refuse a country, zone, language, hazard, kind or authority that is in no list.

    Raises:
        UnknownCode: the first of them.
    """
    if isinstance(cmd, AddMember):
        require("country", cmd.country, codes("countries"), pointer="/country")
    if cmd.time_zone is not None and cmd.time_zone not in available_timezones():
        detail = f"{cmd.time_zone!r} is no time zone of the IANA database."
        raise UnknownCode(detail, errors=[FieldError("/time_zone", UnknownCode.slug, detail)])
    _each("language", cmd.languages, "languages", "/languages")
    if cmd.jurisdiction is not None:
        _each("hazard", cmd.jurisdiction.hazards, "hazards", "/jurisdiction/hazards")
        _each("kind of request", cmd.jurisdiction.kinds, "request_kinds", "/jurisdiction/kinds")
    for number, authority in enumerate(cmd.informed_authorities or ()):
        pointer = f"/informed_authorities/{number}/kind"
        require("kind of authority", authority.kind, codes("authority_kinds"), pointer=pointer)
    _each("event to be told of", cmd.inform_on, "inform_events", "/inform_on")


def _each(what: str, said: Sequence[Any] | None, group: str, pointer: str) -> None:
    for number, code in enumerate(said or ()):
        require(what, code, codes(group), pointer=f"{pointer}/{number}")
