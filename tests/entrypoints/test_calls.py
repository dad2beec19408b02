"""Phone calls and debts over HTTP."""

from __future__ import annotations

import pytest

from tests.world import flood

SPACE = "/api/v1/spaces/live"


@pytest.fixture
def maas(client):
    """A dispatcher of the member that asked."""
    return client("maas", "dispatcher")


@pytest.fixture
def luik(client):
    """A dispatcher of the member that sends."""
    return client("luik", "dispatcher")


@pytest.fixture
async def agreed(maas, world):
    """The body of ``assist-now``: two pumps of luik's for maas."""
    incident = (await maas.post(f"{SPACE}/incidents", json=flood())).json()["id"]
    return {
        "requester_id": str(world.members["maas"]),
        "lender_id": str(world.members["luik"]),
        "incident_id": incident,
        "type_code": "pump.high_capacity",
        "quantity": 2,
        "lon": 5.7,
        "lat": 50.78,
        "person_rung": "Mme Exemple",
        "occurred_at": "2026-07-14T11:58:00Z",
    }


async def test_written_matched_and_made_good(maas, luik, client, agreed, world):
    """From the call to the last signature, as two control rooms would drive it."""
    written = await maas.post(f"{SPACE}/assist-now", json=agreed)
    assert written.status_code == 201
    at = written.headers["Location"]
    call = (await luik.get(at)).json()
    assert (call["status"], call["person_rung"]) == ("unconfirmed", "Mme Exemple")
    (debt,) = (await client("hasselt", "viewer").get(f"{SPACE}/debts?status=owed")).json()["items"]
    assert (debt["act"], debt["member_id"]) == ("commit", str(world.members["luik"]))
    owing = f"{SPACE}/debts/{debt['id']}"
    assert (await luik.post(f"{owing}/make-good", json={})).json()["type"] == "/problems/role-missing"
    good = await client("luik", "authorised_representative").post(f"{owing}/make-good", json={"why": "Agreed."})
    assert good.json()["subject"]["status"] == "made_good"
    assert (await maas.get(owing)).json()["made_good_by_id"]
    matched = await luik.post(f"{SPACE}/assist-now", json=agreed | {"person_rung": "Dhr. Voorbeeld"})
    assert matched.status_code == 200, "nothing new was made"
    assert matched.headers["Location"] == at
    assert (await maas.get(at)).json()["confirmed_person"] == "Dhr. Voorbeeld"
    missions = (await maas.get(f"{SPACE}/missions?active=true")).json()["items"]
    assert [mission["status"] for mission in missions] == ["mobilising", "mobilising"]
    named = await luik.post(
        f"{SPACE}/missions/{missions[0]['id']}/assign-unit", json={"resource_id": str(world.resources["luik-pump-1"])}
    )
    assert named.status_code == 200
    assert (await maas.get(f"{SPACE}/requests")).json()["items"][0]["lines"][0]["fill"]["committed"] == 2


async def test_confirmed_and_repeated(maas, luik, agreed):
    """A repeat under the same key must not send two more pumps, and gives the first answer."""
    key = {"Idempotency-Key": "call-12-58"}
    first = await maas.post(f"{SPACE}/assist-now", json=agreed, headers=key)
    again = await maas.post(f"{SPACE}/assist-now", json=agreed, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    confirmed = await luik.post(f"{first.headers['Location']}/confirm", json={})
    assert confirmed.json()["subject"]["status"] == "confirmed"
    assert (await luik.post(f"{first.headers['Location']}/confirm", json={})).status_code == 409


async def test_lists_and_whose_they_are(maas, luik, client, agreed, world):
    """A third control room sees who is coming and what is owed, and not who rang whom."""
    written = (await maas.post(f"{SPACE}/assist-now", json=agreed)).json()
    aken = client("aken", "dispatcher")
    assert (await aken.get(f"{SPACE}/calls")).json()["items"] == []
    assert (await aken.get(f"{SPACE}/calls/{written['id']}")).status_code == 404
    assert (await aken.post(f"{SPACE}/calls/{written['id']}/confirm", json={})).status_code == 404
    request = written["rows"]["request"][0]["id"]
    for query, found in (
        ("calls?status=unconfirmed", 1), ("calls?status=confirmed", 0), (f"calls?member={world.members['luik']}", 1),
        (f"calls?member={world.members['aken']}", 0), (f"calls?incident={agreed['incident_id']}", 1),
        (f"calls?request={request}", 1), ("calls?since=2026-07-14T11:59:00Z", 0), ("calls?until=2026-07-14T11:59:00Z", 1),
        (f"debts?member={world.members['luik']}", 1), (f"debts?member={world.members['maas']}", 0),
        (f"debts?request={request}", 1), (f"debts?call={written['id']}", 1), ("debts?status=overdue", 0),
        ("debts?due_before=2026-07-14T13:00:00Z", 0), ("debts?due_before=2026-07-14T13:00:01Z", 1),
    ):  # fmt: skip
        assert len((await luik.get(f"{SPACE}/{query}")).json()["items"]) == found, query
    assert (await luik.get(f"{SPACE}/debts?status=forgiven")).json()["type"] == "/problems/unknown-code"
    assert (await luik.get(f"{SPACE}/calls?status=lost")).status_code == 422


async def test_refused_bodies(maas, client, agreed, world):
    """What can't be right is refused before anything rolls, with the place in the body."""
    for change, pointer in (
        ({"quantity": 0}, "/quantity"),
        ({"quantity": 101}, "/quantity"),
        ({"lender_id": agreed["requester_id"]}, "/lender_id"),
        ({"resource_ids": [str(world.resources["luik-pump-1"])]}, "/resource_ids"),
        ({"lon": 4.9, "lat": 52.37}, "/lon"),
        ({"priority": "whim"}, "/priority"),
        ({"occurred_at": "2026-07-14T11:58:00"}, "/occurred_at"),
    ):
        answer = await maas.post(f"{SPACE}/assist-now", json=agreed | change)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer
    third = await client("aken", "dispatcher").post(f"{SPACE}/assist-now", json=agreed)
    assert third.json()["type"] == "/problems/wrong-side"
    assert (await maas.get(f"{SPACE}/missions")).json()["items"] == []
