"""Who travels with a unit, who meets it, and what it brings along: people know each other before they meet at a border.

Names and numbers of people stay in the table, for the two members alone; the journal tells that somebody was named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.mission_steps import HOME, authorise, locked_mission, not_now
from app.commands.registry import Act, handles
from app.domain.errors import FieldError, MissingField, NotFound
from app.domain.forms import Count, Form, Measure, Phone, Quantity, ShortText
from app.domain.lifecycle import machine
from app.store.tables import Mission, User

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class NameLiaison(Act):
    """Say who travels with the unit and speaks for it: a user, or somebody by name."""

    user_id: UUID | None = None
    """A user of the lender's."""
    name: ShortText | None = None
    phone: Phone | None = None
    """Name and telephone are seen by the two members alone."""


class NameGuide(Act):
    """Say who meets the unit and leads it there, and on which talkgroup it is spoken to."""

    name: ShortText
    phone: Phone | None = None
    """Name and telephone are seen by the two members alone."""
    talkgroup: ShortText | None = None
    """As before, if none is named."""


class Brought(Form):
    """Something that is brought over the border."""

    item: ShortText
    quantity: Quantity = 1
    weight_kg: Measure | None = None


class WriteManifest(Act):
    """What comes along, as police and customs ask for it: people by rank, vehicles, things. No names."""

    officers: Count
    ncos: Count
    crew: Count
    vehicles: Count = 1
    items: Annotated[tuple[Brought, ...], Field(max_length=200)] = ()


@handles(NameLiaison)
async def name_liaison(uow: UnitOfWork, cmd: NameLiaison) -> None:
    """Record ``mission.liaison_named``. Locks the mission.

    Raises:
        MissingField: neither a user nor a name.
        NotFound: the user is not one of the lender's.
    """
    mission = await _open_mission(uow)
    if cmd.user_id is None and cmd.name is None:
        detail = "Name a user or a person."
        raise MissingField(detail, errors=[FieldError("/name", MissingField.slug, detail)])
    if cmd.user_id is not None:
        users = await uow.find(User, col(User.id) == cmd.user_id, col(User.member_id) == mission.lender_id)
        if not users:
            raise NotFound("user of the lender", cmd.user_id)
    mission.liaison_user_id, mission.liaison_name, mission.liaison_phone = cmd.user_id, cmd.name, cmd.phone
    mission.liaison_at = uow.act.occurred_at
    uow.record("mission.liaison_named", mission)


@handles(NameGuide)
async def name_guide(uow: UnitOfWork, cmd: NameGuide) -> None:
    """Record ``mission.guide_named``. Locks the mission."""
    mission = await _open_mission(uow)
    mission.guide_name, mission.guide_phone, mission.guide_at = cmd.name, cmd.phone, uow.act.occurred_at
    mission.talkgroup = cmd.talkgroup or mission.talkgroup
    uow.record("mission.guide_named", mission)


@handles(WriteManifest)
async def write_manifest(uow: UnitOfWork, cmd: WriteManifest) -> None:
    """Record ``mission.manifest_written``. Locks the mission."""
    mission = await _open_mission(uow)
    mission.manifest = cmd.model_dump(mode="json", include={"officers", "ncos", "crew", "vehicles", "items"})
    mission.crew_count = cmd.officers + cmd.ncos + cmd.crew
    uow.record("mission.manifest_written", mission)


async def _open_mission(uow: UnitOfWork) -> Mission:
    """Lock the mission, while the unit is away.

    Raises:
        TransitionNotAllowed: it is home.
    """
    mission = await locked_mission(uow)
    authorise(uow, mission)
    if mission.status == HOME or machine("mission").is_final(mission.status):
        raise not_now(mission, "be changed")
    return mission
