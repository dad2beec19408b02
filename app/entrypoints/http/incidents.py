"""Incidents and their logs over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.incidents import AddLogEntry, ChangeIncident, ChangePhase, CloseIncident, ReportIncident
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Instant
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.external_ids import ExternalQuery
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import incidents as queries
from app.queries.incidents import IncidentView, LogEntryView

router = space_router("incidents")

Status = Annotated[list[Literal["reported", "active", "contained", "closed"]], Query(description="Only these states.")]
Since = Annotated[Instant | None, Query(description="Only what happened at or after this instant.")]
Until = Annotated[Instant | None, Query(description="Only what happened before this instant.")]

FLOOD = {
    "title": "Meuse over its banks at Eijsden",
    "hazard": "flood",
    "severity": 4,
    "area": {
        "type": "Polygon",
        "coordinates": [[[5.69, 50.76], [5.74, 50.76], [5.74, 50.80], [5.69, 50.80], [5.69, 50.76]]],
    },
    "phases": {"NL": "grip_2"},
}


@router.get(
    "/incidents",
    summary="List incidents",
    response_model=Page[IncidentView],
    responses=with_features(responses(errors.BadCursor)),
)
async def list_incidents(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    external: ExternalQuery,
    as_features: AsFeatures,
    status: Status = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those this member leads.")] = None,
    since: Since = None,
    until: Until = None,
) -> Page[IncidentView] | Response:
    """Every live incident of the corridor, newest first."""
    of = fingerprint(
        "incidents",
        {
            "space": space, "status": status, "member": member, "bbox": box, "since": since, "until": until,
            "external": external and str(external),
        },
    )  # fmt: skip
    rows = await queries.incidents(
        reader, space, status=status, member=member, box=box, since=since, until=until,
        external=external, before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return shown(
        page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row), as_features, geometry="area"
    )


@router.post(
    "/incidents",
    status_code=201,
    summary="Report an incident",
    responses=responses(errors.UnknownCode, errors.OutsideCorridor, errors.InvalidGeometry, body=True),
)
async def report_incident(enter: Enter, command: Annotated[ReportIncident, Body(examples=[FLOOD])]) -> Receipt:
    """By a dispatcher of any member. From now on every member sees it."""
    return await enter.create(command, "incidents")


@router.get("/incidents/{incident_id}", summary="Read an incident", responses=responses())
async def read_incident(
    space: Space, incident_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> IncidentView:
    """One incident, with the ETag that a change has to name."""
    found = await queries.incident(reader, space, incident_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/incidents/{incident_id}",
    summary="Change an incident",
    responses=responses(
        errors.UnknownCode, errors.OutsideCorridor, errors.TransitionNotAllowed, body=True, if_match=True
    ),
)
async def change_incident(
    incident_id: UUID,
    enter: Enter,
    command: Annotated[ChangeIncident, Body(examples=[{"severity": 5, "status": "active"}])],
) -> Receipt:
    """By a dispatcher of any member; another lead is named by the one that leads. If-Match is required."""
    return await enter.execute(command, target=incident_id, edit=True)


@router.post(
    "/incidents/{incident_id}/phase",
    summary="Change an incident's phase in your country",
    responses=responses(errors.UnknownCode, errors.TransitionNotAllowed, body=True),
)
async def change_phase(
    incident_id: UUID,
    enter: Enter,
    command: Annotated[ChangePhase, Body(examples=[{"country": "NL", "phase": "grip_3"}])],
) -> Receipt:
    """By a dispatcher or representative of a member of that country: how far it has scaled up, in its own word."""
    return await enter.execute(command, target=incident_id)


@router.post(
    "/incidents/{incident_id}/close",
    summary="Close an incident",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def close_incident(
    incident_id: UUID,
    enter: Enter,
    command: Annotated[CloseIncident, Body(examples=[{"why": "The water is back in its bed."}])],
) -> Receipt:
    """By an authorised representative of the member that leads it.

    Help that is under way for it goes on: the receipt's `warnings` then hold `help_under_way`, with `figures` that count
    the `missions` that are not home yet and the `requests` that are still open.
    """
    return await enter.execute(command, target=incident_id)


@router.get("/incidents/{incident_id}/log", summary="Read an incident's log", responses=responses(errors.BadCursor))
async def list_log(
    space: Space, incident_id: UUID, _actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[LogEntryView]:
    """The log's lines, newest first, in the language they were written in."""
    await queries.incident(reader, space, incident_id)
    of = fingerprint("incident_log", {"space": space, "incident": incident_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.incident_log(reader, space, incident_id, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/incidents/{incident_id}/log", status_code=201, summary="Add to an incident's log", responses=responses(body=True)
)
async def add_log_entry(
    incident_id: UUID,
    enter: Enter,
    command: Annotated[AddLogEntry, Body(examples=[{"text": "Dijk bij Borgharen houdt.", "language": "nl"}])],
) -> Receipt:
    """One line, by a dispatcher, representative or liaison officer of any member. Lines are added, never changed."""
    return await enter.create(command, f"incidents/{incident_id}/log", target=incident_id)
