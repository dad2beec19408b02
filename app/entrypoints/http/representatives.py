"""Who may bind a member at this moment, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body

from app.commands.receipt import Receipt
from app.commands.representatives import NameRepresentative, RemoveRepresentative, SetDuty
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import members as member_queries
from app.queries import representatives as queries
from app.queries.representatives import RepresentativeView

router = space_router("representatives")


@router.get(
    "/members/{member_id}/representatives",
    summary="List who may bind a member",
    responses=responses(errors.BadCursor),
)
async def list_representatives(
    space: Space, member_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[RepresentativeView]:
    """In the order in which they were named. Names are told to the own member alone; whether one is on duty, to everybody."""
    await member_queries.member(reader, space, member_id)
    of = fingerprint("representatives", {"space": space, "member": member_id, "viewer": actor.member_id})
    after = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.representatives(
        reader, space, member_id, viewer=actor.member_id, after=after, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/members/{member_id}/representatives",
    status_code=201,
    summary="Name somebody who may bind the member",
    responses=responses(errors.Duplicate, errors.Malformed, body=True),
)
async def name_representative(
    member_id: UUID,
    enter: Enter,
    command: Annotated[NameRepresentative, Body(examples=[{"user_id": "0197a1b2-0000-7000-8000-000000000001"}])],
) -> Receipt:
    """By an admin of the member. The user has to hold the role that binds; a deputy names for whom it stands in."""
    receipt = await enter.execute(command, target=member_id)
    address = f"/api/v1/spaces/{enter.space}/members/{member_id}/representatives"
    enter.response.headers["Location"] = address
    return receipt


@router.post(
    "/representatives/{representative_id}/remove",
    summary="Take somebody off the list of representatives",
    responses=responses(body=True),
)
async def remove_representative(
    representative_id: UUID,
    enter: Enter,
    command: Annotated[RemoveRepresentative, Body(examples=[{"why": "Has left the service."}])],
) -> Receipt:
    """By an admin of the member, once nobody stands in for this one any more. The user and its roles stay."""
    return await enter.execute(command, target=representative_id)


@router.post(
    "/representatives/{representative_id}/duty",
    summary="Say whether a representative is on duty",
    responses=responses(body=True),
)
async def set_duty(
    representative_id: UUID, enter: Enter, command: Annotated[SetDuty, Body(examples=[{"on_duty": True}])]
) -> Receipt:
    """By a representative, dispatcher or admin of the member."""
    return await enter.execute(command, target=representative_id)
