"""Leading a drill over HTTP: its clock and its injects, for its staff in live; and what players see of it in its own space."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body

from app.commands.drill_clock import EndDrill, ExplainStop, JumpDrill, PauseDrill, ResumeDrill, SetDrillSpeed, StopDrill
from app.commands.drill_control import DeliverInject, ReachSyncPoint, TickExpectation
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, SnapshotReader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import drill_control as queries
from app.queries import exercise as inside
from app.queries.drill_control import ControlView
from app.queries.exercise import DeliveryView, ExerciseView

router = space_router("drills")

_LEADING = (errors.TransitionNotAllowed, errors.WrongSide)


@router.get(
    "/drills/{drill_id}/control",
    summary="Read how a drill stands",
    responses=responses(errors.RoleMissing),
)
async def read_control(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, door: TheDoor
) -> ControlView:
    """The whole script and what has become of it, for directors, controllers, simulation cell and evaluators."""
    return await queries.control(reader, space, drill_id, actor=actor, now=door.clock.now())


@router.post("/drills/{drill_id}/pause", summary="Pause a drill", responses=responses(*_LEADING, body=True))
async def pause_drill(
    drill_id: UUID, enter: Enter, command: Annotated[PauseDrill, Body(examples=[{"reason": "Somebody is hurt."}])]
) -> Receipt:
    """By any director or safety officer: for everybody, or with `site` at one site."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/resume", summary="Let a drill go on", responses=responses(*_LEADING, body=True))
async def resume_drill(drill_id: UUID, enter: Enter, command: Annotated[ResumeDrill, Body(examples=[{}])]) -> Receipt:
    """A director's word. It goes on with that of the last country's."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/speed", summary="Set a drill's speed", responses=responses(*_LEADING, body=True))
async def set_drill_speed(
    drill_id: UUID, enter: Enter, command: Annotated[SetDrillSpeed, Body(examples=[{"speed": 4}])]
) -> Receipt:
    """By a director: how many times as fast as the wall's clock, from here on."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/jump", summary="Jump to what comes next", responses=responses(*_LEADING, body=True))
async def jump_drill(drill_id: UUID, enter: Enter, command: Annotated[JumpDrill, Body(examples=[{}])]) -> Receipt:
    """By a director. Refused while people are at work on something, which `awaited` names."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/end", summary="End a drill", responses=responses(*_LEADING, body=True))
async def end_drill(drill_id: UUID, enter: Enter, command: Annotated[EndDrill, Body(examples=[{}])]) -> Receipt:
    """By a director, before the script does. Its space is frozen, and the objectives are rated."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/stop",
    summary="REAL EMERGENCY: stop a drill",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def stop_drill(
    drill_id: UUID, enter: Enter, command: Annotated[StopDrill, Body(examples=[{"reason": "Brand in ons gebouw"}])]
) -> Receipt:
    """By anybody, at once and for ever. A second stop changes nothing."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/stop-reason",
    summary="Say why a drill was stopped",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def explain_stop(
    drill_id: UUID, enter: Enter, command: Annotated[ExplainStop, Body(examples=[{"reason": "Brand in ons gebouw"}])]
) -> Receipt:
    """By who stopped it, or by its staff: once, or anew. The report keeps every reason, with who said it and when."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/injects",
    summary="Deliver an inject",
    responses=responses(*_LEADING, errors.Duplicate, body=True),
)
async def deliver_inject(
    drill_id: UUID, enter: Enter, command: Annotated[DeliverInject, Body(examples=[{"inject": "dike-call"}])]
) -> Receipt:
    """By a controller, the simulation cell or a director, by hand: one that waits for it, or one before its time."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/ticks",
    summary="Tick that an expected action was seen",
    responses=responses(*_LEADING, errors.Duplicate, body=True),
)
async def tick_expectation(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[TickExpectation, Body(examples=[{"inject": "dike-call", "member": "be-liege"}])],
) -> Receipt:
    """By a controller, the simulation cell or an evaluator. When is `occurred_at`, if it was not just now."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/sync-points",
    summary="Say that a side has reached a sync point",
    responses=responses(*_LEADING, errors.Duplicate, body=True),
)
async def reach_sync_point(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[ReachSyncPoint, Body(examples=[{"point": "staffs-met", "side": "BE"}])],
) -> Receipt:
    """By a controller or director, for a point that is reached by their word."""
    return await enter.execute(command, target=drill_id)


# ---------------------------------------------------------------- in the drill's own space


@router.get("/exercise", summary="Read which drill is played here", responses=responses())
async def read_exercise(space: Space, actor: CurrentActor, reader: Reader, door: TheDoor) -> ExerciseView:
    """In a drill's own space, for everybody: its name, its clock, what players may read of the plan, and where your member plays."""
    return await inside.exercise(reader, space, viewer=actor.member_id, now=door.clock.now())


@router.get("/deliveries", summary="List what your member was told", responses=responses(errors.BadCursor))
async def list_deliveries(space: Space, actor: CurrentActor, reader: Reader, paging: PagingQuery) -> Page[DeliveryView]:
    """In a drill's own space, newest first: who said what, by what means. Each text is marked as an exercise, first and last."""
    of = fingerprint("deliveries", {"space": space, "viewer": actor.member_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await inside.deliveries(reader, space, viewer=actor.member_id, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
