"""Webhooks: whose they are, what stays secret, what they may be pointed at, and what their system has taken over."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from app.commands.dispatch_receipts import RingForDispatch, TakeIntoDispatch
from app.commands.due import run_due
from app.commands.external_ids import AddExternalId
from app.commands.incidents import ReportIncident
from app.commands.missions import AdvanceMission
from app.commands.webhook_states import DisableWebhook, GiveUpWebhook
from app.commands.webhooks import (
    AddWebhook,
    ChangeWebhook,
    PauseWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    SendTestWebhook,
)
from app.domain.authority import SYSTEM
from app.domain.errors import (
    Conflict,
    Duplicate,
    MissingField,
    NotFound,
    OutOfRange,
    TransitionNotAllowed,
    UnknownCode,
    WrongFormat,
)
from app.queries.snapshot import snapshot
from app.store.engine import reading
from app.store.webhook_lanes import Claim, add, heard, ring_later
from tests.world import flood

ADMIN, CAD = ("maas", "admin"), "https://cad.example.org/hook/s3cr3t-path"
SINCE = "2026-07-11T12:00:00Z"


@pytest.fixture
def hook(act):
    """Adds a webhook of maas's; returns its receipt."""

    async def adds(*, who=ADMIN, **body):
        return await act(AddWebhook, who=who, **({"label": "CAD", "url": CAD, "events": ["*"]} | body))

    return adds


@pytest.fixture
def failing(conn):
    """Has nothing been delivered to a webhook since ``SINCE``."""

    async def fails(id_):
        since = datetime.fromisoformat(SINCE)
        await conn.execute(
            "UPDATE webhook_lane SET failures = 99, failing_since = $2 WHERE endpoint_id = $1", id_, since
        )

    return fails


async def test_secret_and_address_stand_in_no_journal(act, hook, conn, assert_fold):
    """Whoever reads the journal, an export of it or a receipt kept for repeats could sign as us, or write to the control room."""
    made = await hook()
    rotated = await act(RotateWebhookSecret, made.id, who=ADMIN)
    secrets = [made.once["secret"], rotated.once["secret"]]
    assert all(secret.startswith("whsec_") for secret in secrets)
    assert secrets == [*await conn.fetchrow("SELECT old_secret, secret FROM webhook_endpoint WHERE id = $1", made.id)]
    told = await conn.fetchval("SELECT string_agg(payload, '') FROM journal_entry WHERE subject_id = $1", made.id)
    told += await conn.fetchval("SELECT coalesce(string_agg(receipt::text, ''), '') FROM idempotency")
    assert made.subject["origin"] == "https://cad.example.org"
    assert not any(word in told for word in (*secrets, "s3cr3t-path"))
    assert rotated.subject["old_secret_until"] == "2026-07-15T12:00:00.000000Z"
    await act(RemoveWebhook, made.id, who=ADMIN)
    assert await conn.fetchval("SELECT secret || coalesce(old_secret, '') FROM webhook_endpoint") == ""
    await assert_fold()


async def test_a_leaked_secret_can_be_ended_at_once(act, hook, conn):
    """Two count at a time; a third never, and a stolen one not for another day."""
    made = await hook()
    await act(RotateWebhookSecret, made.id, who=ADMIN)
    last = await act(RotateWebhookSecret, made.id, who=ADMIN, old_counts_hours=0)
    row = await conn.fetchrow("SELECT secret, old_secret FROM webhook_endpoint WHERE id = $1", made.id)
    assert tuple(row) == (last.once["secret"], None)


async def test_only_its_member_begins_with_it(act, hook, failing, door, world):
    """A webhook that was given up while nobody looked has to ring with whoever comes next, and with nobody else."""
    made = await hook()
    await failing(made.id)
    await act(GiveUpWebhook, made.id, who=SYSTEM, failing_since=SINCE)
    gone = await hook(label="old")
    await act(RemoveWebhook, gone.id, who=ADMIN)
    for space, viewer, seen in (("live", "maas", ["failing"]), ("live", "luik", []), ("integration", "maas", [])):
        async with reading(door.engine, snapshot=True) as conn:
            found = await snapshot(conn, space, world.members[viewer])
        assert [each["paused_why"] for each in found.rows["webhook_endpoint"]] == seen
        assert not any({"secret", "url", "label"} & each.keys() for each in found.rows["webhook_endpoint"])


