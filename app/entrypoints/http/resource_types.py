"""Resource types over HTTP: under no space, the same for everybody."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from fastapi.routing import APIRouter

from app.domain import errors
from app.domain.forms import ShortText
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Reader
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import resource_types as queries
from app.queries.resource_types import ResourceTypeView

router = APIRouter(prefix="/api/v1", tags=["resource types"], route_class=StrictRoute)

Kind = Literal["team", "vehicle", "equipment", "facility", "supply", "person"]


@router.get("/resource-types", summary="List resource types", responses=responses(errors.BadCursor, path_ids=False))
async def list_resource_types(
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    q: Annotated[
        ShortText | None,
        Query(
            description="Only types of which some name, in any language, contains this; accents and capitals don't count.",
            examples=["pompe a grand debit"],
        ),
    ] = None,
    kind: Annotated[list[Kind], Query(description="Only these kinds.", max_length=6)] = [],  # noqa: B006 - FastAPI copies it
) -> Page[ResourceTypeView]:
    """By code. Each with its names, what people also say, what one unit can do at least, and its codes elsewhere."""
    of = fingerprint("resource_types", {"q": q, "kind": kind})
    after = decode_cursor(of, paging.cursor, [str])
    rows = await queries.resource_types(reader, q=q, kind=kind, after=after, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.code], item=lambda row: row)
