"""The after-action report of a drill and the improvement plan over all of them, made of the rows and of the drill's journal.

Who may read them is decided by whoever asks (``Known.require_told``); here the rows become the shapes of ``domain/drills/report.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from app.domain.drills import US
from app.domain.drills.after_action import after_action, result_of
from app.domain.drills.improvement import Past, improvement_plan
from app.domain.drills.metrics import Measured
from app.domain.drills.rating import Overrule, Rated
from app.domain.drills.report import (
    Assessment,
    CorrectiveAction,
    Held,
    HotWash,
    Observation,
    Report,
    Written,
)
from app.domain.drills.sides import TOLD
from app.queries.drill_said import overrules, stop_reasons
from app.queries.drills import Known, over
from app.queries.lists import decoded
from app.store.drills import playing, scenario_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from uuid import UUID

    import asyncpg

    from app.domain.authority import Actor
    from app.domain.drills.improvement import ImprovementPlan
    from app.domain.drills.play import Play

_RATINGS: Final = "SELECT * FROM drill_rating WHERE space_id = $1 AND drill_id = ANY($2) ORDER BY position"
_MARKS: Final = """
    SELECT about, party, at_us, note FROM drill_mark
    WHERE space_id = $1 AND drill_id = $2 AND kind = 'action' ORDER BY at_us, id
"""
_OBSERVATIONS: Final = "SELECT * FROM drill_observation WHERE space_id = $1 AND drill_id = $2 ORDER BY id"
_HOT_WASHES: Final = """
    SELECT w.*, m.code FROM drill_hot_wash w JOIN member m ON m.space_id = w.space_id AND m.id = w.member_id
    WHERE w.space_id = $1 AND w.drill_id = $2 ORDER BY w.id
"""
_ACTIONS: Final = """
    SELECT a.*, d.code AS drill, m.code AS owner, r.code AS retest FROM corrective_action a
    JOIN drill d ON d.space_id = a.space_id AND d.id = a.drill_id
    JOIN member m ON m.space_id = a.space_id AND m.id = a.owner_member_id
    LEFT JOIN drill r ON r.space_id = a.space_id AND r.id = a.retest_drill_id
    WHERE a.space_id = $1 AND a.drill_id = ANY($2) AND a.status <> 'dropped' ORDER BY a.id
"""
_COUNTRIES: Final = "SELECT code, country FROM member WHERE space_id = $1"


async def report_of(conn: asyncpg.Connection[Any], row: Mapping[str, Any]) -> Report:
    """Return the report of a drill that is over; ``row`` is the drill's. ``conn`` sees one instant."""
    at = await playing(conn, row)
    space, drill_id = row["space_id"], row["id"]
    held = Held(
        ref=row["code"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        lasted_us=at.clock.anchor_us,
        stopped=at.clock.state == "stopped",
        stop_reasons=await stop_reasons(conn, space, drill_id),
    )
    ratings = await conn.fetch(_RATINGS, space, [drill_id])
    said = await overrules(conn, space, ratings)
    actions = await conn.fetch(_ACTIONS, space, [drill_id])
    written = Written(
        assessments=tuple(_assessment(at.play, each) for each in await conn.fetch(_MARKS, space, drill_id)),
        observations=tuple(_observation(each) for each in await conn.fetch(_OBSERVATIONS, space, drill_id)),
        hot_washes=tuple(_hot_wash(each) for each in await conn.fetch(_HOT_WASHES, space, drill_id)),
        actions=tuple(_action(each) for each in actions),
        summary=row["hot_wash"],
    )
    made = after_action(at.play, held, [_rated(each, said.get(each["id"], ())) for each in ratings], written)
    # Where the machine played everybody, nobody was asked for a hot wash.
    return replace(made, silent=()) if row["virtual"] == "all" else made


async def plan_as_of(conn: asyncpg.Connection[Any], space: str, today: date, *, actor: Actor) -> ImprovementPlan:
    """Return the improvement plan over all drills that are over: every action; objectives of drills whose hot wash was held, and
    of those whose staff the reader is.
    """
    drills = await over(conn, space, actor=actor)
    ids = [each.row["id"] for each in drills]
    countries = {each["code"]: each["country"] for each in await conn.fetch(_COUNTRIES, space)}
    ratings, actions = await conn.fetch(_RATINGS, space, ids), await conn.fetch(_ACTIONS, space, ids)
    return improvement_plan((_past(each, ratings, actions, countries) for each in drills), today)


def _past(
    drill: Known, ratings: Sequence[asyncpg.Record], actions: Sequence[asyncpg.Record], countries: Mapping[str, str]
) -> Past:
    row = drill.row
    scenario = scenario_of(row["script"], row["script_digest"])
    rated = [_rated(each) for each in ratings if each["drill_id"] == row["id"]]
    told = drill.staff or row["status"] in TOLD
    return Past(
        drill=row["code"],
        held_on=row["started_at"].date(),
        scenario=scenario.id,
        objectives=tuple(
            result_of(
                scenario.objective(each.objective),
                each,
                scenario.members(countries, scenario.objective(each.objective).of),
            )
            for each in rated
            if told
        ),
        actions=tuple(_action(each) for each in actions if each["drill_id"] == row["id"]),
    )


# ---------------------------------------------------------------- rows as the report's shapes


def _rated(row: asyncpg.Record, said: tuple[Overrule, ...] = ()) -> Rated:
    found = decoded(row, "interval", "evidence")
    overruled = said[-1] if said else None
    if overruled is None and found["overruled"] is not None:
        overruled = Overrule(
            rating=found["overruled"], reason=found["reason"], by=_person(found["overruled_by_id"]), seq=found["seq"]
        )
    return Rated(
        objective=found["objective"],
        measured=Measured(
            figure=found["figure"],
            n=found["n"],
            hits=found["hits"],
            interval=None if found["interval"] is None else (found["interval"][0], found["interval"][1]),
            never=found["never"],
            not_assessed=found["not_assessed"],
            evidence=tuple(found["evidence"]),
        ),
        computed=found["computed"],
        overruled=overruled,
        overrules=said,
    )


def _assessment(play: Play, row: asyncpg.Record) -> Assessment:
    """Return what was ticked: late if that was after the time that the inject gives."""
    delivery, expect = play.deliveries.get(row["about"]), play.scenario.inject(row["about"]).expect
    due_us = None
    if delivery is not None and expect is not None and expect.within is not None:
        due_us = delivery.at_us + expect.within * US
    late = due_us is not None and row["at_us"] > due_us
    return Assessment(
        inject=row["about"], members=(row["party"],), standing="late" if late else "done", note=row["note"]
    )


def _observation(row: asyncpg.Record) -> Observation:
    return Observation(
        id=str(row["id"]),
        by=_person(row["author_id"]),
        at_us=row["at_us"],
        text=row["text"],
        kind=row["kind"],
        objective=row["objective"],
        seq=row["seq"],
    )


def _hot_wash(row: asyncpg.Record) -> HotWash:
    return HotWash(
        member=row["code"],
        at=row["written_at"],
        went_well=row["went_well"],
        to_improve=row["to_improve"],
        to_change=row["to_change"],
    )


def _action(row: asyncpg.Record) -> CorrectiveAction:
    return CorrectiveAction(
        id=row["ref"],
        drill=row["drill"],
        text=row["text"],
        owner=row["owner"],
        due=row["due_on"],
        objective=row["objective"],
        done_on=None if row["done_at"] is None else row["done_at"].date(),
        retest_drill=row["retest"],
        retested=row["status"] == "retested",
    )


def _person(id_: UUID | None) -> str:
    return "system" if id_ is None else f"user:{id_}"
