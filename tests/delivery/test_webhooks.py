"""Webhooks: every event at least once, in order, signed, none that was not asked for, and to nobody else's address."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from datetime import timedelta
from ipaddress import ip_address

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from app.commands.claim_steps import VerifyClaim
from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.due import run_due
from app.commands.external_ids import AddExternalId
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.webhook_states import DisableWebhook
from app.commands.webhooks import (
    AddWebhook,
    ChangeWebhook,
    PauseWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    SendTestWebhook,
)
from app.delivery import webhooks
from app.delivery.webhook_sender import Body, Sender
from app.delivery.webhooks import Webhooks
from app.domain.authority import SYSTEM
from app.domain.chain import Draft, Entry, Viewer
from app.domain.ids import new_id
from app.domain.webhook_addresses import may_reach, networks
from app.settings import Settings, protocols_path
from app.store import journal
from app.store import webhook_lanes as lanes
from app.store.housekeeping import purge
from tests.commands.conftest import LUIK, MAAS, RATES
from tests.delivery.receiving import broken_off, receiving
from tests.until import until
from tests.world import flood

LOOPBACK = "127.0.0.0/8"
SCHEMA, HEARTBEAT = (
    json.loads((protocols_path() / "wire" / "webhooks" / "1" / f"{name}.schema.json").read_text("utf-8"))
    for name in ("message", "heartbeat")
)


@pytest.fixture
def settings():
    return Settings(webhook_networks=LOOPBACK, webhook_timeout_s=0.3, public_url="https://concord.test")


@pytest.fixture
async def hooks(engine, door):
    """A worker: ``await hooks.turn()`` until nothing is left."""
    made = Webhooks(engine, door)
    yield made
    await made.close()


@pytest.fixture
def run(hooks):
    """Has the worker do all that can be done now."""

    async def runs():
        while await hooks.turn():
            pass

    return runs


@pytest.fixture
async def receiver():
    async with receiving() as made:
        yield made


@pytest.fixture
def endpoint(act):
    """Adds a webhook that a receiver is at; returns its id."""

    async def adds(receiver, *, of="maas", **body):
        made = await act(
            AddWebhook, who=(of, "admin"), **({"label": "CAD", "url": receiver.url, "events": ["*"]} | body)
        )
        receiver.secret = made.once["secret"]
        return made.id

    return adds


async def log(act, incident, text):
    return (await act(AddLogEntry, incident, text=text)).seq


# ---------------------------------------------------------------- what is sent


async def test_both_sides_numbers_stand_on_every_message(act, sent, endpoint, receiver, run, world):
    """Two control rooms speak of one incident by two numbers; whoever has only his own rings up about the wrong one."""
    incident = (await act(ReportIncident, **flood())).id
    for who, source, code in ((MAAS, "gms", "M-1"), (LUIK, "cad-luik", "L-2")):
        await act(AddExternalId, who=who, source=source, kind="incident", code=code, subject_id=incident)
    unit = world.resources["luik-pump-1"]
    await act(AddExternalId, who=LUIK, source="issi", kind="resource", code="206-77", subject_id=unit)
    await endpoint(receiver, of="luik", events=["mission.*", "offer.*"])
    await sent("luik-pump-1", incident=incident)
    await run()
    assert [each["type"] for each in receiver.taken] == [
        "offer.made",
        "offer.accepted",
        "offer.committed",
        "mission.committed",
    ]
    for each in receiver.taken:
        Draft202012Validator(SCHEMA).validate(each)
        numbers = each["data"]["incident"]["numbers"]
        assert [(number["source"], number["code"]) for number in numbers] == [("gms", "M-1"), ("cad-luik", "L-2")]
    last = receiver.taken[-1]
    assert [(each["kind"], each["code"]) for each in last["data"]["external_ids"]] == [("resource", "206-77")]
    assert last["source"] == "https://concord.test/api/v1/spaces/live"
    assert last["data"]["rows"]["mission"][0]["resource_id"] == str(unit)


async def test_what_names_a_claim_alone_tells_its_incident(act, home, sign, endpoint, receiver, run):
    """Whoever pays would not know for which of his own incidents, or by which number to look it up."""
    await sign(
        {"terms": "reimbursed", "currency": "EUR", "rates": RATES, "claim_within_days": 30, "pay_within_days": 20}
    )
    one, other = [(await act(ReportIncident, **flood())).id for _ in range(2)]
    await act(AddExternalId, who=MAAS, source="gms", kind="incident", code="M-1", subject_id=one)
    await endpoint(receiver, events=["claim.*"])
    first = await home("luik-pump-1", incident=one)
    both = [*await home("luik-pump-2", incident=one), *await home("luik-pump-3", incident=other)]
    for missions in (first, both):
        claim = await act(DraftClaim, who=("luik", "finance"), mission_ids=missions)
        await act(SubmitClaim, claim.id, who=("luik", "finance"))
        await act(VerifyClaim, claim.id, who=("maas", "finance"))
    await run()
    told = [each["data"] for each in receiver.taken if each["type"] == "claim.verified"]
    assert [set(each["rows"]) for each in told] == [{"claim"}] * 2
    assert [each["incident"] and each["incident"]["id"] for each in told] == [str(one), None]
    assert [number["code"] for number in told[0]["incident"]["numbers"]] == ["M-1"]
    assert [(each["kind"], each["code"]) for each in told[1]["external_ids"]] == [("incident", "M-1")]


async def test_a_member_is_sent_what_it_sees_in_its_feed_and_nothing_else(act, sent, endpoint, run, conn, world):
    """What two cities say to each other about money would stand in a third one's dispatch system."""
    start = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")
    async with receiving() as third, receiving() as party:
        await endpoint(third, of="aken")
        await endpoint(party, of="luik")
        await sent("luik-pump-1")
        await run()
        for receiver, of in ((third, "aken"), (party, "luik")):
            batch = await journal.read(conn, "live", start, 100, Viewer(world.members[of]))
            seen = [line.seq for line in batch if isinstance(line, Entry)]
            assert receiver.seqs == [seq for seq in seen if seq > receiver.taken[0]["data"]["seq"] - 1]
            assert receiver.seqs[-1] == seen[-1]
        assert {each["type"] for each in party.taken} - {each["type"] for each in third.taken} >= {"offer.made"}


