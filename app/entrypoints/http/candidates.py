"""Who can get there first, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.languages import ReadersLanguage
from app.entrypoints.http.problems import responses
from app.queries import candidates as queries
from app.queries.candidates import CandidatesView

router = space_router("requests")


@router.get(
    "/requests/{request_id}/candidates",
    summary="See who can get there first",
    responses=responses(errors.UnknownCode),
)
async def list_candidates(
    space: Space,
    request_id: UUID,
    actor: CurrentActor,
    language: ReadersLanguage,
    reader: Reader,
    door: TheDoor,
    line: Annotated[
        UUID | None, Query(description="For this line; the first that is not filled if none is named.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=50, description="Most units that can come.")] = 10,
) -> CandidatesView:
    """Units of the line's type in the order of their estimated arrival: own ones and other members' alike.

    The estimate is simple, and no promise: 1.3 times the great circle at 60 km/h, over the best open crossing that takes the unit,
    its delay, and the time to get ready. Units that would be sooner but can't come are among them, with every reason.
    """
    return await queries.candidates(
        reader,
        space,
        request_id,
        viewer=actor.member_id,
        language=language,
        at=door.clock.now(),
        line_id=line,
        limit=limit,
    )
