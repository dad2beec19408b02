"""What a mission took, and what it alarms of while it stands still."""

from __future__ import annotations

import pytest

from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.measures import RecordMeasures
from app.commands.missions import CloseMission, Recall, ReleaseMission
from app.domain.errors import Conflict, MissingField, RoleMissing, TransitionNotAllowed
from app.domain.geo import great_circle_km
from tests.commands.conftest import LUIK, MAAS


async def test_from_the_alarm_until_it_is_home(act, sent, walk, clock, conn, assert_fold):
    """A claim rests on these times: an hour that is missing is an hour that nobody pays."""
    (mission,) = await sent("luik-pump-1")
    for minutes, state in ((1, "mobilising"), (9, "in_transit"), (40, "on_scene")):
        clock.move(minutes=minutes)
        await walk(mission, state)
    clock.move(hours=5)
    await act(ReleaseMission, mission)
    clock.move(minutes=30)
    await walk(mission, "returning")
    clock.move(minutes=45)
    home = (await walk(mission, "returned")).subject
    at = ["mobilised_at", "left_at", "on_scene_at", "released_at", "home_at"]
    assert [home[name][11:16] for name in at] == ["12:01", "12:10", "12:50", "17:50", "19:05"]
    over = great_circle_km(5.57, 50.63, 5.7, 50.75) + great_circle_km(5.7, 50.75, 5.7, 50.78)
    assert (home["kilometres"], home["kilometres_from"]) == (round(2 * over * 1.3, 1), "estimate")
    assert home["crew_count"] == 4
    await assert_fold()


async def test_a_state_that_nobody_reported_has_its_time_too(act, sent, walk, clock, conn):
    """A dispatch system that is ahead must not leave a mission without its beginning."""
    (mission,) = await sent("luik-pump-1")
    clock.move(minutes=30)
    told = (await walk(mission, "on_scene", via="dispatch_system")).subject
    assert told["mobilised_at"] == told["left_at"] == told["on_scene_at"] == "2026-07-14T12:30:00.000000Z"


async def test_who_never_left_drove_nothing(act, sent, walk):
    """An estimate for a unit that was recalled in its garage would be charged."""
    (mission,) = await sent("luik-pump-1")
    await act(Recall, mission, who=LUIK, why="Own fire.")
    home = (await walk(mission, "returned")).subject
    assert (home["kilometres"], home["left_at"]) == (None, None)


async def test_the_odometer_counts_more_than_the_estimate(act, sent, walk, clock, assert_fold):
    """What was measured replaces what was estimated, and nobody measures before the unit is home."""
    (mission,) = await sent("luik-pump-1")
    with pytest.raises(TransitionNotAllowed):
        await act(RecordMeasures, mission, who=LUIK, kilometres=61.5)
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=6)
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    diesel = {"item": "diesel", "quantity": 80.0, "unit": "l"}
    told = await act(
        RecordMeasures, mission, who=("luik", "finance"), kilometres=61.5, person_hours=22.5, consumables=[diesel]
    )
    assert (told.subject["kilometres"], told.subject["kilometres_from"]) == (61.5, "odometer")
    assert (told.subject["person_hours"], told.subject["consumables"]) == (22.5, [diesel])
    with pytest.raises(MissingField):
        await act(RecordMeasures, mission, who=LUIK)
    with pytest.raises(RoleMissing):
        await act(RecordMeasures, mission, who=MAAS, kilometres=1)
    await assert_fold()


async def test_who_closes_first_does_not_cut_the_measuring_short(act, sent, walk, sign, clock, assert_fold):
    """The requester would close the mission before the lender has counted its foam, and never pay for it."""
    foam = {"item": "consumables", "rate": "2.00", "consumable": "foam", "unit": "l"}
    await sign({"terms": "reimbursed", "currency": "EUR", "rates": [foam]})
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=3)
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    await act(CloseMission, mission, who=MAAS)
    finance = ("luik", "finance")
    drafted = await act(DraftClaim, who=finance, mission_ids=[mission])
    used = [{"item": "foam", "quantity": 500.0, "unit": "l"}]
    told = await act(RecordMeasures, mission, who=finance, consumables=used)
    assert (told.subject["status"], told.subject["consumables"]) == ("closed", used)
    assert (await act(SubmitClaim, drafted.id, who=finance)).subject["total"] == "1000.00"
    with pytest.raises(Conflict) as refused:
        await act(RecordMeasures, mission, who=finance, consumables=[used[0] | {"quantity": 900.0}])
    assert drafted.subject["ref"] in refused.value.detail
    await assert_fold()


async def test_staged_without_a_task(act, sent, walk, clock, due, conn, assert_fold):
    """A crew that waits half an hour in a car park, forgotten, is not sent a second time."""

    async def alarms():
        return await conn.fetchval("SELECT alarms FROM mission WHERE id = $1", mission)

    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "at_rendezvous", "staged")
    clock.move(minutes=29)
    await due()
    assert await alarms() == "[]"
    clock.move(minutes=1)
    await due()
    assert await alarms() == '["staged_without_task"]'
    told = await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'mission.staged_without_task'")
    assert told == 1
    await walk(mission, "on_scene")
    assert await alarms() == "[]"
    clock.move(hours=2)
    await due()
    assert await alarms() == "[]"
    await assert_fold()


async def test_a_task_in_time_raises_nothing(sent, walk, clock, due, conn):
    """An alarm about what is long done is an alarm that nobody reads."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "at_rendezvous", "staged")
    clock.move(minutes=20)
    await walk(mission, "on_scene")
    clock.move(minutes=20)
    await due()
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'mission.staged_without_task'") == 0
