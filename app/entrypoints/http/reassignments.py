"""Reassignments over HTTP: a unit is wanted elsewhere, and its leader agrees."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.reassignments import AnswerReassignment, ReassignMission
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import reassignments as queries
from app.queries.reassignments import ReassignmentView

router = space_router("reassignments")

STATUSES = states("reassignment")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]


@router.get(
    "/reassignments",
    summary="List reassignments",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_reassignments(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    mission: Annotated[UUID | None, Query(description="Only those about this mission.")] = None,
    request: Annotated[UUID | None, Query(description="Only those about missions of this request.")] = None,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[ReassignmentView]:
    """Which units were to go where instead, newest first."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint("reassignments", {"space": space, "mission": mission, "request": request, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.reassignments(
        reader, space, mission=mission, request=request, status=status, before=before, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/reassignments/{reassignment_id}", summary="Read a reassignment", responses=responses())
async def read_reassignment(
    space: Space, reassignment_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> ReassignmentView:
    """One reassignment, with its answer once there is one."""
    found = await queries.reassignment(reader, space, reassignment_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/missions/{mission_id}/reassignments",
    status_code=201,
    summary="Propose another incident or place for a unit",
    responses=responses(
        errors.TransitionNotAllowed, errors.OutsideCorridor, errors.OverFilled, errors.NotAvailable, body=True
    ),
)
async def reassign_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[
        ReassignMission,
        Body(
            examples=[
                {"place": "Sluis Limmel", "lon": 5.708, "lat": 50.871, "reason": "Daar dreigt de kade te bezwijken."}
            ]
        ),
    ],
) -> Receipt:
    """By the requester's dispatcher or representative. Without an incident only the place changes."""
    return await enter.create(command, "reassignments", target=mission_id)


@router.post(
    "/reassignments/{reassignment_id}/answer",
    summary="Agree to a reassignment, or refuse it",
    responses=responses(
        errors.TransitionNotAllowed, errors.OverFilled, errors.MissingField, errors.AgreementRefused, body=True
    ),
)
async def answer_reassignment(
    reassignment_id: UUID,
    enter: Enter,
    command: Annotated[AnswerReassignment, Body(examples=[{"agreed": True}])],
) -> Receipt:
    """By the lender's dispatcher, representative or liaison officer: who leads the unit has the last word on where it goes."""
    return await enter.execute(command, target=reassignment_id)
