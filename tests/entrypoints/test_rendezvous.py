"""Rendezvous as clients and maps read them."""

from __future__ import annotations

import pytest

from tests.world import everywhere

LIST = "/api/v1/spaces/live/rendezvous"
BODY = {
    "code": "gronsveld",
    "guide_code": "M3",
    "names": everywhere("Gronsveld"),
    "kind": "staging_area",
    "lon": 5.729,
    "lat": 50.811,
    "capacity": 20,
}


@pytest.fixture
async def places(client):
    """Two of Maastricht, one of Liège; returns the address of the first."""
    made = await client("maas", "dispatcher").post(LIST, json=BODY)
    assert made.status_code == 201, made.text
    post = BODY | {"code": "eijsden", "guide_code": "M4", "kind": "guide_post"}
    assert (await client("maas", "admin").post(LIST, json=post)).status_code == 201
    ramp = BODY | {"code": "vise", "guide_code": "L1", "launch_ramp": True, "lon": 5.69, "lat": 50.73}
    assert (await client("luik", "dispatcher").post(LIST, json=ramp)).status_code == 201
    return made.headers["Location"]


async def test_lists(client, world, places):
    """A convoy leader who asks for the places of the other side gets those and no others."""
    http = client("aken", "viewer")

    async def codes(**params):
        answer = await http.get(LIST, params=params)
        assert answer.status_code == 200, answer.text
        return [item["code"] for item in answer.json()["items"]]

    assert await codes() == ["eijsden", "gronsveld", "vise"]
    assert await codes(kind="staging_area") == ["gronsveld", "vise"]
    assert await codes(member=str(world.members["luik"])) == ["vise"]
    assert await codes(bbox="5.7,50.8,5.8,50.9") == ["eijsden", "gronsveld"]
    assert await codes(status="closed") == []
    first = (await http.get(LIST, params={"limit": 2})).json()
    assert [item["code"] for item in first["items"]] == ["eijsden", "gronsveld"]
    assert await codes(limit=2, cursor=first["next"]) == ["vise"]
    features = (await http.get(LIST, headers={"Accept": "application/geo+json"})).json()["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [5.729, 50.811]}


async def test_one_is_read_changed_and_closed(client, places):
    """What a dispatcher says once, everybody's next answer has; an edit on stale ground is refused."""
    read = await client("luik", "viewer").get(places)
    assert read.json()["room"] == {"capacity": 20, "coming": 0, "there": 0, "left": 20}
    http = client("maas", "dispatcher")
    changed = await http.patch(places, json={"fuel": True}, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    stale = await http.patch(places, json={"fuel": False}, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/stale-revision")
    assert (await http.post(f"{places}/state", json={"status": "closed"})).status_code == 200
    assert (await client("aken", "viewer").get(places)).json()["status"] == "closed"


@pytest.mark.parametrize(
    ("who", "change", "status", "slug"),
    [
        (("maas", "viewer"), {}, 403, "role-missing"),
        (("maas", "dispatcher"), {"guide_code": "gate 3"}, 422, "out-of-range"),
        (("maas", "dispatcher"), {"guide_code": "3M"}, 422, "wrong-format"),
        (("maas", "dispatcher"), {"capacity": 0}, 422, "out-of-range"),
        (("maas", "dispatcher"), {"kind": "pub"}, 422, "unknown-code"),
        (("maas", "dispatcher"), {"beds": -1}, 422, "out-of-range"),
        (("maas", "dispatcher"), {"guide": "yes"}, 422, "wrong-type"),
        (("maas", "dispatcher"), {"lon": 50.8, "lat": 5.7}, 422, "outside-corridor"),
    ],
)
async def test_what_is_refused(client, who, change, status, slug):
    """Each word that is wrong is named, before anybody drives to it."""
    answer = await client(*who).post(LIST, json=BODY | change)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
