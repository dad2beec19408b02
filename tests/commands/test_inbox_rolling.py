"""Units that roll first: alarmed on the telephone, on their way before anybody has typed it. What the machine said of them counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.commands.calls import AssistNow, ConfirmCall
from app.commands.missions import AssignUnit, ReleaseMission
from app.commands.resources import SetResourceStatus
from app.domain.errors import NotAvailable
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.commands.telling import Cad


@pytest.fixture
async def cad(door, world):
    """Luik's dispatch system, which tells FMS statuses."""
    return await Cad.of(door, world)


@pytest.fixture
def unit(world):
    return world.resources["luik-pump-1"]


@pytest.fixture
def rung(act, world, incident):
    """Writes down that luik sends a pump to maas; returns the receipt."""

    async def rings(*units, who=LUIK, **body):
        between = {"requester_id": world.members["maas"], "lender_id": world.members["luik"]}
        what = {"incident_id": incident, "type_code": PUMP, "quantity": 1, "lon": 5.7, "lat": 50.78}
        return await act(AssistNow, who=who, **between, **what, resource_ids=list(units), **body)

    return rings


@pytest.fixture
def stands(conn):
    """Returns how a unit stands: its status, its reason, and the state of its mission."""

    async def reads(unit):
        row = await conn.fetchrow(
            "SELECT r.status, r.out_of_service_reason, m.status AS mission FROM resource r LEFT JOIN mission m ON m.space_id = r.space_id AND"
            " m.resource_id = r.id WHERE r.space_id = 'live' AND r.id = $1",
            unit,
        )
        return tuple(row)

    return reads


@pytest.mark.parametrize("before", [0, 1.2])
async def test_a_unit_that_rolled_before_the_call_was_written_down_is_on_its_mission(
    cad, rung, stands, unit, clock, assert_fold, before
):
    """The crew drives, then the dispatcher types: refused as out of service, nobody at the other end would see that help comes."""
    rolled = await cad.tells(cad.fms(3))
    assert (rolled.outcome, await stands(unit)) == ("applied", ("out_of_service", "own_incident", None))
    clock.move(seconds=before)
    await rung(unit)
    assert await stands(unit) == ("committed", None, "in_transit")
    clock.move(minutes=4)
    there = await cad.tells(cad.fms(4))
    assert (there.outcome, (await stands(unit))[2]) == ("applied", "on_scene")
    await assert_fold()


async def test_a_unit_that_rolled_is_named_when_the_call_is_confirmed(cad, rung, act, stands, unit, assert_fold):
    """The other side wrote the call down; the lender names the pump that is on its way already."""
    await cad.tells(cad.fms(3))
    call = await rung(who=MAAS)
    await act(ConfirmCall, call.id, who=LUIK, resource_ids=[unit])
    assert await stands(unit) == ("committed", None, "in_transit")
    await assert_fold()


async def test_a_unit_that_rolled_is_assigned_to_a_mission(cad, rung, act, stands, unit, assert_fold):
    """The lender wrote a call down without its unit, and names it once it hears which one drives."""
    await cad.tells(cad.fms(3))
    call = await rung()
    await act(AssignUnit, call.rows["mission"][0]["id"], who=LUIK, resource_id=unit)
    assert await stands(unit) == ("committed", None, "in_transit")
    await assert_fold()


async def test_a_unit_that_a_person_took_out_is_not_sent_by_a_call(cad, rung, act, stands, unit, clock):
    """A dispatcher has said that it is at a fire at home, or broken: no call, and no word of a machine before, takes it from there."""
    await cad.tells(cad.fms(3))
    clock.move(minutes=1)
    await act(SetResourceStatus, unit, who=LUIK, status="available")
    await act(SetResourceStatus, unit, who=LUIK, status="out_of_service", reason="own_incident")
    with pytest.raises(NotAvailable):
        await rung(unit)
    await act(SetResourceStatus, unit, who=LUIK, status="available")
    clock.move(minutes=1)
    await cad.tells(cad.fms(6))
    with pytest.raises(NotAvailable):  # the machine said that it can't drive
        await rung(unit)
    assert (await stands(unit))[0] == "out_of_service"


