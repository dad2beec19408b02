"""Protocols (playbooks) over HTTP: the shared ones, members' overlays, and what applies to an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.playbook_overlays import AddProtocolOverlay, ChangeProtocolOverlay, RemoveProtocolOverlay
from app.commands.playbooks import TickChecklistItem, UntickChecklistItem
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.vocabulary import codes, require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import incidents
from app.queries import playbooks as queries
from app.queries.playbooks import (
    ChecklistItemView,
    IncidentProtocolView,
    MemberProtocolView,
    ProtocolBrief,
    ProtocolOverlayView,
    ProtocolView,
)

router = space_router("protocols")

MORE_BOATS = {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6, "why": "Drie eilanden in de Maas."}
RING_WATERWAYS = {
    "op": "add_item",
    "code": "ring_waterways",
    "due_min": 20,
    "texts": {"nl": "Rijkswaterstaat bellen over de stuwen"},
    "why": "De stuwen bepalen hoe snel het water komt.",
}


@router.get("/protocols", summary="List shared protocols", responses=responses(errors.BadCursor, errors.UnknownCode))
async def list_protocols(
    space: Space,
    _actor: CurrentActor,
    paging: PagingQuery,
    hazard: Annotated[Code | None, Query(description="Only for this hazard.", examples=["flood"])] = None,
    severity: Annotated[int | None, Query(ge=1, le=5, description="Only for incidents of this severity.")] = None,
) -> Page[ProtocolBrief]:
    """What happens by itself when something happens, by hazard and severity; in the order of their codes."""
    if hazard is not None:
        require("hazard", hazard, codes("hazards"), pointer="query/hazard")
    of = fingerprint("protocols", {"space": space, "hazard": hazard, "severity": severity})
    after = decode_cursor(of, paging.cursor, [str])
    rows = queries.protocols(hazard=hazard, severity=severity, after=after, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.code], item=lambda row: row)


@router.get("/protocols/{code}", summary="Read a shared protocol", responses=responses(errors.NotFound))
async def read_protocol(space: Space, code: Code, _actor: CurrentActor) -> ProtocolView:
    """Package, checklist, radio plan, rendezvous and whom to tell, in every language."""
    _ = space
    return queries.protocol(code)


@router.get(
    "/members/{member_id}/protocols/{code}",
    summary="Read a protocol as a member has it",
    responses=responses(errors.NotFound),
)
async def read_member_protocol(
    space: Space, member_id: UUID, code: Code, _actor: CurrentActor, reader: Reader
) -> MemberProtocolView:
    """The shared one, the member's own, and each difference with why."""
    return await queries.member_protocol(reader, space, member_id, code)


@router.get("/protocol-overlays", summary="List overlays", responses=responses(errors.BadCursor))
async def list_overlays(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    code: Annotated[Code | None, Query(description="Only of this protocol.", examples=["river_flood"])] = None,
) -> Page[ProtocolOverlayView]:
    """What members do otherwise than the shared protocols, newest first."""
    of = fingerprint("protocol_overlays", {"space": space, "member": member, "code": code})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.overlays(reader, space, member=member, code=code, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/protocol-overlays/{overlay_id}", summary="Read an overlay", responses=responses())
async def read_overlay(
    space: Space, overlay_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> ProtocolOverlayView:
    """One member's operations on one shared protocol."""
    found = await queries.overlay(reader, space, overlay_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/members/{member_id}/protocol-overlays",
    status_code=201,
    summary="Adapt a shared protocol",
    responses=responses(errors.UnknownCode, errors.MissingField, errors.Conflict, errors.Duplicate, body=True),
)
async def add_protocol_overlay(
    member_id: UUID,
    enter: Enter,
    command: Annotated[
        AddProtocolOverlay, Body(examples=[{"code": "river_flood", "operations": [MORE_BOATS, RING_WATERWAYS]}])
    ],
) -> Receipt:
    """By an admin or an authorised representative of the member. The shared protocol stays as it is."""
    return await enter.create(command, "protocol-overlays", target=member_id)


@router.put(
    "/protocol-overlays/{overlay_id}",
    summary="Say anew how a protocol is adapted",
    responses=responses(errors.UnknownCode, errors.MissingField, errors.Conflict, body=True, if_match=True),
)
async def change_protocol_overlay(
    overlay_id: UUID,
    enter: Enter,
    command: Annotated[ChangeProtocolOverlay, Body(examples=[{"operations": [MORE_BOATS]}])],
) -> Receipt:
    """By an admin or an authorised representative of the member: all operations, against the shared protocol as it is now."""
    return await enter.execute(command, target=overlay_id, edit=True)


@router.post(
    "/protocol-overlays/{overlay_id}/remove",
    summary="Do again as the shared protocol says",
    responses=responses(errors.Conflict, body=True),
)
async def remove_protocol_overlay(
    overlay_id: UUID,
    enter: Enter,
    command: Annotated[RemoveProtocolOverlay, Body(examples=[{"why": "De gedeelde versie zegt het nu zelf."}])],
) -> Receipt:
    """By an admin or an authorised representative of the member. What applies to an incident already stays."""
    return await enter.execute(command, target=overlay_id)


@router.get(
    "/incidents/{incident_id}/protocol",
    summary="Read the protocol that applies to an incident",
    responses=responses(errors.NotFound),
)
async def read_incident_protocol(
    space: Space, incident_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> IncidentProtocolView:
    """With what is missing of its package, and the nearest rendezvous that fit. 404 where no protocol fits the incident."""
    found = await queries.incident_protocol(reader, space, incident_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/incidents/{incident_id}/checklist",
    summary="List the checklist of an incident",
    responses=responses(errors.BadCursor, errors.NotFound),
)
async def list_checklist(
    space: Space,
    incident_id: UUID,
    _actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    superseded: Annotated[bool, Query(description="Also what another protocol has taken the place of.")] = False,
) -> Page[ChecklistItemView]:
    """What is due first comes first; done items stay."""
    await incidents.incident(reader, space, incident_id)
    of = fingerprint("checklist", {"space": space, "incident": incident_id, "superseded": superseded})
    after = decode_cursor(of, paging.cursor, [datetime, UUID])
    rows = await queries.checklist(reader, space, incident_id, superseded=superseded, after=after, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.due_at, row.id], item=lambda row: row)


@router.get("/checklist-items/{item_id}", summary="Read an item of a checklist", responses=responses())
async def read_checklist_item(
    space: Space, item_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> ChecklistItemView:
    """By when it is due, and who has done it."""
    found = await queries.checklist_item(reader, space, item_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/checklist-items/{item_id}/tick",
    summary="Tick an item of a checklist",
    responses=responses(errors.Conflict, body=True),
)
async def tick_checklist_item(
    item_id: UUID, enter: Enter, command: Annotated[TickChecklistItem, Body(examples=[{"why": "Dijkgraaf rijdt."}])]
) -> Receipt:
    """By a dispatcher of the member that leads the incident, or of one that is helping."""
    return await enter.execute(command, target=item_id)


@router.post(
    "/checklist-items/{item_id}/untick",
    summary="Take a tick back",
    responses=responses(errors.Conflict, body=True),
)
async def untick_checklist_item(
    item_id: UUID, enter: Enter, command: Annotated[UntickChecklistItem, Body(examples=[{"why": "Verkeerde regel."}])]
) -> Receipt:
    """By a dispatcher of the member that leads the incident, or of one that is helping."""
    return await enter.execute(command, target=item_id)
