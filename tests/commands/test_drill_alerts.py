"""What reaches people while and after they play: a live incident stops the drill or is told, and the hot wash is due."""

from __future__ import annotations

import pytest

from tests.commands.drilling import LIEGE, MAASTRICHT
from tests.world import flood

AACHEN = ("de-aachen", "dispatcher")


@pytest.fixture
async def given(beside):
    """Returns who was told what."""

    async def of():
        rows = await beside.fetch(
            "SELECT m.code, n.kind FROM drill_notice n JOIN member m ON m.id = n.member_id AND m.space_id = n.space_id ORDER BY 1"
        )
        return [tuple(row) for row in rows]

    return of


async def happens(drilling, severity, who=MAASTRICHT):
    area = {"type": "Point", "coordinates": [5.7, 50.85]}
    made = await drilling.does("report_incident", who=who, **flood(severity=severity, area=area, hazard="storm"))
    await drilling.due()
    return made


async def test_a_disaster_led_by_a_player_stops_it(drilling, beside):
    """Dispatchers would play on while their city drowns."""
    drill, space = await drilling.started()
    made = await happens(drilling, 4)
    row = await drilling.drill(drill)
    assert row["status"] == "stopped"
    assert made.subject["ref"] in row["reason"]
    assert row["held_because"][0]["figures"] == {"refs": [made.subject["ref"]]}
    assert await beside.fetchval("SELECT frozen_why FROM space WHERE id = $1", space) == "stopped"
    assert await beside.fetchval("SELECT actor_id FROM journal_entry WHERE type = 'drill.stopped' LIMIT 1") is None


async def test_a_smaller_one_is_told_to_the_directors_once_and_stops_it_when_it_grows(drilling, given):
    """A garden shed would end a drill of three cities, or nobody who decides would hear of the shed."""
    drill, _ = await drilling.started()
    made = await happens(drilling, 2)
    await drilling.does("change_incident", made.id, who=MAASTRICHT, severity=3)
    await drilling.due()
    assert (await drilling.drill(drill))["status"] == "running"
    assert await given() == [("be-liege", "live_incident"), ("nl-maastricht", "live_incident")]
    await drilling.does("change_incident", made.id, who=MAASTRICHT, severity=4)
    await drilling.due()
    assert (await drilling.drill(drill))["status"] == "stopped"


async def test_one_that_concerns_no_player_is_heeded_once_a_player_lends_to_it(drilling, given):
    """The pumps that are out for Aachen's flood are the ones that the drill counts on."""
    drill, _ = await drilling.started()
    made = await happens(drilling, 4, who=AACHEN)
    assert (await drilling.drill(drill))["status"] == "running"
    sides = {"requester_id": drilling.members["de-aachen"], "lender_id": drilling.members["be-liege"]}
    call = {"incident_id": made.id, "type_code": "pump.high_capacity", "quantity": 1, "lon": 6.08, "lat": 50.78}
    await drilling.does("assist_now", who=LIEGE, **sides, **call)
    await drilling.due()
    assert (await drilling.drill(drill))["status"] == "stopped"
    assert await given() == []


async def test_what_the_directors_have_gone_ahead_with_is_not_told_again(drilling, given):
    """Every drill on a windy day would begin with a warning that everybody has answered."""
    drill = await drilling.planned()
    await happens(drilling, 2)
    for who in (("nl-maastricht", "exercise_director"), ("be-liege", "exercise_director")):
        await drilling.does("go_ahead_with_drill", drill, who=who)
    for who in (MAASTRICHT, LIEGE):
        await drilling.does("answer_ready", drill, who=who)
    await drilling.does("start_drill", drill)
    await drilling.until(minutes=1)
    assert (await drilling.drill(drill))["status"] == "running"
    assert await given() == []


async def test_who_has_not_written_the_hot_wash_is_reminded(drilling, given):
    """After half an hour people have told each other what they saw."""
    drill, _ = await drilling.started()
    await drilling.does("end_drill", drill)
    await drilling.does("write_hot_wash", drill, who=LIEGE, went_well="The radio", to_improve="The rest")
    await drilling.until(minutes=14)
    assert await given() == []
    await drilling.until(minutes=1)
    assert await given() == [("nl-maastricht", "hot_wash_due")], "nor is the machine that plays Heerlen"