async def test_another_members_webhook_is_not_there(act, hook):
    """A neighbour's admin could point our control room's events at itself."""
    made = await hook()
    for model, body in ((ChangeWebhook, {"url": CAD}), (RotateWebhookSecret, {}), (ReplayWebhook, {"from_seq": 1})):
        with pytest.raises(NotFound):
            await act(model, made.id, who=("luik", "admin"), **body)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://cad.example.org", "https://user:pw@cad.example.org/", "https://cad.example.org/#a", "https:///x",
        "https://cad.example.org:99999/", "https://cad.exämple.org/", "https://a\\@127.0.0.1/",
        "https://2130706433/", "https://127.1/", "https://0177.0.0.1/", "https://0x7f000001/", "https://a.0X7F/",
    ],
)  # fmt: skip
async def test_addresses_that_can_be_read_in_two_ways_are_refused(hook, url):
    """One reader would check one host, another would connect to the other."""
    with pytest.raises(ValidationError):
        await hook(url=url)


async def test_private_addresses_and_http_want_a_setting(hook, door, world):
    """An admin of one city could read the metadata of the machine that this runs on."""
    for url in ("https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/"):
        with pytest.raises(OutOfRange):
            await hook(url=url)
    with pytest.raises(WrongFormat):
        await hook(url="http://cad.example.org/")
    door.settings = door.settings.model_copy(update={"webhook_networks": "127.0.0.0/8"})
    assert (await hook(url="http://127.0.0.1:9000/in")).subject["origin"] == "http://127.0.0.1:9000"
    with pytest.raises(WrongFormat):  # public, and so by https alone: it would be refused when something is sent
        await hook(url="http://93.184.216.34/")


async def test_what_is_asked_for_is_known(hook, act, incident):
    """A misspelt event would never come, and nobody would notice until the night it is needed."""
    with pytest.raises(UnknownCode) as refusal:
        await hook(events=["mission.*", "misson.in_transit"])
    assert refusal.value.errors[0].pointer == "/events/1"
    with pytest.raises(UnknownCode) as refusal:
        await hook(events=["mission.*", "mission.nope"])
    assert refusal.value.errors[0].pointer == "/events/1"
    assert "mission.in_transit" in refusal.value.extra["known"]
    with pytest.raises(NotFound):
        await hook(incident_ids=[UUID(int=1)])
    made = await hook(incident_ids=[incident])
    with pytest.raises(UnknownCode):
        await act(ChangeWebhook, made.id, who=ADMIN, events=["mission.nope"])
    with pytest.raises(NotFound):
        await act(ChangeWebhook, made.id, who=ADMIN, incident_ids=[UUID(int=1)])
    with pytest.raises(UnknownCode):
        await hook(type_codes=["pump.of_no_kind"])
    with pytest.raises(NotFound):
        await hook(member_ids=[UUID(int=1)])
    with pytest.raises(ValidationError):
        await hook(space_kinds=["drill"])


async def test_states(act, hook, failing, assert_fold):
    """A paused endpoint must come back, one that is removed must not."""
    made = await hook()
    assert (await act(PauseWebhook, made.id, who=ADMIN)).subject["paused_why"] == "by_hand"
    with pytest.raises(TransitionNotAllowed):
        await act(GiveUpWebhook, made.id, who=SYSTEM, failing_since=SINCE)
    assert (await act(ResumeWebhook, made.id, who=ADMIN)).subject["status"] == "active"
    assert (await act(DisableWebhook, made.id, who=SYSTEM, url=CAD)).subject["status"] == "disabled"
    await act(ResumeWebhook, made.id, who=ADMIN)
    await failing(made.id)
    given_up = await act(GiveUpWebhook, made.id, who=SYSTEM, failing_since=SINCE)
    assert (given_up.subject["status"], given_up.subject["paused_why"]) == ("paused", "failing")
    await act(RemoveWebhook, made.id, who=ADMIN)
    for model in (ResumeWebhook, SendTestWebhook, RotateWebhookSecret):
        with pytest.raises(TransitionNotAllowed):
            await act(model, made.id, who=ADMIN)
    await assert_fold()


