"""Resources as clients find and keep them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.geo import Box
from app.queries import resources as queries

LIST = "/api/v1/spaces/live/resources"


@pytest.fixture
def pump(world):
    return {
        "depot_id": str(world.depots["maas"]),
        "type_code": "pump.high_capacity",
        "call_sign": "WTS 9",
        "crew": 4,
        "mobilisation_min": 15,
        "readiness": {"papers": True, "languages": ["nl"]},
    }


async def ids(http, **params):
    answer = await http.get(LIST, params={"limit": 200} | params)
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


async def test_filters(client, world):
    """A dispatcher who looks for free pumps in Belgium must see all of them, and no engine among them."""
    http = client("aken", "viewer")
    luik = str(world.members["luik"])
    assert len(await ids(http)) == len(world.resources)
    assert await ids(http, type="pump.high_capacity", member=luik) == {str(id_) for id_ in world.units("luik", "pump")}
    assert len(await ids(http, type=["pump.high_capacity", "ambulance.als"], member=luik)) == 4
    assert len(await ids(http, depot=str(world.depots["maas"]))) == 4
    assert len(await ids(http, bbox="5.6,50.8,5.8,50.9")) == 4
    assert await ids(http, status="out_of_service") == set()
    assert await ids(http, retired=True) == set()


async def test_pages(client, world):
    """A unit that falls between two pages is never asked for."""
    http = client("aken", "viewer")
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = (await http.get(LIST, params={"limit": 4} | ({"cursor": cursor} if cursor else {}))).json()
        found += [item["id"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert found == [str(id_) for id_ in world.resources.values()]


async def test_entered_changed_out_of_service_retired(client, pump):
    """The whole life of a unit through the API, each step with the revision that the next one names."""
    http = client("maas", "dispatcher")
    added = await http.post(LIST, json=pump)
    assert added.status_code == 201, added.text
    address = added.headers["Location"]
    read = await http.get(address)
    assert read.json()["place"] == {"type": "Point", "coordinates": [5.69, 50.85]}
    assert read.json()["readiness"]["couplings"] is False
    changed = await http.patch(address, json={"crew": 5}, headers={"If-Match": read.headers["ETag"]})
    assert changed.json()["subject"]["crew"] == 5
    out = await http.post(f"{address}/status", json={"status": "out_of_service", "reason": "damage"})
    assert out.json()["subject"]["out_of_service_reason"] == "damage"
    assert await ids(http, status="out_of_service") == {read.json()["id"]}
    retired = await http.post(f"{address}/retire", json={"why": "Beyond repair."})
    assert retired.status_code == 200
    assert read.json()["id"] not in await ids(http)
    assert await ids(http, retired=True) == {read.json()["id"]}
    assert (await http.get(address)).json()["retired"] is True


async def test_a_repeat_enters_nothing_twice(client, pump):
    """A client whose connection broke sends the same again, and gets the first answer."""
    http = client("maas", "dispatcher")
    first, second = [await http.post(LIST, json=pump, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert first.json() == second.json()
    assert (first.status_code, second.status_code) == (201, 201)
    other = await http.post(LIST, json=pump | {"crew": 9}, headers={"Idempotency-Key": "once"})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")


async def test_as_features(client, world):
    """A map shows where units stand."""
    answer = await client("maas", "viewer").get(LIST, headers={"Accept": "application/geo+json"})
    assert len(answer.json()["features"]) == len(world.resources)
    assert answer.json()["features"][0]["properties"]["status"] == "available"


@pytest.mark.parametrize(
    ("who", "change", "status", "slug"),
    [
        (("maas", "viewer"), {}, 403, "role-missing"),
        (("luik", "dispatcher"), {}, 422, "malformed"),
        (("maas", "dispatcher"), {"call_sign": "maas pump 1"}, 409, "duplicate-call-sign"),
        (("maas", "dispatcher"), {"call_sign": "Maas PUMP 1"}, 409, "duplicate-call-sign"),
        (("maas", "dispatcher"), {"type_code": "pump.of_wishes"}, 422, "unknown-code"),
        (("maas", "dispatcher"), {"crew": True}, 422, "wrong-type"),
        (("maas", "dispatcher"), {"crew": 10**30}, 422, "integer-overflow"),
        (("maas", "dispatcher"), {"weight_t": -1}, 422, "out-of-range"),
        (("maas", "dispatcher"), {"depot_id": "there"}, 422, "wrong-format"),
        (("maas", "dispatcher"), {"depot_id": "0197a1b2-0000-7000-8000-000000000000"}, 404, "not-found"),
        (("maas", "dispatcher"), {"status": "available"}, 422, "unknown-field"),
    ],
)
async def test_what_is_refused_changes_nothing(client, world, pump, who, change, status, slug):
    """A unit that is entered wrongly is one that does not come."""
    answer = await client(*who).post(LIST, json=pump | change)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert len(await ids(client("maas", "viewer"))) == len(world.resources)


async def test_a_step_that_is_not_possible(client, world):
    """Whoever puts an available unit back is told what can be done with it."""
    answer = await client("maas", "dispatcher").post(
        f"{LIST}/{world.resources['maas-pump-1']}/status", json={"status": "available"}
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/transition-not-allowed")
    assert "take_out" in answer.json()["allowed"]


async def test_where_units_are_is_where_they_were_reported(client, world, clock):
    """A map of the flooded quarter would leave out the pump that has just got there, and show it at its depot."""
    maas, aken = client("maas", "dispatcher"), client("aken", "viewer")
    unit, home, flooded = str(world.resources["maas-pump-1"]), "5.6,50.8,5.8,50.9", "5.9,50.6,6,50.7"
    assert unit in await ids(aken, bbox=home)
    clock.move(minutes=10)
    report = {"items": [{"resource_id": unit, "lon": 5.95, "lat": 50.65}]}
    assert (await maas.post("/api/v1/spaces/live/positions", json=report)).json()["kept"] == 1
    clock.move(seconds=90)
    assert await ids(aken, bbox=flooded) == {unit}
    assert unit not in await ids(aken, bbox=home)
    read = (await aken.get(f"{LIST}/{unit}")).json()
    assert (read["place"]["coordinates"], read["position_age_s"]) == ([5.95, 50.65], 90)
    (listed,) = (await aken.get(LIST, params={"bbox": flooded})).json()["items"]
    assert listed == read
    accept = {"Accept": "application/geo+json"}
    (feature,) = (await aken.get(LIST, params={"bbox": flooded}, headers=accept)).json()["features"]
    assert feature["geometry"]["coordinates"] == [5.95, 50.65]
    other = (await aken.get(f"{LIST}/{world.resources['maas-pump-2']}")).json()
    assert (other["place"]["coordinates"], other["position_age_s"] >= 690) == ([5.69, 50.85], True)


MANY = """
    INSERT INTO resource SELECT (jsonb_populate_record(r, jsonb_build_object(
        'id', gen_random_uuid(), 'call_sign', 'many ' || n, 'lon', -180 + n % 360, 'lat', -60 + n % 120))).*
      FROM resource r, generate_series(1, 20000) AS n WHERE r.id = $1;
"""


async def test_an_area_is_found_by_indexes(pg, world, monkeypatch):
    """With a country's units in the table every move of a map would read all of them."""
    conn = await pg()
    await conn.execute(MANY.replace("$1", f"'{world.resources['maas-pump-1']}'"))
    await conn.execute("INSERT INTO position SELECT space_id, id, lon, lat, now(), now() FROM resource WHERE lon < 0")
    await conn.execute("ANALYZE resource; ANALYZE position")
    asked, at = [], datetime(2026, 7, 14, 12, tzinfo=UTC)

    async def explained(conn, select, where, *, order, limit):
        statement = f"EXPLAIN {select} WHERE {where.sql} ORDER BY {order} LIMIT {limit + 1:d}"
        asked.extend(row[0] for row in await conn.fetch(statement, *where.values))
        return []

    monkeypatch.setattr(queries, "fetch", explained)
    await queries.resources(conn, "live", viewer=world.members["aken"], now=at, box=Box(5.5, 50.5, 6.5, 51.5))
    plan = "\n".join(asked)
    assert "ix_resource_space_id_lon_lat" in plan, plan
    assert "ix_position_space_id_lon_lat" in plan, plan
    assert "Seq Scan" not in plan, plan
