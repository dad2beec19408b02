"""A member's users and their tokens: for its admins, and for each user about itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from fastapi.routing import APIRouter

from app.commands.receipt import Receipt
from app.commands.tokens import AddToken, RenewCalendarAddress, RevokeToken
from app.commands.users import AddUser, ChangeUser, DeactivateUser
from app.domain import authority, errors
from app.domain.authority import Actor
from app.domain.errors import NotFound
from app.domain.vocabulary import require
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, EnterFree, Reader, admin_of
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import identity as queries
from app.queries.identity import ColleagueView, TokenView, UserView

router = APIRouter(prefix="/api/v1", route_class=StrictRoute)

Active = Annotated[bool | None, Query(description="Only those who are let in, or only those who are not.")]

DISPATCHER = {
    "login": "e.dupont",
    "display_name": "Émilie Dupont",
    "password": "a sentence nobody would guess",
    "language": "fr",
    "roles": ["dispatcher"],
}
DISPATCH_SYSTEM = {"label": "dispatch system of the control room", "scopes": ["read", "report_incident"], "days": 180}


@router.get(
    "/users",
    tags=["users"],
    summary="List users",
    responses=responses(errors.RoleMissing, errors.BadCursor, path_ids=False),
)
async def list_users(actor: CurrentActor, reader: Reader, paging: PagingQuery, active: Active = None) -> Page[UserView]:
    """Your member's users, newest first; for its admins."""
    member = admin_of(actor, "list_users")
    of = fingerprint("users", {"member": member, "active": active})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.users(reader, member, active=active, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/users",
    tags=["users"],
    status_code=201,
    summary="Add a user",
    responses=responses(errors.UnknownCode, errors.Duplicate, body=True),
)
async def add_user(enter: EnterFree, command: Annotated[AddUser, Body(examples=[DISPATCHER])]) -> Receipt:
    """By an admin of the member."""
    return await enter.create(command, "users")


@router.get(
    "/role-holders",
    tags=["users"],
    summary="List who holds a role",
    responses=responses(errors.UnknownCode, errors.BadCursor, path_ids=False),
)
async def list_role_holders(
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    role: Annotated[str, Query(description="A role of the vocabulary, as `finance`.", examples=["finance"])],
) -> Page[ColleagueView]:
    """The people of your own member who hold a role and may sign in, by name: whom to turn to for what you may not do."""
    require("role", role, authority.roles(), pointer="query/role")
    of = fingerprint("role-holders", {"member": actor.member_id, "role": role})
    after = decode_cursor(of, paging.cursor, [str, UUID])
    rows = await queries.holders(reader, actor.member_id, role, after=after, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.display_name, row.id], item=lambda row: row)


@router.get("/users/{user_id}", tags=["users"], summary="Read a user", responses=responses(errors.RoleMissing))
async def read_user(user_id: UUID, actor: CurrentActor, reader: Reader, response: Response) -> UserView:
    """One user, with the ETag that a change has to name; for its member's admins and for itself."""
    found = await visible_user(actor, reader, user_id, "read_user")
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/users/{user_id}",
    tags=["users"],
    summary="Change a user",
    responses=responses(
        errors.UnknownCode, errors.LastAdmin, errors.LastOfRole, errors.OnCall, body=True, if_match=True
    ),
)
async def change_user(
    user_id: UUID,
    enter: EnterFree,
    command: Annotated[ChangeUser, Body(examples=[{"roles": ["dispatcher", "authorised_representative"]}])],
) -> Receipt:
    """By an admin of the member. Only the fields sent change, from the next request on; If-Match is required."""
    return await enter.execute(command, target=user_id, edit=True)


@router.post(
    "/users/{user_id}/deactivate",
    tags=["users"],
    summary="Deactivate a user",
    responses=responses(errors.LastAdmin, errors.LastOfRole, errors.OnCall, body=True),
)
async def deactivate_user(
    user_id: UUID, enter: EnterFree, command: Annotated[DeactivateUser, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member. Sessions end and tokens stop counting at once; the user's acts stay in the journal.

    Refused where the member owes what only this user could do, or where nobody else is on duty; warned where the user stays
    named as a representative, and of roles that nobody has any more.
    """
    return await enter.execute(command, target=user_id)


@router.get(
    "/users/{user_id}/tokens",
    tags=["tokens"],
    summary="List a user's tokens",
    responses=responses(errors.RoleMissing, errors.BadCursor),
)
async def list_tokens(user_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery) -> Page[TokenView]:
    """Newest first, without their texts; for the member's admins and for the user itself."""
    await visible_user(actor, reader, user_id, "list_tokens")
    of = fingerprint("tokens", {"user": user_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.tokens(reader, user_id, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/users/{user_id}/tokens",
    tags=["tokens"],
    status_code=201,
    summary="Make a token",
    responses=responses(errors.UnknownCode, body=True),
)
async def add_token(
    user_id: UUID, enter: EnterFree, command: Annotated[AddToken, Body(examples=[DISPATCH_SYSTEM])]
) -> Receipt:
    """By an admin of the member, or for oneself. The text is in `once`; keep it, for it is not shown again."""
    return await enter.create(command, "tokens", target=user_id)


@router.post(
    "/users/{user_id}/calendar-address",
    tags=["tokens"],
    status_code=201,
    summary="Make a calendar's address",
    responses=responses(body=True),
)
async def renew_calendar_address(
    user_id: UUID, enter: EnterFree, command: Annotated[RenewCalendarAddress, Body(examples=[{}])]
) -> Receipt:
    """For oneself. `once.key` is the key of `/api/v1/calendar.ics?key=`, and is not shown again; the one before stops counting at once.

    It stands among one's tokens, and is revoked as they are.
    """
    return await enter.create(command, "tokens", target=user_id)


@router.get("/tokens/{token_id}", tags=["tokens"], summary="Read a token", responses=responses(errors.RoleMissing))
async def read_token(token_id: UUID, actor: CurrentActor, reader: Reader, response: Response) -> TokenView:
    """One token without its text; for the member's admins and for its user."""
    found = await queries.token(reader, token_id)
    try:
        await visible_user(actor, reader, found.user_id, "read_token")
    except NotFound as error:
        raise NotFound("token", token_id) from error
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post("/tokens/{token_id}/revoke", tags=["tokens"], summary="Revoke a token", responses=responses(body=True))
async def revoke_token(
    token_id: UUID, enter: EnterFree, command: Annotated[RevokeToken, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member, or by its user. It stops counting at once."""
    return await enter.execute(command, target=token_id)


async def visible_user(actor: Actor, reader: Reader, user_id: UUID, reading: str) -> UserView:
    """Return a user that the actor may look at: itself, or one of the member whose admin it is.

    Raises:
        NotFound: none of the actor's member.
        RoleMissing: a colleague, and the actor is no admin.
    """
    found = await queries.user(reader, user_id)
    if found.member_id != actor.member_id:
        raise NotFound("user", user_id)
    if found.id != actor.id:
        admin_of(actor, reading)
    return found