async def test_what_came_of_the_old_address_does_not_end_the_new_one(act, hook, failing, conn):
    """Who puts a wrong address right would find the webhook turned off by a late word from the wrong one."""
    made = await hook()
    await failing(made.id)
    await act(ChangeWebhook, made.id, who=ADMIN, url="https://new.example.org/")
    for model, body in ((DisableWebhook, {"url": CAD}), (GiveUpWebhook, {"failing_since": SINCE})):
        with pytest.raises(Conflict) as refused:
            await act(model, made.id, who=SYSTEM, **body)
        assert refused.value.extra["current"]["status"] == "active"
    assert await conn.fetchval("SELECT status FROM webhook_endpoint WHERE id = $1", made.id) == "active"


async def test_kinds_of_spaces_begin_and_end(act, hook, conn):
    """What an endpoint did not ask for any more would still be sent from what waits."""
    made = await hook(space_kinds=["live", "integration"])
    lanes = "SELECT array_agg(space_id ORDER BY space_id) FROM webhook_lane"
    assert await conn.fetchval(lanes) == ["integration", "live"]
    await act(ChangeWebhook, made.id, who=ADMIN, space_kinds=["exercise"])
    assert await conn.fetchval(lanes) == ["live"]  # for tests alone
    for space in ("integration", "live"):
        with pytest.raises(Conflict) as refused:
            await act(ReplayWebhook, made.id, who=ADMIN, space=space, from_seq=1)
        told = {"code": "webhook_space_kind", "figures": {"space_kind": space, "asked": "exercise"}}
        assert (refused.value.extra["reasons"], "`space`" in refused.value.advice) == ([told], True)
    with pytest.raises(NotFound):
        await act(ReplayWebhook, made.id, who=ADMIN, space="drill-of-nobody", from_seq=1)
    await act(ChangeWebhook, made.id, who=ADMIN, space_kinds=["live"])
    with pytest.raises(OutOfRange):
        await act(ReplayWebhook, made.id, who=ADMIN, from_seq=10_000)
    with pytest.raises(OutOfRange):
        await act(ReplayWebhook, made.id, who=ADMIN, from_seq=2, to_seq=1)


async def test_silence_is_told_and_so_is_its_end(act, hook, door, clock, conn, assert_fold):
    """A dispatch system that hung looks like a quiet night."""
    made = await hook(heartbeat_min=5)

    async def silent():
        await run_due(door)
        return await conn.fetchval("SELECT silent_since FROM webhook_endpoint WHERE id = $1", made.id)

    clock.move(minutes=9)
    await heard(conn, made.id, clock.now())
    clock.move(minutes=9)
    assert await silent() is None
    clock.move(minutes=2)
    assert await silent() == clock.now() - timedelta(minutes=11)
    await heard(conn, made.id, clock.now())
    clock.move(minutes=5)
    assert await silent() is None
    await act(ChangeWebhook, made.id, who=ADMIN, heartbeat_min=None)
    clock.move(hours=2)
    assert await silent() is None
    events = await conn.fetch("SELECT type FROM journal_entry WHERE subject_id = $1 ORDER BY seq", made.id)
    assert [row["type"].partition(".")[2] for row in events] == ["added", "silent", "heard_again", "changed"]
    await assert_fold()


@pytest.fixture
async def told(hook, sent, conn, clock):
    """luik's unit is committed, and its dispatch is told of it: returns the webhook, the entry's seq and its incident."""
    made = await hook(who=("luik", "admin"), source="cad-luik", receipts=True)
    await sent("luik-pump-1")
    row = await conn.fetchrow("SELECT seq, payload::jsonb -> 'rows' -> 'mission' -> 0 ->> 'incident_id' AS incident"
                              " FROM journal_entry WHERE type = 'mission.committed'")  # fmt: skip
    claim = Claim("live", made.id, UUID(int=7))
    await conn.execute("UPDATE webhook_lane SET lease = $1, leased_until = now() + interval '1 h'", claim.lease)
    by = clock.now() + timedelta(seconds=60)
    await add(conn, claim, clock.now(), [(row["seq"], "mission.committed", by)], replayed=False)
    await ring_later(conn, claim, [UUID(int=8)], [(row["seq"], by)])
    return made.id, row["seq"], UUID(row["incident"])


