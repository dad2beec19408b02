"""The hour of a drill: READY players or the hold, a live incident, the next one on the calendar, the hour that does not exist."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.drills.expectations import expectations
from app.domain.errors import Conflict, Duplicate, Malformed
from tests.commands.drilling import DIRECTOR_BE, LIEGE, MAASTRICHT
from tests.world import flood

HOUR = {"start": "2026-07-14T16:00", "time_zone": "Europe/Brussels"}
"""Two hours after the tests' clock."""


async def scheduled(drilling, *ready, **more):
    drill = await drilling.planned()
    await drilling.does("schedule_drill", drill, **HOUR | more)
    for who in ready:
        await drilling.does("answer_ready", drill, who=who)
    return drill


async def happens(drilling, severity, lead=MAASTRICHT):
    area = {"type": "Point", "coordinates": [5.7, 50.85]}
    return await drilling.does("report_incident", who=lead, **flood(severity=severity, area=area, hazard="storm"))


async def test_it_begins_at_its_hour_if_enough_are_ready(drilling):
    """Nobody would press the button, and everybody would wait."""
    drill = await scheduled(drilling, MAASTRICHT, LIEGE)
    await drilling.until(minutes=119)
    assert (await drilling.drill(drill))["status"] == "scheduled"
    await drilling.until(minutes=1)
    row = await drilling.drill(drill)
    assert (row["status"], row["started_at"]) == ("running", datetime(2026, 7, 14, 14, tzinfo=UTC))


async def test_it_holds_until_the_last_one_it_waits_for_is_ready(drilling):
    """One side would play alone."""
    drill = await scheduled(drilling, MAASTRICHT)
    await drilling.until(minutes=121)
    row = await drilling.drill(drill)
    assert (row["status"], row["held_because"]) == ("held", ["Nobody of BE is ready."])
    await drilling.does("answer_ready", drill, who=LIEGE)
    assert (await drilling.drill(drill))["status"] == "running"


async def test_a_disaster_stands_it_down(drilling):
    """Those who play would be missing where they are needed."""
    drill = await scheduled(drilling, MAASTRICHT, LIEGE)
    await happens(drilling, 4)
    await drilling.until(minutes=121)
    row = await drilling.drill(drill)
    assert row["status"] == "stood_down"
    assert "severity 4" in row["reason"]
    assert row["plays_in"] is None


async def test_something_smaller_asks_both_directors(drilling):
    """A chimney fire would cancel a drill that took half a year to plan, or nobody would be asked."""
    drill = await scheduled(drilling, MAASTRICHT, LIEGE)
    await happens(drilling, 2)
    await happens(
        drilling,
        5,
        lead=("de-dueren", "dispatcher") if "de-dueren" in drilling.members else ("de-aachen", "dispatcher"),
    )
    await drilling.until(minutes=121)
    row = await drilling.drill(drill)
    assert row["status"] == "held"
    assert "BE, NL have not said" in row["held_because"][0]
    with pytest.raises(Conflict):
        await drilling.does("start_drill", drill)
    await drilling.does("go_ahead_with_drill", drill)
    assert (await drilling.drill(drill))["status"] == "held"
    await drilling.does("go_ahead_with_drill", drill, who=DIRECTOR_BE)
    assert (await drilling.drill(drill))["status"] == "running"


async def test_who_comes_late_is_not_judged_by_what_was_asked_before(drilling):
    """A member that joined after an hour would be rated for what it never saw."""
    drill = await scheduled(drilling, LIEGE)  # for the Netherlands the virtual player is ready
    await drilling.until(minutes=127)
    before = await drilling.play(drill)
    assert set(before.play.joined) == {"nl-maastricht"}
    await drilling.does("answer_ready", drill, who=MAASTRICHT)
    with pytest.raises(Duplicate):
        await drilling.does("answer_ready", drill, who=MAASTRICHT)
    after = await drilling.play(drill)
    assert after.play.joined == {"nl-maastricht": 7 * 60 * 1_000_000}
    (asked,) = expectations(after.play, 8 * 60 * 1_000_000)
    assert (asked.inject, asked.standing) == ("flood", "not_assessed")


async def test_it_comes_again_at_the_same_local_hour(drilling, beside):
    """In winter everybody would be an hour early."""
    repeats = {"monthly": {"nth": 2, "weekday": 1, "every": 4}}
    drill = await scheduled(drilling, MAASTRICHT, LIEGE, repeats=repeats)
    await drilling.until(minutes=121)
    row = await beside.fetchrow("SELECT * FROM drill WHERE status = 'scheduled' AND id <> $1", drill)
    assert row["starts_at"] == datetime(2026, 11, 10, 15, tzinfo=UTC)
    assert row["approved_by_id"] is not None


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Europe/Amsterdam"])
async def test_an_hour_that_does_not_exist_or_exists_twice(drilling, zone):
    """The two sides would begin an hour apart."""
    drill = await drilling.planned()
    with pytest.raises(Malformed, match="does not exist"):
        await drilling.does("schedule_drill", drill, start="2027-03-28T02:30", time_zone=zone)
    with pytest.raises(Malformed, match="there twice"):
        await drilling.does("schedule_drill", drill, start="2026-10-25T02:30", time_zone=zone)
    said = await drilling.does("schedule_drill", drill, start="2026-10-25T02:30", time_zone=zone, which="second")
    assert said.subject["announced_for"] == "2026-10-25T01:30:00.000000Z"
