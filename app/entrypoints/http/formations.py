"""Formations over HTTP: several units under one leader, and the split of one that is on its way."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.formations import ChangeFormation, FormFormation, SplitMission
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.resource_types import require_type
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import formations as queries
from app.queries.formations import FormationView

router = space_router("formations")

PLATOON = {
    "depot_id": "0197a1b2-0000-7000-8000-00000000d001",
    "type_code": "formation.wildfire_vehicles",
    "call_sign": "Natuurbrandpeloton Limburg 1",
    "part_ids": [f"0197a1b2-0000-7000-8000-00000000e00{number}" for number in range(1, 6)],
    "mobilisation_min": 30,
    "talkgroup": "DEMO-NL-401",
    "leader_name": "OvD van dienst",
    "leader_phone": "+31 00 000 0141",
}


@router.get("/formations", summary="List formations", responses=responses(errors.BadCursor, errors.UnknownCode))
async def list_formations(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    type_code: Annotated[
        Code | None,
        Query(alias="type", description="Only of this composite type.", examples=["formation.basic_platoon"]),
    ] = None,
) -> Page[FormationView]:
    """Formations in use, in the order they were formed, with their parts and their strength."""
    if type_code is not None:
        require_type(type_code, pointer="query/type")
    of = fingerprint("formations", {"space": space, "member": member, "type": type_code})
    after = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.formations(
        reader, space, viewer=actor.member_id, member=member, type_code=type_code, after=after, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/formations/{formation_id}", summary="Read a formation", responses=responses())
async def read_formation(
    space: Space, formation_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> FormationView:
    """One formation. Its leader's name and telephone are seen by its owner and by whom it helps."""
    found = await queries.formation(reader, space, formation_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/formations",
    status_code=201,
    summary="Form a formation",
    responses=responses(errors.UnknownCode, errors.DuplicateCallSign, errors.NotAvailable, body=True),
)
async def form_formation(enter: Enter, command: Annotated[FormFormation, Body(examples=[PLATOON])]) -> Receipt:
    """By a dispatcher or admin of the member that owns the units: exactly those that its type is made of."""
    return await enter.create(command, "formations")


@router.patch(
    "/formations/{formation_id}",
    summary="Change a formation",
    responses=responses(errors.NotAvailable, body=True, if_match=True),
)
async def change_formation(
    formation_id: UUID,
    enter: Enter,
    command: Annotated[ChangeFormation, Body(examples=[{"talkgroup": "DEMO-NL-402"}])],
) -> Receipt:
    """By a dispatcher or admin of its owner. Its units can be changed while all of it is free; If-Match is required."""
    return await enter.execute(command, target=formation_id, edit=True)


@router.post(
    "/missions/{mission_id}/split",
    summary="Split a formation on its way",
    responses=responses(errors.TransitionNotAllowed, errors.NotAvailable, body=True),
)
async def split_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[SplitMission, Body(examples=[{"part_ids": ["0197a1b2-0000-7000-8000-00000000e001"]}])],
) -> Receipt:
    """By the lender's dispatcher, representative or liaison officer: some parts go on as missions of their own."""
    return await enter.execute(command, target=mission_id)