async def test_number_of_the_dispatch_system_becomes_the_members_own(act, told, door, clock, conn, assert_fold):
    """Two control rooms on the telephone would each speak of a number that the other one does not have."""
    webhook, seq, incident = told
    luik = ("luik", "dispatcher")
    taken = await act(TakeIntoDispatch, webhook, who=luik, seq=seq, number="2026-001234")
    assert (taken.subject["status"], taken.subject["number"]) == ("taken", "2026-001234")
    code = await conn.fetchrow("SELECT source, code, incident_id FROM external_id")
    assert tuple(code) == ("cad-luik", "2026-001234", incident)
    with pytest.raises(TransitionNotAllowed):
        await act(TakeIntoDispatch, webhook, who=luik, seq=seq)
    clock.move(minutes=2)
    await run_due(door)
    assert not await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'dispatch_receipt.missing'")
    await assert_fold()


async def test_what_is_not_taken_over_rings_once_and_may_still_be_taken(act, told, door, clock, conn, assert_fold):
    """An alarm that ended in a dead interface would be noticed when the unit does not come."""
    webhook, seq, _incident = told
    clock.move(seconds=59)
    await run_due(door)
    missing = "SELECT count(*) FROM journal_entry WHERE type = 'dispatch_receipt.missing'"
    assert not await conn.fetchval(missing)
    clock.move(seconds=2)
    await run_due(door)
    assert await conn.fetchval(missing) == 1
    with pytest.raises(Conflict):
        await act(RingForDispatch, webhook, who=SYSTEM, seq=seq)
    taken = await act(TakeIntoDispatch, webhook, who=("luik", "dispatcher"), seq=seq)
    assert taken.subject["status"] == "taken"
    await assert_fold()


@pytest.fixture
async def moved(act, told, conn, clock):
    """luik's unit leaves, and its dispatch is told of that, too; takes whether its word is awaited, returns the entry's seq."""

    async def moves(*, awaited):
        mission = await conn.fetchval("SELECT id FROM mission")
        seq = (await act(AdvanceMission, mission, who=("luik", "dispatcher"), to="mobilising")).seq
        by = clock.now() + timedelta(seconds=60) if awaited else None
        await add(
            conn, Claim("live", told[0], UUID(int=7)), clock.now(), [(seq, "mission.mobilising", by)], replayed=False
        )
        return seq

    return moves


async def test_a_receipt_that_nobody_wanted_is_refused(act, told, moved, conn, assert_fold):
    """A system that answers everything would have its number of whatever came last put on the incident."""
    webhook, _seq, _incident = told
    seq = await moved(awaited=False)
    with pytest.raises(Conflict) as refused:
        await act(TakeIntoDispatch, webhook, who=("luik", "dispatcher"), seq=seq, number="L-1")
    assert refused.value.extra == {"reasons": [{"code": "receipt_not_wanted", "figures": {"seq": seq}}]}
    assert not await conn.fetchval("SELECT count(*) FROM external_id")
    await assert_fold()


async def test_another_number_replaces_the_one_before(act, told, moved, conn, clock, assert_fold):
    """The neighbour would read two numbers of one control room, and name the one that was given up."""
    webhook, seq, incident = told
    luik = ("luik", "dispatcher")
    await act(TakeIntoDispatch, webhook, who=luik, seq=seq, number="L-1")
    other = await act(AddExternalId, source="cad-luik-2", kind="incident", code="9", subject_id=incident, who=luik)
    clock.move(minutes=1)
    await act(TakeIntoDispatch, webhook, who=luik, seq=await moved(awaited=True), number="L-2")
    rows = await conn.fetch("SELECT code, valid_to FROM external_id ORDER BY id")
    assert [tuple(row) for row in rows] == [("L-1", clock.now()), (other.subject["code"], None), ("L-2", None)]
    await assert_fold()


