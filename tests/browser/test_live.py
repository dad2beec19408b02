"""What happens elsewhere is on the screen at once; and the screen says truthfully when it is not."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.positions import ReportedPosition, ReportPositions, report_positions
from app.commands.requests import AcknowledgeRequest, CancelRequest, DraftRequest
from app.commands.users import DeactivateUser
from app.delivery import feed as feeds
from app.delivery.frames import burst
from app.entrypoints.console.sign_in_words import WORDS
from tests.browser.conftest import PASSWORD
from tests.browser.scene import busy
from tests.browser.screen import shows
from tests.until import until
from tests.world import flood

MISSED = 300
REQUESTS = 30


@pytest.fixture
def ask(do):
    """Asks for a pump for an incident, as maas does it elsewhere."""

    async def asks(incident, place):
        line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
        lines = [line | {"place": place}]
        return await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=lines, then="open")

    return asks


@pytest.fixture
def much(do, ask):
    """Has a lot happen: entries of a log, and requests among them."""

    async def happens(incident, entries):
        for at in range(entries):
            await do(AddLogEntry, incident.id, text=f"The water stands at {at} cm")
            if at % (entries // REQUESTS) == 0:
                await ask(incident, f"Street {at}")

    return happens


async def test_what_others_do_is_seen_without_asking(screens, do, ask):
    """A dispatcher who has to press F5 to hear of a flood hears of it too late."""
    screen = await screens("luik")
    incident = await do(ReportIncident, **flood(title="Water at Eijsden"))
    await expect(screen.panel("incidents").get_by_text("Water at Eijsden")).to_be_visible()
    took = await shows(ask(incident, "Kerkplein"), screen.request_row("Kerkplein"))
    print(f"a request was on another screen {took:.0f} ms after its command began")
    row = screen.request_row("Kerkplein")
    await expect(row).to_contain_text(screen.w.type("pump.high_capacity"))
    await expect(row).to_contain_text(screen.w("new"))
    await expect(screen.panel("requests")).to_contain_text(screen.w("requests.count", n=1))
    # The time is the server's, whatever this machine believes.
    await expect(screen.panel("requests").locator(".as-of")).to_contain_text(re.compile(r"^\D*12:0\dZ$"))


async def test_after_a_cut_it_goes_on_where_it_was(screens, relay, do, much):
    """Whoever comes back into the wifi would wait for everything anew, or miss what happened, and not know which."""
    screen = await screens("luik", at=relay.address)
    screen.failures_expected = True
    incident = await do(ReportIncident, **flood())
    row = screen.panel("incidents").get_by_text("Meuse over its banks")
    await expect(row).to_be_visible()
    hint = screen.page.get_by_role("searchbox")
    await hint.fill("Street")
    relay.cut()
    await expect(screen.page.locator("[data-link=offline]")).to_contain_text(screen.w.like("link.offline"))
    await much(incident, MISSED)
    relay.mend()
    await screen.page.locator(".pill.link").click()
    await screen.live()
    first, *_, last = (each for each in screen.sockets if each["heard"])
    assert [each["kind"] for each in first["sent"]] == ["snapshot"]
    assert [each["kind"] for each in last["sent"]] == ["resume"]
    assert {"snapshot", "reset"}.isdisjoint(each["kind"] for each in last["heard"])
    entries = [each["seq"] for each in last["heard"] if each["kind"] == "entry"]
    assert len(entries) > MISSED
    assert entries == sorted(set(entries))
    await expect(screen.panel("requests")).to_contain_text(screen.w("requests.count", n=REQUESTS))
    await expect(hint).to_have_value("Street")
    assert len(set(await screen.page.locator(".request-row .ref").all_text_contents())) == REQUESTS


class Leaky:
    """A way out that loses what it is given while `losing`."""

    direct = None

    def __init__(self, outlet):
        self._outlet, self.losing = outlet, True

    def __getattr__(self, name):
        return getattr(self._outlet, name)

    def offer(self, burst, most_waiting):
        return self.losing or self._outlet.offer(burst, most_waiting)


async def test_a_gap_is_asked_about_once(screens, application, do):
    """A lost message among a hundred that follow would have the journal read a hundred times, by every screen at once."""
    screen = await screens("luik")
    incident = await do(ReportIncident, **flood(title="Water at Eijsden"))
    await expect(screen.panel("incidents").get_by_text("Water at Eijsden")).to_be_visible()
    feed = application.state.hub._spaces["live"].feed
    (reader,) = feed.audiences.readers()
    reader.audience.readers.discard(reader)
    leaky = reader.outlet = Leaky(reader.outlet)
    reader.audience.readers.add(reader)
    lost = await do(AddLogEntry, incident.id, text="Lost")
    await until(lambda: feed.cursor == lost.seq)
    leaky.losing = False
    prev = feed.cursor
    for number in range(1, 6):  # on their way before the answer can come
        reader.outlet.write(burst(b'{"kind":"entry","prev":%d,"seq":%d}' % (prev + number, prev + number + 1)))
    await do(ReportIncident, **flood(title="After the gap"))
    await expect(screen.panel("incidents").get_by_text("After the gap")).to_be_visible()
    (socket,) = (each for each in screen.sockets if each["heard"])
    assert [each["kind"] for each in socket["sent"]] == ["snapshot", "resume"]


async def test_what_was_missed_raises_its_alarm(screens, relay, do, ask):
    """Lives are asked for while the wifi is away: a row more in a list is no alarm."""
    screen = await screens("luik", at=relay.address)
    screen.failures_expected = True
    incident = await do(ReportIncident, **flood())
    await expect(screen.panel("incidents").get_by_text("Meuse over its banks")).to_be_visible()
    relay.cut()
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    await ask(incident, "Kerkplein")
    relay.mend()
    await screen.page.locator(".pill.link").click()
    await screen.live()
    await screen.page.locator(".alarms > summary").click()
    alarm = screen.page.locator(".alarm-list li.waits")
    await expect(alarm.filter(has_text=screen.w("alarm.life_safety"))).to_have_count(1)


async def test_an_alarm_stands_as_long_as_its_cause(screens, do, ask):
    """A reload would hide that lives wait for an answer; an alarm that stays after the answer teaches to look away."""
    incident = await do(ReportIncident, **flood())
    first, second = [await ask(incident, place) for place in ("Kerkplein", "Markt")]
    screen = await screens("luik")
    waits = screen.page.locator(".alarm-list li.waits").filter(has_text=screen.w("alarm.life_safety"))
    await expect(waits).to_have_count(2)
    await do(AcknowledgeRequest, first.id, who=("luik", "dispatcher"))
    await expect(waits).to_have_count(1)
    await screen.page.reload()
    await screen.live()
    await expect(waits).to_have_count(1)
    await do(CancelRequest, second.id)
    await expect(waits).to_have_count(0)


async def test_somebody_else_in_another_window(screens, relay):
    """Two windows share a cookie: the old one would mix what two members may see, and act in the other's name."""
    screen = await screens("luik", at=relay.address)
    screen.failures_expected = True
    context = screen.page.context
    other = await context.new_page()
    await context.clear_cookies()
    await other.goto(f"http://{relay.address}/sign-in")
    await other.fill("[name=login]", "dispatcher@aken")
    await other.fill("[name=password]", PASSWORD)
    await other.keyboard.press("Enter")
    await expect(other.locator("[data-link=live]")).to_be_visible()
    relay.cut()
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    relay.mend()
    await screen.page.locator(".pill.link").click()
    await screen.live()
    await expect(screen.page.locator("html")).to_have_attribute("lang", "de")
    last = [each for each in screen.sockets if each["heard"]][-1]
    assert [each["kind"] for each in last["sent"]] == ["snapshot"]


