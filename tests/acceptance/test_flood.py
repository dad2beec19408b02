"""The flood of the demonstration: does the story hold together, and does the service carry every step of it?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.cli.players import let_play, live_through_the_weeks_before
from app.commands.execute import Door
from app.domain.clock import SystemClock
from app.main import create_app
from app.settings import Settings
from app.store.engine import create_engine
from app.store.folded import folded_and_tables
from simulations import flood
from simulations.story import StoryError, read_story

pytestmark = pytest.mark.acceptance

CORRIDOR = Path(__file__).parents[2] / "simulations" / "corridors" / "meuse-rhine"
AT_ONCE = 1e6


@pytest.fixture
async def demo(empty_database):
    """The application with the demonstration corridor and its past in it, the players' tokens, and what was told of the past."""
    engine = create_engine(empty_database, pool_size=4)
    door = Door(engine, Settings(), SystemClock())
    past = []
    await live_through_the_weeks_before(door, empty_database, CORRIDOR, past.append)
    tokens = await let_play(door, flood.cast())
    application = create_app(Settings(), empty_database, background=False)
    async with application.router.lifespan_context(application):
        yield httpx.ASGITransport(app=application), tokens, engine, past
    await engine.dispose()


async def played(transport, tokens, *, stop=None, until=None):
    """Play the flood at once; return what was told. ``until``: stop when a line holds this."""
    lines = []
    stop = stop or asyncio.Event()

    def progress(line):
        lines.append(line)
        if until is not None and until in line:
            stop.set()

    await flood.play("http://concord.test", tokens, progress=progress, speed=AT_ONCE, stop=stop, transport=transport)
    return lines


def went_wrong(lines):
    return [line for line in lines if "did not work" in line or "left out" in line or "can't begin" in line]


async def scalars(engine, statement):
    async with engine.connect() as connection:
        return [row[0] for row in await connection.execute(text(statement))]


NOT_HOME = "SELECT status FROM mission WHERE space_id = 'live' AND status <> 'closed'"
LIVE_INCIDENTS = "SELECT title FROM incident WHERE space_id = 'live' AND status <> 'closed'"
LIVE_REQUESTS = "SELECT status FROM request WHERE space_id = 'live' AND status NOT IN ('closed', 'cancelled', 'expired', 'unfilled')"
UNITS_OUT = "SELECT call_sign FROM resource WHERE space_id = 'live' AND status <> 'available' AND call_sign <> 'Heros Düren HCP 1'"
OWED = "SELECT act FROM debt WHERE space_id = 'live' AND status <> 'made_good'"


HAPPENED = "SELECT DISTINCT type FROM journal_entry WHERE space_id = 'live' AND seq > {}"
SO_FAR = "SELECT max(seq) FROM journal_entry WHERE space_id = 'live'"
IN_THE_HOUR = {
    "asking and answering": {
        "incident.reported", "incident.logged", "incident.phase_changed", "incident.closed", "request.opened", "request.acknowledged",
        "request.declined", "request.partly_committed", "request.committed", "request.closed", "offer.made", "offer.accepted",
        "offer.committed", "question.asked", "question.answered", "authority.informed", "authority.confirmed",
    },
    "the way": {
        "mission.mobilising", "mission.in_transit", "mission.at_border", "mission.cleared", "mission.at_rendezvous", "mission.on_scene",
        "mission.released", "mission.returning", "mission.returned", "mission.closed", "mission.stood_down", "mission.recalled",
        "mission.aborted", "mission.sent_to_rendezvous", "mission.liaison_named", "mission.guide_named", "resource.status_set",
    },
    "a crossing that closes under somebody's way": {"crossing.state_set", "mission.way_barred", "mission.rerouted"},
    "a formation": {"mission.manifest_written", "mission.split", "mission.split_off"},
    "a relief": {"mission.relief_planned"},
    "a unit that is sent elsewhere": {"reassignment.proposed", "reassignment.agreed", "mission.reassigned"},
    "a unit that stays longer": {"extension.asked", "extension.granted"},
    "host support": {"host_support.asked", "host_support.confirmed"},
    "a phone call": {"call.recorded", "call.confirmed", "debt.owed", "debt.made_good"},
    "automatic aid": {"automatic_aid.alarmed", "automatic_alarm.raised", "automatic_alarm.rolling"},
    "a reserve that is gone below": {"reserve.overridden"},
    "protocols": {"protocol.applied", "checklist.ticked", "checklist.unticked", "unasked_offer.made", "unasked_offer.withdrawn"},
    "day to day": {"mission.transporting", "mission.at_destination", "statement.acknowledged"},
    "money": {
        "mission.measured", "exchange_rate.entered", "claim.drafted", "claim.submitted", "claim.disputed", "claim.dispute_settled",
        "claim.verified", "claim.paid", "claim.closed",
    },
}  # fmt: skip


async def test_the_whole_story_is_carried_and_can_be_told_again(demo):
    """A visitor would see a demonstration that stumbles, that leaves something out, or on the second start one that can't begin."""
    transport, tokens, engine, _ = demo
    (before,) = await scalars(engine, SO_FAR)
    for _ in range(2):
        lines = await played(transport, tokens)
        assert not went_wrong(lines), went_wrong(lines)
        assert len(lines) == len(flood.story().steps) + 2
        for statement in (NOT_HOME, LIVE_INCIDENTS, LIVE_REQUESTS, UNITS_OUT, OWED):
            assert await scalars(engine, statement) == [], statement
    assert any("cap_units" in line for line in lines), "a cap refuses"
    events = set(await scalars(engine, HAPPENED.format(before)))
    lacking = {what: types - events for what, types in IN_THE_HOUR.items() if types - events}
    assert not lacking, (lacking, sorted(events))
    told, held = await folded_and_tables(engine, "live")
    assert told == held


