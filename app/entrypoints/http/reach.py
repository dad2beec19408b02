"""What can be at a place within a time, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.domain import errors
from app.domain.resource_types import require_type
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.languages import ReadersLanguage
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.entrypoints.http.resources import Status, Types
from app.queries import reach as queries
from app.queries.reach import ReachView

router = space_router("resources")

LONGEST_MIN = 24 * 60

Lon = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, description="Degrees east.", examples=[5.7])]
Lat = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, description="Degrees north.", examples=[50.78])]
Minutes = Annotated[int, Query(ge=1, le=LONGEST_MIN, description="From the order to the arrival.", examples=[60])]


@router.get(
    "/reachable",
    summary="List what can be at a place in time",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_reachable(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    paging: PagingQuery,
    language: ReadersLanguage,
    lon: Lon,
    lat: Lat,
    within_min: Minutes = 60,
    types: Types = [],  # noqa: B006 - FastAPI copies it
    status: Status = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
) -> Page[ReachView]:
    """First to arrive first, by the same simple estimate as the candidates of a request: 1.3 times the great circle at
    60 km/h, over the best open crossing that takes the unit, its delay, and the time to get ready. No promise, and nothing is
    reserved; whether an agreement allows it is told where help is asked for.
    """  # fmt: skip
    for number, type_code in enumerate(types):
        require_type(type_code, pointer=f"query/type/{number}")
    of = fingerprint(
        "reachable",
        {
            "space": space,
            "lon": lon,
            "lat": lat,
            "within_min": within_min,
            "type": types,
            "status": status,
            "member": member,
        },
    )
    rows = await queries.reachable(
        reader, space, lon=lon, lat=lat, minutes=within_min, at=door.clock.now(), types=types, status=status, member=member,
        viewer=actor.member_id, language=language, after=decode_cursor(of, paging.cursor, [int, UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.eta_min, row.resource_id], item=lambda row: row)