async def test_filters(act, sent, endpoint, run, world):
    """A control room that asked for one incident would be flooded by all others on the night of the flood."""
    one, other = [(await act(ReportIncident, **flood())).id for _ in range(2)]
    async with receiving() as by_incident, receiving() as by_type, receiving() as by_member:
        await endpoint(by_incident, of="luik", incident_ids=[one])
        await endpoint(by_type, of="luik", events=["mission.*", "request.*"], type_codes=["engine.pumper"])
        await endpoint(by_member, of="luik", events=["mission.*"], member_ids=[world.members["aken"]])
        await sent("luik-pump-1", incident=one)
        await sent("luik-engine-1", incident=other, kind_of_unit="engine.pumper")
        await sent("aken-engine-1", incident=other, kind_of_unit="engine.pumper")
        await run()
        assert {each["data"]["incident"]["id"] for each in by_incident.taken} == {str(one)}
        assert "offer.made" in {each["type"] for each in by_incident.taken}  # which names its request alone
        assert {each["data"]["incident"]["id"] for each in by_type.taken} == {str(other)}
        assert [each["data"]["rows"]["mission"][0]["lender_id"] for each in by_member.taken] == [
            str(world.members["aken"])
        ]


async def test_a_filter_by_member_finds_whoever_asked_and_whoever_lends(act, sent, endpoint, run, world):
    """The control room that coordinates with one neighbour would hear of its requests, and not that help was offered to it."""
    async with (
        receiving() as asked,
        receiving() as lends,
        receiving() as other,
        receiving() as pumps,
        receiving() as incident,
    ):
        members = world.members
        one = (await act(ReportIncident, **flood())).id
        await endpoint(asked, of="luik", member_ids=[members["maas"]])
        await endpoint(lends, of="maas", member_ids=[members["luik"]])
        await endpoint(other, of="luik", member_ids=[members["aken"]])
        await endpoint(pumps, of="luik", type_codes=["pump.high_capacity"], member_ids=[members["maas"]])
        await endpoint(incident, of="luik", incident_ids=[one], events=["offer.*"])
        await sent("luik-pump-1", incident=one)
        await run()
        told = {"offer.made", "offer.accepted", "offer.committed", "mission.committed"}
        types = lambda receiver: {each["type"] for each in receiver.taken}
        assert types(asked) >= told | {"request.opened"}
        assert types(lends) >= told
        assert types(pumps) >= told
        assert types(incident) == {"offer.made", "offer.accepted", "offer.committed"}
        assert types(other) & told == set()


