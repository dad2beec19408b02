"""The best help for a line of a request, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.languages import ReadersLanguage
from app.entrypoints.http.problems import responses
from app.queries import recommendations as queries
from app.queries.recommendations import RecommendationsView

router = space_router("requests")


@router.get(
    "/requests/{request_id}/recommendations",
    summary="See whom to ask, and why not the nearer ones",
    responses=responses(errors.UnknownCode),
)
async def list_recommendations(
    request: Request,
    space: Space,
    request_id: UUID,
    actor: CurrentActor,
    language: ReadersLanguage,
    reader: Reader,
    door: TheDoor,
    line: Annotated[
        UUID | None, Query(description="For this line; the first that is not filled if none is named.")
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=200, description="Most units that can come, and most that are left out.")
    ] = 10,
    member: Annotated[
        UUID | None, Query(description="Only units of this member: yours, say, that many others' come before.")
    ] = None,
) -> RecommendationsView:
    """Units of the line's type that can come, in the order of their arrival, own ones and other members' alike: time in parts, the agreement in its version,
    what is left of the owner's reserve, readiness to cross the border. And each nearer unit that is not proposed, with the first reason why.

    Times are of the corridor's road graph, or of the router that is configured, and follow positions and crossings at once. Nothing is
    reserved.
    """  # fmt: skip
    state = request.app.state
    elsewhere = await state.plans.elsewhere(space)
    return await queries.recommendations(
        reader, state.forces.of(space), request_id, viewer=actor.member_id, language=language, at=door.clock.now(),
        line_id=line, limit=limit, only=member, elsewhere=elsewhere, router=state.router,
    )  # fmt: skip
