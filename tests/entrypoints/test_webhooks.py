"""Webhooks and outboxes as admins and dispatch systems use them."""

from __future__ import annotations

import hashlib

import pytest

from app.settings import Settings
from tests.delivery.receiving import receiving
from tests.world import flood

HOOKS, SPACE = "/api/v1/webhooks", "/api/v1/spaces/live"


@pytest.fixture
def settings():
    return Settings(webhook_networks="127.0.0.0/8", webhook_timeout_s=5)


async def send(http, path, **body):
    answer = await http.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
def run(application):
    async def runs():
        while await application.state.webhooks.turn():
            pass

    return runs


@pytest.fixture
async def incident(client):
    return (await send(client("maas", "dispatcher"), f"{SPACE}/incidents", **flood()))["id"]


@pytest.fixture
def note(client, incident):
    """Writes a line into the incident's log; returns its seq."""

    async def writes(text):
        return (await send(client("maas", "dispatcher"), f"{SPACE}/incidents/{incident}/log", text=text))["seq"]

    return writes


async def test_log_of_deliveries_shows_what_was_sent(client, note, run, clock):
    """An integrator would have to ask the operator why nothing arrives."""
    admin = client("maas", "admin")
    async with receiving(answers=[500, 204]) as receiver:
        made = await send(admin, HOOKS, label="CAD", url=receiver.url, events=["incident.logged"])
        receiver.secret = made["once"]["secret"]
        hook = f"{HOOKS}/{made['id']}"
        seqs = [await note(text) for text in ("one", "two", "three")]
        await run()
        health = (await admin.get(f"{hook}/health")).json()
        assert (health["waiting"], health["failed_24h"], health["lanes"][0]["failures"]) == (3, 1, 1)
        assert [each["seq"] for each in (await admin.get(f"{hook}/deliveries?failed=true")).json()["items"]] == seqs[:1]
        clock.move(seconds=5)
        await run()
        health = (await admin.get(f"{hook}/health")).json()
        assert (health["waiting"], health["delivered_24h"], health["failing_since"]) == (0, 3, None)
        first = (await admin.get(f"{hook}/deliveries?limit=2")).json()
        rest = (await admin.get(f"{hook}/deliveries", params={"limit": 2, "cursor": first["next"]})).json()
        assert [each["seq"] for each in first["items"] + rest["items"]] == seqs[::-1]
        assert (await admin.get(f"{hook}/deliveries?status=waiting")).json()["items"] == []
        one = (await admin.get(f"{hook}/deliveries/live/{seqs[0]}")).json()
        assert one["payload"] == receiver.taken[0]
        assert [(each["answer"], each["number"]) for each in one["attempts"]] == [(500, 1), (204, 2)]
        assert one["attempts"][1]["digest"] == hashlib.sha256(receiver.texts[-3].encode()).hexdigest()
        assert "whsec_" not in (await admin.get(hook)).text
        removed = await send(admin, f"{hook}/remove")
        assert removed["subject"]["status"] == "removed"
        assert (await admin.get(HOOKS)).json()["items"] == []
        assert len((await admin.get(f"{HOOKS}?status=removed")).json()["items"]) == 1


async def test_webhooks_are_their_members_admins_alone(client, note):
    """The address of a control room's system, and what is sent to it, would lie open to the neighbours."""
    made = await send(client("maas", "admin"), HOOKS, label="CAD", url="https://cad.example.org/x", events=["*"])
    hook = f"{HOOKS}/{made['id']}"
    seq = await note("one")
    for path in (hook, f"{hook}/health", f"{hook}/deliveries", f"{hook}/deliveries/live/{seq}"):
        assert (await client("luik", "admin").get(path)).status_code == 404
        assert (await client("maas", "dispatcher").get(path)).status_code == 403
    outbox = f"{SPACE}/outbox/{made['id']}"
    assert (await client("luik", "dispatcher").get(outbox)).status_code == 404
    assert (await client("maas", "viewer").get(outbox)).status_code == 403
    assert (await client("luik", "dispatcher").post(f"{outbox}/acknowledge", json={"seq": 1})).status_code == 404
    assert (await client("luik", "dispatcher").post(f"{hook}/heartbeat", json={})).status_code == 404
    assert (
        await client("luik", "dispatcher").post(f"{SPACE}/webhooks/{made['id']}/receipts", json={"seq": seq})
    ).status_code == 404


async def test_change_wants_the_revision_that_was_read(client):
    """Two admins would point it at two places, and each believe in his own."""
    admin = client("maas", "admin")
    made = await send(admin, HOOKS, label="CAD", url="https://cad.example.org/x", events=["*"])
    hook = f"{HOOKS}/{made['id']}"
    assert (await admin.patch(hook, json={"events": ["mission.*"]})).status_code == 428
    changed = await admin.patch(hook, json={"events": ["mission.*"]}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["subject"]["events"]) == (200, ["mission.*"])
    assert (await admin.patch(hook, json={"label": "x"}, headers={"If-Match": '"1"'})).status_code == 409
    assert (await admin.get(hook)).json()["url"] == "https://cad.example.org/x"