async def test_a_drill_goes_to_nobody_who_did_not_ask_for_it(endpoint, run, conn, clock, act):
    """A dispatcher would send real vehicles into a flood that is played."""
    async with receiving() as real, receiving() as both, receiving() as playing:
        await endpoint(real)
        await endpoint(both, space_kinds=["live", "exercise"])
        ended = await endpoint(playing, space_kinds=["exercise", "integration"])
        for space, kind in (("drill-storm", "drill"), ("integration", "integration")):
            if kind == "drill":
                await conn.execute("INSERT INTO space (id, kind, created_at) VALUES ($1, $2, now())", space, kind)
                await journal.ensure_head(conn, space)
            draft = Draft(
                type="incident.reported",
                subject_kind="incident",
                subject_id=new_id(),
                visibility="corridor",
                payload={"data": {}, "rows": {}},
            )
            await journal.append(conn, space=space, actor="system", recorded_at=clock.now(), drafts=[draft])
        await act(ReportIncident, **flood())
        await run()
        kinds = lambda receiver: sorted({each["spacekind"] for each in receiver.taken})
        assert (kinds(real), kinds(both), kinds(playing)) == (
            ["live"],
            ["exercise", "live"],
            ["exercise", "integration"],
        )
        (drill,) = [each for each in both.taken if each["spacekind"] == "exercise"]
        Draft202012Validator(SCHEMA).validate(drill)
        assert (next(iter(drill)), list(drill["data"])[-1]) == ("exercise", "exercise")
        assert drill["exercise"].startswith("EXERCISE EXERCISE EXERCISE · ÜBUNG ÜBUNG ÜBUNG")
        playing.answers, before = [500], len(playing.taken)
        await journal.append(conn, space="drill-storm", actor="system", recorded_at=clock.now(), drafts=[draft])
        await run()
        await act(ChangeWebhook, ended, who=("maas", "admin"), space_kinds=["live"])
        playing.answers = [204]
        clock.move(hours=1)
        await run()
        assert "exercise" not in {each["spacekind"] for each in playing.taken[before:]}


async def test_test_goes_to_the_one_that_is_tested(endpoint, run, act):
    """An integrator who presses the button would set off another system's alarm, or hear nothing because he asked for missions alone."""
    async with receiving() as tested, receiving() as other:
        id_ = await endpoint(tested, events=["mission.committed"], space_kinds=["integration"])
        await endpoint(other)
        await act(SendTestWebhook, id_, who=("maas", "admin"))
        await run()
        assert [each["type"] for each in tested.taken] == ["webhook_endpoint.tested"]
        assert "webhook_endpoint.tested" not in {each["type"] for each in other.taken}


async def test_both_secrets_count_until_the_old_ones_time_is_over(endpoint, receiver, run, act, clock):
    """A receiver that gets the new secret an hour later would lose that hour."""
    id_ = await endpoint(receiver)
    old = receiver.secret
    new = (await act(RotateWebhookSecret, id_, who=("maas", "admin"), old_counts_hours=1)).once["secret"]
    for secret, hours, accepted in ((old, 0, True), (new, 0, True), (new, 2, True), (old, 0, False)):
        receiver.secret = secret
        clock.move(hours=hours)
        before = len(receiver.taken), receiver.forged
        await act(SendTestWebhook, id_, who=("maas", "admin"))
        await run()
        assert (len(receiver.taken) > before[0], receiver.forged > before[1]) == (accepted, not accepted)


# ---------------------------------------------------------------- order, and again


async def slow(_request):
    """Takes longer than anybody waits."""
    await asyncio.sleep(1)
    return web.Response(status=599)


@pytest.mark.parametrize("failing", [500, 302, 404, broken_off, slow])
async def test_every_event_arrives_in_order_however_it_failed(failing, act, endpoint, receiver, run, clock, incident):
    """A receiver that was down for a day would not know what happened meanwhile, or learn it in the wrong order."""

    async def elsewhere(_request):
        return web.Response(status=302, headers={"Location": f"{receiver.url}/elsewhere"})

    await endpoint(receiver, events=["incident.logged"])
    receiver.answers = [204, elsewhere if failing == 302 else failing]
    seqs = [await log(act, incident, f"line {number}") for number in range(4)]
    await run()
    clock.move(seconds=2)
    await run()
    assert receiver.seqs == seqs[:1]
    assert [each["data"]["seq"] for each in receiver.came] == [
        seqs[0],
        seqs[1],
        seqs[1],
    ]  # none overtakes, none is followed
    clock.move(days=1)
    receiver.answers = [204]
    await run()
    assert receiver.seqs == seqs


async def test_pauses_grow_and_the_receivers_own_is_kept(act, endpoint, receiver, run, clock, conn, incident):
    """A receiver that just came back would be knocked over again; one that says when would be asked too soon."""
    id_ = await endpoint(receiver, events=["incident.logged"])
    receiver.answers = [503]
    await log(act, incident, "line")
    pauses = []
    for _ in range(12):
        await run()
        next_at = await conn.fetchval("SELECT next_at FROM webhook_lane WHERE endpoint_id = $1", id_)
        pauses.append((next_at - clock.now()).total_seconds())
        clock.move(seconds=pauses[-1])
    assert all(2**n / 2 <= pause <= 2**n for n, pause in enumerate(pauses[:9]))
    assert 450 <= pauses[-1] <= 900

    async def later(_request):
        return web.Response(status=429, headers={"Retry-After": "5000"})

    receiver.answers = [later]
    await run()
    assert await conn.fetchval(
        "SELECT next_at FROM webhook_lane WHERE endpoint_id = $1", id_
    ) == clock.now() + timedelta(seconds=5000)


