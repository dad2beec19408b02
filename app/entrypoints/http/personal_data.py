"""What is held on a person, and its erasure: for the member's admins, and for reading by the user itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Response
from fastapi.routing import APIRouter

from app.commands.erasure import ErasePerson, EraseUser
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, EnterFree, Reader, TheDoor
from app.entrypoints.http.problems import responses
from app.entrypoints.http.users import visible_user
from app.queries.personal_data import PersonalData, personal_data

router = APIRouter(prefix="/api/v1", tags=["personal data"], route_class=StrictRoute)


@router.get(
    "/users/{user_id}/personal-data",
    summary="Export what is held on a user",
    responses=responses(errors.RoleMissing),
)
async def export_personal_data(
    user_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor, response: Response
) -> PersonalData:
    """Profile, roles, tokens and sessions without secrets, refusals, calls and missions that name the user, and its acts by their
    place in the journal. For the member's admins and for the user itself.
    """
    found = await visible_user(actor, reader, user_id, "export_personal_data")
    response.headers["Content-Disposition"] = f'attachment; filename="personal-data-{found.id}.json"'
    response.headers["Cache-Control"] = "no-store"
    return await personal_data(reader, user_id, door.clock.now())


@router.post(
    "/users/{user_id}/erase",
    summary="Erase a user",
    responses=responses(errors.LastAdmin, errors.LastOfRole, errors.OnCall, errors.Conflict, body=True),
)
async def erase_user(
    user_id: UUID, enter: EnterFree, command: Annotated[EraseUser, Body(examples=[{"also": ["+32 00 000 0421"]}])]
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
    command: Annotated[ErasePerson, Body(examples=[{"names": ["Piet de Boer", "+31 00 000 0417"]}])],
) -> Receipt:
    """By an admin of the member: names and numbers of who was rung, of guides and liaison officers; at once after that, in every space, in
    texts that its people wrote.
    """
    return await enter.execute(command, target=member_id)
