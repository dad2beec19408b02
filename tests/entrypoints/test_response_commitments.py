"""Response commitments over HTTP: on the request, as a list with its totals, and for the two members alone."""

from __future__ import annotations

import pytest

from tests.world import everywhere, flood

LIVE = "/api/v1/spaces/live"
PUMP = "pump.high_capacity"


@pytest.fixture
async def asked(client, world):
    """An open request of maas's, under an agreement by which luik and aken promise to acknowledge and answer."""
    parties = [str(world.members[each]) for each in ("maas", "luik", "aken")]
    body = {
        "code": "promised",
        "names": everywhere("Promised"),
        "lenders": parties,
        "borrowers": parties,
        "terms": {"kinds": ["immediate"], "response": [{"acknowledge_min": 5, "answer_min": 15}]},
        "effective_at": "2026-01-01T00:00:00Z",
        "precedence": 10,
    }
    made = await client("maas", "authorised_representative").post(f"{LIVE}/agreements", json=body)
    address = f"{LIVE}/agreements/{made.json()['id']}"
    await client("maas", "authorised_representative").post(f"{address}/propose", json={})
    for member in ("maas", "luik", "aken"):
        signed = await client(member, "authorised_representative").post(f"{address}/consent", json={})
        assert signed.status_code == 200, signed.text
    maas = client("maas", "dispatcher")
    incident = (await maas.post(f"{LIVE}/incidents", json=flood())).json()["id"]
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    wanted = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    opened = await maas.post(f"{LIVE}/requests", json=wanted)
    assert opened.status_code == 201, opened.text
    return f"{LIVE}/requests/{opened.json()['id']}"


async def test_the_request_shows_what_was_promised_and_kept(client, asked, clock, world):
    """Each side sees its own: the requester all lenders, a lender what it promised, others nothing."""
    clock.move(minutes=4)
    assert (await client("luik", "dispatcher").post(f"{asked}/acknowledge", json={})).status_code == 201
    clock.move(minutes=2)
    assert (await client("aken", "dispatcher").post(f"{asked}/acknowledge", json={})).status_code == 201

    async def seen(member):
        rows = (await client(member, "dispatcher").get(asked)).json()["response_commitments"]
        return {(row["lender_id"], row["step"]): (row["status"], row["took_min"]) for row in rows}

    luik, aken = str(world.members["luik"]), str(world.members["aken"])
    own = {(luik, "acknowledge"): ("kept", 4.0), (luik, "answer"): ("running", None)}
    theirs = {(aken, "acknowledge"): ("broken", 6.0), (aken, "answer"): ("running", None)}
    assert await seen("maas") == own | theirs
    assert await seen("luik") == own
    assert await seen("hasselt") == {}


async def test_the_list_counts_what_was_kept(client, asked, clock, world):
    """What the yearly talk about the agreement begins with: the share, and of how many."""
    clock.move(minutes=4)
    await client("luik", "dispatcher").post(f"{asked}/decline", json={"reason": "crew"})
    clock.move(minutes=2)
    await client("aken", "dispatcher").post(f"{asked}/acknowledge", json={})
    maas = client("maas", "dispatcher")
    address = f"{LIVE}/response-commitments"
    page = (await maas.get(address, params={"limit": 1})).json()
    assert len(page["items"]) == 1
    totals = {each["step"]: (each["n"], each["kept"], each["share"], each["median_min"]) for each in page["totals"]}
    assert totals == {"*": (3, 2, 2 / 3, 4.0), "acknowledge": (2, 1, 0.5, 5.0), "answer": (1, 1, 1.0, 4.0)}
    ids = [page["items"][0]["id"]]
    while page["next"]:
        page = (await maas.get(address, params={"limit": 1, "cursor": page["next"]})).json()
        ids += [each["id"] for each in page["items"]]
    assert len(set(ids)) == len(ids) == 4
    for filters, count in (
        ({"member": str(world.members["aken"])}, 2),
        ({"status": "broken"}, 1),
        ({"status": ["kept", "broken"]}, 3),
        ({"step": "answer"}, 2),
        ({"binding": "obligatory"}, 0),
        ({"agreement": page["items"][0]["agreement_id"]}, 4),
        ({"request": asked.rpartition("/")[2]}, 4),
        ({"since": "2026-07-15T00:00:00Z"}, 0),
    ):
        found = (await maas.get(address, params=filters)).json()
        assert len(found["items"]) == count, filters
    empty = (await maas.get(address, params={"binding": "obligatory"})).json()
    assert [(each["n"], each["share"]) for each in empty["totals"]] == [(0, None)]
    assert (await maas.get(address, params={"status": "nonsense"})).status_code == 422
    assert (await client("hasselt", "dispatcher").get(address)).json()["items"] == []
    assert (await client("hasselt", "dispatcher").get(f"{address}/{ids[0]}")).status_code == 404
    read = await maas.get(f"{address}/{ids[0]}")
    assert (read.status_code, read.headers["ETag"]) == (200, f'"{read.json()["revision"]}"')
