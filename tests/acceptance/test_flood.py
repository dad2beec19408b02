"""The flood of the demonstration: does the story hold together, and does the service carry every step of it?"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.commands.execute import Door
from app.commands.load_corridor import load_corridor
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain.authority import SYSTEM
from app.domain.clock import SystemClock
from app.main import create_app
from app.settings import Settings
from app.store.engine import create_engine
from simulations import flood
from simulations.story import StoryError, read_story
from tests.conftest import folded_and_tables

pytestmark = pytest.mark.acceptance

CORRIDOR = Path(__file__).parents[2] / "simulations" / "corridors" / "meuse-rhine"
AT_ONCE = 1e6


@pytest.fixture
async def demo(empty_database):
    """The application with the demonstration corridor in it, and the players' tokens."""
    engine = create_engine(empty_database, pool_size=4)
    door = Door(engine, Settings(), SystemClock())
    await load_corridor(door, CORRIDOR, lambda _line: None)
    tokens = {}
    async with engine.connect() as connection:
        members = dict((await connection.execute(text("SELECT code, id FROM member"))).all())
    for who in sorted(flood.cast()):
        code, role = who.split("/")
        adding = AddUser(
            member_id=members[code], login=f"{role}.{code}", display_name=who, roles=[role], kind="service"
        )  # fmt: skip
        user = await door.execute(adding, actor=SYSTEM, space="live")
        token = await door.execute(
            AddToken(user_id=user.id, label="flood", scopes=["write"], days=1), actor=SYSTEM, space="live"
        )
        tokens[who] = token.once["token"]
    application = create_app(Settings(), empty_database, background=False)
    async with application.router.lifespan_context(application):
        yield httpx.ASGITransport(app=application), tokens, engine
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


NOT_HOME = "SELECT status FROM mission WHERE status <> 'closed'"
LIVE_INCIDENTS = "SELECT title FROM incident WHERE status <> 'closed'"
LIVE_REQUESTS = "SELECT status FROM request WHERE status NOT IN ('closed', 'cancelled', 'expired', 'unfilled')"
UNITS_OUT = "SELECT call_sign FROM resource WHERE status <> 'available' AND call_sign <> 'Heros Düren HCP 1'"
OWED = "SELECT act FROM debt WHERE status <> 'made_good'"


async def test_the_whole_story_is_carried_and_can_be_told_again(demo):
    """A visitor would see a demonstration that stumbles, or on the second start one that can't begin."""
    transport, tokens, engine = demo
    for _ in range(2):
        lines = await played(transport, tokens)
        assert not went_wrong(lines), went_wrong(lines)
        assert len(lines) == len(flood.story().steps) + 2
        for statement in (NOT_HOME, LIVE_INCIDENTS, LIVE_REQUESTS, UNITS_OUT, OWED):
            assert await scalars(engine, statement) == [], statement
    events = set(await scalars(engine, "SELECT DISTINCT type FROM journal_entry"))
    assert {
        "incident.reported", "incident.logged", "incident.closed", "request.opened", "request.partly_committed",
        "request.committed", "request.closed", "offer.made", "offer.accepted", "offer.committed", "mission.at_border",
        "mission.cleared", "mission.on_scene", "mission.stood_down", "mission.recalled", "mission.aborted",
        "mission.transporting", "call.recorded", "call.confirmed", "debt.owed", "debt.made_good", "crossing.state_set",
        "resource.status_set",
    } <= events, sorted(events)  # fmt: skip
    told, held = await folded_and_tables(engine, "live")
    assert told == held


async def test_a_start_that_was_broken_off_leaves_no_rest(demo):
    """After Ctrl-C in the middle, the next start would find its units on missions that nobody leads home."""
    transport, tokens, engine = demo
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