async def test_outbox_is_the_same_events_in_the_same_order_until_they_are_acknowledged(client, note, run):
    """A closed network would hear of nothing, or lose what was on its way when its reader fell over."""
    admin, system = client("maas", "admin"), client("maas", "dispatcher")
    made = await send(admin, HOOKS, label="CAD", events=["incident.logged"])
    async with receiving() as receiver:
        pushed = await send(admin, HOOKS, label="CAD", url=receiver.url, events=["incident.logged"])
        receiver.secret = pushed["once"]["secret"]
        seqs = [await note(f"line {number}") for number in range(5)]
        await run()
        outbox = f"{SPACE}/outbox/{made['id']}"
        first = (await system.get(f"{outbox}?limit=2")).json()
        assert (first["events"], first["more"]) == (receiver.taken[:2], True)
        assert (await system.get(f"{outbox}?limit=2")).json() == first
        rest = (await system.get(outbox, params={"after": first["next_after"]})).json()
        assert (rest["events"], rest["more"]) == (receiver.taken[2:], False)
        assert (await send(system, f"{outbox}/acknowledge", seq=seqs[2]))["taken"] == 3
        assert (await send(system, f"{outbox}/acknowledge", seq=seqs[2]))["taken"] == 0
        unread = await system.post(f"{outbox}/acknowledge", json={"seq": 10**9}, headers={"Idempotency-Key": "ahead"})
        assert (unread.status_code, unread.json()["type"]) == (422, "/problems/out-of-range")
        left = (await system.get(outbox)).json()
        assert [each["data"]["seq"] for each in left["events"]] == seqs[3:]
        again = (await system.get(f"{outbox}?after=0")).json()
        assert [each["data"]["seq"] for each in again["events"]] == seqs
        elsewhere = await system.get(f"/api/v1/spaces/integration/outbox/{made['id']}")
        assert (elsewhere.status_code, elsewhere.json()["reasons"][0]["code"]) == (409, "webhook_space_kind")
        assert (await admin.get(f"{HOOKS}/{made['id']}/health")).json()["heard_at"] == "2026-07-14T12:00:00Z"


async def test_what_is_replayed_into_an_outbox_is_read_before_it_counts_as_delivered(client, note, run):
    """A control room that restored a backup would be told that it has what it never saw again."""
    admin, system = client("maas", "admin"), client("maas", "dispatcher")
    made = await send(admin, HOOKS, label="CAD", events=["incident.logged"])
    outbox = f"{SPACE}/outbox/{made['id']}"
    seqs = [await note(f"line {number}") for number in range(3)]
    await run()
    await send(system, f"{outbox}/acknowledge", seq=seqs[-1])

    async def read(**asked):
        page = (await system.get(outbox, params=asked)).json()
        marked = [each["data"]["seq"] for each in page["events"] if each.get("replayed")]
        assert page["replayed"] == marked
        return [each["data"]["seq"] for each in page["events"]], page

    async def replay(first, last):
        await send(admin, f"{HOOKS}/{made['id']}/replay", from_seq=first, to_seq=last)
        await run()

    seqs.append(await note("new"))
    await run()
    assert (await read(after=seqs[2]))[0] == seqs[3:]
    await replay(seqs[0], seqs[1])  # between reading and acknowledging
    assert (await send(system, f"{outbox}/acknowledge", seq=seqs[3]))["taken"] == 1
    for asked in ({"after": seqs[3]}, {}):
        came, page = await read(**asked)
        assert (came, page["next_after"] >= seqs[3], page["more"]) == (seqs[:2], True, False)
    seqs.append(await note("newer"))
    await run()
    came, page = await read(after=seqs[3], limit=2)
    assert (came, page["next_after"], page["replayed"]) == ([seqs[0], seqs[4]], seqs[4], seqs[:1])
    assert (await read(after=seqs[3], limit=1))[0] == seqs[4:]  # what is new waits for none of it
    assert (await send(system, f"{outbox}/acknowledge", seq=seqs[4], replayed=page["replayed"]))["taken"] == 2
    assert (await read(after=seqs[4]))[0] == (await read())[0] == seqs[1:2]
    assert (await send(system, f"{outbox}/acknowledge", seq=seqs[4], replayed=seqs))["taken"] == 1
    assert (await read(after=seqs[4]))[0] == (await read())[0] == []
    seqs.append(await note("read, lost, and not acknowledged"))
    await run()
    assert (await read(after=seqs[4]))[0] == seqs[5:]
    await replay(seqs[5], seqs[5])
    assert (await read(after=seqs[5]))[0] == seqs[5:]
    assert (await send(system, f"{outbox}/acknowledge", seq=seqs[5]))["taken"] == 0


