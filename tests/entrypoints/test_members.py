"""Members as clients read and change them."""

from __future__ import annotations

import pytest

from app.domain.geo import covers

LIST = "/api/v1/spaces/live/members"


async def listed(http, **params):
    answer = await http.get(LIST, params=params)
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_whom_to_ring(client, world):
    """At night the number has to be there for everybody in the corridor, also for a viewer of a member without agreements."""
    http = client("hasselt", "viewer")
    answer = await http.get(f"{LIST}/{world.members['maas']}")
    assert answer.headers["ETag"] == '"1"'
    maas = answer.json()
    assert maas["phone"] == "+31 00 000 0901"
    assert maas["centre"] == {"type": "Point", "coordinates": [5.69, 50.85]}
    assert maas["jurisdiction"]["kinds"] == ["immediate", "planned", "day_to_day"]
    assert "space_id" not in maas


async def test_filters_and_pages(client):
    """A list that drops one on the next page leaves a member unasked."""
    http = client("maas", "viewer")
    assert await listed(http) == ["aken", "hasselt", "luik", "maas"]
    assert await listed(http, country="BE") == ["hasselt", "luik"]
    assert await listed(http, bbox="6.0,50.5,6.4,51") == ["aken"]
    first = (await http.get(LIST, params={"limit": 3})).json()
    second = (await http.get(LIST, params={"limit": 3, "cursor": first["next"]})).json()
    assert [item["code"] for item in first["items"] + second["items"]] == ["aken", "hasselt", "luik", "maas"]
    assert second["next"] is None
    other = await http.get(LIST, params={"limit": 3, "cursor": first["next"], "country": "BE"})
    assert other.json()["type"] == "/problems/bad-cursor"


async def test_an_admin_changes_the_own_member(client, world):
    """A new number is there for everybody with the answer to its change."""
    address = f"{LIST}/{world.members['maas']}"
    http = client("maas", "admin")
    answer = await http.patch(address, json={"phone": "+31 00 000 0999"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"2"'
    assert (await client("luik", "viewer").get(address)).json()["phone"] == "+31 00 000 0999"


@pytest.mark.parametrize(
    ("who", "headers", "body", "status", "slug"),
    [
        (("maas", "admin"), {}, {"phone": "+31 00 000 0999"}, 428, "revision-required"),
        (("maas", "admin"), {"If-Match": '"7"'}, {"phone": "+31 00 000 0999"}, 409, "stale-revision"),
        (("luik", "admin"), {"If-Match": '"1"'}, {"phone": "+31 00 000 0999"}, 403, "wrong-side"),
        (("maas", "admin"), {"If-Match": '"1"'}, {"phone": "112"}, 422, "wrong-format"),
        (("maas", "admin"), {"If-Match": '"1"'}, {"code": "mine"}, 422, "unknown-field"),
        (("maas", "admin"), {"If-Match": '"1"'}, {"lon": 200.0}, 422, "outside-world"),
        (("maas", "admin"), {"If-Match": '"1"'}, {"lon": 15.0}, 422, "outside-corridor"),
        (("maas", "admin"), {"If-Match": '"1"'}, {"time_zone": "Mars/Base"}, 422, "unknown-code"),
    ],
)
async def test_what_is_refused_changes_nothing(client, world, who, headers, body, status, slug):
    """Each refusal says what it is, and the number that is rung stays the right one."""
    address = f"{LIST}/{world.members['maas']}"
    answer = await client(*who).patch(address, json=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert (await client("maas", "viewer").get(address)).json()["revision"] == 1


async def test_one_that_is_not_there(client):
    """A member of no space and a member of another are told apart from nothing."""
    http = client("maas", "viewer")
    answer = await http.get(f"{LIST}/0197a1b2-0000-7000-8000-000000000000")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert (await http.get("/api/v1/spaces/integration/members")).json() == {"items": [], "next": None}


async def test_the_areas_of_members_are_one(client, world):
    """Who writes an agreement for two cities would have to draw their areas anew."""
    http = client("maas", "viewer")
    asked = {"member": [str(world.members["maas"]), str(world.members["luik"])]}
    answer = await http.get("/api/v1/spaces/live/areas", params=asked)
    assert answer.status_code == 200, answer.text
    for code in ("maas", "luik"):
        lon, lat = (await http.get(f"{LIST}/{world.members[code]}")).json()["centre"]["coordinates"]
        assert covers(answer.json(), lon, lat)
    gone = await http.get("/api/v1/spaces/live/areas", params={"member": str(world.depots["maas"])})
    assert gone.json()["type"] == "/problems/not-found"