async def test_given_up_after_three_days_and_resumed_without_a_loss(
    act, endpoint, receiver, run, clock, conn, incident
):
    """An endpoint that nobody looks after would be tried for ever, and its owner not know."""
    id_ = await endpoint(receiver, events=["incident.logged"])
    receiver.answers = [500]
    seqs = [await log(act, incident, "first")]
    await run()
    clock.move(days=2, hours=23)
    await run()
    status = "SELECT status || coalesce(paused_why, '') FROM webhook_endpoint WHERE id = $1"
    assert await conn.fetchval(status, id_) == "active"
    clock.move(hours=1)
    await run()
    assert await conn.fetchval(status, id_) == "pausedfailing"
    told = await conn.fetchrow("SELECT parties, payload FROM journal_entry WHERE type = 'webhook_endpoint.given_up'")
    assert "failing_since" in told["payload"]
    seqs.append(await log(act, incident, "second"))
    receiver.answers = [204]
    await run()
    assert receiver.seqs == []
    await act(ResumeWebhook, id_, who=("maas", "admin"))
    await run()
    assert receiver.seqs == seqs


async def test_gone_is_gone_until_somebody_says_otherwise(act, endpoint, receiver, run, conn, incident, clock):
    """A receiver that says 410 and is written to all the same is a nuisance; one that is forgotten loses events."""
    id_ = await endpoint(receiver, events=["incident.logged"])
    receiver.answers = [410, 204]
    seqs = [await log(act, incident, text) for text in ("first", "second")]
    await run()
    clock.move(days=1)
    await run()
    assert (len(receiver.came), receiver.seqs) == (1, [])
    assert await conn.fetchval("SELECT status FROM webhook_endpoint WHERE id = $1", id_) == "disabled"
    await act(ResumeWebhook, id_, who=("maas", "admin"))
    await run()
    assert receiver.seqs == seqs


async def test_gone_from_its_old_address_it_is_tried_at_the_new_one(
    act, endpoint, receiver, run, conn, incident, clock
):
    """Whoever moves a dispatch system while something is on its way would find it turned off, and never tried where it is."""
    async with receiving() as moved:
        id_ = await endpoint(receiver, events=["incident.logged"])
        moved.secret = receiver.secret

        async def moves(_request):
            clock.move(seconds=1)
            await act(ChangeWebhook, id_, who=("maas", "admin"), url=moved.url)
            return web.Response(status=410, headers={"Retry-After": "86400"})

        receiver.answers = [moves]
        seq = await log(act, incident, "line")
        await run()
        assert await conn.fetchval("SELECT status FROM webhook_endpoint WHERE id = $1", id_) == "active"
        assert (len(receiver.came), moved.seqs) == (1, [seq])


async def _heard(conn, act, id_, clock, _moved):
    await lanes.heard(conn, id_, clock.now())


async def _changed(_conn, act, id_, _clock, moved):
    await act(ChangeWebhook, id_, who=("maas", "admin"), url=moved.url)


@pytest.mark.parametrize("meanwhile", [_heard, _changed])
async def test_what_is_to_be_tried_at_once_is_while_a_try_fails(
    meanwhile, act, endpoint, receiver, run, conn, incident, clock
):
    """The system is back, or moved, during the twelfth try: it would hear nothing for another quarter of an hour."""
    id_ = await endpoint(receiver, events=["incident.logged"])
    receiver.answers = [503]
    seq = await log(act, incident, "line")
    lane = "SELECT failures, failing_since, next_at FROM webhook_lane WHERE endpoint_id = $1"
    for _ in range(11):
        await run()
        clock.move(seconds=(await conn.fetchval("SELECT next_at FROM webhook_lane") - clock.now()).total_seconds())
    since = (await conn.fetchrow(lane, id_))["failing_since"]
    async with receiving(secret=receiver.secret, answers=[503]) as moved:

        async def goes_on(_request):
            clock.move(seconds=1)
            await meanwhile(conn, act, id_, clock, moved)
            return web.Response(status=503)

        receiver.answers = [goes_on, 204]
        now = clock.now() + timedelta(seconds=1)
        await run()
        assert len(receiver.came) == (13 if meanwhile is _heard else 12)
        if meanwhile is _heard:
            assert receiver.seqs == [seq]
            return
        failures, failing_since, next_at = await conn.fetchrow(lane, id_)
        assert (failures, failing_since, len(moved.came)) == (1, now, 1)
        assert next_at <= now + timedelta(seconds=1)
        assert since < now


