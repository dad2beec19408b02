"""The conformance report: what was sent, taken, missed, late, again, and what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.cli.dispatch_report import reports
from app.commands.due import run_due
from app.domain.conformance import FINDINGS, failures
from app.settings import Settings
from simulations.client import Client
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
def note(client):
    """Writes a line into an incident's log; returns its seq."""
    incident = []

    async def writes(text):
        http = client("maas", "dispatcher")
        if not incident:
            incident.append((await send(http, f"{SPACE}/incidents", **flood()))["id"])
        return (await send(http, f"{SPACE}/incidents/{incident[0]}/log", text=text))["seq"]

    return writes


async def report(http, id_, **params):
    answer = await http.get(f"{HOOKS}/{id_}/conformance", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(told, *names):
    return tuple(told[name] for name in names)


def codes(told):
    return [(each["code"], each["count"]) for each in told["findings"]]


async def test_report_tells_what_was_missed_and_then_what_was_late(client, note, run, clock):
    """An integrator would be told that his system is connected, and a city learn at night that it is not."""
    admin = client("maas", "admin")
    async with receiving(answers=[204, 401]) as receiver:
        made = await send(admin, HOOKS, label="CAD", url=receiver.url, events=["incident.logged"])
        receiver.secret = made["once"]["secret"]
        empty = await report(admin, made["id"])
        assert (figures(empty, "asked", "taken", "conforms"), codes(empty)) == ((0, 0, None), [("nothing_asked", 1)])
        seqs = [await note(f"line {number}") for number in range(3)]
        await run()
        clock.move(seconds=59)
        soon = await report(admin, made["id"])
        assert figures(soon, "asked", "taken", "missed", "waiting", "late") == (3, 1, 0, 2, 0)
        clock.move(seconds=2)
        missed = await report(admin, made["id"])
        assert figures(missed, "asked", "taken", "missed", "waiting", "conforms") == (3, 1, 2, 0, False)
        assert codes(missed) == [("missed", 2), ("signature_refused", 1)]
        assert [(each["answer"], each["error"], each["count"]) for each in missed["failures"]] == [(401, None, 1)]
        receiver.answers = [204]
        await run()
        late = await report(admin, made["id"])
        assert figures(late, "asked", "taken", "missed", "late") == (3, 3, 0, 2)
        assert figures(late, "tries", "tried_again", "failed") == (4, 1, 1)
        assert codes(late) == [("late", 2), ("signature_refused", 1)]
        await send(admin, f"{HOOKS}/{made['id']}/replay", from_seq=seqs[0], to_seq=seqs[0])
        await run()
        again = await report(admin, made["id"])
        assert len(receiver.taken) == 4
        assert figures(again, "taken", "taken_again", "late") == (3, 0, 2)  # it was asked for: no fault, and no note
        assert "taken_again" not in dict(codes(again))
        assert all(each["next"] and each["weight"] in {"fault", "note"} for each in again["findings"])


async def test_report_is_of_its_window_and_its_space_alone(client, note, run, clock):
    """Last week's fault would stand on today's report, and the trials beside the real thing."""
    admin = client("maas", "admin")
    async with receiving(answers=[500, 204]) as receiver:
        made = await send(admin, HOOKS, label="CAD", url=receiver.url, events=["incident.logged"])
        receiver.secret = made["once"]["secret"]
        await note("one")
        await run()
        clock.move(seconds=5)
        await run()
        first = await report(admin, made["id"])
        assert (first["conforms"], codes(first)) == (False, [("broken", 1)])
        clock.move(minutes=1)
        since = clock.now()
        await note("two")
        await run()
        clock.move(minutes=1)
        second = await report(admin, made["id"], since=since.isoformat())
        assert (figures(second, "asked", "taken", "tries", "conforms"), codes(second)) == ((1, 1, 1, True), [])
        before = await report(admin, made["id"], until=since.isoformat())
        assert figures(before, "asked", "tries") == (1, 2)
        elsewhere = await report(admin, made["id"], space="integration")
        assert figures(elsewhere, "asked", "tries", "space") == (0, 0, "integration")
        for params in ({"since": "2026-07-15T12:00:00Z"}, {"since": "2026-01-01T00:00:00Z"}):
            refused = await admin.get(f"{HOOKS}/{made['id']}/conformance", params=params)
            assert (refused.status_code, refused.json()["type"]) == (422, "/problems/out-of-range"), refused.text


async def test_report_tells_of_receipts_that_came_late_or_not_at_all(client, run, clock, door):
    """The unit that nobody alarmed stands in no other figure."""
    luik = client("luik", "dispatcher")
    made = await send(
        client("luik", "admin"), HOOKS, label="CAD", events=["mission.*"], receipts=True, source="cad-luik"
    )
    incident = (await send(client("maas", "dispatcher"), f"{SPACE}/incidents", **flood()))["id"]
    members = {each["code"]: each["id"] for each in (await luik.get(f"{SPACE}/members")).json()["items"]}
    called = {"requester_id": members["maas"], "lender_id": members["luik"], "incident_id": incident}
    await send(luik, f"{SPACE}/assist-now", **called, type_code="pump.high_capacity", quantity=3, lon=5.7, lat=50.78)
    await run()
    events = (await luik.get(f"{SPACE}/outbox/{made['id']}")).json()["events"]
    seqs = [each["data"]["seq"] for each in events if each["data"]["receipt"]]

    async def receipts():
        return (await report(luik, made["id"]))["receipts"]

    assert await receipts() == {"asked": 3, "taken": 0, "late": 0, "missing": 0, "awaited": 3}
    await send(luik, f"{SPACE}/outbox/{made['id']}/acknowledge", seq=seqs[-1])
    clock.move(seconds=30)
    await send(luik, f"{SPACE}/webhooks/{made['id']}/receipts", seq=seqs[0])
    clock.move(seconds=31)
    await run_due(door)
    await send(luik, f"{SPACE}/webhooks/{made['id']}/receipts", seq=seqs[1])
    assert await receipts() == {"asked": 3, "taken": 2, "late": 1, "missing": 1, "awaited": 0}
    assert {("receipt_late", 1), ("receipt_missing", 1)} <= set(codes(await report(luik, made["id"])))


async def test_a_receipt_that_no_message_asked_for_is_not_missed(client, run, clock, door):
    """An integrator would look for a fault in his receipts, where what was taken asked for none: it came when somebody had been rung."""
    luik, admin = client("luik", "dispatcher"), client("luik", "admin")
    async with receiving(answers=[500]) as receiver:
        made = await send(
            admin, HOOKS, label="CAD", url=receiver.url, events=["mission.*"], receipts=True, source="cad-luik"
        )
        receiver.secret = made["once"]["secret"]
        incident = (await send(client("maas", "dispatcher"), f"{SPACE}/incidents", **flood()))["id"]
        members = {each["code"]: each["id"] for each in (await luik.get(f"{SPACE}/members")).json()["items"]}
        called = {"requester_id": members["maas"], "lender_id": members["luik"], "incident_id": incident}
        place = {"type_code": "pump.high_capacity", "quantity": 2, "lon": 5.7, "lat": 50.78}
        await send(luik, f"{SPACE}/assist-now", **called, **place)
        await run()
        clock.move(seconds=61)
        await run_due(door)
        receiver.answers = [204]
        await run()
        taken = [each["data"] for each in receiver.taken if each["type"] == "mission.mobilising"]
        assert [each["receipt"] for each in taken] == [None, None]
        told = await report(luik, made["id"])
        assert told["receipts"] == {"asked": 0, "taken": 0, "late": 0, "missing": 0, "awaited": 0}
        assert "late" in dict(codes(told))
        assert "receipt_missing" not in dict(codes(told))
        await send(luik, f"{SPACE}/webhooks/{made['id']}/receipts", seq=taken[0]["seq"], number="L-1")
        told = await report(luik, made["id"])
        assert told["receipts"] == {"asked": 1, "taken": 1, "late": 0, "missing": 0, "awaited": 0}
        assert "receipt_late" not in dict(codes(told))


async def test_report_is_its_members_alone(client):
    """What fails in a control room's system is nobody else's to know."""
    made = await send(client("maas", "admin"), HOOKS, label="CAD", url="https://cad.example.org/x", events=["*"])
    path = f"{HOOKS}/{made['id']}/conformance"
    assert (await client("luik", "admin").get(path)).status_code == 404
    assert (await client("maas", "viewer").get(path)).status_code == 403
    assert (await client("maas", "dispatcher").get(path)).status_code == 200


async def test_a_dispatchers_token_is_enough_for_the_report(client, world):
    """In service a dispatch system has no admin's token, and an integrator reads there first what is wrong."""
    admin, dispatcher = client("maas", "admin"), client("maas", "dispatcher")
    made = await send(admin, HOOKS, label="CAD", url="https://cad.example.org/x", events=["*"])
    source = await send(admin, "/api/v1/inbox-sources", label="CAD in", source="cad-maas")
    found = await reports(
        Client(dispatcher, world.tokens["maas", "dispatcher"]), datetime(2026, 7, 14, tzinfo=UTC), None
    )
    assert [each["webhook_id"] for each in found["webhooks"]] == [made["id"]]
    assert [each["source_id"] for each in found["sources"]] == [source["id"]]


def test_each_way_to_fail_has_a_finding_of_its_own():
    """*It does not work* is what the integrator knew before."""
    tries = [
        (301, None, 1), (400, None, 1), (401, None, 2), (403, None, 3), (410, None, 1), (503, None, 1),
        *((None, error, 1) for error in ("timeout", "name_not_found", "address_refused", "tls", "no_connection", "closed", "no_http")),
    ]  # fmt: skip
    assert failures(tries) == {
        "redirected": 1, "refused": 1, "signature_refused": 5, "gone": 1, "broken": 1, "timed_out": 1, "unreachable": 4,
        "address_refused": 1, "tls": 1,
    }  # fmt: skip
    assert failures(tries).keys() <= FINDINGS.keys()
