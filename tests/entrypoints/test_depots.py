"""Depots as clients read and keep them."""

from __future__ import annotations

import pytest

LIST = "/api/v1/spaces/live/depots"
NORTH = {"code": "north", "name": "Noord", "lon": 5.69, "lat": 50.9}


async def test_added_read_moved(client, world):
    """Whoever enters a depot finds it under the address in the answer, and changes what was read there."""
    http = client("maas", "dispatcher")
    added = await http.post(LIST, json=NORTH)
    assert added.status_code == 201, added.text
    address = added.headers["Location"]
    read = await http.get(address)
    assert read.json()["place"] == {"type": "Point", "coordinates": [5.69, 50.9]}
    moved = await http.patch(address, json={"lat": 50.91}, headers={"If-Match": read.headers["ETag"]})
    assert moved.json()["subject"]["lat"] == 50.91
    stale = await http.patch(address, json={"lat": 50.92}, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json()["current"]["lat"]) == (409, 50.91)


async def test_filters_and_pages(client, world):
    """Depots of two members under one code both stand in the list, on whichever page."""
    http = client("maas", "viewer")
    assert len((await http.get(LIST)).json()["items"]) == 4
    own = (await http.get(LIST, params={"member": str(world.members["luik"])})).json()["items"]
    assert [item["id"] for item in own] == [str(world.depots["luik"])]
    near = (await http.get(LIST, params={"bbox": "6.0,50.7,6.2,50.8"})).json()["items"]
    assert [item["id"] for item in near] == [str(world.depots["aken"])]
    first = (await http.get(LIST, params={"limit": 3})).json()
    second = (await http.get(LIST, params={"limit": 3, "cursor": first["next"]})).json()
    assert {item["id"] for item in first["items"] + second["items"]} == {str(id_) for id_ in world.depots.values()}
    features = await http.get(LIST, headers={"Accept": "application/geo+json"})
    assert {each["geometry"]["type"] for each in features.json()["features"]} == {"Point"}


@pytest.mark.parametrize(
    ("who", "body", "status", "slug"),
    [
        (("maas", "viewer"), NORTH, 403, "role-missing"),
        (("maas", "dispatcher"), NORTH | {"code": "main"}, 409, "duplicate"),
        (("maas", "dispatcher"), NORTH | {"lon": 50.9, "lat": 5.69}, 422, "outside-corridor"),
        (("maas", "dispatcher"), NORTH | {"lat": 95}, 422, "outside-world"),
        (("maas", "dispatcher"), NORTH | {"name": ""}, 422, "out-of-range"),
        (("maas", "dispatcher"), NORTH | {"name": "a\u0007b"}, 422, "forbidden-character"),
        (("maas", "dispatcher"), {"code": "north"}, 422, "missing-field"),
    ],
)
async def test_what_is_refused_changes_nothing(client, who, body, status, slug):
    """A depot in the wrong place gives every unit there a wrong time of arrival."""
    answer = await client(*who).post(LIST, json=body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert len((await client("maas", "viewer").get(LIST)).json()["items"]) == 4
