"""Crossings over HTTP. They are put on the map by the command line; how it is there is told by those who know."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.crossings import Control, SetCrossingState
from app.commands.receipt import Receipt
from app.commands.routes import RerouteMission
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import crossings as queries
from app.queries.crossings import CrossingView

router = space_router("crossings")


@router.get(
    "/crossings",
    summary="List crossings",
    response_model=Page[CrossingView],
    responses=with_features(responses(errors.BadCursor)),
)
async def list_crossings(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    as_features: AsFeatures,
    control: Annotated[list[Control], Query(description="Only with this control.", max_length=3)] = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those that join this member to another.")] = None,
) -> Page[CrossingView] | Response:
    """By code, each as it is now."""
    of = fingerprint("crossings", {"space": space, "control": control, "member": member, "bbox": box})
    after = decode_cursor(of, paging.cursor, [str])
    rows = await queries.crossings(
        reader, space, control=control, member=member, box=box, after=after, limit=paging.limit
    )
    page = page_of(rows, paging, of, key=lambda row: [row.code], item=lambda row: row)
    return shown(page, as_features, geometry="place")


@router.get("/crossings/{crossing_id}", summary="Read a crossing", responses=responses())
async def read_crossing(
    space: Space, crossing_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> CrossingView:
    """One crossing as it is now."""
    found = await queries.crossing(reader, space, crossing_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post("/crossings/{crossing_id}/state", summary="Say how it is at a crossing", responses=responses(body=True))
async def set_crossing_state(
    crossing_id: UUID,
    enter: Enter,
    command: Annotated[
        SetCrossingState,
        Body(examples=[{"control": "checks", "delay_min": 20, "why": "Federal police control every second lane."}]),
    ],
) -> Receipt:
    """By a dispatcher of either member that it joins. What is not sent stays; missions under way keep their border states.

    Units on their way over it that can't pass there any more are named in the warning `way_barred`, and told to their
    lenders as `mission.way_barred`. One that is closed until a time opens by itself then.
    """
    return await enter.execute(command, target=crossing_id)


@router.post(
    "/missions/{mission_id}/reroute",
    summary="Send a unit over another crossing",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def reroute_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[RerouteMission, Body(examples=[{"why": "A landslip at Köpfchen."}])],
) -> Receipt:
    """By the lender's dispatcher, representative or liaison officer. Without a crossing, the open one that is soonest there.

    A unit that stood at the border is `in_transit` again. A crossing that is named and too weak, low or narrow is refused
    with the coded `reasons` and both figures.
    """
    return await enter.execute(command, target=mission_id)
