"""Crossings as clients and maps read them."""

from __future__ import annotations

import pytest

LIST = "/api/v1/spaces/live/crossings"
GEOJSON = "application/geo+json"


async def codes(http, **params):
    answer = await http.get(LIST, params=params)
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_filters(client, world):
    """A liaison who asks for the crossings with checks gets those and no others."""
    http = client("maas", "viewer")
    assert await codes(http) == ["eijsden", "lichtenbusch", "vaals"]
    assert await codes(http, control="checks") == ["lichtenbusch", "vaals"]
    assert await codes(http, member=str(world.members["maas"])) == ["eijsden", "vaals"]
    assert await codes(http, bbox="5.6,50.7,5.8,50.8") == ["eijsden"]
    assert (await http.get(LIST, params={"control": "maybe"})).json()["type"] == "/problems/unknown-code"
    assert (await http.get(LIST, params={"bbox": "6,50,5,51"})).json()["type"] == "/problems/out-of-range"


@pytest.mark.parametrize(
    "accept", [GEOJSON, f"{GEOJSON}, application/json;q=0.5", "application/json;q=0.1, application/GEO+json; q=0.9"]
)
async def test_as_features_for_a_map(client, world, accept):
    """A map reads FeatureCollections: geometry apart, the rest as properties, the way to the next page beside them."""
    http = client("maas", "viewer")
    answer = await http.get(LIST, params={"limit": 2}, headers={"Accept": accept})
    assert answer.headers["content-type"] == GEOJSON
    assert "Accept" in answer.headers["vary"].split(", ")
    said = answer.json()
    assert said["type"] == "FeatureCollection"
    first = said["features"][0]
    assert first["type"] == "Feature"
    assert first["id"] == str(world.crossings["eijsden"])
    assert first["geometry"] == {"type": "Point", "coordinates": [5.7, 50.75]}
    assert first["properties"]["delay_min"] == 0
    assert "place" not in first["properties"]
    after = await http.get(LIST, params={"limit": 2, "cursor": said["next"]}, headers={"Accept": accept})
    assert [each["properties"]["code"] for each in after.json()["features"]] == ["vaals"]


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", f"{GEOJSON};q=0", f"{GEOJSON};q=0.2, application/json", f"{GEOJSON};q=x"]
)
async def test_as_json_for_everybody_else(client, accept):
    """A client that didn't ask for features must not have to read them."""
    answer = await client("maas", "viewer").get(LIST, headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert "Accept" in answer.headers["vary"].split(", ")
    assert answer.json()["items"][0]["place"]["type"] == "Point"


async def test_how_it_is_now(client, world):
    """A dispatcher at the border says it once, and everybody's next answer has it."""
    address = f"{LIST}/{world.crossings['eijsden']}"
    http = client("luik", "dispatcher")
    answer = await http.post(
        f"{address}/state", json={"control": "closed", "closed_until": "2026-07-14T18:00:00+02:00"}
    )
    assert answer.status_code == 200, answer.text
    now = await client("aken", "viewer").get(address)
    assert now.headers["ETag"] == answer.headers["ETag"] == '"2"'
    assert (now.json()["control"], now.json()["closed_until"]) == ("closed", "2026-07-14T16:00:00Z")


@pytest.mark.parametrize(
    ("who", "body", "status", "slug"),
    [
        (("aken", "dispatcher"), {"control": "closed"}, 403, "wrong-side"),
        (("luik", "dispatcher"), {"delay_min": -1}, 422, "out-of-range"),
        (("luik", "dispatcher"), {"delay_min": "20"}, 422, "wrong-type"),
        (("luik", "dispatcher"), {"control": "shut"}, 422, "unknown-code"),
        (("luik", "dispatcher"), {"control": "closed", "closed_until": "2026-07-14T18:00:00"}, 422, "naive-time"),
        (("luik", "dispatcher"), {"closed_until": "2026-07-14T18:00:00Z"}, 422, "malformed"),
    ],
)
async def test_what_is_refused_changes_nothing(client, world, who, body, status, slug):
    """A wrong word about a crossing sends convoys the wrong way."""
    address = f"{LIST}/{world.crossings['eijsden']}"
    answer = await client(*who).post(f"{address}/state", json=body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert (await client("maas", "viewer").get(address)).json()["revision"] == 1
