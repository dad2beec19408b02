"""Extensions over HTTP: a unit is wanted for longer, and its lender decides."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.extensions import AnswerExtension, AskExtension
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import extensions as queries
from app.queries.extensions import ExtensionView

router = space_router("extensions")

STATUSES = states("extension")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]


@router.get(
    "/extensions",
    summary="List extensions",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_extensions(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    mission: Annotated[UUID | None, Query(description="Only those about this mission.")] = None,
    request: Annotated[UUID | None, Query(description="Only those about missions of this request.")] = None,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[ExtensionView]:
    """Who asked to keep which unit for longer, newest first."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint("extensions", {"space": space, "mission": mission, "request": request, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.extensions(
        reader, space, mission=mission, request=request, status=status, before=before, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/extensions/{extension_id}", summary="Read an extension", responses=responses())
async def read_extension(
    space: Space, extension_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> ExtensionView:
    """One extension, with its answer once there is one."""
    found = await queries.extension(reader, space, extension_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/missions/{mission_id}/extensions",
    status_code=201,
    summary="Ask to keep a unit for longer",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfRange, errors.NoFreeText, body=True),
)
async def ask_extension(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[
        AskExtension, Body(examples=[{"until": "2026-07-16T06:00:00Z", "reason": "Het water zakt pas morgen."}])
    ],
) -> Receipt:
    """By the requester's dispatcher or representative. One that was asked before and not answered lapses."""
    return await enter.create(command, "extensions", target=mission_id)


@router.post(
    "/extensions/{extension_id}/answer",
    summary="Grant or refuse an extension",
    responses=responses(errors.TransitionNotAllowed, errors.MissingField, body=True),
)
async def answer_extension(
    extension_id: UUID,
    enter: Enter,
    command: Annotated[AnswerExtension, Body(examples=[{"granted": True}])],
) -> Receipt:
    """By who may commit the lender. Granted, the mission's `relieve_by` is the new time."""
    return await enter.execute(command, target=extension_id)
