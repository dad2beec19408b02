"""Formations over HTTP: formed, read by those who may, asked for in one line and split."""

from __future__ import annotations

from tests.world import flood

FORMATIONS, RESOURCES = "/api/v1/spaces/live/formations", "/api/v1/spaces/live/resources"
PARTS = ("tanker.water", "tanker.water", "vehicle.hose_layer", "command.vehicle")


async def formed(client, world):
    http = client("luik", "dispatcher")
    parts = []
    for number, type_code in enumerate(PARTS):
        body = {
            "depot_id": str(world.depots["luik"]),
            "type_code": type_code,
            "call_sign": f"Part {number}",
            "ncos": 1,
            "crew": 2,
            "mobilisation_min": 10,
        }
        parts.append((await http.post(RESOURCES, json=body)).json()["id"])
    body = {
        "depot_id": str(world.depots["luik"]),
        "type_code": "formation.water_supply",
        "call_sign": "Colonne d'eau 1",
        "part_ids": parts,
        "mobilisation_min": 20,
        "officers": 1,
        "talkgroup": "LUIK-EAU",
        "leader_name": "A. Dupont",
        "leader_phone": "+32 00 000 0301",
    }
    answer = await http.post(FORMATIONS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], parts


async def test_its_leader_is_seen_by_its_owner_and_by_whom_it_helps(client, world):
    """The number to ring is for those who ring it."""
    id_, parts = await formed(client, world)
    own = (await client("luik", "viewer").get(f"{FORMATIONS}/{id_}")).json()
    assert own["strength"] == {"officers": 1, "ncos": 4, "crew": 8, "total": 13}
    assert [part["resource_id"] for part in own["parts"]] == sorted(parts)
    assert (own["leader_name"], own["whole"]) == ("A. Dupont", True)
    maas = client("maas", "viewer")
    assert (await maas.get(f"{FORMATIONS}/{id_}")).json()["leader_name"] is None
    await committed(client, id_)
    assert (await maas.get(f"{FORMATIONS}/{id_}")).json()["leader_phone"] == "+32 00 000 0301"
    assert (await client("aken", "viewer").get(f"{FORMATIONS}/{id_}")).json()["leader_phone"] is None


async def committed(client, formation):
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    incident = (await maas.post("/api/v1/spaces/live/incidents", json=flood())).json()["id"]
    line = {
        "type_code": "formation.water_supply",
        "quantity": 1,
        "priority": "life_safety",
        "lon": 5.7,
        "lat": 50.78,
    }
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    request = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()["id"]
    read = (await maas.get(f"/api/v1/spaces/live/requests/{request}")).json()
    offer = {"lines": [{"request_line_id": read["lines"][0]["id"], "resource_id": formation}]}
    made = (await luik.post(f"/api/v1/spaces/live/requests/{request}/offers", json=offer)).json()["id"]
    for who, step in ((maas, "accept"), (luik, "commit")):
        answer = await who.post(f"/api/v1/spaces/live/offers/{made}/{step}", json={})
        assert answer.status_code == 200, answer.text
    (mission,) = (await luik.get("/api/v1/spaces/live/missions", params={"request": request})).json()["items"]
    return request, mission["id"]


async def test_a_line_of_a_composite_type_counts_its_parts(client, world):
    """Who asked sees which part is still missing."""
    id_, parts = await formed(client, world)
    request, mission = await committed(client, id_)
    fill = (await client("maas", "viewer").get(f"/api/v1/spaces/live/requests/{request}")).json()["lines"][0]["fill"]
    assert (fill["committed"], fill["open"]) == (1, 0)
    assert {part["type_code"]: part["committed"] for part in fill["parts"]} == {
        "tanker.water": 2,
        "vehicle.hose_layer": 1,
        "command.vehicle": 1,
    }
    split = await client("luik", "dispatcher").post(
        f"/api/v1/spaces/live/missions/{mission}/split", json={"part_ids": parts[:1]}
    )
    assert split.status_code == 200, split.text
    read = (await client("luik", "viewer").get(f"{FORMATIONS}/{id_}")).json()
    alone = {part["resource_id"]: part["mission_id"] for part in read["parts"]}
    assert alone[parts[0]] is not None
    child = (await client("maas", "viewer").get(f"/api/v1/spaces/live/missions/{alone[parts[0]]}")).json()
    assert child["split_from_id"] == mission


async def test_listed_by_member_and_type_and_changed(client, world):
    """Who plans finds the platoons there are, and changes what is his own."""
    id_, parts = await formed(client, world)
    http = client("aken", "viewer")
    listed = (await http.get(FORMATIONS, params={"type": "formation.water_supply"})).json()["items"]
    assert [each["id"] for each in listed] == [id_]
    assert (await http.get(FORMATIONS, params={"member": str(world.members["aken"])})).json()["items"] == []
    luik = client("luik", "dispatcher")
    assert (await luik.get(f"{FORMATIONS}/{parts[0]}")).status_code == 404
    tag = (await luik.get(f"{FORMATIONS}/{id_}")).headers["ETag"]
    changed = await luik.patch(f"{FORMATIONS}/{id_}", json={"talkgroup": "LUIK-2"}, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    assert (await luik.get(f"{FORMATIONS}/{id_}")).json()["talkgroup"] == "LUIK-2"
