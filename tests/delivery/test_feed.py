"""One space's feed in one process, without a connection: who joins, who is left behind, and what remains of them."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager

import orjson
import pytest
from structlog.testing import capture_logs

from app.commands.incidents import ReportIncident
from app.commands.positions import ReportPositions, report_positions
from app.commands.requests import DraftRequest
from app.delivery import feed as feeds
from app.delivery import filling, whereabouts
from app.delivery.feed import Feed
from app.delivery.hub import Hub
from app.delivery.wakes import Wakes
from app.domain.clock import SystemClock
from tests.until import until
from tests.world import flood


class Outlet:
    """A way out that keeps what it is given; `full` refuses what may be refused."""

    direct = None

    def __init__(self):
        self.open, self.full, self.code = True, False, None
        self.texts = []
        self.waiting = 0

    def write(self, burst):
        if self.open:
            self.texts += [orjson.loads(message.text) for message in burst.messages]

    def offer(self, burst, _most_waiting):
        if self.full and self.open:
            return False
        self.write(burst)
        return True

    async def drain(self):
        await asyncio.sleep(0)

    def close(self, code, _reason=""):
        self.open, self.code = False, code

    def kinds(self):
        return [text["kind"] for text in self.texts]

    def units(self):
        """Where units are, as it was told last."""
        items = [item for text in self.texts if text["kind"] == "positions" for item in text["items"]]
        return {item["resource_id"]: (item["lon"], item["lat"]) for item in items}


@pytest.fixture
def report(door, world):
    async def reports():
        command = ReportIncident.model_validate(flood())
        return await door.execute(command, actor=world.actor("maas", "dispatcher"), space="live")

    return reports


@asynccontextmanager
async def running(engine, database, door):
    """A feed of the live space that runs."""
    wakes = Wakes(database)
    door.on_commit = wakes.committed
    made = Feed(engine, wakes, SystemClock(), "live", catching_up=asyncio.Semaphore(2), on_doubt=lambda _user: None)
    await made.start()
    tasks = [asyncio.create_task(each) for each in made.tasks()]
    try:
        yield made
    finally:
        made.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def feed(engine, database, door):
    async with running(engine, database, door) as made:
        yield made


async def test_who_waits_for_a_seq_that_never_comes_is_let_go(feed):
    """A task would be left for ever with each screen that was ahead when a feed ended, or its connection did."""
    here, gone = feed.attach(None, Outlet()), feed.attach(None, Outlet())
    waiting = [asyncio.create_task(feed._join(reader, feed.cursor + 5)) for reader in (here, gone)]
    await until(lambda: len(feed.audiences.catching_up()) == 2)
    gone.outlet.open = False
    feed.end()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    assert not feed.audiences.readers()
    assert not feed.audiences.catching_up()


async def test_joining_ends_while_fill_changes_all_the_time(feed, monkeypatch):
    """In a busy hour a screen that comes back would read all lines over and over, and never be live."""
    reads = []
    everything = filling.queries.fill

    async def changing(conn, space, requests=None):
        lines = await everything(conn, space, requests)
        if requests is None:
            reads.append(len(reads))
            feed.filling._tellings += 1  # while it was read, something was told
            feed.filling._told.append(feeds.burst(b'{"kind":"fill","seq":1,"items":[]}'))
        return lines

    monkeypatch.setattr(filling.queries, "fill", changing)
    outlets = [Outlet() for _ in range(5)]
    async with asyncio.timeout(10):
        await asyncio.gather(*(feed._join(feed.attach(None, outlet), feed.cursor) for outlet in outlets))
    assert reads == [0], "each reads it for itself"
    assert [outlet.kinds() for outlet in outlets] == [["fill", "heartbeat"]] * 5


async def test_fill_that_was_told_while_one_joins_is_not_lost(feed, door, world, report, monkeypatch):
    """A line would stand as open on one screen and as filled on all the others."""
    incident = await report()
    line = {"type_code": "pump.high_capacity", "quantity": 2, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    draft = DraftRequest.model_validate(
        {"incident_id": incident.id, "kind": "immediate", "lines": [line], "then": "open"}
    )
    everything = filling.queries.fill

    async def late(conn, space, requests=None):
        lines = await everything(conn, space, requests)
        if requests is None:  # asked for help just behind our back, and told
            tellings = feed.filling._tellings
            await door.execute(draft, actor=world.actor("maas", "dispatcher"), space="live")
            await until(lambda: feed.filling._tellings > tellings)
        return lines

    monkeypatch.setattr(filling.queries, "fill", late)
    outlet = Outlet()
    await feed._join(feed.attach(None, outlet), feed.cursor)
    (told,) = [text for text in outlet.texts if text["kind"] == "fill"]
    assert told["items"][0]["open"] == 2
    assert outlet.kinds()[-1] == "heartbeat"


async def test_all_lines_are_read_anew_when_too_much_was_told(feed, monkeypatch):
    """What a screen gets when it opens would be hours old, with thousands of messages behind it."""
    feed.filling._told.append(feeds.burst(b"{}"))
    feed.filling._tellings = 1000
    assert feed.filling.since(998) is None
    assert feed.filling.since(1000).messages == ()
    assert len(feed.filling.since(999).messages) == 1


async def test_nothing_is_kept_for_who_is_gone(feed, world, monkeypatch):
    """A process would keep, and reckon for, every member that ever looked, with its last snapshot."""
    monkeypatch.setattr(feeds, "SAME_SNAPSHOT_S", 0.01)
    member = world.members["aken"]
    one, other = (feed.attach(member, Outlet()) for _ in range(2))
    assert one.audience is other.audience
    await feed.snapshot(one)
    assert set(one.audience.readers) == {one}
    await until(lambda: one.audience.snapshot is None)
    feed.detach(one)
    assert len(feed.audiences) == 1
    feed.detach(other)
    assert len(feed.audiences) == 0


async def test_who_was_behind_with_positions_is_told_though_nothing_moves(feed, door, world, monkeypatch):
    """A unit that has arrived would stand, on one slow screen, where it was a kilometre ago: until it sets off again."""
    monkeypatch.setattr(whereabouts, "SAME_POSITION_S", 0.01)
    unit = world.resources["maas-pump-1"]

    async def move(lon):
        body = {"items": [{"resource_id": unit, "lon": lon, "lat": 50.8, "at": door.clock.now()}]}
        report = ReportPositions.model_validate(body)
        await report_positions(door, report, actor=world.actor("maas", "dispatcher"), space="live")
        feed.whereabouts.stir()
        door.clock.move(seconds=1)

    quick, slow, joining = Outlet(), Outlet(), Outlet()
    for outlet in (quick, slow):
        await feed._join(feed.attach(None, outlet), feed.cursor)
    behind = feed.attach(None, joining)
    catching_up = asyncio.create_task(feed._join(behind, feed.cursor + 1))
    await until(feed.audiences.catching_up)
    slow.full = True
    await move(5.7)
    await until(lambda: quick.units() == {str(unit): (5.7, 50.8)})
    assert not slow.units()
    slow.full = False  # nothing moves any more, and nobody stirs
    await until(lambda: slow.units() == quick.units())
    feed.cursor += 1
    feed._moved.set()
    await catching_up
    await until(lambda: joining.units() == quick.units())


async def test_a_feed_that_falls_over_sends_its_readers_away(engine, database, door, report, world, monkeypatch):
    """Its readers would hear heartbeats to the end of the shift, and nothing else."""
    wakes = Wakes(database)
    door.on_commit = wakes.committed
    hub = Hub(engine, wakes, SystemClock(), idle_minutes=60)
    beating = asyncio.create_task(hub.run())
    outlet, actor = Outlet(), world.actor("aken", "viewer")
    made = await hub.connect("live", outlet, actor, b"", lambda _error: None, doubts=hub.doubts)
    await made.feed.snapshot(made.reader)

    def broken(_self, _batch):
        raise KeyError("a defect")

    with capture_logs() as logs:
        with monkeypatch.context() as patched:
            patched.setattr(Feed, "_send", broken)
            await report()
            await until(lambda: not outlet.open)
        assert outlet.code == 1012
        assert {"feed_failed"} == {each["event"] for each in logs if each["log_level"] == "error"}
    hub.let_go(made)
    again = await hub.connect("live", Outlet(), actor, b"", lambda _error: None, doubts=hub.doubts)
    assert again.feed is not made.feed
    assert not beating.done()
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating


async def test_one_heartbeat_that_fails_is_not_the_last(engine, database, monkeypatch):
    """One defect at night, and every screen takes its line for dead, over and over, until somebody restarts the service."""
    hub = Hub(engine, Wakes(database), SystemClock(), idle_minutes=60, heartbeat_s=0.01)
    turns = []

    async def broken(*, beat):
        turns.append(beat)
        raise KeyError("a defect")

    monkeypatch.setattr(hub, "_turn", broken)
    with capture_logs():
        beating = asyncio.create_task(hub.run())
        await until(lambda: len(turns) > 2)
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def test_entries_come_while_commands_hold_every_connection(application, world, engine, door, report):
    """In a rush commands wait for one another's locks with every connection: just then the screens would stand still."""
    hub, pool = application.state.hub, application.state.door.engine
    door.on_commit = application.state.wakes.committed
    outlet = Outlet()
    made = await hub.connect("live", outlet, world.actor("aken", "viewer"), b"", lambda _error: None, doubts=hub.doubts)
    await made.feed.snapshot(made.reader)
    async with contextlib.AsyncExitStack() as held:
        for _ in range(2 * application.state.settings.db_pool_size):
            await held.enter_async_context(pool.connect())
        seq = (await report()).seq
        await until(lambda: outlet.texts[-1].get("seq") == seq)
    hub.let_go(made)
