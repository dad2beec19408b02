"""Rendezvous over HTTP: where units from the other side are met, wait, or are received."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.receipt import Receipt
from app.commands.rendezvous import AddRendezvous, ChangeRendezvous, Kind, SendToRendezvous, SetRendezvousState
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import rendezvous as queries
from app.queries.rendezvous import RendezvousView

router = space_router("rendezvous")

ADDED = {
    "code": "gronsveld",
    "guide_code": "M3",
    "names": {"nl": "Carpoolplaats Gronsveld", "en": "Gronsveld car park"},
    "kind": "staging_area",
    "lon": 5.729,
    "lat": 50.811,
    "capacity": 20,
    "guide": True,
    "fuel": True,
    "talkgroup": "DEMO-NL-121",
}


@router.get(
    "/rendezvous",
    summary="List rendezvous",
    response_model=Page[RendezvousView],
    responses=with_features(responses(errors.BadCursor)),
)
async def list_rendezvous(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    as_features: AsFeatures,
    kind: Annotated[list[Kind], Query(description="Only these kinds.", max_length=3)] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[Literal["open", "closed"] | None, Query(description="Only these.")] = None,
    member: Annotated[UUID | None, Query(description="Only those on this member's ground.")] = None,
) -> Page[RendezvousView] | Response:
    """By code, each with the room that is left now."""
    asked = {"space": space, "kind": kind, "status": status, "member": member, "bbox": box}
    of = fingerprint("rendezvous", asked)
    after = decode_cursor(of, paging.cursor, [str])
    rows = await queries.all_rendezvous(
        reader, space, kind=kind, status=status, member=member, box=box, after=after, limit=paging.limit
    )
    page = page_of(rows, paging, of, key=lambda row: [row.code], item=lambda row: row)
    return shown(page, as_features, geometry="place")


@router.post(
    "/rendezvous",
    status_code=201,
    summary="Add a rendezvous",
    responses=responses(errors.OutsideCorridor, errors.OutsideWorld, errors.Duplicate, body=True),
)
async def add_rendezvous(enter: Enter, command: Annotated[AddRendezvous, Body(examples=[ADDED])]) -> Receipt:
    """By a dispatcher or admin of the member on whose ground it lies."""
    return await enter.create(command, "rendezvous")


@router.get("/rendezvous/{rendezvous_id}", summary="Read a rendezvous", responses=responses())
async def read_rendezvous(
    space: Space, rendezvous_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> RendezvousView:
    """One rendezvous with the room that is left now, and the ETag that a change has to name."""
    found = await queries.rendezvous(reader, space, rendezvous_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/rendezvous/{rendezvous_id}",
    summary="Change a rendezvous",
    responses=responses(errors.OutsideCorridor, errors.OutsideWorld, errors.Duplicate, body=True, if_match=True),
)
async def change_rendezvous(
    rendezvous_id: UUID,
    enter: Enter,
    command: Annotated[ChangeRendezvous, Body(examples=[{"fuel": False, "why": "The tanker has left."}])],
) -> Receipt:
    """By a dispatcher or admin of its owner. Only the fields sent change; If-Match is required."""
    return await enter.execute(command, target=rendezvous_id, edit=True)


@router.post("/rendezvous/{rendezvous_id}/state", summary="Open or close a rendezvous", responses=responses(body=True))
async def set_rendezvous_state(
    rendezvous_id: UUID,
    enter: Enter,
    command: Annotated[SetRendezvousState, Body(examples=[{"status": "closed", "why": "Under water."}])],
) -> Receipt:
    """By a dispatcher of its owner. Units that are on their way there are named in the warning `units_on_their_way`."""
    return await enter.execute(command, target=rendezvous_id)


@router.post(
    "/missions/{mission_id}/rendezvous",
    summary="Say where a unit is met",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def send_to_rendezvous(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[SendToRendezvous, Body(examples=[{"rendezvous_id": "0197a1b2-0000-7000-8000-000000000001"}])],
) -> Receipt:
    """By either side, while the unit is on its way. A place that is full or closed is a warning: who sends it decides."""
    return await enter.execute(command, target=mission_id)
