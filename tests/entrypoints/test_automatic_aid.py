"""Automatic aid over HTTP: what a clause covers, the alarm, its answers, and who reads what."""

from __future__ import annotations

import pytest

from tests.commands.test_automatic_aid import STRIP
from tests.world import everywhere, flood

LIVE = "/api/v1/spaces/live"
PUMP = "pump.high_capacity"
WHERE = {"lon": 5.7, "lat": 50.78}


@pytest.fixture
async def signed(client, world):
    """An agreement with a clause of automatic aid: luik, then aken."""
    lead = client("maas", "authorised_representative")
    parties = [str(world.members[each]) for each in ("maas", "luik", "aken")]
    clause = {
        "types": [PUMP],
        "strip": STRIP,
        "quantity": 1,
        "lenders": parties[1:],
        "hours": {"begins": "06:00", "ends": "22:00"},
    }
    body = {
        "code": "automatic",
        "names": everywhere("Automatic aid"),
        "lenders": parties,
        "borrowers": parties,
        "terms": {"kinds": ["immediate"], "automatic_aid": [clause]},
        "effective_at": "2026-01-01T00:00:00Z",
        "precedence": 10,
    }
    made = await lead.post(f"{LIVE}/agreements", json=body)
    assert made.status_code == 201, made.text
    address = f"{LIVE}/agreements/{made.json()['id']}"
    assert (await lead.post(f"{address}/propose", json={})).status_code == 200
    for member in ("maas", "luik", "aken"):
        consent = await client(member, "authorised_representative").post(f"{address}/consent", json={})
        assert consent.status_code == 200, consent.text
    return address


@pytest.fixture
async def incident(client):
    made = await client("maas", "dispatcher").post(f"{LIVE}/incidents", json=flood())
    return f"{LIVE}/incidents/{made.json()['id']}"


async def test_what_is_covered_is_read_before_anybody_is_alarmed(client, signed, incident, world):
    """The button stands only where there is a clause, and the dispatcher sees who would be alarmed, and who not."""
    maas = client("maas", "dispatcher")
    found = (await maas.get(f"{incident}/automatic-aid", params=WHERE)).json()
    (pumps,) = found["types"]
    assert (pumps["type_code"], pumps["most"]) == (PUMP, 1)
    assert [each["lender_id"] for each in pumps["lenders"]] == [str(world.members[each]) for each in ("luik", "aken")]
    assert [each["reasons"] for each in pumps["lenders"]] == [[], []]
    two = (await maas.get(f"{incident}/automatic-aid", params=WHERE | {"quantity": 2})).json()
    reason = two["types"][0]["lenders"][0]["reasons"][0]
    assert (reason["code"], set(reason["texts"])) == ("beyond_clause", {"en", "de", "fr", "nl"})
    assert [each["would_send"] for each in two["types"][0]["lenders"]] == [1, 1]
    for nowhere in ({"lon": 6.3, "lat": 50.9}, {"lon": 5.3, "lat": 50.9}):
        assert (await maas.get(f"{incident}/automatic-aid", params=nowhere)).json() == {"types": []}
    stranger = client("hasselt", "dispatcher")
    assert (await stranger.get(f"{incident}/automatic-aid", params=WHERE)).json() == {"types": []}
    unknown = f"{LIVE}/incidents/{world.members['maas']}/automatic-aid"
    assert (await maas.get(unknown, params=WHERE)).status_code == 404
    read = (await maas.get(signed)).json()
    assert read["terms"]["automatic_aid"][0]["hours"] == {"begins": "06:00", "ends": "22:00"}


async def test_an_alarm_goes_from_cannot_to_rolling(client, signed, incident, world):
    """What a dispatch system needs: it is told of the alarm, and answers with one message."""
    maas, luik, aken, hasselt = (client(each, "dispatcher") for each in ("maas", "luik", "aken", "hasselt"))
    made = await maas.post(f"{incident}/automatic-aid", json={"type_code": PUMP, **WHERE})
    assert made.status_code == 201, made.text
    aid = made.headers["Location"]
    (alarm,) = (await luik.get(f"{LIVE}/automatic-alarms", params={"status": "alarmed"})).json()["items"]
    assert alarm["lender_id"] == str(world.members["luik"])
    assert (await aken.get(f"{LIVE}/automatic-alarms")).json()["items"] == []
    answered = await luik.post(
        f"{LIVE}/automatic-alarms/{alarm['id']}/answer", json={"rolling": False, "reason": "own_emergency"}
    )
    assert answered.status_code == 200, answered.text
    (after,) = (await aken.get(f"{LIVE}/automatic-alarms", params={"status": "alarmed"})).json()["items"]
    unit = str(world.resources["aken-pump-1"])
    rolling = {"rolling": True, "resource_ids": [unit]}
    assert (await aken.post(f"{LIVE}/automatic-alarms/{after['id']}/answer", json=rolling)).status_code == 200
    again = await aken.post(f"{LIVE}/automatic-alarms/{after['id']}/answer", json=rolling | {"resource_ids": []})
    assert again.status_code == 422
    late = await luik.post(f"{LIVE}/automatic-alarms/{alarm['id']}/answer", json={"rolling": False, "reason": "crew"})
    assert (late.status_code, late.json()["current"]["status"]) == (409, "cannot")
    read = (await maas.get(aid)).json()
    assert (read["status"], read["lacking"], read["passed_over"]) == ("rolling", 0, [])
    both = (await maas.get(f"{LIVE}/automatic-alarms", params={"aid": read["id"]})).json()["items"]
    assert [(each["turn"], each["status"]) for each in both] == [(2, "rolling"), (1, "cannot")]
    for other in (hasselt, luik):
        assert (await other.get(aid)).status_code == 404
    assert (await hasselt.get(f"{LIVE}/automatic-alarms/{after['id']}")).status_code == 404
    assert (await luik.get(f"{LIVE}/automatic-aid")).json()["items"] == []
    assert (await maas.get(f"{LIVE}/automatic-aid", params={"status": "nonsense"})).status_code == 422


async def test_it_is_called_off(client, signed, incident):
    """A caller who hangs up must not leave an engine waiting for an answer."""
    maas = client("maas", "dispatcher")
    made = await maas.post(f"{incident}/automatic-aid", json={"type_code": PUMP, **WHERE})
    off = await maas.post(f"{made.headers['Location']}/call-off", json={"why": "Vals alarm."})
    assert (off.status_code, off.json()["subject"]["status"]) == (200, "called_off")
    assert (await maas.post(f"{made.headers['Location']}/call-off", json={})).status_code == 409
    refused = await maas.post(f"{incident}/automatic-aid", json={"type_code": "engine.pumper", **WHERE})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "agreement-refused")


async def test_pages_follow_each_other(client, signed, incident):
    """A dispatch system that reads page by page must meet each alarm once."""
    maas = client("maas", "dispatcher")
    for _ in range(3):
        made = await maas.post(f"{incident}/automatic-aid", json={"type_code": PUMP, **WHERE})
        await maas.post(f"{made.headers['Location']}/call-off", json={})
    for address in ("automatic-aid", "automatic-alarms"):
        seen, cursor = [], None
        while cursor is not None or not seen:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await maas.get(f"{LIVE}/{address}", params=params)).json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert len(set(seen)) == len(seen) == 3
