"""Every list of things that have a place is also a layer for a map."""

from __future__ import annotations

import pytest

from tests.world import flood

GEOJSON = "application/geo+json"
SPACE = "/api/v1/spaces/live"


@pytest.mark.parametrize(
    ("list_", "shape"),
    [
        ("incidents", "Polygon"),
        ("members", "Polygon"),
        ("crossings", "Point"),
        ("depots", "Point"),
        ("resources", "Point"),
    ],
)
async def test_a_list_is_a_layer(client, list_, shape):
    """A map that overlays incidents, units and crossings reads them all in one form."""
    http = client("maas", "dispatcher")
    assert (await http.post(f"{SPACE}/incidents", json=flood())).status_code == 201
    answer = await http.get(f"{SPACE}/{list_}", headers={"Accept": GEOJSON})
    assert (answer.status_code, answer.headers["content-type"]) == (200, GEOJSON)
    features = answer.json()["features"]
    assert {feature["geometry"]["type"] for feature in features} == {shape}
    plain = (await http.get(f"{SPACE}/{list_}")).json()["items"]
    assert [feature["id"] for feature in features] == [item["id"] for item in plain]


async def test_a_refusal_is_a_problem_in_any_case(client):
    """Who asks for features is refused in the form of all refusals."""
    answer = await client("maas", "viewer").get(f"{SPACE}/depots?limit=0", headers={"Accept": GEOJSON})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
