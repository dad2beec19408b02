"""Response commitments over HTTP: kept or broken, with the figure."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field, WithJsonSchema

from app.domain import errors
from app.domain.forms import Code, Instant
from app.domain.lifecycle import states
from app.domain.response_commitments import STEPS
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import response_commitments as queries
from app.queries.response_commitments import ResponseCommitmentView, ShareKept

router = space_router("response commitments")

STATUSES = states("response_commitment")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
StepCode = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STEPS)})]


class CommitmentsPage(Page[ResponseCommitmentView]):
    """One page of the list, with the totals of the whole list."""

    totals: tuple[ShareKept, ...] = Field(description="By step, and `*` for all of them together.")


@router.get(
    "/response-commitments",
    summary="List response commitments, with the share that was kept",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_response_commitments(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    request: Annotated[UUID | None, Query(description="Only those about this request.")] = None,
    member: Annotated[UUID | None, Query(description="Only what this member promised.")] = None,
    agreement: Annotated[UUID | None, Query(description="Only those under this agreement.")] = None,
    step: Annotated[list[StepCode], Query(description="Only these steps.")] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
    binding: Annotated[Literal["best_effort", "obligatory"] | None, Query(description="Only these.")] = None,
    since: Annotated[Instant | None, Query(description="Only those that began at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Only those that began before this instant.")] = None,
) -> CommitmentsPage:
    """What your member promised, and what was promised to it, newest first. The totals are of the whole list."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    for number, code in enumerate(step):
        require("step", code, STEPS, pointer=f"query/step/{number}")
    filters = {
        "request": request, "member": member, "agreement": agreement, "step": step, "status": status,
        "binding": binding, "since": since, "until": until,
    }  # fmt: skip
    of = fingerprint("response-commitments", {"space": space, "viewer": actor.member_id, **filters})
    where = queries.chosen(
        space, viewer=actor.member_id, request=request, member=member, agreement=agreement, step=step, status=status,
        binding=binding, since=since, until=until,
    )  # fmt: skip
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.commitments(reader, where, before=before, limit=paging.limit)
    page = page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
    return CommitmentsPage(items=page.items, next=page.next, totals=tuple(await queries.totals(reader, where)))


@router.get(
    "/response-commitments/{response_commitment_id}", summary="Read a response commitment", responses=responses()
)
async def read_response_commitment(
    space: Space, response_commitment_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> ResponseCommitmentView:
    """One commitment between your member and another."""
    found = await queries.commitment(reader, space, response_commitment_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found
