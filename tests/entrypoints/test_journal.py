"""The journal over HTTP: what a client has to rely on when it follows what happens."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from app.commands.tokens import AddToken
from app.domain.ids import new_id
from tests.until import until
from tests.world import flood

URL = "/api/v1/spaces/live/journal"


@pytest.fixture
def maas(client):
    return client("maas", "dispatcher")


@pytest.fixture
async def incident(maas):
    answer = await maas.post("/api/v1/spaces/live/incidents", json=flood(hazard="storm"))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def page(client, **params):
    answer = await client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_pages_join_without_a_gap(maas, incident):
    """A client that pages through would lose entries at the seams."""
    whole = await page(maas, limit=1000)
    assert whole["head"] == incident["seq"] == whole["entries"][-1]["seq"]
    seen, after = [], 0
    while True:
        part = await page(maas, after=after, limit=7)
        if not part["entries"]:
            break
        assert len(part["entries"]) <= 7
        seen += part["entries"]
        after = part["after"]
    assert seen == whole["entries"]
    assert [each["seq"] for each in seen] == list(range(1, whole["head"] + 1))
    beyond = await page(maas, after=whole["head"] + 100)
    assert (beyond["entries"], beyond["after"]) == ([], whole["head"] + 100)


async def test_an_entry_tells_what_happened(maas, incident, world):
    """A console that shows the time line needs who, when, by which way, and the state after."""
    (entry,) = (await page(maas, after=incident["seq"] - 1))["entries"]
    assert entry["type"] == "incident.reported"
    assert entry["hidden"] is False
    assert entry["actor"] == f"user:{world.users['maas', 'dispatcher']}"
    assert entry["subject"] == f"incident:{incident['id']}"
    assert entry["data"]["command"] == "report_incident"
    assert entry["data"]["via"] == "api"
    assert entry["rows"]["incident"][0] == incident["subject"]


async def test_entries_of_others_are_stubs_that_keep_the_chain_whole(client, world, maas):
    """What two cities agree on would be open to a third; or that third could not check the journal."""
    admin = client("maas", "admin")
    body = {"login": "new.colleague", "display_name": "New Colleague", "roles": ["viewer"]}
    answer = await admin.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    seq = answer.json()["seq"]
    theirs = await page(client("hasselt", "dispatcher"), limit=1000)
    ours = await page(maas, limit=1000)
    hidden = theirs["entries"][seq - 1]
    assert hidden["hidden"] is True
    assert {name for name, value in hidden.items() if value is not None} == {"seq", "hidden", "digest", "hash"}
    shown = ours["entries"][seq - 1]
    assert shown["type"] == "user.added"
    previous = bytes(32)
    for one, other in zip(ours["entries"], theirs["entries"], strict=True):
        assert (one["digest"], one["hash"]) == (other["digest"], other["hash"])
        previous = hashlib.sha256(previous + bytes.fromhex(one["digest"])).digest()
        assert previous.hex() == one["hash"]
    assert ours["head_hash"] == previous.hex()


async def test_waiting_ends_with_the_commit(maas, client, incident, application, monkeypatch):
    """A client that waits would poll all day, or hear of an alarm after its wait."""
    from app.delivery import tail

    monkeypatch.setattr(tail, "POLL_S", 60)
    wakes = application.state.wakes
    waiting = asyncio.create_task(page(maas, after=incident["seq"], wait_s=25))
    await until(lambda: wakes._ears)
    body = {"text": "The water still rises."}
    line = await client("luik", "dispatcher").post(f"/api/v1/spaces/live/incidents/{incident['id']}/log", json=body)
    assert line.is_success, line.text
    async with asyncio.timeout(10):
        found = await waiting
    assert [each["seq"] for each in found["entries"]] == [line.json()["seq"]]
    assert found["head"] == found["after"] == line.json()["seq"]


async def test_waiting_ends_by_itself(maas, incident):
    """A client behind a proxy would see its connection cut instead of an answer."""
    found = await page(maas, after=incident["seq"], wait_s=1)
    assert found["entries"] == []
    assert found["after"] == found["head"] == incident["seq"]


async def test_a_token_that_is_revoked_while_it_waits_reads_no_more(client, door, world, incident, application):
    """A lost laptop that waits for the next entry would still be told it."""
    user, waiting_for = world.users["aken", "viewer"], application.state.wakes._ears
    command = AddToken(user_id=user, label="wall", scopes=["read"], days=1)
    made = await door.execute(command, actor=world.actor("aken", "admin"), space="live")
    lost = client("aken", "viewer")
    lost.headers["Authorization"] = f"Bearer {made.once['token']}"
    address, after = "/api/v1/spaces/live/journal", made.seq
    waiting = asyncio.create_task(lost.get(address, params={"after": after, "wait_s": 25}))
    await until(lambda: waiting_for)
    admin = client("aken", "admin")
    assert (await admin.post(f"/api/v1/tokens/{made.id}/revoke", json={})).is_success
    async with asyncio.timeout(10):
        answer = await waiting
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-invalid")


async def test_who_waits_holds_no_connection(maas, incident, application):
    """Twenty consoles that wait would lock everybody else out of the database."""
    wakes, pool = application.state.wakes, application.state.door.engine.pool
    waiting = [asyncio.create_task(page(maas, after=incident["seq"], wait_s=25)) for _ in range(30)]
    await until(lambda: len(wakes._ears.get("live", ())) == len(waiting) and not pool.checkedout())
    answer = await maas.post("/api/v1/spaces/live/incidents", json=flood(hazard="storm"))
    assert answer.status_code == 201
    async with asyncio.timeout(20):
        assert {len(each["entries"]) for each in await asyncio.gather(*waiting)} == {1}


async def test_the_time_line_of_one_thing(maas, client, incident):
    """Somebody who asks what happened to a unit would have to read the whole journal."""
    await maas.post("/api/v1/spaces/live/incidents", json=flood(hazard="storm"))
    change = await maas.patch(
        f"/api/v1/spaces/live/incidents/{incident['id']}", json={"severity": 5}, headers={"If-Match": '"1"'}
    )
    assert change.status_code == 200, change.text
    answer = await maas.get(f"{URL}/about/incident/{incident['id']}")
    told = answer.json()
    assert [each["type"] for each in told["entries"]] == ["incident.reported", "incident.changed"]
    assert told["head"] == change.json()["seq"]
    one = (await maas.get(f"{URL}/about/incident/{incident['id']}", params={"limit": 1})).json()
    rest = await maas.get(f"{URL}/about/incident/{incident['id']}", params={"after": one["after"]})
    assert [each["seq"] for each in rest.json()["entries"]] == [change.json()["seq"]]
    nothing = await maas.get(f"{URL}/about/incident/{new_id()}")
    assert (nothing.status_code, nothing.json()["entries"]) == (200, [])


async def test_what_is_hidden_is_no_part_of_a_time_line(client, world):
    """The number of entries about a user would tell other members of what they may not see."""
    admin, user = client("maas", "admin"), world.users["maas", "viewer"]
    assert (await admin.get(f"{URL}/about/user/{user}")).json()["entries"]
    assert (await client("luik", "admin").get(f"{URL}/about/user/{user}")).json()["entries"] == []


async def test_an_erased_entry_keeps_its_place(maas, incident, pg):
    """Erasing what somebody asked to be forgotten would break every follower."""
    await (await pg()).execute("UPDATE journal_entry SET payload = NULL, salt = NULL WHERE seq = $1", incident["seq"])
    (entry,) = (await page(maas, after=incident["seq"] - 1))["entries"]
    assert (entry["data"], entry["rows"], entry["hidden"]) == (None, None, False)
    assert entry["type"] == "incident.reported"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/spaces/nowhere/journal", 404),
        ("/api/v1/spaces/nowhere/journal?wait_s=5", 404),
        ("/api/v1/spaces/LIVE/journal", 422),
        (f"{URL}?after=-1", 422),
        (f"{URL}?after=9223372036854775808", 422),
        (f"{URL}?limit=0", 422),
        (f"{URL}?limit=1001", 422),
        (f"{URL}?wait_s=26", 422),
        (f"{URL}/about/incident/not-an-id", 422),
        (f"{URL}/about/inci%00dent/01890a5d-ac96-774b-bcce-b302099a8057", 422),
    ],
)
async def test_what_can_not_be_asked_is_a_problem(maas, path, status):
    """A mistyped question would be an error of ours, or be answered as another question."""
    answer = await maas.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_nobody_reads_it_without_signing_in(anonymous):
    """The journal tells where every unit of three countries is."""
    assert (await anonymous.get(URL)).status_code == 401