async def test_the_weeks_before_leave_something_for_everybody(demo):
    """Whoever signs in as finance would look at an empty list, or at a statement of a month that is not over."""
    _, _, engine, past = demo
    assert not went_wrong(past), went_wrong(past)
    claims = await scalars(
        engine, "SELECT status || ' ' || currency || CASE WHEN overdue THEN ' overdue' ELSE '' END FROM claim"
    )
    assert {"submitted EUR", "closed EUR", "closed CHF", "verified EUR overdue", "disputed EUR"} <= set(claims), claims
    unclaimed = """
        SELECT m.id FROM mission m JOIN member r ON r.space_id = m.space_id AND r.id = m.lender_id
        WHERE r.code = 'nl-maastricht' AND m.status = 'closed' AND NOT EXISTS (SELECT FROM claim_mission c WHERE c.mission_id = m.id)
    """
    assert await scalars(engine, unclaimed)
    months = await scalars(engine, "SELECT month FROM statement ORDER BY month")
    assert len(months) >= 2
    assert all(month < datetime.now(UTC).date().replace(day=1) for month in months)
    assert (
        await scalars(
            engine,
            "SELECT 1 FROM journal_entry e JOIN journal_entry f ON f.space_id = e.space_id AND f.seq = e.seq + 1 AND f.recorded_at < e.recorded_at",
        )
        == []
    )
    for statement in (NOT_HOME, LIVE_INCIDENTS, LIVE_REQUESTS, OWED):
        assert await scalars(engine, statement) == [], statement


async def test_a_start_that_was_broken_off_leaves_no_rest(demo):
    """After Ctrl-C in the middle, the next start would find its units on missions that nobody leads home."""
    transport, tokens, engine, _ = demo
    lines = await played(transport, tokens, until="on one lane")
    assert "everybody is home" not in lines[-1]
    assert await scalars(engine, NOT_HOME)
    lines = await played(transport, tokens)
    assert not went_wrong(lines), went_wrong(lines)
    assert await scalars(engine, NOT_HOME) == []


async def test_without_tokens_and_without_service_it_ends_in_a_line():
    """`concord demo` would end in a traceback because its story could not be played."""
    lines = await played(httpx.MockTransport(lambda _request: httpx.Response(503)), {})
    assert lines == ["Nobody is signed in: there is nothing to play."]
    refusing = httpx.MockTransport(lambda _request: httpx.Response(401, json={"type": "/problems/token-expired"}))
    (line,) = await played(refusing, dict.fromkeys(flood.cast(), "x"))
    assert "can't begin: token-expired" in line


async def test_a_service_that_is_away_for_a_moment_is_asked_again_under_the_same_key():
    """A restart of the service in the middle of the flood would lose steps, or carry them out twice."""
    seen = []

    def answer(request):
        seen.append(request.headers.get("Idempotency-Key"))
        return httpx.Response(503) if len(seen) < 3 else httpx.Response(200, json={"seq": 7})

    async with httpx.AsyncClient(base_url="http://x", transport=httpx.MockTransport(answer)) as http:
        client = flood.Client(http, "x", pauses_s=(0, 0, 0))
        assert (await client.post("incidents", {}))["seq"] == 7
        assert len(seen) == 3
        assert len(set(seen)) == 1
        seen[:] = []
        with pytest.raises(flood.Away):
            await flood.Client(http, "x", pauses_s=(0,)).post("incidents", {})


def test_the_story_is_dense_and_quick_to_begin():
    """A newcomer would look at a screen where nothing happens, and go."""
    steps = flood.story().steps
    assert len(steps) >= 60
    assert max(after.at_s - before.at_s for before, after in pairwise(steps)) <= 45
    assert sum(step.at_s <= 120 for step in steps) >= 10
    assert steps[-1].at_s <= 3600
    languages = {step.with_.get("language") for step in steps if step.does == "add_log_entry"}
    assert languages == {"nl", "fr", "de"}


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ('{at: "00:01", who: a/dispatcher, does: fly, tell: x}', "no command fly"),
        ('{at: "00:01", who: a/dispatcher, does: recall, of: $nobody, tell: x}', "nothing above is called nobody"),
        ('{at: "00:01", who: a/dispatcher, does: recall, tell: x}', "do not go together"),
        ("{at: 1.5, who: a/dispatcher, does: report_incident, tell: x}", "at 1.5"),
        ('{at: "00:01", who: a/dispatcher, does: report_incident, tel: x}', "unknown ['tel']"),
    ],
)  # fmt: skip
def test_a_story_that_contradicts_itself_names_the_step(tmp_path, step, says):
    """Whoever changes the story would find out in the forty-third minute of a demonstration."""
    file = tmp_path / "story.yaml"
    file.write_text(f"title: x\nbeforehand: []\nsteps:\n  - {step}\n", encoding="utf-8")
    with pytest.raises(StoryError, match="step 1") as raised:
        read_story(file)
    assert says in str(raised.value)