async def test_too_much_missed_begins_anew(screens, relay, do, much, monkeypatch):
    """After a night in a drawer a tablet would chew on ten thousand entries; or show yesterday's requests as open."""
    screen = await screens("luik", at=relay.address)
    screen.failures_expected = True
    incident = await do(ReportIncident, **flood())
    await expect(screen.panel("incidents").get_by_text("Meuse over its banks")).to_be_visible()
    monkeypatch.setattr(feeds, "MOST_MISSED", 20)
    relay.cut()
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    await much(incident, REQUESTS)
    relay.mend()
    await screen.page.locator(".pill.link").click()
    await screen.live()
    last = [each for each in screen.sockets if each["heard"]][-1]
    assert [each["kind"] for each in last["sent"]] == ["resume", "snapshot"]
    assert [each["kind"] for each in last["heard"]][:3] == ["hello", "reset", "snapshot"]
    await expect(screen.panel("requests")).to_contain_text(screen.w("requests.count", n=REQUESTS))


async def test_a_dead_line_is_told_stale_then_offline_then_heals(screens, relay, application, do):
    """A green light over data ten minutes old is worse than no light."""
    application.state.hub.heartbeat_s = 0.5
    screen = await screens("aken", at=relay.address)
    screen.failures_expected = True
    relay.still()
    await expect(screen.page.locator("[data-link=stale]")).to_contain_text(screen.w.like("link.stale"))
    await do(ReportIncident, **flood(title="Not yet seen"))
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    await expect(screen.page.get_by_role("alert").filter(has_text=screen.w("link.band"))).to_be_visible()
    await expect(screen.page.get_by_text("Not yet seen")).to_have_count(0)
    relay.mend()
    await screen.live()
    await expect(screen.panel("incidents").get_by_text("Not yet seen")).to_be_visible()
    await expect(screen.page.get_by_text(screen.w("link.band"))).to_have_count(0)


