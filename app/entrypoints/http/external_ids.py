"""External ids over HTTP: the codes by which dispatch systems know what stands here."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Query, Response

from app.commands.external_ids import AddExternalId, EndExternalId, Kind
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.external_ids import EXAMPLE, LONGEST, Named, Source, parse_external
from app.domain.forms import Code, Instant
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import external_ids as queries
from app.queries.external_ids import ExternalIdView

router = space_router("external ids")


async def _named(
    external: Annotated[
        str | None,
        Query(
            max_length=LONGEST + 65,
            description="Only what a dispatch system knows by this code: source, colon, code. Each member has lists of its own, so it may be several members' things.",
            examples=[EXAMPLE],
        ),
    ] = None,
) -> Named | None:
    return None if external is None else parse_external(external, pointer="query/external")


ExternalQuery = Annotated[Named | None, Depends(_named)]
"""The filter `external` of a list of things that dispatch systems have codes for."""

NUMBER = {
    "source": "cad-liege",
    "kind": "incident",
    "code": "2026-001234",
    "subject_id": "0197a1b2-0000-7000-8000-00000000e001",
}


@router.get("/external-ids", summary="List external ids", responses=responses(errors.BadCursor))
async def list_external_ids(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    external: ExternalQuery,
    kind: Annotated[list[Kind], Query(description="Only of these kinds.", max_length=5)] = [],  # noqa: B006 - FastAPI copies it
    source: Annotated[Source | None, Query(description="Only of this system.")] = None,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    subject: Annotated[UUID | None, Query(description="Only of this resource, depot, incident or member.")] = None,
    type_: Annotated[Code | None, Query(alias="type", description="Only of this resource type.")] = None,
    at: Annotated[Instant | None, Query(description="Those that counted at this instant, instead of now.")] = None,
    ended: Annotated[bool, Query(description="Those that have ended, instead of those that count.")] = False,
) -> Page[ExternalIdView]:
    """In the order in which they were given."""
    filters = {
        "space": space, "external": external and str(external), "kind": kind, "source": source, "member": member,
        "subject": subject, "type": type_, "at": at, "ended": ended,
    }  # fmt: skip
    of = fingerprint("external_ids", filters)
    rows = await queries.external_ids(
        reader, space, kind=kind, named=external, source=source, member=member, subject=subject, type_code=type_, at=at,
        ended=ended, after=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/external-ids",
    status_code=201,
    summary="Say by which code a dispatch system knows something",
    responses=responses(errors.UnknownCode, errors.Duplicate, body=True),
)
async def add_external_id(enter: Enter, command: Annotated[AddExternalId, Body(examples=[NUMBER])]) -> Receipt:
    """By a dispatcher or admin of the member that owns the unit or depot; an incident's number by any member's dispatcher, as its own.
    A code names one thing in its member's list (`source`) at a time; other members' lists are apart, also those of the same name.
    """
    return await enter.create(command, "external-ids")


@router.get("/external-ids/{external_id}", summary="Read an external id", responses=responses())
async def read_external_id(
    space: Space, external_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> ExternalIdView:
    """One code and what it means, or meant."""
    found = await queries.external_id(reader, space, external_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/external-ids/{external_id}/end",
    summary="End an external id",
    responses=responses(errors.OutOfOrder, body=True),
)
async def end_external_id(
    external_id: UUID,
    enter: Enter,
    command: Annotated[EndExternalId, Body(examples=[{"why": "The vehicle has a new number."}])],
) -> Receipt:
    """By those who may add it. The code is then free for something else; who asks for that time still finds it."""
    return await enter.execute(command, target=external_id)
