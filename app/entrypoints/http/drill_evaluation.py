"""Evaluating a drill over HTTP: observations, ratings, the hot wash, and what has to become better."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.drill_evaluation import (
    AddCorrectiveAction,
    ChangeCorrectiveAction,
    CloseDrill,
    HoldHotWash,
    ObserveDrill,
    OverruleRating,
    WriteHotWash,
)
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import drill_evaluation as queries
from app.queries.drill_evaluation import (
    CorrectiveActionView,
    DrillHotWashView,
    DrillObservationView,
    DrillRatingView,
)

router = space_router("drills")

_AFTER = (errors.TransitionNotAllowed, errors.WrongSide)
MEMBER = "0197a1b2-0000-7000-8000-000000000001"
STATUSES = states("corrective_action")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]


@router.get(
    "/drills/{drill_id}/observations",
    summary="List what was seen",
    responses=responses(errors.BadCursor, errors.RoleMissing, errors.WrongSide),
)
async def list_observations(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[DrillObservationView]:
    """Newest first. For the staff; once the hot wash was held, for everybody who took part."""
    of = fingerprint("observations", {"space": space, "drill": drill_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.observations(reader, space, drill_id, actor=actor, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/drills/{drill_id}/ratings", summary="List a drill's ratings", responses=responses(errors.BadCursor))
async def list_ratings(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[DrillRatingView]:
    """In the order of the script, once it has ended; none before, and none of a drill that was stopped."""
    of = fingerprint("ratings", {"space": space, "drill": drill_id})
    after = decode_cursor(of, paging.cursor, [int])
    rows = await queries.ratings(reader, space, drill_id, actor=actor, after=after, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.position], item=lambda row: row)


@router.get("/drills/{drill_id}/hot-washes", summary="List hot washes", responses=responses(errors.BadCursor))
async def list_hot_washes(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[DrillHotWashView]:
    """Newest first: your own member's at once, the others' once it was held. The staff reads all at once."""
    of = fingerprint("hot-washes", {"space": space, "drill": drill_id, "viewer": actor.member_id})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.hot_washes(reader, space, drill_id, actor=actor, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get(
    "/corrective-actions",
    summary="List corrective actions",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_corrective_actions(
    space: Space,
    _actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    paging: PagingQuery,
    status: Annotated[list[Status], Query(description="Only these states.", max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    drill: Annotated[UUID | None, Query(description="Only those that this drill showed.")] = None,
    owner: Annotated[UUID | None, Query(description="Only those of this member.")] = None,
    overdue: Annotated[
        bool | None, Query(description="True: only open ones past their day; false: the others.")
    ] = None,
) -> Page[CorrectiveActionView]:
    """Of all drills, newest first."""
    for number, code in enumerate(status):
        require("state", code, STATUSES, pointer=f"query/status/{number}")
    asked = {"space": space, "status": status, "drill": drill, "owner": owner, "overdue": overdue}
    of = fingerprint("corrective-actions", asked)
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.corrective_actions(
        reader, space, today=door.clock.now().date(), status=status, drill=drill, owner=owner, overdue=overdue,
        before=before, limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/corrective-actions/{action_id}", summary="Read a corrective action", responses=responses())
async def read_corrective_action(
    space: Space, action_id: UUID, _actor: CurrentActor, reader: Reader, door: TheDoor, response: Response
) -> CorrectiveActionView:
    """One action, with the ETag that a change has to name."""
    found = await queries.corrective_action(reader, space, action_id, today=door.clock.now().date())
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/drills/{drill_id}/observations", summary="Write down what was seen", responses=responses(*_AFTER, body=True)
)
async def observe_drill(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[
        ObserveDrill,
        Body(examples=[{"kind": "improvement", "text": "Luik werd pas na tien minuten gebeld.", "seq": 42}]),
    ],
) -> Receipt:
    """By an evaluator, controller or director. `seq` is the entry of the drill's journal that it is about."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/overrules", summary="Overrule a rating", responses=responses(*_AFTER, body=True))
async def overrule_rating(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[
        OverruleRating, Body(examples=[{"objective": "asked", "rating": "S", "reason": "Ze belden in plaats daarvan."}])
    ],
) -> Receipt:
    """By an evaluator, once it has ended and until the report is done. The computed rating stays beside it."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/hot-washes", summary="Write your member's hot wash", responses=responses(*_AFTER, body=True)
)
async def write_hot_wash(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[
        WriteHotWash, Body(examples=[{"went_well": "De verbinding.", "to_improve": "De eerste vijf minuten."}])
    ],
) -> Receipt:
    """By who took part, within half an hour of the end; a second one replaces the first."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/review", summary="Close the hot wash", responses=responses(*_AFTER, body=True))
async def hold_hot_wash(
    drill_id: UUID, enter: Enter, command: Annotated[HoldHotWash, Body(examples=[{"summary": "Eerder bellen."}])]
) -> Receipt:
    """By a director: it was held, and this is what it came to. Everybody who took part can read the report now."""
    return await enter.execute(command, target=drill_id)


@router.post("/drills/{drill_id}/close", summary="Close a drill", responses=responses(*_AFTER, body=True))
async def close_drill(drill_id: UUID, enter: Enter, command: Annotated[CloseDrill, Body(examples=[{}])]) -> Receipt:
    """By a director: the report is done. Corrective actions go on."""
    return await enter.execute(command, target=drill_id)


@router.post(
    "/drills/{drill_id}/corrective-actions",
    status_code=201,
    summary="Add a corrective action",
    responses=responses(*_AFTER, body=True),
)
async def add_corrective_action(
    drill_id: UUID,
    enter: Enter,
    command: Annotated[
        AddCorrectiveAction,
        Body(examples=[{"text": "Binnen vijf minuten bellen", "owner_member_id": MEMBER, "due_on": "2027-09-01"}]),
    ],
) -> Receipt:
    """By a director or evaluator, after the drill: what has to become better, by whose hand and until when."""
    return await enter.create(command, "corrective-actions", target=drill_id)


@router.patch(
    "/corrective-actions/{action_id}",
    summary="Change a corrective action",
    responses=responses(*_AFTER, body=True, if_match=True),
)
async def change_corrective_action(
    action_id: UUID, enter: Enter, command: Annotated[ChangeCorrectiveAction, Body(examples=[{"status": "done"}])]
) -> Receipt:
    """By its owner or a director. *Retested* needs the drill that showed it. If-Match is required."""
    return await enter.execute(command, target=action_id, edit=True)
