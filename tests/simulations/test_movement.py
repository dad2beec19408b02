"""Units that move: along their way, never over a border before they were let through, and home again."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.domain.geo import great_circle_km
from simulations.client import Client
from simulations.movement import HURRY, Course, Movement, Way, between
from tests.world import flood

DEPOT, GATE, PLACE = (6.08, 50.78), (6.02, 50.77), (5.7, 50.78)
LIVE = "/api/v1/spaces/live"


def test_a_spot_on_a_great_circle_lies_between_its_ends():
    """A unit beside the road is a unit that nobody finds."""
    half = between(DEPOT, PLACE, 0.5)
    there, on = great_circle_km(*DEPOT, *half), great_circle_km(*half, *PLACE)
    assert there == pytest.approx(on)
    assert there + on == pytest.approx(great_circle_km(*DEPOT, *PLACE))
    assert between(DEPOT, DEPOT, 0.3) == DEPOT


def test_a_way_leads_over_the_crossing():
    """The straight line would lead through the river."""
    way = Way.over([DEPOT, GATE, PLACE])
    assert way.at(0) == way.at(-1) == DEPOT
    assert way.at(way.marks[1]) == pytest.approx(GATE)
    assert way.at(way.end) == way.at(999) == PLACE
    assert great_circle_km(*DEPOT, *way.at(2.0)) == pytest.approx(2.0)
    assert Way.over([DEPOT, DEPOT]).at(1) == DEPOT


def course(*, control=True) -> Course:
    way = Way.over([DEPOT, GATE, PLACE])
    return Course("unit", "lender", way, way.marks[1] if control else None)


def test_the_state_leads_and_the_unit_follows():
    """A unit that is drawn beyond the border while its crew waits in the queue makes the map a lie."""
    unit = course()
    unit.move("mobilising", 5)
    assert unit.spot == DEPOT
    unit.move("in_transit", 999)
    assert unit.spot == pytest.approx(GATE)
    unit.move("cleared", 5)
    assert unit.km == pytest.approx(unit.border_km + 5)
    unit.move("stood_down", 5)
    assert unit.km == pytest.approx(unit.border_km + 5)
    unit.move("on_scene", 1)
    assert unit.km == pytest.approx(unit.border_km + 5 + HURRY)
    unit.move("on_scene", 999)
    assert unit.spot == PLACE
    unit.move("returning", 1)
    assert unit.km == pytest.approx(unit.way.end - 1)
    unit.move("returning", 999)
    assert unit.spot == DEPOT
    free = course(control=False)
    free.move("in_transit", 999)
    assert free.spot == PLACE


@pytest.mark.parametrize(
    ("status", "spot"),
    [("in_transit", DEPOT), ("at_border", GATE), ("cleared", GATE), ("on_scene", PLACE), ("returning", PLACE)],
)
def test_a_demonstration_that_is_started_again_goes_on(status, spot):
    """All units would leap to their depots and set off once more."""
    unit = course()
    unit.begin(status)
    assert unit.spot == pytest.approx(spot)


@pytest.fixture
async def players(application, world):
    """Clients of dispatchers, as the flood has them."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.test") as http:
        yield {
            f"{code}/{role}": Client(http, world.token(code, role))
            for code in ("maas", "luik", "aken")
            for role in ("dispatcher", "authorised_representative")
        }


@pytest.fixture
async def mission(client, world):
    """Aken's pump on its way to Eijsden over Vaals, where checks are; as the API tells it."""
    maas, aken = client("maas", "dispatcher"), client("aken", "dispatcher")
    incident = (await maas.post(f"{LIVE}/incidents", json=flood())).json()["id"]
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": PLACE[0], "lat": PLACE[1]}
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    asked = (await maas.post(f"{LIVE}/requests", json=body)).json()
    wanted = asked["rows"]["request_line"][0]["id"]
    named = {"request_line_id": wanted, "resource_id": str(world.units("aken", "pump")[0])}
    offer = (await aken.post(f"{LIVE}/requests/{asked['id']}/offers", json={"lines": [named]})).json()
    await maas.post(f"{LIVE}/offers/{offer['id']}/accept", json={})
    committed = (await aken.post(f"{LIVE}/offers/{offer['id']}/commit", json={})).json()
    return committed["rows"]["mission"][0]


