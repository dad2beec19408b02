"""The corridor over HTTP: one a deployment, under no space."""

from __future__ import annotations

from fastapi import Response
from fastapi.routing import APIRouter

from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Reader
from app.entrypoints.http.paging import etag
from app.entrypoints.http.problems import responses
from app.queries import corridor as queries
from app.queries.corridor import CorridorView

router = APIRouter(prefix="/api/v1", tags=["corridor"], route_class=StrictRoute)


@router.get("/corridor", summary="Read the corridor", responses=responses())
async def read_corridor(_actor: CurrentActor, reader: Reader, response: Response) -> CorridorView:
    """Its area, languages and currency. It is defined by whoever runs the deployment, on the command line."""
    found = await queries.corridor(reader)
    response.headers["ETag"] = etag(found.revision)
    return found
