"""Shift hand-overs over HTTP: each control room sees its own, and nobody else's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.handovers import HandOverShift, TakeOverShift
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import handovers as queries
from app.queries.handovers import HandoverView

router = space_router("handovers")

LEFT = {
    "text": "Pompen in Eijsden draaien; brandstof om 06:00. Luik belt terug over de aflossing.",
    "language": "nl",
    "shelved": [{"kind": "debt_overdue", "until": "2026-07-14T06:30:00Z"}],
}


@router.get("/handovers", summary="List your member's shift hand-overs", responses=responses(errors.BadCursor))
async def list_handovers(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    taken: Annotated[
        bool | None, Query(description="True: only those that were taken over; false: the others.")
    ] = None,
) -> Page[HandoverView]:
    """Newest first, of your own member alone."""
    of = fingerprint("handovers", {"space": space, "viewer": actor.member_id, "taken": taken})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.handovers(
        reader, space, viewer=actor.member_id, taken=taken, before=before, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post("/handovers", status_code=201, summary="Hand over the shift", responses=responses(body=True))
async def hand_over_shift(enter: Enter, command: Annotated[HandOverShift, Body(examples=[LEFT])]) -> Receipt:
    """By a dispatcher or representative: word for the next shift. What is open is added by the service."""
    return await enter.create(command, "handovers")


@router.get("/handovers/{handover_id}", summary="Read a shift hand-over", responses=responses())
async def read_handover(
    space: Space, handover_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> HandoverView:
    """One note of your own member, with what was open when it was written."""
    found = await queries.handover(reader, space, handover_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post("/handovers/{handover_id}/take", summary="Take over the shift", responses=responses(body=True))
async def take_over_shift(
    handover_id: UUID, enter: Enter, command: Annotated[TakeOverShift, Body(examples=[{"why": "Read, all clear."}])]
) -> Receipt:
    """By a dispatcher or representative of the same member who did not write it."""
    return await enter.execute(command, target=handover_id)