async def test_units_are_reported_as_they_move(players, mission, client, clock):
    """The flood on the map would stand still, or a unit that came home would stand in the field for ever."""
    movement = Movement(players, pytest.fail)
    await movement._learn()
    aken, seconds = client("aken", "dispatcher"), 0.0

    async def seen(*, to=None, border=False, elapsed_s=1.0):
        nonlocal seconds
        clock.move(seconds=1)
        seconds += 1
        if to is not None:
            done = await aken.post(
                f"{LIVE}/missions/{mission['id']}/{'border' if border else 'advance'}", json={"to": to}
            )
            assert done.status_code == 200, done.text
        await movement.tick(seconds, elapsed_s)
        (found,) = (await aken.get(f"{LIVE}/positions")).json()["items"]
        assert found["resource_id"] == mission["resource_id"]
        return found["lon"], found["lat"]

    assert await seen() == pytest.approx(DEPOT)
    assert await seen(to="mobilising", elapsed_s=999) == pytest.approx(DEPOT)
    rolling = await seen(to="in_transit", elapsed_s=5)
    assert 0 < great_circle_km(*DEPOT, *rolling) < great_circle_km(*DEPOT, *GATE)
    assert await seen(elapsed_s=9999) == pytest.approx(GATE)
    assert await seen(to="at_border", border=True, elapsed_s=999) == pytest.approx(GATE)
    await seen(to="cleared", border=True)
    assert await seen(to="on_scene", elapsed_s=9999) == pytest.approx(PLACE)
    maas = client("maas", "dispatcher")
    assert (await maas.post(f"{LIVE}/missions/{mission['id']}/release", json={})).status_code == 200
    await seen(to="returning", elapsed_s=5)
    assert await seen(to="returned") == pytest.approx(DEPOT)


@pytest.mark.parametrize(("controls", "at"), [((True, False), 1), ((False, True), 2), ((True, True), 2)])
async def test_a_unit_is_let_through_at_the_last_crossing_with_control(controls, at):
    """It drove past the barrier of the first border, and stood at the second where nobody is."""
    movement = Movement({}, pytest.fail)
    movement._home, movement._depots = {"pump": "depot"}, {"depot": DEPOT}
    movement._crossings = {"first": (GATE, controls[0]), "second": ((5.9, 50.8), controls[1])}
    mission = {"id": "1", "resource_id": "pump", "lender_id": "aken", "status": "mobilising", "has_control": True}
    way = {"crossing_id": "first", "via_crossing_ids": ["second"], "geometry": {"coordinates": PLACE}}
    course = await movement._course(mission | way)
    assert course.border_km == course.way.marks[at]


async def test_a_unit_that_stands_still_is_told_now_and_then(players, mission, client, clock):
    """Each second would be traffic for nothing; never would look as if its radio had failed."""
    movement = Movement(players, pytest.fail)
    await movement._learn()
    told = []
    for second in (0, 1, 29, 31):
        clock.move(seconds=1)
        await movement.tick(second, 1)
        (found,) = (await client("maas", "viewer").get(f"{LIVE}/positions")).json()["items"]
        told.append(found["at"])
    assert told[0] == told[1] == told[2] != told[3]


async def test_a_service_that_is_away_is_told_once(world):
    """A line each second would hide the story that is told in between."""
    told, calls = [], 0
    stop = asyncio.Event()

    def refuse(_request):
        nonlocal calls
        calls += 1
        if calls == 3:
            stop.set()
        return httpx.Response(403, json={"type": "/problems/role-missing", "detail": "no"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://concord.test") as http:
        movement = Movement({"maas/dispatcher": Client(http, "none")}, told.append)
        await movement.run(stop)
    assert told == ["The units stand still: role-missing (403): no"]
