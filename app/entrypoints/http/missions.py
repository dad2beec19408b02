"""Missions over HTTP: every step from the lender's word until the unit is home."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.crews import NameGuide, NameLiaison, WriteManifest
from app.commands.measures import RecordMeasures
from app.commands.missions import (
    AbortMission,
    AdvanceMission,
    AssignUnit,
    CloseMission,
    Recall,
    ReleaseMission,
    ReportAtBorder,
    StandDown,
)
from app.commands.receipt import Receipt
from app.commands.reliefs import PlanRelief
from app.commands.requests import Kind
from app.domain import errors
from app.domain.forms import Code, Instant
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import missions as queries
from app.queries.missions import MissionView, StepView

router = space_router("missions")

STATUSES = states("mission")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
STEP = responses(errors.TransitionNotAllowed, errors.OutOfOrder, body=True)


@router.get(
    "/missions",
    summary="List missions",
    response_model=Page[MissionView],
    responses=with_features(responses(errors.BadCursor, errors.UnknownCode)),
)
async def list_missions(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    box: BoxQuery,
    as_features: AsFeatures,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
    kind: Annotated[list[Kind], Query(description="Only these kinds; without one, not help from day to day.")] = [],  # noqa: B006 - the same
    member: Annotated[UUID | None, Query(description="Only those this member sends or asked for.")] = None,
    incident: Annotated[UUID | None, Query(description="Only those for this incident.")] = None,
    request: Annotated[UUID | None, Query(description="Only those for this request.")] = None,
    resource: Annotated[UUID | None, Query(description="Only those of this unit.")] = None,
    active: Annotated[
        bool | None, Query(description="True: only units that are not home yet; false: the others.")
    ] = None,
    since: Annotated[
        Instant | None, Query(description="Only those in their state since this instant or later.")
    ] = None,
    until: Annotated[Instant | None, Query(description="Only those in their state since before this instant.")] = None,
) -> Page[MissionView] | Response:
    """Every mission of the corridor, newest first. With `Accept: application/geo+json`, as features at their destinations."""
    for number, code in enumerate(status):
        require("state of a mission", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint(
        "missions",
        {
            "space": space, "viewer": actor.member_id, "status": status, "kind": kind, "member": member, "incident": incident, "request": request, "resource": resource,
            "active": active, "bbox": box, "since": since, "until": until,
        },
    )  # fmt: skip
    rows = await queries.missions(
        reader, space, viewer=actor.member_id, status=status, kind=kind, member=member, incident=incident, request=request, resource=resource, active=active, box=box,
        since=since, until=until, before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    page = page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
    return shown(page, as_features, geometry="geometry")


@router.get("/missions/{mission_id}", summary="Read a mission", responses=responses())
async def read_mission(
    space: Space, mission_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> MissionView:
    """One mission as it is now. Names and telephones of people are for the two members alone."""
    found = await queries.mission(reader, space, mission_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/missions/{mission_id}/steps",
    summary="Read how a mission came to where it is",
    responses=responses(errors.BadCursor),
)
async def list_steps(
    space: Space, mission_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[StepView]:
    """Its steps in their order, as the journal tells them: who, when it happened, when it was recorded, from where, why."""
    await queries.mission(reader, space, mission_id, viewer=actor.member_id)
    of = fingerprint("mission_steps", {"space": space, "mission": mission_id})
    rows = await queries.mission_steps(
        reader,
        space,
        mission_id,
        viewer=actor.member_id,
        after=decode_cursor(of, paging.cursor, [int]),
        limit=paging.limit,
    )
    return page_of(rows, paging, of, key=lambda row: [row.seq], item=lambda row: row)


@router.post(
    "/missions/{mission_id}/advance",
    summary="Report the unit's next step",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfOrder, errors.UnknownCode, body=True),
)
async def advance_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[AdvanceMission, Body(examples=[{"to": "in_transit", "occurred_at": "2026-07-14T12:09:00Z"}])],
) -> Receipt:
    """By the lender: dispatcher, representative or liaison officer. A dispatch system may be several steps ahead."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/border",
    summary="Report the unit at the border",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfOrder, errors.UnknownCode, body=True),
)
async def report_at_border(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[ReportAtBorder, Body(examples=[{"to": "cleared", "why": "Waved through."}])],
) -> Receipt:
    """By the lender's liaison officer or dispatcher, where the crossing has control: `at_border`, then `cleared`."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/assign-unit",
    summary="Name a mission's unit",
    responses=responses(errors.NotAvailable, body=True),
)
async def assign_unit(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[AssignUnit, Body(examples=[{"resource_id": "0197a1b2-0000-7000-8000-000000000001"}])],
) -> Receipt:
    """By the lender's dispatcher or representative, after a phone call: which unit it is that rolled."""
    return await enter.execute(command, target=mission_id)


