"""Responses over HTTP: who can't send, and why, for everybody to see."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body

from app.commands.receipt import Receipt
from app.commands.responses import DeclineRequest
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import offers as queries
from app.queries import requests as request_queries
from app.queries.offers import ResponseView

router = space_router("responses")


@router.post(
    "/requests/{request_id}/decline",
    summary="Say that you can't send",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfOrder, errors.UnknownCode, body=True),
)
async def decline_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[
        DeclineRequest, Body(examples=[{"reason": "own_emergency", "note": "Alle Pumpen sind an der Inde."}])
    ],
) -> Receipt:
    """By a dispatcher or representative of another member, with a reason. Said again, the latest word counts."""
    return await enter.execute(command, target=request_id)


@router.get(
    "/requests/{request_id}/responses",
    summary="List who can't send",
    responses=responses(errors.BadCursor),
)
async def list_responses(
    space: Space, request_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[ResponseView]:
    """Each member that has answered so, with its reason; newest first."""
    await request_queries.request(reader, space, request_id, viewer=actor.member_id)
    of = fingerprint("responses", {"space": space, "request": request_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.responses(reader, space, request_id, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
