"""Host support over HTTP: what units need on the other side of the border."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.host_support import AskHostSupport, ConfirmHostSupport, DeclineHostSupport
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import host_support as queries
from app.queries.host_support import HostSupportView

router = space_router("host-support")

STATUSES = states("host_support")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]


@router.get(
    "/host-support",
    summary="List host support",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_host_support(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    mission: Annotated[UUID | None, Query(description="Only those about this mission.")] = None,
    request: Annotated[UUID | None, Query(description="Only those about missions of this request.")] = None,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[HostSupportView]:
    """What units have asked for on the other side, newest first."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint(
        "host_support",
        {"space": space, "viewer": actor.member_id, "mission": mission, "request": request, "status": status},
    )
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.host_support(
        reader,
        space,
        viewer=actor.member_id,
        mission=mission,
        request=request,
        status=status,
        before=before,
        limit=paging.limit,
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/host-support/{support_id}", summary="Read a request for host support", responses=responses())
async def read_host_support(
    space: Space, support_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> HostSupportView:
    """One thing that a unit needs, with the answer once there is one."""
    found = await queries.one_host_support(reader, space, support_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/missions/{mission_id}/host-support",
    status_code=201,
    summary="Ask for host support",
    responses=responses(errors.TransitionNotAllowed, errors.NoFreeText, body=True),
)
async def ask_host_support(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[AskHostSupport, Body(examples=[{"kind": "fuel", "quantity": 200, "note": "Diesel"}])],
) -> Receipt:
    """By the lender's dispatcher, representative or liaison officer: fuel, food, beds, a repair."""
    return await enter.create(command, "host-support", target=mission_id)


@router.post(
    "/host-support/{support_id}/confirm",
    summary="Confirm host support",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def confirm_host_support(
    support_id: UUID,
    enter: Enter,
    command: Annotated[
        ConfirmHostSupport,
        Body(examples=[{"place": "Brandweerkazerne Maastricht-Zuid", "ready_at": "2026-07-14T20:00:00Z"}]),
    ],
) -> Receipt:
    """By the requester: where it is to be had, and from when on."""
    return await enter.execute(command, target=support_id)


@router.post(
    "/host-support/{support_id}/decline",
    summary="Decline host support",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def decline_host_support(
    support_id: UUID,
    enter: Enter,
    command: Annotated[DeclineHostSupport, Body(examples=[{"reason": "Alle bedden zijn bezet."}])],
) -> Receipt:
    """By the requester: the lender sees to its unit itself."""
    return await enter.execute(command, target=support_id)