async def test_a_failure_while_its_system_is_heard_counts(act, endpoint, receiver, run, conn, incident, clock):
    """A system that reads its outbox and takes nothing at its address would be tried without a pause, and never given up."""
    id_ = await endpoint(receiver, events=["incident.logged"])

    async def reads(_request):
        clock.move(seconds=1)
        await lanes.heard(conn, id_, clock.now())
        return web.Response(status=503)

    receiver.answers = [reads, 503]
    await log(act, incident, "line")
    since = clock.now() + timedelta(seconds=1)
    await run()
    assert len(receiver.came) == 2
    row = await conn.fetchrow("SELECT failures, failing_since, next_at > $1 FROM webhook_lane", clock.now())
    assert tuple(row) == (2, since, True)


async def test_one_that_hangs_delays_no_other(act, endpoint, hooks, conn, incident):
    """The slowest control room of the corridor would set the pace for all."""
    release = asyncio.Event()

    async def hangs(_request):
        await release.wait()
        return web.Response(status=204)

    async with receiving(answers=[hangs]) as hanging, receiving() as quick:
        hooks._sender._timeout = None
        for receiver in (hanging, quick):
            await endpoint(receiver, events=["incident.logged"])
        seqs = [await log(act, incident, f"line {number}") for number in range(3)]
        turn = asyncio.create_task(hooks.turn())
        await hanging.arrived.wait()
        await until(lambda: quick.seqs == seqs)
        assert hanging.taken == []
        idle = "SELECT count(*) = 0 FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
        await until(lambda: conn.fetchval(idle))
        release.set()
        await turn
        assert hanging.seqs == seqs


async def test_a_process_that_is_killed_leaves_its_lanes_to_the_others(
    act, endpoint, engine, door, receiver, run, conn, incident
):
    """What a server had in hand when it died would never arrive; and two that live would send it twice."""
    stuck = asyncio.Event()

    async def hangs(_request):
        await stuck.wait()
        return web.Response(status=204)

    await endpoint(receiver, events=["incident.logged"])
    receiver.answers = [204, hangs]
    seqs = [await log(act, incident, f"line {number}") for number in range(3)]
    killed = Webhooks(engine, door, sender=Sender(networks(LOOPBACK), timeout_s=30))
    turn = asyncio.create_task(killed.turn())
    await until(lambda: len(receiver.came) == 2)
    await run()  # another one finds nothing to do meanwhile
    assert len(receiver.came) == 2
    for task in killed._working:  # as it dies: without a word to the database
        task.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    await killed.close()
    await run()
    assert len(receiver.came) == 2  # for all that anybody knows, it is still at work
    receiver.answers = [204]
    stuck.set()
    await conn.execute(
        "UPDATE webhook_lane SET leased_until = clock_timestamp() - interval '1 s' WHERE lease IS NOT NULL"
    )
    await run()
    assert list(dict.fromkeys(receiver.seqs)) == seqs  # the first one twice: it was not written down


async def test_two_processes_send_nothing_twice(act, endpoint, engine, door, receiver, run, hooks, incident):
    """A second server would double every alarm."""
    await endpoint(receiver, events=["incident.logged"])
    seqs = [await log(act, incident, f"line {number}") for number in range(20)]
    second = Webhooks(engine, door)
    while any(await asyncio.gather(hooks.turn(), second.turn())):
        pass
    await second.close()
    assert receiver.seqs == seqs


async def test_paused_waits(act, endpoint, receiver, run, incident):
    """Whoever updates a dispatch system at night would miss the night."""
    id_ = await endpoint(receiver, events=["incident.logged"])
    await act(PauseWebhook, id_, who=("maas", "admin"))
    seq = await log(act, incident, "line")
    await run()
    assert receiver.came == []
    await act(ResumeWebhook, id_, who=("maas", "admin"))
    await run()
    assert receiver.seqs == [seq]


async def test_replays_come_in_order_behind_what_is_new(act, endpoint, receiver, run, conn, incident):
    """A replay of last week would hold up the alarm of now."""
    early = [await log(act, incident, f"before {number}") for number in range(2)]
    id_ = await endpoint(receiver, events=["incident.logged"])
    seqs = [await log(act, incident, f"line {number}") for number in range(3)]
    await run()
    assert receiver.seqs == seqs

    async def replayed(**body):
        receiver.taken.clear()
        await act(ReplayWebhook, id_, who=("maas", "admin"), **body)
        await run()
        assert all(each["replayed"] for each in receiver.taken)
        return receiver.seqs

    assert await replayed(from_seq=seqs[1], to_seq=seqs[1]) == seqs[1:2]
    assert await replayed(from_seq=seqs[0], to_seq=seqs[1]) == seqs[:2]
    assert await replayed(from_seq=0) == early + seqs
    receiver.taken.clear()
    await act(ReplayWebhook, id_, who=("maas", "admin"), from_seq=0)
    new = await log(act, incident, "now")
    await run()
    assert receiver.seqs == [new, *early, *seqs]
    assert await conn.fetchval("SELECT max(number) FROM webhook_attempt WHERE seq = $1", seqs[1]) == 5
    await act(PauseWebhook, id_, who=("maas", "admin"))
    waits = await act(ReplayWebhook, id_, who=("maas", "admin"), from_seq=seqs[0])
    assert [each["code"] for each in waits.warnings] == ["webhook_not_active"]


