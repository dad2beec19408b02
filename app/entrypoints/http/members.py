"""Members over HTTP. They join by the command line; each admin keeps the own member's particulars up to date."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import TypeAdapter

from app.commands.members import ChangeMember
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import CountryCode
from app.domain.geo import Area
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.external_ids import ExternalQuery
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import members as queries
from app.queries.members import MemberView

router = space_router("members")


@router.get(
    "/members",
    summary="List members",
    response_model=Page[MemberView],
    responses=with_features(responses(errors.BadCursor)),
)
async def list_members(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    external: ExternalQuery,
    as_features: AsFeatures,
    country: Annotated[CountryCode | None, Query(description="Only those of this country.")] = None,
) -> Page[MemberView] | Response:
    """By code, with whom to ring. `bbox` is compared with the coordination centre; as features, the area is the geometry."""
    of = fingerprint(
        "members", {"space": space, "country": country, "bbox": box, "external": external and str(external)}
    )
    after = decode_cursor(of, paging.cursor, [str])
    rows = await queries.members(
        reader, space, country=country, box=box, external=external, after=after, limit=paging.limit
    )
    page = page_of(rows, paging, of, key=lambda row: [row.code], item=lambda row: row)
    return shown(page, as_features, geometry="area")


@router.get("/areas", summary="Join the areas of members", responses=responses())
async def join_areas(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    member: Annotated[list[UUID], Query(min_length=1, max_length=200, description="Whose areas.")],
) -> Area:
    """The areas of several members as one, as an agreement or an incident may name it. Neighbours melt along the line between them."""
    found: Area = TypeAdapter(Area).validate_python(await queries.area_of(reader, space, member))
    return found


@router.get("/members/{member_id}", summary="Read a member", responses=responses())
async def read_member(
    space: Space, member_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> MemberView:
    """One member, with the ETag that a change has to name."""
    found = await queries.member(reader, space, member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/members/{member_id}",
    summary="Change a member",
    responses=responses(
        errors.UnknownCode,
        errors.OutsideCorridor,
        errors.OutsideWorld,
        errors.InvalidGeometry,
        body=True,
        if_match=True,
    ),
)
async def change_member(
    member_id: UUID,
    enter: Enter,
    command: Annotated[ChangeMember, Body(examples=[{"phone": "+31 00 000 0111", "talkgroup": "DEMO-NL-111"}])],
) -> Receipt:
    """By an admin of that member. Only the fields sent change; If-Match is required."""
    return await enter.execute(command, target=member_id, edit=True)
