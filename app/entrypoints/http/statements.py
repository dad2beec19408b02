"""Monthly statements over HTTP: made by the service, acknowledged or disputed by the two members."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.receipt import Receipt
from app.commands.statements import AcknowledgeStatement, DisputeStatement
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
    "day", "mission_id", "lender_id", "requester_id", "type_code", "agreement_id", "agreement_version", "hours",
    "person_hours", "kilometres", "currency", "amount", "ledger_amount",
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
    return csv_file(f"statement-{found.month.isoformat()[:7]}", COLUMNS, found.lines)


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
