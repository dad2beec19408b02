"""Monthly statements over HTTP: made by the service, acknowledged or disputed by the two members, put right, and paid."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.receipt import Receipt
from app.commands.statements import (
    AcknowledgeStatement,
    AnswerStatement,
    DisputeStatement,
    PayStatement,
    ReissueStatement,
)
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.csv_files import Csv, csv_answer, csv_file
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import statements as queries
from app.queries.statements import StatementBrief, StatementView

router = space_router("claims")

STATUSES = states("statement")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
COLUMNS: Final = (
    "day", "mission_id", "lender_code", "lender_name", "requester_code", "requester_name", "type_code", "call_sign",
    "agreement_code", "agreement_version", "cost_terms", "free_hours", "mobilised_at", "home_at", "hours",
    "vehicle_hours_rate", "crew", "person_hours", "person_hours_rate", "kilometres", "kilometres_rate", "currency",
    "amount", "ledger_amount",
)  # fmt: skip


@router.get(
    "/statements",
    summary="List your monthly statements",
    responses=responses(errors.BadCursor, errors.UnknownCode, path_ids=False),
)
async def list_statements(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those between your member and this one.")] = None,
    month: Annotated[
        date | None, Query(description="Only those of the month that begins on this day.", examples=["2026-07-01"])
    ] = None,
) -> Page[StatementBrief]:
    """What your member and others did for each other from day to day, by month, newest first."""
    for number, code in enumerate(status):
        require("state of a statement", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint(
        "statements", {"space": space, "viewer": actor.member_id, "status": status, "member": member, "month": month}
    )
    rows = await queries.statements(
        reader, space, viewer=actor.member_id, status=status, member=member, month=month,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/statements/{statement_id}", summary="Read a monthly statement", responses=responses())
async def read_statement(
    space: Space, statement_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> StatementView:
    """One statement with its lines, for the two members it is between. Nothing of a patient is in it."""
    found = await queries.statement(reader, space, statement_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/statements/{statement_id}/lines.csv",
    summary="Download a monthly statement",
    response_class=Csv,
    responses=csv_answer(COLUMNS) | responses(),
)
async def download_statement(space: Space, statement_id: UUID, actor: CurrentActor, reader: Reader) -> Csv:
    """Every line as a file for spreadsheets."""
    found = await queries.statement(reader, space, statement_id, viewer=actor.member_id)
    return await csv_file(reader, space, f"statement-{found.month.isoformat()[:7]}", COLUMNS, found.lines)


@router.post(
    "/statements/{statement_id}/acknowledge",
    summary="Acknowledge a monthly statement",
    responses=responses(errors.TransitionNotAllowed, errors.NoFreeText, body=True),
)
async def acknowledge_statement(
    statement_id: UUID, enter: Enter, command: Annotated[AcknowledgeStatement, Body(examples=[{}])]
) -> Receipt:
    """By the finance of either member, for itself: the statement is right. Takes its own dispute back."""
    return await enter.execute(command, target=statement_id)


@router.post(
    "/statements/{statement_id}/dispute",
    summary="Dispute a monthly statement",
    responses=responses(errors.TransitionNotAllowed, errors.NoFreeText, body=True),
)
async def dispute_statement(
    statement_id: UUID, enter: Enter, command: Annotated[DisputeStatement, Body(examples=[{"reason": "wrong_hours"}])]
) -> Receipt:
    """By the finance of either member: something is wrong, by code, for help from day to day bears no free text."""
    return await enter.execute(command, target=statement_id)


@router.post(
    "/statements/{statement_id}/answer",
    summary="Answer a disputed statement",
    responses=responses(errors.TransitionNotAllowed, errors.NoFreeText, body=True),
)
async def answer_statement(
    statement_id: UUID, enter: Enter, command: Annotated[AnswerStatement, Body(examples=[{"answer": "as_measured"}])]
) -> Receipt:
    """By the finance of the side that did not dispute it: all of it is right, and why, by code. It can be disputed again."""
    return await enter.execute(command, target=statement_id)


@router.post(
    "/statements/{statement_id}/reissue",
    status_code=201,
    summary="Issue a disputed statement anew",
    responses=responses(errors.TransitionNotAllowed, errors.NoFreeText, body=True),
)
async def reissue_statement(
    statement_id: UUID, enter: Enter, command: Annotated[ReissueStatement, Body(examples=[{}])]
) -> Receipt:
    """By the finance of whose unit it was, once what was measured is corrected: the next version. The one before stays, as `replaced`."""
    return await enter.create(command, "statements", target=statement_id)


@router.post(
    "/statements/{statement_id}/pay",
    summary="Say that a statement is paid",
    responses=responses(errors.TransitionNotAllowed, errors.NoFreeText, errors.OutOfOrder, body=True),
)
async def pay_statement(
    statement_id: UUID, enter: Enter, command: Annotated[PayStatement, Body(examples=[{"reference": "2026-09/0042"}])]
) -> Receipt:
    """By the finance of who owed the rest, with the payment's reference; `occurred_at` is when."""
    return await enter.execute(command, target=statement_id)
