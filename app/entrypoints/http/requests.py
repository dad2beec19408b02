"""Requests over HTTP: asked, opened, acknowledged, ended."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.called_off_requests import CallOffRequest
from app.commands.day_to_day import SendDayToDay
from app.commands.receipt import Receipt
from app.commands.request_lines import Priority
from app.commands.requests import (
    AcknowledgeRequest,
    CancelRequest,
    ChangeRequest,
    CloseRequest,
    DraftRequest,
    Kind,
    OpenRequest,
    SubmitRequest,
)
from app.domain import errors
from app.domain.forms import Code, Instant
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.external_ids import ExternalQuery
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import requests as queries
from app.queries.requests import RequestView

router = space_router("requests")

STATUSES = states("request")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
PUMPS = {
    "type_code": "pump.high_capacity",
    "quantity": 4,
    "priority": "life_safety",
    "needed_by": "2026-07-14T18:00:00Z",
    "place": "Sluis Borgharen, oostzijde",
    "lon": 5.693,
    "lat": 50.872,
}
ASKED = {
    "incident_id": "0197a1b2-0000-7000-8000-000000000001",
    "kind": "planned",
    "note": "Water te hoog voor onze eigen pompen.",
    "expires_at": "2026-07-15T12:00:00Z",
    "lines": [PUMPS],
    "then": "submit",
}


@router.get(
    "/requests",
    summary="List requests",
    response_model=Page[RequestView],
    responses=with_features(responses(errors.BadCursor, errors.UnknownCode)),
)
async def list_requests(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    external: ExternalQuery,
    as_features: AsFeatures,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
    kind: Annotated[list[Kind], Query(description="Only these kinds; without one, not help from day to day.")] = [],  # noqa: B006 - the same
    priority: Annotated[list[Priority], Query(description="Only those with a line of these priorities.")] = [],  # noqa: B006 - the same
    member: Annotated[UUID | None, Query(description="Only those this member asks.")] = None,
    incident: Annotated[UUID | None, Query(description="Only those for this incident.")] = None,
    since: Annotated[Instant | None, Query(description="Only those opened at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Only those opened before this instant.")] = None,
) -> Page[RequestView] | Response:
    """Every request of the corridor with its lines and how far each is filled, newest first, and drafts of your own member.

    With `Accept: application/geo+json`, as features at the places where help is wanted.
    """
    for number, code in enumerate(status):
        require("state of a request", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint(
        "requests",
        {
            "space": space, "viewer": actor.member_id, "status": status, "kind": kind, "priority": priority,
            "member": member, "incident": incident, "bbox": box, "since": since, "until": until,
            "external": external and str(external),
        },
    )  # fmt: skip
    rows = await queries.requests(
        reader, space, viewer=actor.member_id, status=status, kind=kind, priority=priority, member=member,
        incident=incident, box=box, since=since, until=until, external=external,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    page = page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
    return shown(page, as_features, geometry="geometry")


@router.post(
    "/requests",
    status_code=201,
    summary="Ask for help",
    responses=responses(
        errors.UnknownCode,
        errors.OutsideCorridor,
        errors.OutsideWorld,
        errors.OutOfJurisdiction,
        errors.NoFreeText,
        errors.OutOfRange,
        errors.TransitionNotAllowed,
        body=True,
    ),
)
async def draft_request(enter: Enter, command: Annotated[DraftRequest, Body(examples=[ASKED])]) -> Receipt:
    """By a requester, dispatcher or representative. A draft, unless `then` takes it further: `open` wants who may open it."""
    return await enter.create(command, "requests")


@router.get("/requests/{request_id}", summary="Read a request", responses=responses())
async def read_request(
    space: Space, request_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> RequestView:
    """One request with its lines and how far each is filled, and the ETag that a change has to name."""
    found = await queries.request(reader, space, request_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/requests/{request_id}",
    summary="Change a request that is not open yet",
    responses=responses(errors.UnknownCode, errors.OutsideCorridor, errors.OutsideWorld, body=True, if_match=True),
)
async def change_request(
    request_id: UUID, enter: Enter, command: Annotated[ChangeRequest, Body(examples=[{"lines": [PUMPS]}])]
) -> Receipt:
    """By the requester's own people, up to its opening. Only the fields sent change, `lines` as a whole; If-Match is required."""
    return await enter.execute(command, target=request_id, edit=True)


@router.post(
    "/requests/{request_id}/send",
    summary="Send help from day to day",
    responses=responses(errors.NotAvailable, errors.NoFreeText, body=True),
)
async def send_day_to_day(
    request_id: UUID,
    enter: Enter,
    command: Annotated[SendDayToDay, Body(examples=[{"resource_id": "0197a1b2-0000-7000-8000-000000000001"}])],
) -> Receipt:
    """By the lender's dispatcher: the unit that a `day_to_day` request asks for rolls, without an offer in between."""
    return await enter.execute(command, target=request_id)


@router.post(
    "/requests/{request_id}/submit",
    summary="Submit a request",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfJurisdiction, body=True),
)
async def submit_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[SubmitRequest, Body(examples=[{"why": "Complete; the mayor has been told."}])],
) -> Receipt:
    """It is complete, and waits for somebody who may bind the member."""
    return await enter.execute(command, target=request_id)


@router.post(
    "/requests/{request_id}/open",
    summary="Open a request to the corridor",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfJurisdiction, body=True),
)
async def open_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[OpenRequest, Body(examples=[{"why": "Our own pumps are all in use."}])],
) -> Receipt:
    """By an authorised representative; by a dispatcher if it is `immediate` or `day_to_day`. From now on every member sees it."""
    return await enter.execute(command, target=request_id)


@router.post(
    "/requests/{request_id}/acknowledge",
    status_code=201,
    summary="Acknowledge a request",
    responses=responses(errors.TransitionNotAllowed, errors.Duplicate, errors.OutOfOrder, body=True),
)
async def acknowledge_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[AcknowledgeRequest, Body(examples=[{"why": "Read; we are counting what we have."}])],
) -> Receipt:
    """By any other member, once: it has been read. No answer yet."""
    receipt = await enter.execute(command, target=request_id)
    enter.response.headers["Location"] = f"/api/v1/spaces/{enter.space}/requests/{request_id}"
    return receipt


@router.post(
    "/requests/{request_id}/cancel",
    summary="Cancel a request",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def cancel_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[CancelRequest, Body(examples=[{"why": "The water is falling."}])],
) -> Receipt:
    """By the requester's dispatcher or representative. Missions are stood down before; offers that wait are over."""
    return await enter.execute(command, target=request_id)


@router.post(
    "/requests/{request_id}/call-off",
    summary="Call off another member's request, as the lead of its incident",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def call_off_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[CallOffRequest, Body(examples=[{"why": "The dike holds; Liège does not answer."}])],
) -> Receipt:
    """By the representative of the member that leads the incident, which is to be closed. Whoever asked is told why; units under way go on."""
    return await enter.execute(command, target=request_id)


@router.post(
    "/requests/{request_id}/close",
    summary="Close a request",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def close_request(
    request_id: UUID,
    enter: Enter,
    command: Annotated[CloseRequest, Body(examples=[{"why": "All pumps are home."}])],
) -> Receipt:
    """By the requester's dispatcher or representative, when all that was sent is home: `closed`, or `unfilled` if nothing was."""
    return await enter.execute(command, target=request_id)