async def test_another_incidents_number_is_refused_and_without_it_the_receipt_is_taken(act, told, conn):
    """Somebody would be rung for a mission that was taken over, because of a slip in a number."""
    webhook, seq, _incident = told
    luik = ("luik", "dispatcher")
    other = (await act(ReportIncident, **flood())).id
    await act(AddExternalId, source="cad-luik", kind="incident", code="L-1", subject_id=other, who=luik)
    with pytest.raises(Duplicate) as refused:
        await act(TakeIntoDispatch, webhook, who=luik, seq=seq, number="L-1")
    assert "leave `number` out" in refused.value.advice
    assert (await act(TakeIntoDispatch, webhook, who=luik, seq=seq)).subject["status"] == "taken"


async def test_a_neighbours_number_is_in_no_list_of_ours(act, told, conn):
    """A neighbour whose system has the same name would keep our dispatch from taking its mission over."""
    webhook, seq, incident = told
    other = (await act(ReportIncident, **flood())).id
    await act(AddExternalId, source="cad-luik", kind="incident", code="L-1", subject_id=other)
    await act(TakeIntoDispatch, webhook, who=("luik", "dispatcher"), seq=seq, number="L-1")
    assert (
        await conn.fetchval("SELECT count(*) FROM external_id WHERE incident_id = $1 AND code = 'L-1'", incident) == 1
    )


async def test_receipts_need_a_list_for_their_numbers(act, hook, told, conn):
    """The number would be lost, and the neighbour speak of an incident that this control room can't find."""
    with pytest.raises(MissingField) as refused:
        await hook(receipts=True)
    assert refused.value.extra["reasons"][0]["code"] == "receipts_without_source"
    bare = await hook()
    with pytest.raises(MissingField):
        await act(ChangeWebhook, bare.id, who=ADMIN, receipts=True)
    await act(ChangeWebhook, bare.id, who=ADMIN, receipts=True, source="gms")
    webhook, seq, _incident = told
    await conn.execute("UPDATE webhook_endpoint SET source = NULL WHERE id = $1", webhook)
    await act(ChangeWebhook, webhook, who=("luik", "admin"), label="From before this was asked for")
    taken = await act(TakeIntoDispatch, webhook, who=("luik", "dispatcher"), seq=seq, number="L-1")
    assert [(each["code"], each["figures"]) for each in taken.warnings] == [("number_not_kept", {"number": "L-1"})]


async def test_what_is_cleared_is_gone_or_is_refused(act, hook):
    """An admin would read that the list was taken off, and numbers still be written into it."""
    made = await hook(source="gms")
    cleared = await act(ChangeWebhook, made.id, who=ADMIN, source=None)
    assert (cleared.subject["source"], cleared.warnings) == (None, [])
    await act(ChangeWebhook, made.id, who=ADMIN, source="gms", receipts=True)
    with pytest.raises(MissingField) as refused:
        await act(ChangeWebhook, made.id, who=ADMIN, source=None)
    assert refused.value.extra["reasons"][0]["code"] == "receipts_without_source"
    assert (await act(ChangeWebhook, made.id, who=ADMIN, source=None, receipts=False)).subject["source"] is None
    with pytest.raises(MissingField) as refused:
        await act(ChangeWebhook, made.id, who=ADMIN, url=None)
    assert [each.pointer for each in refused.value.errors] == ["/url"]
    assert "outbox" in refused.value.advice
    for name in ("label", "events", "incident_ids", "type_codes", "member_ids", "space_kinds", "receipts"):
        with pytest.raises(MissingField) as refused:
            await act(ChangeWebhook, made.id, who=ADMIN, **{name: None})
        assert [each.pointer for each in refused.value.errors] == [f"/{name}"]
    await act(ChangeWebhook, (await hook(url=None)).id, who=ADMIN, url=None)


async def test_number_of_another_incident_is_refused(act, told):
    """One slip would join two incidents in everybody's books."""
    webhook, seq, _incident = told
    luik = ("luik", "dispatcher")
    other = (await act(ReportIncident, **flood())).id
    await act(AddExternalId, who=luik, source="cad-luik", kind="incident", code="7", subject_id=other)
    with pytest.raises(Duplicate):
        await act(TakeIntoDispatch, webhook, who=luik, seq=seq, number="7")
