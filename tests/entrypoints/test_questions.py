"""Questions over HTTP."""

from __future__ import annotations

import pytest

from tests.world import flood

LIVE = "/api/v1/spaces/live"


@pytest.fixture
async def request_id(client):
    """maas's open request for a pumper."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post(f"{LIVE}/incidents", json=flood())).json()["id"]
    line = {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    return (await maas.post(f"{LIVE}/requests", json=body)).json()["id"]


async def test_ask_read_and_answer(client, request_id):
    """A question that stays in one control room is a phone call more for every other."""
    luik, maas, aken = (client(member, "dispatcher") for member in ("luik", "maas", "aken"))
    asked = await luik.post(f"{LIVE}/requests/{request_id}/questions", json={"text": "26 t ?", "language": "fr"})
    assert asked.status_code == 201
    where = asked.headers["Location"]
    assert (await aken.get(where)).json()["text"] == "26 t ?"
    answered = await maas.post(f"{where}/answer", json={"text": "Ja.", "language": "nl"})
    assert (answered.status_code, answered.headers["ETag"]) == (200, '"2"')
    again = await maas.post(f"{where}/answer", json={"text": "Nee."})
    assert (again.status_code, again.json()["current"]["answer"]) == (409, "Ja.")
    await luik.post(f"{LIVE}/requests/{request_id}/questions", json={"text": "Et la nuit ?"})
    listed = (await aken.get(f"{LIVE}/requests/{request_id}/questions", params={"limit": 1})).json()
    assert [item["text"] for item in listed["items"]] == ["Et la nuit ?"]
    older = await aken.get(f"{LIVE}/requests/{request_id}/questions", params={"limit": 1, "cursor": listed["next"]})
    assert [item["answer"] for item in older.json()["items"]] == ["Ja."]
    waiting = await aken.get(f"{LIVE}/requests/{request_id}/questions", params={"answered": False})
    assert [item["text"] for item in waiting.json()["items"]] == ["Et la nuit ?"]


async def test_refusals(client, request_id):
    """Each says what was wrong and where."""
    luik = client("luik", "dispatcher")
    empty = await luik.post(f"{LIVE}/requests/{request_id}/questions", json={"text": " "})
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/text")
    own = await client("maas", "dispatcher").post(f"{LIVE}/requests/{request_id}/questions", json={"text": "?"})
    assert (own.status_code, own.json()["errors"][0]["pointer"]) == (422, "/to_member_id")
    nobody = "0197a1b2-0000-7000-8000-000000000001"
    assert (await luik.get(f"{LIVE}/questions/{nobody}")).status_code == 404
    assert (await luik.get(f"{LIVE}/requests/{nobody}/questions")).status_code == 404
    assert (await luik.post(f"{LIVE}/questions/{nobody}/answer", json={"text": "?"})).status_code == 404