@pytest.mark.parametrize("seconds", [1.2, 170])
async def test_a_status_from_just_before_the_call_was_typed_moves_its_mission(
    cad, rung, stands, unit, clock, conn, assert_fold, seconds
):
    """The crew presses its key while the dispatcher still types: its mission would stand still until the next key."""
    rolled = cad.fms(3)
    clock.move(seconds=seconds)
    await rung(unit)
    told = await cad.tells(rolled)
    assert (told.outcome, await stands(unit)) == ("applied", ("committed", None, "in_transit"))
    times = await conn.fetchrow("SELECT mobilised_at, left_at FROM mission WHERE resource_id = $1", unit)
    assert times["mobilised_at"] <= times["left_at"]
    await assert_fold()


async def test_two_statuses_from_just_before_the_call_was_typed_move_its_mission_in_turn(
    cad, rung, stands, unit, clock
):
    """A short way: the unit has left and is there while the dispatcher types."""
    rolled, there = cad.fms(3), cad.fms(4, minutes=0.5)
    clock.move(minutes=1)
    await rung(unit)
    assert ((await cad.tells(rolled)).outcome, (await stands(unit))[2]) == ("applied", "in_transit")
    assert ((await cad.tells(there)).outcome, (await stands(unit))[2]) == ("applied", "on_scene")


async def test_a_status_in_whole_seconds_is_not_before_the_commitment_of_that_second(cad, sent, stands, unit, clock):
    """Most radios stamp whole seconds: one that rolls in the second of its commitment would stand still."""
    clock.move(seconds=0.802)
    await sent("luik-pump-1")
    told = cad.fms(3, minutes=0)
    told["time"] = clock.now().replace(microsecond=0).isoformat()
    assert ((await cad.tells(told)).outcome, (await stands(unit))[2]) == ("applied", "in_transit")


async def test_a_status_in_whole_seconds_is_not_before_what_a_person_entered_in_that_second(
    cad, sent, walk, stands, unit, clock
):
    """A person and a crew at once: the crew's later state counts."""
    (mission,) = await sent("luik-pump-1")
    clock.move(minutes=1, seconds=0.802)
    await walk(mission, "mobilising", "in_transit")
    told = cad.fms(4)
    told["time"] = clock.now().replace(microsecond=0).isoformat()
    assert ((await cad.tells(told)).outcome, (await stands(unit))[2]) == ("applied", "on_scene")
    clock.move(seconds=1)
    late = cad.fms(3)
    late["time"] = (clock.now() - timedelta(seconds=2)).replace(microsecond=0).isoformat()
    assert (await cad.tells(late)).outcome == "history"


async def test_a_status_from_long_before_the_commitment_moves_nothing(cad, sent, stands, unit, clock):
    """The unit was at something else then, and is home: the neighbour would look for it on the road."""
    rolled = cad.fms(3)
    clock.move(minutes=4)
    await sent("luik-pump-1")
    told = await cad.tells(rolled)
    assert (told.outcome, told.effects, (await stands(unit))[2]) == ("history", [], "committed")


@pytest.mark.parametrize("key", [2, 6])
async def test_what_contradicts_a_commitment_from_just_before_it_waits_for_nobody(cad, sent, stands, unit, clock, key):
    """That it was home, or out of service, before it was committed is past: nobody has to be rung for it."""
    told = cad.fms(key)
    clock.move(seconds=20)
    await sent("luik-pump-1")
    assert ((await cad.tells(told)).outcome, (await stands(unit))[2]) == ("history", "committed")


async def test_a_stamp_ahead_of_our_clock_makes_nothing_after_it_history(cad, sent, act, stands, unit, clock):
    """One status by a clock that ran fast: the unit's next ones, rightly stamped, would change nothing until we had caught up."""
    (mission,) = await sent("luik-pump-1")
    assert (await cad.tells(cad.fms(3, minutes=50 / 60))).outcome == "applied"
    clock.move(seconds=10)
    assert ((await cad.tells(cad.fms(4))).outcome, (await stands(unit))[2]) == ("applied", "on_scene")
    clock.move(seconds=10)
    await act(ReleaseMission, mission)
    assert ((await cad.tells(cad.fms(2))).outcome, (await stands(unit))[2]) == ("applied", "returned")


async def test_a_stamp_ahead_of_our_clock_that_takes_a_unit_out_is_ended_by_the_next(cad, stands, unit, clock):
    """The same of a unit at home: it could not be asked for until our clock had caught up."""
    assert (await cad.tells(cad.fms(3, minutes=50 / 60))).outcome == "applied"
    clock.move(seconds=10)
    assert ((await cad.tells(cad.fms(1))).outcome, await stands(unit)) == ("applied", ("available", None, None))
