"""What can be at a place within a time, as a dispatcher asks over HTTP."""

from __future__ import annotations

from app.commands.crossings import SetCrossingState
from app.commands.resources import SetResourceStatus
from app.domain.authority import SYSTEM

LIST = "/api/v1/spaces/live/reachable"
EIJSDEN = {"lon": 5.7, "lat": 50.78}


async def reached(http, **params):
    answer = await http.get(LIST, params={"limit": 200, **EIJSDEN, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_can_be_there_in_time(client, world):
    """Who plans the next hour must see every unit that can be there, of both sides, and none that can't."""
    http = client("maas", "viewer")
    all_of_them = await reached(http, within_min=24 * 60)
    etas = [each["eta_min"] for each in all_of_them]
    assert etas == sorted(etas)
    assert {each["resource_id"] for each in all_of_them} == {str(id_) for id_ in world.resources.values()}
    for each in all_of_them:
        assert each["eta_min"] == each["mobilisation_min"] + each["drive_min"] + each["delay_min"]
    middle = etas[len(etas) // 2]
    soon = await reached(http, within_min=middle)
    assert {each["eta_min"] <= middle for each in soon} == {True}
    assert 0 < len(soon) < len(all_of_them)
    pumps = await reached(http, within_min=24 * 60, type="pump.high_capacity", member=str(world.members["luik"]))
    assert {each["resource_id"] for each in pumps} == {str(id_) for id_ in world.units("luik", "pump")}
    assert {each["crossing_id"] for each in pumps} == {str(world.crossings["eijsden"])}


async def test_a_closed_crossing_and_a_broken_unit(client, door, world):
    """What was true an hour ago sends somebody to wait for a unit that never comes."""
    http = client("maas", "dispatcher")
    before = {each["resource_id"] for each in await reached(http, within_min=24 * 60, status="available")}
    pump = world.resources["luik-pump-1"]
    broken = SetResourceStatus(status="out_of_service", reason="damage")
    await door.execute(broken, actor=SYSTEM, space="live", target=pump)
    closed = SetCrossingState(control="closed")
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["vaals"])
    round_ = {each["resource_id"]: each for each in await reached(http, within_min=24 * 60)}[
        str(world.units("aken", "pump")[0])
    ]
    way = [round_["crossing_id"], *round_["via_crossing_ids"]]
    assert way == [str(world.crossings[code]) for code in ("lichtenbusch", "eijsden")]
    assert round_["delay_min"] == 15
    await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings["lichtenbusch"])
    after = {each["resource_id"] for each in await reached(http, within_min=24 * 60, status="available")}
    assert str(pump) in before - after
    assert {str(id_) for id_ in world.units("aken", "pump")} <= before - after


async def test_pages(client):
    """A unit that falls between two pages is never asked for."""
    http = client("aken", "viewer")
    whole = await reached(http, within_min=24 * 60)
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        params = EIJSDEN | {"within_min": 24 * 60, "limit": 5} | ({"cursor": cursor} if cursor else {})
        page = (await http.get(LIST, params=params)).json()
        found += page["items"]
        cursor, pages = page["next"], pages + 1
    assert [each["resource_id"] for each in found] == [each["resource_id"] for each in whole]
    assert pages > 2


async def test_what_is_no_place(client):
    """Longitude and latitude in each other's place would ask for units in the Gulf of Aden."""
    http = client("maas", "dispatcher")
    for params in ({"lon": 5.7}, {"lon": 200, "lat": 50}, {"lon": "nan", "lat": 50}, EIJSDEN | {"within_min": 0}):
        assert (await http.get(LIST, params=params)).status_code == 422, params
    unknown = await http.get(LIST, params=EIJSDEN | {"type": "pump.unheard_of"})
    assert unknown.json()["type"] == "/problems/unknown-code"
