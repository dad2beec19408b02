"""Phone calls and their debts over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.calls import AssistNow, ConfirmCall
from app.commands.debts import MakeDebtGood
from app.commands.receipt import Receipt
from app.commands.taken_back_calls import TakeBackCall
from app.domain import errors
from app.domain.forms import Code, Instant
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import Responses, responses
from app.queries import calls as queries
from app.queries.calls import CallView, DebtView

router = space_router("calls")

DEBT_STATUSES = states("debt")
CallStatus = Annotated[
    list[Literal["unconfirmed", "confirmed", "alarmed", "taken_back"]],
    Query(description="Only these states.", max_length=4),
]
DebtStatus = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(DEBT_STATUSES)})]
MATCHED: Responses = {
    200: {"model": Receipt, "description": "The other side wrote it down before: it is confirmed, and not doubled."}
}
AGREED = {
    "requester_id": "0197a1b2-0000-7000-8000-000000000001",
    "lender_id": "0197a1b2-0000-7000-8000-000000000002",
    "incident_id": "0197a1b2-0000-7000-8000-000000000003",
    "type_code": "pump.high_capacity",
    "quantity": 2,
    "place": "Quai de Coronmeuse, Herstal",
    "lon": 5.628,
    "lat": 50.664,
    "person_rung": "Duty officer, Leitstelle",
    "occurred_at": "2026-07-14T12:04:00Z",
    "why": "Water in the substation; 20 minutes until it is lost.",
}


@router.post(
    "/assist-now",
    status_code=201,
    summary="Write down help agreed on the telephone",
    responses=MATCHED
    | responses(
        errors.UnknownCode,
        errors.OutsideCorridor,
        errors.OutsideWorld,
        errors.NotAvailable,
        errors.OverFilled,
        body=True,
    ),
)
async def assist_now(enter: Enter, command: Annotated[AssistNow, Body(examples=[AGREED])]) -> Receipt:
    """By a dispatcher of either side: the request is open, the offer accepted and the units mobilising, in one step.

    What the agreements say against it comes back as `warnings`, and the acts that are missing become debts.
    """
    receipt = await enter.create(command, "calls")
    if str(receipt.subject["recorded_by_member_id"]) != str(enter.actor.member_id):
        enter.response.status_code = 200
    return receipt


@router.get("/calls", summary="List your member's calls", responses=responses(errors.BadCursor))
async def list_calls(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: CallStatus = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those with this member.")] = None,
    incident: Annotated[UUID | None, Query(description="Only those about this incident.")] = None,
    request: Annotated[UUID | None, Query(description="Only the one that this request came of.")] = None,
    since: Annotated[Instant | None, Query(description="Only those at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Only those before this instant.")] = None,
) -> Page[CallView]:
    """The calls that your member was on, newest first. `alarmed` ones nobody has confirmed: ring back."""
    of = fingerprint(
        "calls",
        {
            "space": space, "viewer": actor.member_id, "status": status, "member": member, "incident": incident,
            "request": request, "since": since, "until": until,
        },
    )  # fmt: skip
    rows = await queries.calls(
        reader, space, viewer=actor.member_id, status=status, member=member, incident=incident, request=request,
        since=since, until=until, before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/calls/{call_id}", summary="Read a call", responses=responses())
async def read_call(space: Space, call_id: UUID, actor: CurrentActor, reader: Reader, response: Response) -> CallView:
    """One call that your member was on."""
    found = await queries.call(reader, space, call_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/calls/{call_id}/confirm",
    summary="Confirm a call",
    responses=responses(errors.NotAvailable, errors.OverFilled, body=True),
)
async def confirm_call(
    call_id: UUID,
    enter: Enter,
    command: Annotated[ConfirmCall, Body(examples=[{"person": "Duty officer", "why": "As agreed."}])],
) -> Receipt:
    """By a dispatcher of the side that did not write it down. Debts that a dispatcher may settle are settled by it."""
    return await enter.execute(command, target=call_id)


@router.post(
    "/calls/{call_id}/take-back",
    summary="Take back a call that was written down by mistake",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def take_back_call(
    call_id: UUID,
    enter: Enter,
    command: Annotated[TakeBackCall, Body(examples=[{"why": "Meant for Aachen, not for Liège."}])],
) -> Receipt:
    """By a dispatcher of the side that wrote it down, as long as nobody has confirmed it or built on it. There was no such help."""
    return await enter.execute(command, target=call_id)


@router.get("/debts", summary="List debts", responses=responses(errors.BadCursor, errors.UnknownCode))
async def list_debts(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[DebtStatus], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those this member owes.")] = None,
    request: Annotated[UUID | None, Query(description="Only those of this request.")] = None,
    call: Annotated[UUID | None, Query(description="Only those of this call.")] = None,
    due_before: Annotated[Instant | None, Query(description="Only those due before this instant.")] = None,
) -> Page[DebtView]:
    """The acts that phone calls ran ahead of, newest first, of every member: red until they are made good."""
    for number, code in enumerate(status):
        require("state of a debt", code, DEBT_STATUSES, pointer=f"query/status/{number}")
    filters = {"status": status, "member": member, "request": request, "call": call, "due_before": due_before}
    of = fingerprint("debts", {"space": space, "viewer": actor.member_id, **filters})
    rows = await queries.debts(
        reader, space, viewer=actor.member_id, status=status, member=member, request=request, call=call, due_before=due_before,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/debts/{debt_id}", summary="Read a debt", responses=responses())
async def read_debt(space: Space, debt_id: UUID, actor: CurrentActor, reader: Reader, response: Response) -> DebtView:
    """One debt."""
    found = await queries.debt(reader, space, debt_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/debts/{debt_id}/make-good",
    summary="Make a debt good",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def make_debt_good(
    debt_id: UUID,
    enter: Enter,
    command: Annotated[MakeDebtGood, Body(examples=[{"why": "Approved by the mayor's deputy."}])],
) -> Receipt:
    """By an authorised representative of the member that owes it."""
    return await enter.execute(command, target=debt_id)