async def test_an_outbox_says_where_nothing_will_come_of_it(client):
    """Who reads the outbox of a webhook that is sent to, or in the wrong space, would wait for ever and take it for a quiet night."""
    admin, system = client("maas", "admin"), client("maas", "dispatcher")
    pushed = await send(
        admin, HOOKS, label="CAD", url="https://cad.example.org/x", events=["*"], space_kinds=["exercise"]
    )
    pulled = await send(admin, HOOKS, label="CAD", events=["*"])
    told = [(await system.get(f"{SPACE}/outbox/{each['id']}")).json() for each in (pushed, pulled)]
    assert [(each["sent_to"], each["tests_alone"]) for each in told] == [
        ("https://cad.example.org", True),
        (None, False),
    ]
    await send(admin, f"{HOOKS}/{pulled['id']}/remove")
    late = await system.post(f"{HOOKS}/{pulled['id']}/heartbeat", json={}, headers={"Idempotency-Key": "late"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/transition-not-allowed")


async def test_an_outbox_is_read_while_its_webhook_is_paused_and_says_so(client, note, run):
    """An admin would believe that he has stopped its reader; the reader would take the end of a pause for the end of a quiet night."""
    admin, system = client("maas", "admin"), client("maas", "dispatcher")
    made = await send(admin, HOOKS, label="CAD", events=["incident.logged"])
    await send(admin, f"{HOOKS}/{made['id']}/pause")
    seq = await note("line")
    await run()
    page = (await system.get(f"{SPACE}/outbox/{made['id']}")).json()
    assert ([each["data"]["seq"] for each in page["events"]], page["status"]) == ([seq], "paused")
    assert (await send(system, f"{SPACE}/outbox/{made['id']}/acknowledge", seq=seq))["taken"] == 1
    again = await send(admin, f"{HOOKS}/{made['id']}/replay", from_seq=seq)
    assert again["warnings"] == []  # it is there to be read, whoever resumes what


async def test_heartbeat_has_what_failed_tried_at_once(client, note, run, clock):
    """A system that is back after a long night would wait for a quarter of an hour more."""
    admin, system = client("maas", "admin"), client("maas", "dispatcher")
    async with receiving(answers=[503]) as receiver:
        made = await send(admin, HOOKS, label="CAD", url=receiver.url, events=["incident.logged"], heartbeat_min=5)
        receiver.secret = made["once"]["secret"]
        seq = await note("line")
        for _ in range(12):
            await run()
            clock.move(minutes=20)
        await run()
        receiver.answers = [204]
        await run()
        assert receiver.seqs == []
        heard = await send(system, f"{HOOKS}/{made['id']}/heartbeat")
        assert (heard["status"], heard["again_within_min"]) == ("active", 5)
        await run()
        assert seq in [each["data"].get("seq") for each in receiver.taken]


async def test_taken_into_dispatch(client, incident, run, clock):
    """Who sends must see that its own dispatch has the mission, under the number that people speak of there."""
    luik = client("luik", "dispatcher")
    made = await send(
        client("luik", "admin"), HOOKS, label="CAD", events=["mission.*"], source="cad-luik", receipts=True
    )
    members = {each["code"]: each["id"] for each in (await luik.get(f"{SPACE}/members")).json()["items"]}
    called = {"requester_id": members["maas"], "lender_id": members["luik"], "incident_id": incident}
    await send(luik, f"{SPACE}/assist-now", **called, type_code="pump.high_capacity", quantity=1, lon=5.7, lat=50.78)
    await run()
    events = (await luik.get(f"{SPACE}/outbox/{made['id']}")).json()["events"]
    (event,) = [each for each in events if each["data"]["receipt"]]
    assert event["type"] == "mission.mobilising"
    clock.move(seconds=30)
    taken = await send(luik, f"{SPACE}/webhooks/{made['id']}/receipts", seq=event["data"]["seq"], number="L-77")
    assert taken["subject"]["status"] == "taken"
    health = (await client("luik", "admin").get(f"{HOOKS}/{made['id']}/health")).json()
    assert health["heard_at"] == "2026-07-14T12:00:30Z"  # who answers is not silent
    listed = (await luik.get(f"{SPACE}/dispatch-receipts?status=taken")).json()["items"]
    assert [each["number"] for each in listed] == ["L-77"]
    assert (await client("maas", "dispatcher").get(f"{SPACE}/dispatch-receipts")).json()["items"] == []
    read = (await client("maas", "dispatcher").get(f"{SPACE}/incidents/{incident}")).json()["external_ids"]
    assert [(each["source"], each["code"]) for each in read] == [("cad-luik", "L-77")]
