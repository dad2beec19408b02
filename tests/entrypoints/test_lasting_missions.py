"""Deployments that last, over HTTP: extensions, reassignments, host support, and who sees whose telephone."""

from __future__ import annotations

import pytest

from tests.world import flood

SPACE = "/api/v1/spaces/live"


@pytest.fixture
async def mission(client, world):
    """The address of a mission of luik's first pump."""
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    incident = (await maas.post(f"{SPACE}/incidents", json=flood())).json()["id"]
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    asked = (await maas.post(f"{SPACE}/requests", json=body)).json()
    unit = str(world.resources["luik-pump-1"])
    offered = [{"request_line_id": asked["rows"]["request_line"][0]["id"], "resource_id": unit}]
    offer = (await luik.post(f"{SPACE}/requests/{asked['id']}/offers", json={"lines": offered})).json()["id"]
    await maas.post(f"{SPACE}/offers/{offer}/accept", json={})
    committed = (await luik.post(f"{SPACE}/offers/{offer}/commit", json={})).json()
    return f"{SPACE}/missions/{committed['rows']['mission'][0]['id']}"


@pytest.mark.parametrize(
    ("what", "asker", "body", "answer", "reply", "state"),
    [
        ("extensions", "maas", {"until": "2026-07-16T06:00:00Z", "reason": "Rain."}, "answer", {"granted": True}, "granted"),
        ("reassignments", "maas", {"lon": 5.71, "lat": 50.87, "reason": "Rain."}, "answer", {"agreed": True}, "agreed"),
        ("host-support", "luik", {"kind": "fuel", "quantity": 200}, "confirm", {"place": "Kazerne"}, "confirmed"),
    ],
)  # fmt: skip
async def test_asked_read_and_answered(client, mission, what, asker, body, answer, reply, state):
    """The whole exchange as the programs of two control rooms would drive it."""
    other = "luik" if asker == "maas" else "maas"
    asked = await client(asker, "dispatcher").post(f"{mission}/{what}", json=body)
    assert asked.status_code == 201, asked.text
    at = asked.headers["Location"]
    answered = await client(other, "dispatcher").post(f"{at}/{answer}", json=reply)
    assert (answered.status_code, answered.json()["subject"]["status"]) == (200, state), answered.text
    read = await client("hasselt", "viewer").get(at)
    assert (read.json()["status"], read.headers["ETag"]) == (state, '"2"')
    listed = await client("maas", "viewer").get(f"{SPACE}/{what}", params={"mission": mission.rpartition("/")[2]})
    assert [row["status"] for row in listed.json()["items"]] == [state]


async def test_telephones_are_for_the_two_members(client, mission):
    """A private number that a third city reads is a number that everybody rings."""
    body = {"name": "Jan Peters", "phone": "+31 00 000 0144"}
    named = await client("maas", "dispatcher").post(f"{mission}/guide", json=body)
    assert named.status_code == 200, named.text
    for member, seen in (("luik", "Jan Peters"), ("maas", "Jan Peters"), ("hasselt", None)):
        assert (await client(member, "viewer").get(mission)).json()["guide_name"] == seen
