"""What is held on a person, and its erasure: for the member's admins, and for reading by the user itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Response
from fastapi.routing import APIRouter
from pydantic import Field

from app.commands.erasure import ErasePerson, EraseUser, long_enough
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Form, ShortText
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, EnterFree, Reader, TheDoor, admin_of
from app.entrypoints.http.problems import responses
from app.entrypoints.http.users import visible_user
from app.queries.models import ReadModel
from app.queries.personal_data import ErasureView, HeldByName, PersonalData, erasures, held_by_name, personal_data


class Named(Form):
    """Whom an export is about."""

    names: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=20)]
    """Names and telephone numbers of the person, as they were written down."""


router = APIRouter(prefix="/api/v1", tags=["personal data"], route_class=StrictRoute)


@router.get(
    "/users/{user_id}/personal-data",
    summary="Export what is held on a user",
    responses=responses(errors.RoleMissing),
)
async def export_personal_data(
    user_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor, response: Response
) -> PersonalData:
    """Profile, roles, tokens and sessions without secrets, refusals, calls, missions and contacts that name the user, texts of the
    member's people that do, and its acts by their place in the journal. For the member's admins and for the user itself.
    """
    found = await visible_user(actor, reader, user_id, "export_personal_data")
    response.headers["Content-Disposition"] = f'attachment; filename="personal-data-{found.id}.json"'
    response.headers["Cache-Control"] = "no-store"
    return await personal_data(reader, user_id, door.clock.now())


@router.post(
    "/members/{member_id}/personal-data",
    summary="Export what is held on a person who is no user",
    responses=responses(errors.RoleMissing, body=True),
)
async def export_by_name(
    member_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    response: Response,
    named: Annotated[Named, Body(examples=[{"names": ["Piet de Boer", "+31 00 000 0417"]}])],
) -> HeldByName:
    """By an admin of the member: calls, missions, notices and contacts that name the person, and texts of the member's people that do,
    in every space. Changes nothing; a name does not stand in an address, which is logged.
    """
    if member_id != actor.member_id:
        raise errors.NotFound("member", member_id)
    admin_of(actor, "export_by_name")
    response.headers["Content-Disposition"] = 'attachment; filename="personal-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return await held_by_name(reader, member_id, long_enough((), named.names), door.clock.now())


class Erasures(ReadModel):
    """What was erased at a member's word."""

    items: tuple[ErasureView, ...]


@router.get(
    "/members/{member_id}/erasures",
    summary="List erasures",
    responses=responses(errors.RoleMissing),
)
async def list_erasures(member_id: UUID, actor: CurrentActor, reader: Reader) -> Erasures:
    """For the member's admins, newest first: when, whose word it was, and why. The names are gone."""
    if member_id != actor.member_id:
        raise errors.NotFound("member", member_id)
    admin_of(actor, "list_erasures")
    return Erasures(items=tuple(await erasures(reader, member_id)))


@router.post(
    "/users/{user_id}/erase",
    summary="Erase a user",
    responses=responses(errors.LastAdmin, errors.LastOfRole, errors.OnCall, errors.Conflict, body=True),
)
async def erase_user(
    user_id: UUID,
    enter: EnterFree,
    command: Annotated[
        EraseUser, Body(examples=[{"also": ["+32 00 000 0421"], "why": "Asked for by the person on 3 July."}])
    ],
) -> Receipt:
    """By an admin of the member. Account, sessions, tokens and names go for good; acts stay in the journal under an id that no
    longer leads to anybody, and the journal still verifies. Texts of the member's people, in every space, are gone through at once after
    that: piece by piece where a journal is long. Refused while the member owes what only this user could do.
    """
    return await enter.execute(command, target=user_id)


@router.post(
    "/members/{member_id}/erase-person",
    summary="Erase a person who is no user",
    responses=responses(body=True),
)
async def erase_person(
    member_id: UUID,
    enter: EnterFree,
    command: Annotated[
        ErasePerson,
        Body(examples=[{"names": ["Piet de Boer", "+31 00 000 0417"], "why": "Asked for by the person on 3 July."}]),
    ],
) -> Receipt:
    """By an admin of the member: names and numbers of who was rung, of guides and liaison officers; at once after that, in every space, in
    texts that its people wrote.
    """
    return await enter.execute(command, target=member_id)