async def test_what_is_asked_for_once_more_while_it_is_sent_comes_once_more(
    act, endpoint, receiver, run, incident, monkeypatch
):
    """A control room that restores a backup asks for the last hour again, and part of that is under way just then."""
    monkeypatch.setattr(webhooks, "BATCH", 2)
    monkeypatch.setattr(webhooks.secrets, "randbelow", lambda _most: 0)
    id_ = await endpoint(receiver, events=["incident.logged"])
    seqs = [await log(act, incident, f"line {number}") for number in range(4)]

    async def asks(_request):
        await act(ReplayWebhook, id_, who=("maas", "admin"), from_seq=0)
        return web.Response(status=204)

    makes, looked = Webhooks._batch, asyncio.Event()

    async def making(self, claim, behind=None):
        made = await makes(self, claim, behind)
        if behind == (False, seqs[-1]):
            looked.set()
        return made

    async def looked_ahead(_request):
        await looked.wait()
        return web.Response(status=204)

    monkeypatch.setattr(Webhooks, "_batch", making)
    receiver.answers = [asks, 204, 204, looked_ahead, 204]
    await run()
    assert receiver.seqs == seqs + seqs


async def test_what_is_new_overtakes_a_replay_that_is_under_way(
    act, endpoint, receiver, hooks, run, incident, monkeypatch
):
    """Behind a hundred thousand entries of last year an alarm would come when somebody has been rung for it already."""
    hooks._sender._timeout = None
    monkeypatch.setattr(webhooks, "BATCH", 2)
    monkeypatch.setattr(webhooks.secrets, "randbelow", lambda _most: 0)
    id_ = await endpoint(receiver, events=["incident.logged"])
    seqs, new = [await log(act, incident, f"line {number}") for number in range(12)], []
    await run()
    receiver.taken.clear()
    await act(ReplayWebhook, id_, who=("maas", "admin"), from_seq=0)

    async def logs(_request):
        new.append(await log(act, incident, "now"))
        return web.Response(status=204)

    receiver.answers = [204, 204, logs, 204]
    await run()
    came = receiver.seqs
    assert sorted(came) == seqs + new
    assert came.index(new[0]) <= 6  # behind the batch under way, and the one that was made ready


@pytest.mark.parametrize("fails", [False, True])
async def test_what_was_sent_is_written_down_while_the_next_is_sent(
    act, endpoint, receiver, hooks, run, incident, monkeypatch, conn, fails
):
    """Whoever is far behind would catch up at the pace of our disk; and where that fails, nothing may be missing or out of order."""
    hooks._sender._timeout = None
    monkeypatch.setattr(webhooks, "BATCH", 2)
    monkeypatch.setattr(webhooks.secrets, "randbelow", lambda _most: 0)
    await endpoint(receiver, events=["incident.logged"])
    seqs = [await log(act, incident, f"line {number}") for number in range(6)]
    writes, sent_on = Webhooks._written, asyncio.Event()

    async def writing(self, claim, work, tries, retry_after_s):
        if tries[0].seq == seqs[0] and not sent_on.is_set():
            await sent_on.wait()
            if fails:
                raise ConnectionError("the database is away")
        await writes(self, claim, work, tries, retry_after_s)

    async def third(_request):
        sent_on.set()  # the first two stand nowhere yet
        return web.Response(status=204)

    monkeypatch.setattr(Webhooks, "_written", writing)
    receiver.answers = [204, 204, third]
    async with asyncio.timeout(20):
        await run()
        if fails:
            assert receiver.seqs in (seqs[:4], seqs[:3])
            await conn.execute("UPDATE webhook_lane SET leased_until = clock_timestamp() - interval '1 s'")
            receiver.taken.clear()
            await run()
    assert receiver.seqs == seqs
    assert await conn.fetchval("SELECT count(*) FROM webhook_attempt") == len(seqs)


