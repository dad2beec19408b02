"""Whom a control room keeps informed, who may bind it, and what one shift leaves to the next: as clients see it."""

from __future__ import annotations

import pytest

from tests.world import flood

LIVE = "/api/v1/spaces/live"
PUMP = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}


@pytest.fixture
async def notice(client, world):
    """Maastricht keeps its region informed, and asks for a pump; returns the notice's address."""
    address = f"{LIVE}/members/{world.members['maas']}"
    authority = {"name": "Veiligheidsregio", "kind": "region", "contact": "+31 00 000 0999"}
    change = {"informed_authorities": [authority], "inform_on": ["request_opened"]}
    changed = await client("maas", "admin").patch(address, json=change, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    http = client("maas", "dispatcher")
    incident = (await http.post(f"{LIVE}/incidents", json=flood(hazard="storm"))).json()["id"]
    asked = {"incident_id": incident, "kind": "immediate", "lines": [PUMP], "then": "open"}
    request = await http.post(f"{LIVE}/requests", json=asked)
    listed = (await http.get(f"{LIVE}/notices", params={"request": request.json()["id"]})).json()["items"]
    assert [(row["name"], row["event"], row["confirmed_at"]) for row in listed] == [
        ("Veiligheidsregio", "request_opened", None)
    ]
    return f"{LIVE}/notices/{listed[0]['id']}"


async def test_an_authority_is_told_and_confirms(client, world, notice):
    """The other side sees that the region knows, and not who picked up the telephone there."""
    http = client("maas", "dispatcher")
    answer = await http.post(f"{notice}/confirm", json={"person": "Meldkamer"})
    assert answer.status_code == 200, answer.text
    assert (await http.get(notice)).json()["confirmed_person"] == "Meldkamer"
    theirs = (await client("luik", "viewer").get(notice)).json()
    assert (theirs["confirmed_person"], theirs["confirmed_at"]) == (None, "2026-07-14T12:00:00Z")
    again = await http.post(f"{notice}/confirm", json={})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")
    other = await client("luik", "dispatcher").post(f"{notice}/confirm", json={})
    assert (other.status_code, other.json()["type"]) == (403, "/problems/wrong-side")
    for params, count in (
        ({"confirmed": True}, 1),
        ({"confirmed": False}, 0),
        ({"member": str(world.members["luik"])}, 0),
    ):
        assert len((await http.get(f"{LIVE}/notices", params=params)).json()["items"]) == count


async def test_a_shift_is_handed_over(client, world):
    """The note and what is open are there for the next dispatcher, and for no other city."""
    http = client("maas", "dispatcher")
    made = await http.post(f"{LIVE}/handovers", json={"text": "Alles rustig.", "language": "nl"})
    assert made.status_code == 201, made.text
    address = made.headers["Location"]
    own = await http.post(f"{address}/take", json={})
    assert (own.status_code, own.json()["type"]) == (403, "/problems/forbidden")
    for who in (client("luik", "dispatcher"), client("aken", "viewer")):
        assert (await who.get(address)).status_code == 404
        assert (await who.get(f"{LIVE}/handovers")).json()["items"] == []
    next_shift = client("maas", "authorised_representative")
    assert (await next_shift.post(f"{address}/take", json={})).status_code == 200
    read = (await next_shift.get(address)).json()
    assert (read["written_by"], read["taken_by"]) == ("dispatcher of maas", "authorised representative of maas")
    assert len((await http.get(f"{LIVE}/handovers", params={"taken": True})).json()["items"]) == 1


async def test_whom_to_ring_for_a_signature(client, world):
    """Who is on duty is there for the other side too; names stay at home."""
    address = f"{LIVE}/members/{world.members['maas']}/representatives"
    user = str(world.users["maas", "authorised_representative"])
    made = await client("maas", "admin").post(address, json={"user_id": user})
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == address
    row = made.json()["id"]
    duty = await client("maas", "dispatcher").post(f"{LIVE}/representatives/{row}/duty", json={"on_duty": True})
    assert duty.status_code == 200, duty.text
    (seen,) = (await client("luik", "viewer").get(address)).json()["items"]
    assert (seen["on_duty"], seen["may_bind"], seen["display_name"]) == (True, True, None)
    refused = await client("maas", "admin").post(address, json={"user_id": str(world.users["maas", "viewer"])})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    gone = await client("maas", "admin").post(f"{LIVE}/representatives/{row}/remove", json={})
    assert gone.status_code == 200, gone.text
    assert (await client("maas", "viewer").get(address)).json()["items"] == []


async def test_a_phase(client):
    """A country's own word, by its own people."""
    incident = (await client("maas", "dispatcher").post(f"{LIVE}/incidents", json=flood())).headers["Location"]
    said = await client("aken", "dispatcher").post(
        f"{incident}/phase", json={"country": "DE", "phase": "katastrophenfall"}
    )
    assert said.status_code == 200, said.text
    assert (await client("luik", "viewer").get(incident)).json()["phases"] == {"DE": "katastrophenfall"}
    other = await client("maas", "dispatcher").post(f"{incident}/phase", json={"country": "DE", "phase": "none"})
    assert (other.status_code, other.json()["type"]) == (403, "/problems/wrong-side")
    wrong = await client("maas", "dispatcher").post(f"{incident}/phase", json={"country": "NL", "phase": "red"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/unknown-code")
