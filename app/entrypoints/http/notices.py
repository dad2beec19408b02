"""Authorities that are kept informed, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.notices import ConfirmReceipt
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import notices as queries
from app.queries.notices import NoticeView

router = space_router("notices")


@router.get("/notices", summary="List what authorities are told", responses=responses(errors.BadCursor))
async def list_notices(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    member: Annotated[UUID | None, Query(description="Only those of this member's authorities.")] = None,
    request: Annotated[UUID | None, Query(description="Only those about this request.")] = None,
    confirmed: Annotated[bool | None, Query(description="True: only those with a receipt; false: the others.")] = None,
) -> Page[NoticeView]:
    """Newest first. Who confirmed is told to the member alone whose authority it is."""
    asked = {
        "space": space, "viewer": actor.member_id, "member": member, "request": request, "confirmed": confirmed,
    }  # fmt: skip
    of = fingerprint("notices", asked)
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.notices(
        reader, space, viewer=actor.member_id, member=member, request=request, confirmed=confirmed,
        before=before, limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/notices/{notice_id}", summary="Read what an authority is told", responses=responses())
async def read_notice(
    space: Space, notice_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> NoticeView:
    """One notice, with its receipt once there is one."""
    found = await queries.notice(reader, space, notice_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/notices/{notice_id}/confirm", summary="Write down an authority's receipt", responses=responses(body=True)
)
async def confirm_receipt(
    notice_id: UUID,
    enter: Enter,
    command: Annotated[
        ConfirmReceipt, Body(examples=[{"person": "Permanence du Gouverneur", "occurred_at": "2026-07-14T12:20:00Z"}])
    ],
) -> Receipt:
    """By a dispatcher or representative of the member whose authority it is: it has confirmed that it knows."""
    return await enter.execute(command, target=notice_id)
