"""The coordinator over HTTP: whose turn it is to lead the corridor, and swaps of turns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.coordination import AnswerTurnSwap, ProposeTurnSwap, WithdrawTurnSwap
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import coordination as queries
from app.queries.coordination import CoordinationView, TurnSwapView, TurnView

router = space_router("coordination")

TURNS, SWAPS = states("coordination_turn"), states("turn_swap")
TurnStatus = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(TURNS)})]
SwapStatus = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(SWAPS)})]
OTHER = "019b76da-a800-7000-8000-000000000001"


@router.get("/coordination", summary="Read whose turn it is to lead the corridor", responses=responses(errors.NotFound))
async def read_coordination(space: Space, _actor: CurrentActor, reader: Reader) -> CoordinationView:
    """The coordinator, the next one, and how the rota turns. 404 in a space that has no rota."""
    return await queries.coordination(reader, space)


@router.get(
    "/coordination/turns",
    summary="List the coordinators' turns",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_turns(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    status: Annotated[list[TurnStatus], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[TurnView]:
    """Past, running and planned, the earliest first."""
    for number, code in enumerate(status):
        require("state", code, TURNS, pointer=f"query/status/{number}")
    of = fingerprint("coordination_turns", {"space": space, "member": member, "status": status})
    after = decode_cursor(of, paging.cursor, [datetime, UUID])
    rows = await queries.turns(reader, space, status=status, member=member, after=after, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.from_at, row.id], item=lambda row: row)


@router.get("/coordination/turns/{turn_id}", summary="Read one turn", responses=responses())
async def read_turn(space: Space, turn_id: UUID, _actor: CurrentActor, reader: Reader, response: Response) -> TurnView:
    """One member's turn."""
    found = await queries.turn(reader, space, turn_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/coordination/swaps",
    summary="List swaps of turns",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_swaps(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[SwapStatus], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[TurnSwapView]:
    """Who offered its turn for whose, newest first."""
    for number, code in enumerate(status):
        require("state", code, SWAPS, pointer=f"query/status/{number}")
    of = fingerprint("turn_swaps", {"space": space, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.swaps(reader, space, status=status, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/coordination/swaps/{swap_id}", summary="Read a swap of turns", responses=responses())
async def read_swap(
    space: Space, swap_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> TurnSwapView:
    """One swap, with its answer once there is one."""
    found = await queries.swap(reader, space, swap_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/coordination/turns/{turn_id}/swaps",
    status_code=201,
    summary="Offer your member's turn for another member's",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def propose_turn_swap(
    turn_id: UUID,
    enter: Enter,
    command: Annotated[
        ProposeTurnSwap, Body(examples=[{"other_turn_id": OTHER, "reason": "Onze meldkamer verhuist in die maand."}])
    ],
) -> Receipt:
    """By an authorised representative of the member whose turn it is. Nothing is swapped before the other one agrees."""
    return await enter.create(command, "coordination/swaps", target=turn_id)


@router.post(
    "/coordination/swaps/{swap_id}/answer",
    summary="Agree to a swap of turns, or decline it",
    responses=responses(errors.TransitionNotAllowed, errors.MissingField, body=True),
)
async def answer_turn_swap(
    swap_id: UUID, enter: Enter, command: Annotated[AnswerTurnSwap, Body(examples=[{"agreed": True}])]
) -> Receipt:
    """By an authorised representative of the other member. Other proposals about these two turns then lapse."""
    return await enter.execute(command, target=swap_id)


@router.post(
    "/coordination/swaps/{swap_id}/withdraw",
    summary="Take a proposed swap of turns back",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def withdraw_turn_swap(
    swap_id: UUID, enter: Enter, command: Annotated[WithdrawTurnSwap, Body(examples=[{"why": "Toch niet nodig."}])]
) -> Receipt:
    """By an authorised representative of the member that proposed it, as long as nobody has answered."""
    return await enter.execute(command, target=swap_id)