async def test_what_could_not_be_made_ready_is_asked_for_again(
    act, endpoint, receiver, hooks, run, incident, monkeypatch
):
    """A database that was slow for a moment would hold up a control room until the lease of its lane has run out."""
    hooks._sender._timeout = None
    monkeypatch.setattr(webhooks, "BATCH", 2)
    monkeypatch.setattr(webhooks.secrets, "randbelow", lambda _most: 0)
    await endpoint(receiver, events=["incident.logged"])
    seqs = [await log(act, incident, f"line {number}") for number in range(6)]
    makes, failed = Webhooks._batch, []

    async def making(self, claim, behind=None):
        if behind is not None and not failed:
            failed.append(behind)
            raise ConnectionError("the database is slow")
        return await makes(self, claim, behind)

    monkeypatch.setattr(Webhooks, "_batch", making)
    await run()
    assert failed
    assert receiver.seqs == seqs


async def test_what_waited_long_stays_in_the_log_from_when_it_was_delivered(
    act, endpoint, receiver, run, incident, clock, conn, engine, settings
):
    """Whoever resumes a webhook after a long time could not see what came of what had waited."""
    id_ = await endpoint(receiver, events=["incident.logged"])
    await act(PauseWebhook, id_, who=("maas", "admin"))
    await log(act, incident, "line")
    await run()
    clock.move(days=settings.retention_days_deliveries + 1)
    await act(ResumeWebhook, id_, who=("maas", "admin"))
    await run()
    kept = [(await purge(engine, settings, clock.now()))["webhook_delivery"]]
    clock.move(days=settings.retention_days_deliveries)
    kept.append((await purge(engine, settings, clock.now()))["webhook_delivery"])
    assert kept == [0, 1]


# ---------------------------------------------------------------- what has to be acted on


async def test_alarms_want_a_receipt_and_ring_without_one(sent, endpoint, receiver, run, clock, conn, door):
    """A commitment that stayed in the interface is a unit that nobody alarmed."""
    await endpoint(receiver, of="luik", receipts=True, source="cad-luik")
    await sent("luik-pump-1")
    await run()
    wanted = {each["type"]: each["data"]["receipt"] for each in receiver.taken if each["data"]["receipt"]}
    assert wanted == {"mission.committed": {"wanted": "taken_into_dispatch", "by": "2026-07-14T12:01:00.000000Z"}}
    clock.move(seconds=61)
    await run_due(door)
    rung = await conn.fetchrow("SELECT status, event, mission_id FROM dispatch_receipt")
    assert (rung["status"], rung["event"]) == ("missing", "mission.committed")
    assert rung["mission_id"] is not None


@pytest.mark.parametrize("status", ["paused", "disabled"])
async def test_alarms_of_a_webhook_that_is_not_sent_to_ring(
    status, act, sent, endpoint, receiver, run, clock, conn, door
):
    """A dispatch system that said that it is gone would take the alarm along that nobody there hears of this mission."""
    id_ = await endpoint(receiver, of="luik", receipts=True, source="cad-luik")
    if status == "paused":
        await act(PauseWebhook, id_, who=("luik", "admin"))
    else:
        await act(DisableWebhook, id_, who=SYSTEM, url=receiver.url)
    await sent("luik-pump-1")
    await run()
    clock.move(seconds=61)
    await run_due(door)
    assert await conn.fetchval("SELECT status FROM dispatch_receipt WHERE event = 'mission.committed'") == "missing"
    assert (receiver.came, await conn.fetchval("SELECT lease FROM webhook_lane")) == ([], None)


async def test_heartbeat_is_sent_where_nothing_else_was(endpoint, receiver, run, clock, conn):
    """A quiet line and a dead one look alike."""
    id_ = await endpoint(receiver, events=["mission.*"], heartbeat_min=5)
    await run()
    assert [each["type"] for each in receiver.came] == ["concord.heartbeat"]
    Draft202012Validator(HEARTBEAT).validate(receiver.came[0])
    clock.move(minutes=4)
    await run()
    assert len(receiver.came) == 1
    clock.move(minutes=2)
    receiver.answers = [500]
    await run()
    pulse = await conn.fetchrow("SELECT missed_at, reached_at FROM webhook_pulse WHERE endpoint_id = $1", id_)
    assert (pulse["missed_at"], len(receiver.came)) == (clock.now(), 2)


async def test_a_changed_heartbeat_counts_from_now(act, endpoint, receiver, run, clock):
    """A system that wants to hear of us every minute would take us for dead for the rest of the hour."""
    id_ = await endpoint(receiver, events=["mission.*"], heartbeat_min=60)
    await run()
    assert len(receiver.came) == 1
    clock.move(minutes=2)
    await act(ChangeWebhook, id_, who=("maas", "admin"), heartbeat_min=1)
    await run()
    clock.move(seconds=61)
    await run()
    assert [each["data"]["again_within_min"] for each in receiver.came] == [60, 1, 1]


