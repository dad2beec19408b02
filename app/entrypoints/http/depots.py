"""Depots over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.depots import AddDepot, ChangeDepot, RemoveDepot
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.external_ids import ExternalQuery
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import depots as queries
from app.queries.depots import DepotView

router = space_router("depots")

NORTH = {"code": "north", "name": "Kazerne Noord", "address": "Maastricht, Nederland", "lon": 5.69, "lat": 50.87}


@router.get(
    "/depots",
    summary="List depots",
    response_model=Page[DepotView],
    responses=with_features(responses(errors.BadCursor)),
)
async def list_depots(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    external: ExternalQuery,
    as_features: AsFeatures,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
) -> Page[DepotView] | Response:
    """By code."""
    of = fingerprint("depots", {"space": space, "member": member, "bbox": box, "external": external and str(external)})
    after = decode_cursor(of, paging.cursor, [str, UUID])
    rows = await queries.depots(
        reader, space, member=member, box=box, external=external, after=after, limit=paging.limit
    )
    page = page_of(rows, paging, of, key=lambda row: [row.code, row.id], item=lambda row: row)
    return shown(page, as_features, geometry="place")


@router.post(
    "/depots",
    status_code=201,
    summary="Add a depot",
    responses=responses(errors.OutsideCorridor, errors.OutsideWorld, errors.Duplicate, body=True),
)
async def add_depot(enter: Enter, command: Annotated[AddDepot, Body(examples=[NORTH])]) -> Receipt:
    """By a dispatcher or admin of the member that owns it."""
    return await enter.create(command, "depots")


@router.get("/depots/{depot_id}", summary="Read a depot", responses=responses())
async def read_depot(
    space: Space, depot_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> DepotView:
    """One depot, with the ETag that a change has to name."""
    found = await queries.depot(reader, space, depot_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/depots/{depot_id}",
    summary="Change a depot",
    responses=responses(errors.OutsideCorridor, errors.OutsideWorld, body=True, if_match=True),
)
async def change_depot(
    depot_id: UUID,
    enter: Enter,
    command: Annotated[ChangeDepot, Body(examples=[{"lon": 5.7, "lat": 50.86, "why": "Moved to the new building."}])],
) -> Receipt:
    """By a dispatcher or admin of its owner. What stands at home there moves with it; If-Match is required."""
    return await enter.execute(command, target=depot_id, edit=True)


@router.post("/depots/{depot_id}/remove", summary="Remove a depot", responses=responses(errors.Conflict, body=True))
async def remove_depot(
    depot_id: UUID,
    enter: Enter,
    command: Annotated[RemoveDepot, Body(examples=[{"why": "Entered twice."}])],
) -> Receipt:
    """By a dispatcher or admin of its owner, where no unit has ever been at home in it."""
    return await enter.execute(command, target=depot_id)
