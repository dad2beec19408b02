"""The space for connecting dispatch systems: filled from live, used as live, and apart from it."""

from __future__ import annotations

from tests.world import flood

LIVE, THERE = "/api/v1/spaces/live", "/api/v1/spaces/integration"
REFILL = "/api/v1/integration/refill"


async def send(http, path, **body):
    answer = await http.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def listed(http, path):
    return (await http.get(path, params={"limit": 200})).json()["items"]


async def test_help_is_asked_for_and_sent_in_it_and_live_hears_nothing(client, world):
    """An integrator would have nothing to try with, or try with real ambulances."""
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    before = (await maas.get(f"{LIVE}/journal", params={"after": 0, "limit": 1})).json()
    filled = await send(client("maas", "admin"), REFILL)
    assert filled["outcome"]["rows"] > len(await listed(maas, f"{LIVE}/members"))
    for name in ("members", "resources", "crossings", "agreements", "depots"):
        real, copies = [{each["id"] for each in await listed(maas, f"{at}/{name}")} for at in (LIVE, THERE)]
        assert real == copies, name

    incident = (await send(maas, f"{THERE}/incidents", **flood()))["id"]
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    drafted = await send(maas, f"{THERE}/requests", incident_id=incident, kind="immediate", lines=[line])
    for step in ("submit", "open"):
        await send(maas, f"{THERE}/requests/{drafted['id']}/{step}")
    wanted = {"request_line_id": drafted["rows"]["request_line"][0]["id"], "quantity": 1}
    offer = await send(luik, f"{THERE}/requests/{drafted['id']}/offers", lines=[wanted])
    await send(maas, f"{THERE}/offers/{offer['id']}/accept")
    units = [
        each for each in await listed(luik, f"{THERE}/resources") if each["id"] == str(world.resources["luik-pump-1"])
    ]
    given = {"offer_line_id": offer["rows"]["offer_line"][0]["id"], "resource_id": units[0]["id"]}
    committed = await send(luik, f"{THERE}/offers/{offer['id']}/commit", units=[given])
    assert committed["rows"]["mission"][0]["status"] == "committed"
    states = [(await luik.get(f"{at}/resources/{units[0]['id']}")).json()["status"] for at in (LIVE, THERE)]
    assert states == ["available", "committed"]
    assert [await listed(maas, f"{LIVE}/{name}") for name in ("incidents", "requests", "missions")] == [[], [], []]
    assert (await maas.get(f"{LIVE}/journal", params={"after": 0, "limit": 1})).json() == before


async def test_filled_once_more_only_what_is_missing_comes(client, world):
    """A second admin would undo the trial of the first, or nothing new of live ever come."""
    admin, http = client("luik", "admin"), client("luik", "dispatcher")
    await send(admin, REFILL)
    unit = {"id": str(world.resources["luik-pump-1"])}
    await send(http, f"{THERE}/resources/{unit['id']}/status", status="out_of_service", reason="maintenance")
    code = {"source": "cad-luik", "kind": "resource", "code": "L-1", "subject_id": unit["id"]}
    await send(http, f"{LIVE}/external-ids", **code)
    again = await send(admin, REFILL)
    assert again["outcome"]["rows"] == 1
    kept = (await http.get(f"{THERE}/resources/{unit['id']}")).json()
    assert kept["status"] == "out_of_service"
    assert [each["code"] for each in kept["external_ids"]] == ["L-1"]
    assert (await send(admin, REFILL))["outcome"]["rows"] == 0
    ended = await listed(http, f"{LIVE}/external-ids")
    await send(http, f"{LIVE}/external-ids/{ended[0]['id']}/end")
    await send(http, f"{LIVE}/external-ids", **(code | {"subject_id": str(world.resources["luik-pump-2"])}))
    assert (await send(admin, REFILL))["outcome"]["rows"] == 0


async def test_it_is_filled_by_an_admin_alone(client):
    """Anybody who reads would write."""
    assert (await client("maas", "viewer").post(REFILL, json={})).status_code == 403