async def test_a_heartbeat_answered_gone_turns_it_off(endpoint, receiver, run, clock, conn):
    """A quiet webhook whose system is gone for good would be written to for ever."""
    id_ = await endpoint(receiver, events=["mission.*"], heartbeat_min=5)
    receiver.answers = [410]
    for _ in range(2):
        await run()
        clock.move(minutes=6)
    assert len(receiver.came) == 1
    assert await conn.fetchval("SELECT status FROM webhook_endpoint WHERE id = $1", id_) == "disabled"


# ---------------------------------------------------------------- where to


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.1.2.3", False), ("127.0.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("168.63.129.16", False), ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False), ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d822", True), ("2002:7f00:1::", False), ("2001:0:1::", False), ("::7f00:1", False),
        ("fec0::1", False), ("192.0.2.1", False), ("198.18.0.1", False),
    ],
)  # fmt: skip
def test_which_addresses_may_be_sent_to(text, reached):
    """Through a webhook a city's admin could read what only this machine may."""
    assert may_reach(ip_address(text), ()) is reached
    assert may_reach(ip_address(text), networks("0.0.0.0/0,::/0"))


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f000001", "[::ffff:7f00:1]"]
)
async def test_nothing_is_sent_to_an_address_of_our_own(host, receiver):
    """The name is harmless; what it means is not."""
    sender = Sender((), timeout_s=5)
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    for scheme in ("http", "https"):
        answer = await sender.post(f"{scheme}://{host}:{port}/", "id", Body(b"{}"), ["whsec_c2VjcmV0c2VjcmV0c2VjcmV0"])
        assert (answer.status, answer.error) == (None, "address_refused")
    await sender.close()
    assert receiver.hosts == []


async def test_the_connection_goes_to_the_address_that_was_judged(receiver):
    """A name that means something else at the second look would lead past the first."""
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    sender = Sender(networks(LOOPBACK), timeout_s=5)
    asked = []

    async def resolve(host, port=0, family=0):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [
            {"hostname": host, "host": each, "port": port, "family": 2, "proto": 0, "flags": 0}
            for each in ("192.168.7.7", address)
        ]

    sender._names.resolve = resolve
    receiver.secret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"
    await sender.post(f"http://cad.example.org:{port}/in", "id", Body(b"{}"), [receiver.secret])
    await sender.close()
    assert (asked, receiver.hosts) == (["cad.example.org"], [f"cad.example.org:{port}"])


async def test_a_name_server_that_is_silent_holds_up_nobody_else(act, endpoint, receiver, hooks, incident, monkeypatch):
    """A few endpoints whose domain has lapsed would stop what goes to all others, and keep everybody from signing in."""
    answers, looked_up = threading.Event(), []
    real = socket.getaddrinfo

    def silent(host, *more, **others):
        looked_up.append(host)
        if host.startswith("lapsed"):
            answers.wait()
        return real("127.0.0.1", *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    hooks._sender._timeout = None
    names = [f"lapsed-{number}.example.org" for number in range(16)]
    try:
        for name in names:
            await endpoint(receiver, url=f"http://{name}/in", events=["incident.logged"])
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        await endpoint(receiver, url=f"http://well.example.org:{port}/in", events=["incident.logged"])
        seq = await log(act, incident, "line")
        turn = asyncio.create_task(hooks.turn())
        await until(lambda: set(names) <= set(looked_up))
        assert await asyncio.to_thread(answers.is_set) is False  # as a password is checked
        await until(lambda: receiver.seqs == [seq])
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
        await hooks.close()
        assert not answers.is_set()
        assert all(thread.daemon for thread in threading.enumerate() if thread.name == "name_lookup")
    finally:
        answers.set()


async def test_a_name_is_looked_up_once_at_a_time(monkeypatch):
    """An endpoint that is tried again and again would leave a thread behind with each try, until there are none."""
    answers, looked_up = threading.Event(), []
    real = socket.getaddrinfo

    def silent(host, *more, **others):
        looked_up.append(host)
        answers.wait()
        return real("127.0.0.1", *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    body = Body(b'{"specversion": "1.0", "id": "id", "source": "/live", "type": "incident.logged"}')
    async with receiving(secret="whsec_c2VjcmV0c2VjcmV0c2VjcmV0") as receiver:
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        sender = Sender(networks(LOOPBACK), timeout_s=0.5)
        post = lambda: sender.post(f"http://cad.example.org:{port}/in", "id", body, [receiver.secret])
        try:
            answered = [await post() for _ in range(3)]
            assert ([each.error for each in answered], looked_up) == (["timeout"] * 3, ["cad.example.org"])
        finally:
            answers.set()
        await until(lambda: not sender._names._under_way)
        assert receiver.hosts == []  # nobody waited any more
        assert [(await post()).status for _ in range(2)] == [204, 204]
        await sender.close()
    assert looked_up == ["cad.example.org"] * 2
