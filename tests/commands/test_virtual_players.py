"""Virtual players in a drill: they act as people do, and the same seed is the same drill."""

from __future__ import annotations

import pytest

from app.commands.drill_running import run_drill
from app.domain.drills import placed
from app.domain.drills.model import Scenario
from app.store.folded import differences, folded_and_tables
from app.store.journal import read
from tests.commands.drilling import SCRIPT
from tests.domain.drills.making import SCENARIOS

SECOND = 1_000_000
TALKED = {"seminar", "workshop"}
"""Exercises in which people talk, and no unit drives."""


async def played(drilling, beside, script=SCRIPT, **more):
    """Play it, and return how it went with what a second run must show again: each event's type, second and member."""
    ran = await run_drill(drilling.door, script, speed=60, virtual="all", **more)
    play = (await drilling.play(ran.drill_id)).play
    events = [(event.type, event.at_us // SECOND, event.member) for event in play.events if event.at_us > 0]
    rated = [(each["objective"], each["computed"], each["figure"], each["n"]) for each in ran.ratings]
    return ran, events, rated


async def test_the_same_seed_is_the_same_drill(drilling, beside):
    """A rating that went up would say nothing: chance might have been kinder, or the machine quicker."""
    first, events, rated = await played(drilling, beside)
    assert first.broken == ()
    types = {type_ for type_, _, _ in events}
    assert {"incident.reported", "request.opened", "request.acknowledged", "offer.made", "mission.committed"} <= types
    again, events_again, rated_again = await played(drilling, beside)
    assert events_again == events
    assert rated_again == rated
    assert again.space != first.space
    _, other, _ = await played(drilling, beside, SCRIPT.replace("seed: 7", "seed: 8"))
    assert other != events


async def test_they_act_under_a_kind_of_their_own_and_only_in_the_drill(drilling, beside):
    """What a machine did would be taken for a colleague's word, or be done to a real unit."""
    live = "SELECT type, count(*) FROM journal_entry WHERE space_id = 'live' GROUP BY type"
    before = {row["type"] for row in await beside.fetch(live)}
    ran, _, _ = await played(drilling, beside)
    acts = [each for each in await read(beside, ran.space, 0, 5000) if each.type == "request.opened"]
    assert acts
    for each in acts:
        assert each.body()["data"]["via"] == "virtual_player"
        assert not await beside.fetchval("SELECT true FROM user_account WHERE id = $1", each.actor_id)
    assert {row["type"] for row in await beside.fetch(live)} - before == {
        "drill.planned", "drill.approved", "drill.started", "drill.ended",
    }  # fmt: skip
    for space in ("live", ran.space):
        assert differences(*await folded_and_tables(drilling.door.engine, space)) == []


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda file: file.stem)
async def test_each_scenario_that_comes_along_is_played_to_its_end(drilling, beside, scenario):
    """A city would find out with everybody waiting that a script stands still."""
    script = scenario.read_text(encoding="utf-8")
    ran, events, rated = await played(drilling, beside, script)
    assert ran.broken == ()
    assert any(computed is not None for _, computed, _, _ in rated)
    moves = set() if Scenario.model_validate(placed.read(script).data).type in TALKED else {"mission.on_scene"}
    assert {"request.opened", "offer.made"} | moves <= {type_ for type_, _, _ in events}
    assert not [task for task in ran.tasks if "RuntimeError" in task["outcome"]]
