"""The hour of a drill: READY players or the hold, a live incident, the next one on the calendar, the hour that does not exist."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.drills.expectations import expectations
from app.domain.errors import Conflict, Duplicate, Malformed, OutOfRange, TransitionNotAllowed
from app.queries.drill_calendar import entries
from app.store.engine import reading
from tests.commands.drilling import DIRECTOR_BE, HEERLEN, LIEGE, MAASTRICHT, SCRIPT
from tests.interleaving import overlapping
from tests.world import flood

HOUR = {"start": "2026-07-14T16:00", "time_zone": "Europe/Brussels"}
"""Two hours after the tests' clock."""


async def scheduled(drilling, *ready, script=SCRIPT, **more):
    drill = await drilling.planned(script)
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
    assert (row["status"], [each["detail"] for each in row["held_because"]]) == ("held", ["Nobody of BE is ready."])
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
    assert "BE, NL have not said" in row["held_because"][0]["detail"]
    with pytest.raises(Conflict):
        await drilling.does("start_drill", drill)
    await drilling.does("go_ahead_with_drill", drill)
    assert (await drilling.drill(drill))["status"] == "held"
    await drilling.does("go_ahead_with_drill", drill, who=DIRECTOR_BE)
    assert (await drilling.drill(drill))["status"] == "running"


async def test_who_comes_late_is_not_judged_by_what_was_asked_before(drilling):
    """A member that joined after an hour would be rated for what it never saw."""
    manned = SCRIPT.replace(
        "{member: nl-heerlen, site: east, play: virtual, policy: calm}", "{member: nl-heerlen, site: east}"
    )
    assert manned != SCRIPT
    drill = await scheduled(drilling, LIEGE, HEERLEN, script=manned)  # of the Netherlands one of two is ready
    await drilling.until(minutes=127)
    before = await drilling.play(drill)
    assert set(before.play.joined) == {"nl-maastricht"}
    with pytest.raises(TransitionNotAllowed):
        await drilling.does("answer_ready", drill, who=MAASTRICHT, ready=False)
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
    async with reading(drilling.door.engine) as conn:
        (entry,) = await entries(conn, "live", host="concord.example", page=None)
    assert entry.again == (
        datetime(2026, 11, 10, 15, tzinfo=UTC),
        datetime(2027, 3, 9, 15, tzinfo=UTC),
        datetime(2027, 7, 13, 14, tzinfo=UTC),
    )
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


async def test_nobody_begins_a_second_drill(drilling, beside):
    """A commander would be told of two floods at once, and one of the two would be nobody's."""
    first, _ = await drilling.started()
    code = (await drilling.drill(first))["code"]
    second = await drilling.planned()
    for who in (MAASTRICHT, LIEGE):
        await drilling.does("answer_ready", second, who=who)
    with pytest.raises(Conflict, match=code) as caught:
        await drilling.does("start_drill", second)
    assert {each["code"] for each in caught.value.extra["reasons"]} == {"drill_plays_another"}
    with pytest.raises(Conflict, match=code):  # it lasts an hour, if nobody pauses it
        await drilling.does("schedule_drill", second, **HOUR | {"start": "2026-07-14T14:30"})
    await drilling.does("schedule_drill", second, **HOUR)
    await drilling.until(minutes=10)
    await drilling.does("pause_drill", first)
    await drilling.until(minutes=111)
    row = await drilling.drill(second)
    assert row["status"] == "held"
    assert {each["figures"]["drill"] for each in row["held_because"]} == {code}
    await drilling.does("end_drill", first)
    await drilling.does("start_drill", second)


async def test_two_drills_that_get_one_hour_at_once(drilling, beside, monkeypatch):
    """Two directors press *Schedule* in the same second: in both drills the same people would be awaited, and one would hold."""
    first, second = await drilling.planned(), await drilling.planned()
    gets = [drilling.does("schedule_drill", each, **HOUR) for each in (first, second)]
    scheduled, refused = await overlapping(monkeypatch, beside, *gets, at=1)
    assert scheduled.subject["status"] == "scheduled"
    assert isinstance(refused, Conflict)
    assert refused.extra["reasons"][0]["code"] == "plays_another"


async def test_what_comes_again_is_compared_and_passed_over(drilling, beside):
    """In autumn both would begin, and everybody would be missing in one of them."""
    other = await drilling.planned()
    await drilling.does("schedule_drill", other, start="2026-11-10T16:30", time_zone="Europe/Brussels")
    code = (await drilling.drill(other))["code"]
    repeats = {"monthly": {"nth": 2, "weekday": 1, "every": 4}}
    drill = await drilling.planned()
    with pytest.raises(Conflict, match=f"{code} at that time: 2026-11-10 16:00"):
        await drilling.does("schedule_drill", drill, **HOUR, repeats=repeats)
    # Put there after all: by what was planned before it was compared.
    await drilling.does("stand_down_drill", other, reason="To make room.")
    await drilling.does("schedule_drill", drill, **HOUR, repeats=repeats)
    await beside.execute("UPDATE drill SET status = 'scheduled' WHERE id = $1", other)
    await drilling.does("stand_down_drill", drill, reason="Not this time.")
    row = await beside.fetchrow("SELECT * FROM drill WHERE status = 'scheduled' AND id <> $1", other)
    assert row["starts_at"] == datetime(2027, 3, 9, 15, tzinfo=UTC)
    data = await beside.fetchval(
        "SELECT payload::text FROM journal_entry WHERE space_id = 'live' AND type = 'drill.scheduled' ORDER BY seq DESC LIMIT 1"
    )
    assert code in data
    assert "2026-11-10T15:00" in data


@pytest.mark.parametrize("start", ["0001-01-01T00:00", "2101-01-01T09:00", "2027-05-04", "2027-05-04T09:00:00.5"])
async def test_an_hour_that_is_no_hour_of_a_drill(drilling, start):
    """The year 1 was an error of the server; a day without an hour would be midnight, when nobody comes."""
    drill = await drilling.planned()
    with pytest.raises(OutOfRange) as caught:
        await drilling.does("schedule_drill", drill, start=start, time_zone="Europe/Brussels")
    assert [each.pointer for each in caught.value.errors] == ["/start"]
