"""Automatic aid over HTTP: alarmed by one command, answered by one word."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.automatic_aid import AlarmAutomaticAid, AnswerAutomaticAlarm, CallOffAutomaticAid
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import automatic_aid as queries
from app.queries.automatic_aid import AutomaticAidView, AutomaticAlarmView, Covered
from app.queries.models import ReadModel

router = space_router("automatic aid")

AID_STATUSES, ALARM_STATUSES = states("automatic_aid"), states("automatic_alarm")
AidStatus = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(AID_STATUSES)})]
AlarmStatus = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(ALARM_STATUSES)})]
UNIT = "0197a1b2-0000-7000-8000-000000000007"


class CoveredView(ReadModel):
    """What clauses of automatic aid cover at a place, for your member."""

    types: tuple[Covered, ...]


@router.get(
    "/incidents/{incident_id}/automatic-aid",
    summary="See whom automatic aid would alarm",
    responses=responses(),
)
async def see_covered(
    space: Space,
    incident_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    lon: Annotated[
        float, Query(ge=-180, le=180, allow_inf_nan=False, description="Where to: degrees east.", examples=[5.706])
    ],
    lat: Annotated[
        float, Query(ge=-90, le=90, allow_inf_nan=False, description="Where to: degrees north.", examples=[50.779])
    ],
    quantity: Annotated[int, Query(ge=1, le=100, description="How many.")] = 1,
) -> CoveredView:
    """Which types a clause covers there, and each lender in its turn, as things are now. Nothing is alarmed by asking."""
    if actor.member_id is None:
        return CoveredView(types=())
    found = await queries.covered(
        reader, space, incident=incident_id, requester=actor.member_id, lon=lon, lat=lat, at=door.clock.now(),
        quantity=quantity,
    )  # fmt: skip
    return CoveredView(types=tuple(found))


@router.post(
    "/incidents/{incident_id}/automatic-aid",
    status_code=201,
    summary="Alarm automatic aid",
    responses=responses(
        errors.AgreementRefused,
        errors.OutOfJurisdiction,
        errors.OutsideCorridor,
        errors.OutsideWorld,
        errors.TransitionNotAllowed,
        errors.UnknownCode,
        body=True,
    ),
)
async def alarm_automatic_aid(
    incident_id: UUID,
    enter: Enter,
    command: Annotated[
        AlarmAutomaticAid,
        Body(examples=[{"type_code": "pump.high_capacity", "lon": 5.706, "lat": 50.779, "place": "Eijsden, Bat"}]),
    ],
) -> Receipt:
    """By the requester's dispatcher or representative: request, offer and mission stand at once, for the first lender that can.

    Who was passed over stands in `passed_over` with every reason. Where nobody can, the request stays open, and the aid is `unfilled`.
    """
    return await enter.create(command, "automatic-aid", target=incident_id)


@router.get(
    "/automatic-aid", summary="List your automatic aid", responses=responses(errors.BadCursor, errors.UnknownCode)
)
async def list_automatic_aid(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    incident: Annotated[UUID | None, Query(description="Only that of this incident.")] = None,
    request: Annotated[UUID | None, Query(description="Only the one behind this request.")] = None,
    status: Annotated[list[AidStatus], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[AutomaticAidView]:
    """What your member has alarmed for, newest first."""
    for number, code in enumerate(status):
        require("state", code, AID_STATUSES, pointer=f"query/status/{number}")
    of = fingerprint(
        "automatic-aid",
        {"space": space, "viewer": actor.member_id, "incident": incident, "request": request, "status": status},
    )
    rows = await queries.aids(
        reader, space, viewer=actor.member_id, incident=incident, request=request, status=status,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/automatic-aid/{automatic_aid_id}", summary="Read automatic aid", responses=responses())
async def read_automatic_aid(
    space: Space, automatic_aid_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> AutomaticAidView:
    """How far it is, and who was passed over."""
    found = await queries.aid(reader, space, automatic_aid_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/automatic-aid/{automatic_aid_id}/call-off",
    summary="Call automatic aid off",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def call_off_automatic_aid(
    automatic_aid_id: UUID,
    enter: Enter,
    command: Annotated[CallOffAutomaticAid, Body(examples=[{"why": "De eigen pomp is er al."}])],
) -> Receipt:
    """By the requester: who is alarmed and has not answered is told so. Units that roll are stood down one by one."""
    return await enter.execute(command, target=automatic_aid_id)


@router.get(
    "/automatic-alarms",
    summary="List your member's automatic alarms",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_automatic_alarms(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    aid: Annotated[UUID | None, Query(description="Only those of this automatic aid.")] = None,
    request: Annotated[UUID | None, Query(description="Only those about this request.")] = None,
    lender: Annotated[UUID | None, Query(description="Only those that this member got.")] = None,
    status: Annotated[list[AlarmStatus], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
) -> Page[AutomaticAlarmView]:
    """Those that your member raised or got, newest first. `alarmed` ones wait for the lender's word."""
    for number, code in enumerate(status):
        require("state", code, ALARM_STATUSES, pointer=f"query/status/{number}")
    filters = {"aid": aid, "request": request, "lender": lender, "status": status}
    of = fingerprint("automatic-alarms", {"space": space, "viewer": actor.member_id, **filters})
    rows = await queries.alarms(
        reader, space, viewer=actor.member_id, aid=aid, request=request, lender=lender, status=status,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/automatic-alarms/{automatic_alarm_id}", summary="Read an automatic alarm", responses=responses())
async def read_automatic_alarm(
    space: Space, automatic_alarm_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> AutomaticAlarmView:
    """One alarm between your member and another."""
    found = await queries.alarm(reader, space, automatic_alarm_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/automatic-alarms/{automatic_alarm_id}/answer",
    summary="Answer an automatic alarm: rolling, or cannot",
    responses=responses(
        errors.TransitionNotAllowed,
        errors.NotAvailable,
        errors.OverFilled,
        errors.MissingField,
        errors.OutOfRange,
        errors.UnknownCode,
        body=True,
    ),
)
async def answer_automatic_alarm(
    automatic_alarm_id: UUID,
    enter: Enter,
    command: Annotated[
        AnswerAutomaticAlarm,
        Body(examples=[{"rolling": True, "resource_ids": [UNIT]}, {"rolling": False, "reason": "own_emergency"}]),
    ],
) -> Receipt:
    """By the lender's dispatcher or representative. What rolls is mobilising; for what can't, the next lender is alarmed at once."""
    return await enter.execute(command, target=automatic_alarm_id)