async def test_a_slow_line_is_not_taken_for_a_dead_one(screens, application, do):
    """After a long silence a line on which the first word takes its time would be given up again and again, for ever."""
    application.state.hub.heartbeat_s = 0.5
    screen = await screens("aken")
    screen.failures_expected = True
    silent, connections = asyncio.Event(), []

    def slowly(socket):
        server = socket.connect_to_server()
        connections.append(socket)
        first = len(connections) == 1

        async def passed_on(message):
            if not first:
                await asyncio.sleep(1.5)
            elif silent.is_set():
                return
            socket.send(message)

        server.on_message(passed_on)

    await screen.page.route_web_socket(re.compile("/feed$"), slowly)
    await screen.page.reload()
    await screen.live()
    silent.set()
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    await do(ReportIncident, **flood(title="Behind the silence"))
    await screen.live()
    await expect(screen.panel("incidents").get_by_text("Behind the silence")).to_be_visible()
    assert len(connections) <= 3


async def test_without_a_server_it_says_so_and_begins_when_there_is_one(screens, do):
    """An empty page after a reload tells nobody whether to wait, to ring, or to call the technician."""
    screen = await screens("luik")
    screen.failures_expected = True
    away = "**/api/v1/**"
    await screen.page.route(away, lambda route: route.abort())
    await screen.page.locator(".me > summary").click()
    await screen.button("sign_out").click()
    await expect(screen.dialog).to_contain_text(screen.w("problem.no-connection"))
    await screen.page.reload()
    await expect(screen.page.locator("#app")).to_contain_text(WORDS["fr"]["no_server"])
    await screen.page.unroute(away)
    await screen.live()
    await expect(screen.page.get_by_text(WORDS["fr"]["no_server"])).to_have_count(0)


async def test_the_browser_says_that_it_is_offline(screens, do):
    """In a car under a bridge the screen must say so at once, and be right again when the bridge is behind."""
    screen = await screens("luik")
    screen.failures_expected = True
    await screen.page.context.set_offline(True)
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    await do(ReportIncident, **flood(title="Behind the bridge"))
    await screen.page.context.set_offline(False)
    await screen.live()
    await expect(screen.panel("incidents").get_by_text("Behind the bridge")).to_be_visible()


async def test_a_new_screen_knows_where_units_are(screens, application, do, world, clock, pg):
    """Whoever opens the console in the night would look for a lorry where it left, until it says again where it is."""
    full = await busy(do, world)
    clock.move(minutes=10)
    here = ReportedPosition(resource_id=world.units("luik", "pump")[0], lon=5.69, lat=50.75)
    who = world.actor("luik", "dispatcher")
    await report_positions(application.state.door, ReportPositions(items=(here,)), actor=who, space="live")
    await (await pg()).execute("UPDATE position SET reported_at = reported_at - interval '9 minutes'")
    screen = await screens("maas")
    await screen.open_request(full.id)
    age = re.compile(rf"{screen.w('position')}\s?(\d+ s|[0-4] min)")
    await expect(screen.mission("luik pump 1")).to_contain_text(age)


async def test_who_was_let_go_is_told(screens, do, world):
    """A screen that goes on showing what somebody may no longer see, or that just stands still, misleads."""
    screen = await screens("luik")
    screen.failures_expected = True
    await do(DeactivateUser, world.users["luik", "dispatcher"], who=("luik", "admin"))
    alert = screen.page.get_by_role("alert").filter(has_text=screen.w("signed_out"))
    await expect(alert).to_be_visible()
    await expect(alert.get_by_role("link", name=screen.w("sign_in"))).to_have_attribute(
        "href", "/sign-in?next=%2Fconsole%23%2Foperations"
    )
