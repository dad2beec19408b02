"""The papers of a drill over HTTP: handbooks, the after-action report as JSON, PDF and CSV, and the improvement plan over all drills.

A report holds the script. So it is read by the staff, and by everybody else who took part once the hot wash was held.
Typesetting is computing: it is done in a thread, and the feed goes on.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from app.domain import errors
from app.domain.drills.improvement import ImprovementPlan
from app.domain.drills.report import Report
from app.domain.drills.views import handbook
from app.entrypoints.http.deps import Connection, CurrentActor, SnapshotReader, Space, TheDoor, space_router
from app.entrypoints.http.papers import Language, as_pdf, printed
from app.entrypoints.http.problems import Responses, responses
from app.interop import drill_files as files
from app.interop.drill_files import Document
from app.interop.drill_handbooks import Occasion, controller_handbook, player_handbook
from app.interop.drill_report_paper import report_paper
from app.queries.drill_places import places_of
from app.queries.drill_report import plan_as_of, report_of
from app.queries.drill_staff import staff_of
from app.queries.drills import Known, known
from app.store.drills import scenario_of

router = space_router("drills")

CSV: Final = "text/csv"
JSON: Final = "application/json"
_TOLD: Final = (errors.RoleMissing, errors.WrongSide, errors.Conflict)


def _as_csv(columns: tuple[str, ...], documented: Responses) -> Responses:
    example = f"EXERCISE EXERCISE EXERCISE\r\n{','.join(columns)}\r\nEXERCISE EXERCISE EXERCISE\r\n"
    content: dict[str, Any] = {CSV: {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": "A file in CSV, in UTF-8.", "content": content}} | documented


def _file(data: bytes, name: str) -> Response:
    return Response(data, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


async def _reported(reader: Connection, space: str, drill_id: UUID, actor: CurrentActor) -> tuple[Known, Report]:
    found = await known(reader, space, drill_id, actor)
    found.require_told("reading the report")
    found.require_over()
    return found, await report_of(reader, found.row)


# ---------------------------------------------------------------- before


def _occasion(found: Known, *, staff: bool) -> Occasion:
    row = found.row
    window = None if row["window_from"] is None else (row["window_from"], row["window_until"])
    return Occasion(ref=row["code"], start=row["starts_at"] if staff else row["announced_for"], window=window)


@router.get(
    "/drills/{drill_id}/player-handbook.pdf",
    summary="Print the handbook for players",
    response_class=Response,
    responses=as_pdf(responses()),
)
async def print_player_handbook(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, door: TheDoor, lang: Language = "en"
) -> Response:
    """For everybody: directive, extent of play, situation, communications, stop words, who is where. Nothing of the script."""
    found = await known(reader, space, drill_id, actor)
    scenario = scenario_of(found.row["script"], found.row["script_digest"])
    made = await asyncio.to_thread(
        player_handbook,
        handbook(scenario),
        await places_of(reader, space),
        lang,
        occasion=_occasion(found, staff=False),
        printed_at=door.clock.now(),
    )
    return printed(made, f"{found.row['code']}-player-handbook-{lang}")


@router.get(
    "/drills/{drill_id}/controller-handbook.pdf",
    summary="Print the handbook for controllers and evaluators",
    response_class=Response,
    responses=as_pdf(responses(errors.RoleMissing)),
)
async def print_controller_handbook(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, door: TheDoor, lang: Language = "en"
) -> Response:
    """The plan and the whole script, for directors, controllers, simulation cell and evaluators; who they are, and by what they are reached."""
    found = await known(reader, space, drill_id, actor)
    found.require_staff("reading the script")
    made = await asyncio.to_thread(
        controller_handbook,
        scenario_of(found.row["script"], found.row["script_digest"]),
        await places_of(reader, space),
        lang,
        occasion=_occasion(found, staff=True),
        people=await staff_of(reader, found),
        printed_at=door.clock.now(),
    )
    return printed(made, f"{found.row['code']}-controller-handbook-{lang}")


# ---------------------------------------------------------------- after


@router.get(
    "/drills/{drill_id}/report",
    summary="Read the after-action report",
    response_model=Document,
    responses=responses(*_TOLD),
)
async def read_report(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, door: TheDoor
) -> Response:
    """Planned and actual, ratings with their figures, what each member saw, what people wrote, and what has to become better; with the improvement plan over all drills."""
    _, report = await _reported(reader, space, drill_id, actor)
    plan = await plan_as_of(reader, space, door.clock.now().date(), actor=actor)
    languages = (await places_of(reader, space)).languages
    return Response(await asyncio.to_thread(files.report_json, report, plan, languages), media_type=JSON)


@router.get(
    "/drills/{drill_id}/report.pdf",
    summary="Print the after-action report",
    response_class=Response,
    responses=as_pdf(responses(*_TOLD)),
)
async def print_report(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, door: TheDoor, lang: Language = "en"
) -> Response:
    """With the improvement plan over all drills. What people wrote stands as they wrote it."""
    found, report = await _reported(reader, space, drill_id, actor)
    made = await asyncio.to_thread(
        report_paper,
        report,
        scenario_of(found.row["script"], found.row["script_digest"]),
        await places_of(reader, space),
        lang,
        plan=await plan_as_of(reader, space, door.clock.now().date(), actor=actor),
        printed_at=door.clock.now(),
    )
    return printed(made, f"{found.row['code']}-report-{lang}")


@router.get(
    "/drills/{drill_id}/time-line.csv",
    summary="Export planned and actual",
    response_class=Response,
    responses=_as_csv(files.TIME_LINE, responses(*_TOLD)),
)
async def export_time_line(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, lang: Language = "en"
) -> Response:
    """A row for each thing expected, or for an inject that expected nothing. Times are seconds of drill time."""
    found, report = await _reported(reader, space, drill_id, actor)
    languages = (await places_of(reader, space)).languages
    return _file(files.time_line_csv(report, lang, languages), f"{found.row['code']}-time-line-{lang}")


@router.get(
    "/drills/{drill_id}/ratings.csv",
    summary="Export the ratings",
    response_class=Response,
    responses=_as_csv(files.RATINGS, responses(*_TOLD)),
)
async def export_ratings(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, lang: Language = "en"
) -> Response:
    """A row for each objective, with figure, thresholds, interval and rating."""
    found, report = await _reported(reader, space, drill_id, actor)
    languages = (await places_of(reader, space)).languages
    return _file(files.ratings_csv(report, lang, languages), f"{found.row['code']}-ratings-{lang}")


@router.get(
    "/drills/{drill_id}/actions.csv",
    summary="Export a drill's corrective actions",
    response_class=Response,
    responses=_as_csv(files.ACTIONS, responses(*_TOLD)),
)
async def export_actions(
    space: Space, drill_id: UUID, actor: CurrentActor, reader: SnapshotReader, door: TheDoor
) -> Response:
    """A row for each action that the drill led to, as the improvement plan follows it."""
    found = await known(reader, space, drill_id, actor)
    found.require_told("reading the report")
    found.require_over()
    plan = await plan_as_of(reader, space, door.clock.now().date(), actor=actor)
    own = [each for each in plan.actions if each.action.drill == found.row["code"]]
    languages = (await places_of(reader, space)).languages
    return _file(files.actions_csv(own, languages), f"{found.row['code']}-actions")


@router.get("/improvement-plan", summary="Read the improvement plan", responses=responses(path_ids=True))
async def read_improvement_plan(
    space: Space, actor: CurrentActor, reader: SnapshotReader, door: TheDoor
) -> ImprovementPlan:
    """Over all drills: every corrective action, how it stands, what its retest showed; and how each objective fared from drill to drill."""
    return await plan_as_of(reader, space, door.clock.now().date(), actor=actor)


@router.get(
    "/improvement-plan.csv",
    summary="Export the improvement plan",
    response_class=Response,
    responses=_as_csv(files.ACTIONS, responses(path_ids=True)),
)
async def export_improvement_plan(space: Space, actor: CurrentActor, reader: SnapshotReader, door: TheDoor) -> Response:
    """A row for each corrective action of all drills."""
    plan = await plan_as_of(reader, space, door.clock.now().date(), actor=actor)
    languages = (await places_of(reader, space)).languages
    return _file(files.actions_csv(plan.actions, languages), "improvement-plan")
