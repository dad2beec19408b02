"""Who can get there first, as a dispatcher asks over HTTP."""

from __future__ import annotations

import pytest

from app.commands.crossings import SetCrossingState
from app.commands.resources import SetResourceStatus
from app.domain.authority import SYSTEM
from tests.world import flood

LINES = [
    {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78},
    {
        "type_code": "pump.high_capacity",
        "quantity": 2,
        "priority": "life_safety",
        "lon": 5.7,
        "lat": 50.78,
        "needed_by": "2026-07-14T12:30:00Z",
    },
]


@pytest.fixture
async def request_(client):
    """maas's open request: a pumper, and two pumps within half an hour; its address and the ids of its lines."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post("/api/v1/spaces/live/incidents", json=flood())).json()["id"]
    body = {"incident_id": incident, "kind": "immediate", "lines": LINES, "then": "open"}
    made = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()
    lines = sorted(made["rows"]["request_line"], key=lambda row: row["position"])
    return f"/api/v1/spaces/live/requests/{made['id']}/candidates", [line["id"] for line in lines]


async def test_who_can_get_there_first(client, world, request_):
    """The requester sees on one list who is near, by which agreement, and who can't come and why."""
    address, (pumper, pump) = request_
    found = (await client("maas", "dispatcher").get(address, params={"line": pump})).json()
    assert (found["request_line_id"], found["type_code"], found["more"]) == (pump, "pump.high_capacity", 0)
    assert found["assumptions"] == {"detour": 1.3, "speed_kmh": 60, "hours": 8}
    by_name = {item["call_sign"]: item for item in found["items"]}
    assert set(by_name) == {f"maas pump {n}" for n in (1, 2)} | {f"luik pump {n}" for n in (1, 2, 3)} | {
        f"aken pump {n}" for n in (1, 2)
    } | {"hasselt pump 1"}
    own, luik, hasselt = by_name["maas pump 1"], by_name["luik pump 1"], by_name["hasselt pump 1"]
    assert (own["of_requester"], own["can"], own["agreement_id"], own["crossing_id"]) == (True, True, None, None)
    assert (luik["can"], luik["agreement_code"]) == (True, "maas-broad")
    assert luik["crossing_id"] == str(world.crossings["eijsden"])
    assert luik["eta_min"] == pytest.approx(luik["mobilisation_min"] + luik["drive_min"] + luik["delay_min"], abs=1)
    assert not hasselt["can"]
    assert [why["code"] for why in hasselt["reasons"]] == ["lender_not_party", "reserve_floor"]
    assert own["in_time"] is True
    etas = [item["eta_min"] for item in found["items"]]
    assert etas == sorted(etas)
    first = (await client("maas", "dispatcher").get(address)).json()
    assert (first["request_line_id"], first["items"][0]["in_time"]) == (pumper, None)


async def test_reasons_speak_the_readers_language(client, door, world, request_):
    """A dispatcher in Liège reads French; in a Dutch console the same person chose Dutch."""
    address, (_, pump) = request_
    luik = world.resources["luik-pump-1"]
    broken = SetResourceStatus(status="out_of_service", reason="crew")
    await door.execute(broken, actor=SYSTEM, space="live", target=luik)
    closed = SetCrossingState(control="closed")
    for code in ("vaals", "lichtenbusch"):
        await door.execute(closed, actor=SYSTEM, space="live", target=world.crossings[code])
    found = (await client("luik", "dispatcher").get(address, params={"line": pump, "limit": 50})).json()
    by_name = {item["call_sign"]: item for item in found["items"]}
    (why,) = by_name["luik pump 1"]["reasons"]
    assert (why["code"], why["figures"]) == ("out_of_service", {"out_of_service_reason": "crew"})
    assert why["text"] == "Hors service\u00a0: Pas d'équipage."
    shut = by_name["aken pump 1"]
    assert (shut["eta_min"], shut["arrives_at"], shut["in_time"]) == (None, None, None)
    assert [each["code"] for each in shut["reasons"]] == ["no_open_crossing"]
    found = (await client("luik", "dispatcher").get(address, params={"line": pump, "language": "nl"})).json()
    texts = {each["text"] for item in found["items"] for each in item["reasons"]}
    assert "Buiten dienst: Geen bemanning." in texts


async def test_what_is_not_there_or_not_for_these_eyes(client, request_):
    """A draft's candidates would tell another city of a request that nobody opened."""
    address, (_, _pump) = request_
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    other_line = {"line": "0197a1b2-0000-7000-8000-000000000001"}
    assert (await maas.get(address, params=other_line)).json()["type"] == "/problems/not-found"
    assert (await maas.get(address, params={"language": "pl"})).json()["type"] == "/problems/unknown-code"
    assert (await maas.get(address, params={"limit": 0})).status_code == 422
    incident = (await maas.get("/api/v1/spaces/live/incidents")).json()["items"][0]["id"]
    body = {"incident_id": incident, "kind": "planned", "lines": LINES}
    draft = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()["id"]
    draft_address = f"/api/v1/spaces/live/requests/{draft}/candidates"
    assert (await maas.get(draft_address)).status_code == 200
    assert (await luik.get(draft_address)).status_code == 404


async def test_the_way_begins_where_a_unit_was_reported(client, clock, world, request_):
    """A unit that is round the corner would be passed over for one that is at its depot."""
    address, (_, pump) = request_
    clock.move(minutes=1)
    unit = str(world.resources["luik-pump-3"])
    report = {"items": [{"resource_id": unit, "lon": 5.7, "lat": 50.78}]}
    reported = await client("luik", "dispatcher").post("/api/v1/spaces/live/positions", json=report)
    assert reported.json()["kept"] == 1
    clock.move(seconds=40)
    found = (await client("maas", "dispatcher").get(address, params={"line": pump})).json()["items"]
    by_unit = {item["resource_id"]: item for item in found}
    assert by_unit[unit]["place"]["coordinates"] == [5.7, 50.78]
    assert by_unit[unit]["position_age_s"] == 40
    assert by_unit[unit]["drive_min"] < by_unit[str(world.resources["luik-pump-1"])]["drive_min"]