@router.post("/missions/{mission_id}/release", summary="Release a unit", responses=STEP)
async def release_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[ReleaseMission, Body(examples=[{"why": "The basement is dry. Thank you."}])],
) -> Receipt:
    """By the requester's dispatcher or representative: its work is done."""
    return await enter.execute(command, target=mission_id)


@router.post("/missions/{mission_id}/stand-down", summary="Stand a unit down", responses=STEP)
async def stand_down(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[StandDown, Body(examples=[{"why": "The dike holds; no longer needed."}])],
) -> Receipt:
    """By the requester's dispatcher or representative, before its work is done. The request lacks it again."""
    return await enter.execute(command, target=mission_id)


@router.post("/missions/{mission_id}/recall", summary="Recall a unit", responses=STEP)
async def recall(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[Recall, Body(examples=[{"why": "Eigener Einsatz in Eilendorf, Vollbrand."}])],
) -> Receipt:
    """By the lender's dispatcher or representative, at any time; nobody can refuse. The request lacks it again."""
    return await enter.execute(command, target=mission_id)


@router.post("/missions/{mission_id}/abort", summary="Abort a mission", responses=STEP)
async def abort_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[AbortMission, Body(examples=[{"why": "Panne de pompe.", "out_of_service": "damage"}])],
) -> Receipt:
    """By the lender's dispatcher or representative: the unit can't go on. The request lacks it again."""
    return await enter.execute(command, target=mission_id)


@router.post("/missions/{mission_id}/close", summary="Close a mission", responses=STEP)
async def close_mission(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[CloseMission, Body(examples=[{"why": "Times agreed with the other side."}])],
) -> Receipt:
    """By a dispatcher or representative of either side, once the unit is home."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/relief",
    summary="Plan a relief",
    responses=responses(
        errors.TransitionNotAllowed, errors.NotAvailable, errors.AgreementRefused, errors.OutOfRange, body=True
    ),
)
async def plan_relief(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[
        PlanRelief,
        Body(
            examples=[
                {"resource_id": "0197a1b2-0000-7000-8000-000000000001", "relieve_by": "2026-07-15T18:00:00Z"},
            ]
        ),
    ],
) -> Receipt:
    """By who may commit the lender: another unit of its own takes over. Both count once while they are out together."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/liaison",
    summary="Name the liaison officer",
    responses=responses(errors.TransitionNotAllowed, errors.MissingField, body=True),
)
async def name_liaison(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[NameLiaison, Body(examples=[{"name": "HBM Schmitz", "phone": "+49 00 000 0177"}])],
) -> Receipt:
    """By the lender: who travels with the unit and speaks for it. Name and telephone are for the two members alone."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/guide",
    summary="Name the guide",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def name_guide(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[
        NameGuide, Body(examples=[{"name": "OvD-B", "phone": "+31 00 000 0144", "talkgroup": "DEMO-NL-101"}])
    ],
) -> Receipt:
    """By the requester: who meets the unit, and the talkgroup. Name and telephone are for the two members alone."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/manifest",
    summary="Write what comes along",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def write_manifest(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[
        WriteManifest,
        Body(
            examples=[{"officers": 1, "ncos": 2, "crew": 6, "vehicles": 2, "items": [{"item": "pump", "quantity": 1}]}]
        ),
    ],
) -> Receipt:
    """By the lender: people by rank, vehicles and things, as police and customs ask for them. No names."""
    return await enter.execute(command, target=mission_id)


@router.post(
    "/missions/{mission_id}/measures",
    summary="Write down what a mission took",
    responses=responses(errors.TransitionNotAllowed, errors.Conflict, errors.MissingField, body=True),
)
async def record_measures(
    mission_id: UUID,
    enter: Enter,
    command: Annotated[
        RecordMeasures,
        Body(
            examples=[
                {"kilometres": 64.5, "consumables": [{"item": "diesel", "quantity": 80, "unit": "l"}]},
            ]
        ),
    ],
) -> Receipt:
    """By the lender, once the unit is home, until it is claimed for: kilometres, people, hours, what was used up. A claim rests on it."""
    return await enter.execute(command, target=mission_id)
