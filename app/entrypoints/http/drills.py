"""Drills over HTTP: the calendar of them, their plan, and the way to their beginning. In the live space alone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.drill_hours import ScheduleDrill
from app.commands.drill_plans import ApproveDrill, ChangeDrill, PlanDrill
from app.commands.drill_start import AnswerReady, GoAheadWithDrill, StandDownDrill, StartDrill
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import drills as queries
from app.queries.drills import DrillView, ScriptView

router = space_router("drills")

STATUSES = states("drill")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
SCRIPT = "id: small-flood\nversion: 1\n"


@router.get("/drills", summary="List drills", responses=responses(errors.BadCursor, errors.UnknownCode))
async def list_drills(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[Status], Query(description="Only these states.", max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those in which this member takes part.")] = None,
) -> Page[DrillView]:
    """Every drill, newest first. Its hour, length and players are told to its staff; of one without notice others learn the window."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    of = fingerprint("drills", {"space": space, "status": status, "member": member})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.drills(
        reader, space, actor=actor, status=status, member=member, before=before, limit=paging.limit
    )
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/drills",
    status_code=201,
    summary="Plan a drill",
    responses=responses(errors.UnknownCode, body=True),
)
async def plan_drill(enter: Enter, command: Annotated[PlanDrill, Body(examples=[{"script": SCRIPT}])]) -> Receipt:
    """By an exercise director. Each fault of the script is told under `faults`, by line and column."""
    return await enter.create(command, "drills")


@router.get("/drills/{drill_id}", summary="Read a drill", responses=responses())
async def read_drill(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> DrillView:
    """One drill, with what you may do with it now, and the ETag that a change has to name."""
    found = await queries.drill(reader, space, drill_id, actor=actor)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/drills/{drill_id}/script",
    summary="Read a drill's script",
    responses=responses(errors.RoleMissing),
)
async def read_script(space: Space, drill_id: UUID, actor: CurrentActor, reader: Reader) -> ScriptView:
    """For its directors, controllers, simulation cell and evaluators."""
    return await queries.script(reader, space, drill_id, actor=actor)


@router.patch(
    "/drills/{drill_id}",
    summary="Change a drill's plan",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, errors.UnknownCode, body=True, if_match=True),
)
async def change_drill(
    drill_id: UUID, enter: Enter, command: Annotated[ChangeDrill, Body(examples=[{"speed": 2}])]
) -> Receipt:
    """By a director of it, until it begins. Its approval, its hour and the players' answers are gone. If-Match is required."""
    return await enter.execute(command, target=drill_id, edit=True)


@router.post(
    "/drills/{drill_id}/approve",
    summary="Approve a drill",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, body=True),
)
async def approve_drill(drill_id: UUID, enter: Enter, command: Annotated[ApproveDrill, Body(examples=[{}])]) -> Receipt:
    """By another director than the one who wrote its script."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/schedule",
    summary="Give a drill its hour",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, errors.UnknownCode, body=True),
)
async def schedule_drill(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[
        ScheduleDrill,
        Body(
            examples=[
                {
                    "start": "2027-05-04T09:00",
                    "time_zone": "Europe/Brussels",
                    "repeats": {"monthly": {"nth": 1, "weekday": 1}},
                }
            ]
        ),
    ],
) -> Receipt:
    """By a director, as a local time. It begins by itself at its hour, if enough players are ready and no live incident forbids it."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/ready",
    summary="Say whether your member is ready",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, errors.Duplicate, body=True),
)
async def answer_ready(
    drill_id: UUID, enter: Enter, command: Annotated[AnswerReady, Body(examples=[{"ready": True}])]
) -> Receipt:
    """By a dispatcher, representative or director of a player; once it has begun, the member joins late."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/go-ahead",
    summary="Say that a drill is held all the same",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, errors.Duplicate, body=True),
)
async def go_ahead_with_drill(
    drill_id: UUID, enter: Enter, command: Annotated[GoAheadWithDrill, Body(examples=[{}])]
) -> Receipt:
    """By a director, for one country: a live incident below severity 4 concerns a player. All countries' words are needed."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/start",
    summary="Begin a drill now",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, body=True),
)
async def start_drill(drill_id: UUID, enter: Enter, command: Annotated[StartDrill, Body(examples=[{}])]) -> Receipt:
    """By a director, without waiting for its hour. What speaks against it stands under `reasons`."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/stand-down",
    summary="Stand a drill down",
    responses=responses(errors.TransitionNotAllowed, errors.WrongSide, body=True),
)
async def stand_down_drill(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[StandDownDrill, Body(examples=[{"reason": "Te veel zieken in de meldkamer."}])],
) -> Receipt:
    """By a director: it is not held."""
    return await enter.execute(command, target=drill_id)
