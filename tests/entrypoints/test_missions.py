"""Missions over HTTP: addresses, filters, the time line, headers, problems."""

from __future__ import annotations

import pytest

from tests.world import flood

SPACE = "/api/v1/spaces/live"


@pytest.fixture
def maas(client):
    """A dispatcher of the member that asks."""
    return client("maas", "dispatcher")


@pytest.fixture
def aken(client):
    """A dispatcher of the member that sends, over a crossing with control."""
    return client("aken", "dispatcher")


@pytest.fixture
async def mission(maas, aken, world):
    """The address of a mission of aken's first pump."""
    incident = (await maas.post(f"{SPACE}/incidents", json=flood())).json()["id"]
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    asked = (await maas.post(f"{SPACE}/requests", json=body)).json()
    offered = [{"request_line_id": asked["rows"]["request_line"][0]["id"], "resource_id": _pump(world)}]
    offer = (await aken.post(f"{SPACE}/requests/{asked['id']}/offers", json={"lines": offered})).json()["id"]
    await maas.post(f"{SPACE}/offers/{offer}/accept", json={})
    committed = (await aken.post(f"{SPACE}/offers/{offer}/commit", json={})).json()
    return f"{SPACE}/missions/{committed['rows']['mission'][0]['id']}"


def _pump(world):
    return str(world.resources["aken-pump-1"])


async def listed(who, query=""):
    answer = await who.get(f"{SPACE}/missions{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_there_and_home(maas, aken, client, mission, world):
    """The whole way of a unit as the programs of two control rooms and a liaison officer's telephone drive it."""
    liaison = client("aken", "liaison_officer")
    steps = [
        (aken, "advance", {"to": "mobilising"}),
        (aken, "advance", {"to": "in_transit"}),
        (liaison, "border", {"to": "at_border"}),
        (liaison, "border", {"to": "cleared"}),
        (liaison, "advance", {"to": "at_rendezvous"}),
        (liaison, "advance", {"to": "on_scene", "why": "At the sluice."}),
        (maas, "release", {"why": "Thank you."}),
        (aken, "advance", {"to": "returning"}),
        (aken, "advance", {"to": "returned"}),
        (maas, "close", {}),
    ]
    for revision, (who, action, body) in enumerate(steps, 2):
        answer = await who.post(f"{mission}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == f'"{revision}"'
    read = await client("hasselt", "viewer").get(mission)
    assert read.json()["status"] == "closed"
    assert read.json()["geometry"] == {"type": "Point", "coordinates": [5.7, 50.78]}
    told = (await maas.get(f"{mission}/steps?limit=4")).json()
    assert [step["state"] for step in told["items"]] == ["committed", "mobilising", "in_transit", "at_border"]
    rest = (await maas.get(f"{mission}/steps", params={"cursor": told["next"]})).json()
    assert rest["next"] is None
    on_scene = next(step for step in rest["items"] if step["state"] == "on_scene")
    assert (on_scene["via"], on_scene["why"], on_scene["inferred"]) == ("api", "At the sluice.", False)
    assert on_scene["member_id"] == str(world.members["aken"])
    assert on_scene["occurred_at"] == on_scene["recorded_at"] == "2026-07-14T12:00:00Z"


async def test_filters(maas, mission, world):
    """A control room looks for its own units that are still away, in its own area."""
    id_ = mission.rpartition("/")[2]
    request = (await maas.get(mission)).json()["request_id"]
    for fitting in (
        "", "?status=committed&status=mobilising", f"?member={world.members['aken']}", f"?member={world.members['maas']}",
        f"?request={request}", "?active=true", "?bbox=5.6,50.7,5.8,50.9", "?since=2026-07-14T12:00:00Z",
    ):  # fmt: skip
        assert await listed(maas, fitting) == [id_], fitting
    for other in (
        "?status=closed", f"?member={world.members['luik']}", "?active=false", "?bbox=6.1,50.7,6.3,50.9",
        "?until=2026-07-14T12:00:00Z", f"?request={id_}", f"?incident={id_}",
    ):  # fmt: skip
        assert await listed(maas, other) == [], other
    unknown = await maas.get(f"{SPACE}/missions?status=lost")
    assert unknown.json()["type"] == "/problems/unknown-code"


async def test_as_features(maas, mission):
    """A map asks for GeoJSON and draws what comes."""
    answer = await maas.get(f"{SPACE}/missions", headers={"Accept": "application/geo+json"})
    assert answer.headers["Content-Type"] == "application/geo+json"
    (feature,) = answer.json()["features"]
    assert feature["geometry"]["coordinates"] == [5.7, 50.78]
    assert feature["properties"]["status"] == "committed"


async def test_refusals_show_what_is_possible(maas, aken, mission):
    """A program that is refused must learn from the answer what it may send instead."""
    early = await aken.post(f"{mission}/advance", json={"to": "on_scene"})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/transition-not-allowed")
    assert early.json()["allowed"] == ["mobilise"]
    assert early.json()["current"]["status"] == "committed"
    not_theirs = await maas.post(f"{mission}/recall", json={"why": "Ours now."})
    assert (not_theirs.status_code, not_theirs.json()["type"]) == (403, "/problems/wrong-side")
    silent = await aken.post(f"{mission}/recall", json={})
    assert silent.json()["errors"][0]["pointer"] == "/why"
    past = await aken.post(f"{mission}/advance", json={"to": "mobilising", "occurred_at": "2026-07-14T11:00:00Z"})
    assert (past.status_code, past.json()["type"]) == (409, "/problems/out-of-order")
    stale = await aken.post(f"{mission}/advance", json={"to": "mobilising"}, headers={"If-Match": '"7"'})
    assert stale.json()["type"] == "/problems/stale-revision"
    nowhere = await aken.get(mission[:-4] + "0000")
    assert nowhere.status_code == 404


async def test_a_repeat_moves_it_once(aken, mission):
    """A vehicle's terminal repeats what was not answered in the tunnel: one step, one entry."""
    key = {"Idempotency-Key": "cab-21-4711"}
    first = await aken.post(f"{mission}/advance", json={"to": "mobilising"}, headers=key)
    again = await aken.post(f"{mission}/advance", json={"to": "mobilising"}, headers=key)
    assert again.json() == first.json()
    assert len((await aken.get(f"{mission}/steps")).json()["items"]) == 2


async def test_stand_down_and_abort(maas, aken, mission):
    """The request lacks the unit again as soon as either side has ended the mission."""
    down = await maas.post(f"{mission}/stand-down", json={"why": "The dike holds."})
    assert down.json()["rows"]["request"][0]["status"] == "open"
    late = await aken.post(f"{mission}/abort", json={"why": "Flat tyre.", "out_of_service": "damage"})
    assert late.status_code == 409
    assert (await maas.get(mission)).json()["ended_by"] == "stood_down"
