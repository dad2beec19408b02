"""Positions of units over HTTP. The feed tells of them as they change."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Query, Request

from app.commands.positions import ReportPositions, report_positions
from app.delivery.wakes import Wakes
from app.domain import errors
from app.domain.forms import Instant
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import positions as queries
from app.queries.models import ReadModel
from app.queries.positions import PositionView

router = space_router("positions")

EXAMPLE = {
    "items": [
        {
            "resource_id": "0197a1b2-0000-7000-8000-00000000e001",
            "lon": 5.694,
            "lat": 50.781,
            "at": "2026-07-14T03:10:00Z",
        }
    ]
}


class Ignored(ReadModel):
    """A position that was not kept."""

    resource_id: UUID
    reason: Literal["older", "not_yours"]
    """A newer one is known, or it is no unit of your member's in use here."""


class Reported(ReadModel):
    """What became of a report."""

    kept: int
    ignored: tuple[Ignored, ...]


@router.post("/positions", summary="Report where units are", responses=responses(errors.NotFound, body=True))
async def report(
    request: Request,
    space: Space,
    actor: CurrentActor,
    door: TheDoor,
    body: Annotated[ReportPositions, Body(examples=[EXAMPLE])],
) -> Reported:
    """By a dispatcher or dispatch system of their owner, up to 1,000 at a time, as often as they move. The newest counts."""
    outcome = await report_positions(door, body, actor=actor, space=space)
    ignored = tuple(Ignored(resource_id=id_, reason=what) for id_, what in outcome.items() if what != "kept")
    wakes: Wakes = request.app.state.wakes
    if len(ignored) < len(outcome):
        wakes.moved(space)
    return Reported(kept=len(outcome) - len(ignored), ignored=ignored)


@router.get(
    "/positions",
    summary="List last positions",
    responses=responses(errors.BadCursor),
)
async def list_positions(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    paging: PagingQuery,
    box: BoxQuery,
    since: Annotated[Instant | None, Query(description="Only units that were seen at this time or later.")] = None,
) -> Page[PositionView]:
    """Where units were last seen, and how long ago, in the order of their ids."""
    of = fingerprint("positions", {"space": space, "viewer": actor.member_id, "bbox": box, "since": since})
    after = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.positions(
        reader,
        space,
        viewer=actor.member_id,
        now=door.clock.now(),
        box=box,
        since=since,
        after=after,
        limit=paging.limit,
    )
    return page_of(rows, paging, of, key=lambda row: [row.resource_id], item=lambda row: row)
