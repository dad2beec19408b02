"""Dispatch systems and spaces in the console: a trial stays a trial, an alarm says whom it is about, and a mission moves by what a machine tells."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import expect

from app.commands.dispatch_receipts import RingForDispatch
from app.commands.incidents import ReportIncident
from app.commands.integration import RefillIntegration
from app.commands.missions import AdvanceMission, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from app.commands.tokens import AddToken
from app.commands.webhook_states import WatchWebhook
from app.commands.webhooks import AddWebhook
from app.domain.authority import SYSTEM
from app.settings import Settings
from app.store.engine import reading
from tests.browser.test_dispatch_in import Sender, tab
from tests.browser.test_every_screen import AXE, PICTURES, SERIOUS, cut
from tests.commands.telling import Cad
from tests.delivery.receiving import receiving
from tests.world import flood

LUIK = ("luik", "dispatcher")
THERE = re.compile(r"/console/integration(#.*)?$")


@pytest.fixture
def settings():
    """Loopback may be sent to."""
    return Settings(webhook_networks="127.0.0.0/8", webhook_timeout_s=5)


@pytest.fixture
async def picture(request):
    """Takes a picture for somebody who wants to look."""

    async def takes(screen, name):
        if PICTURES:
            await screen.page.screenshot(path=f"{PICTURES}/spaces-{name}.png")

    return takes


@pytest.fixture
async def integration(do):
    """The space for connecting systems, filled."""
    await do(RefillIntegration, who=("luik", "admin"))


@pytest.fixture
def send(do, world):
    """Has a pump of Liège's asked for and committed; returns the receipt of the commitment, and the request's id."""

    async def sends(unit="luik-pump-1"):
        incident = (await do(ReportIncident, **flood())).id
        line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
        asked = await do(DraftRequest, incident_id=incident, kind="immediate", lines=[line], then="open")
        given = {"request_line_id": asked.rows["request_line"][0]["id"], "resource_id": world.resources[unit], "quantity": 1}  # fmt: skip
        offered = await do(MakeOffer, asked.id, who=LUIK, lines=[given])
        await do(AcceptOffer, offered.id)
        return await do(CommitOffer, offered.id, who=LUIK), asked.id

    return sends


@pytest.fixture
def ring(application):
    """Has what a webhook was sent stay without a receipt: somebody has to ring. Returns the seq of it."""

    async def rings(hook):
        while await application.state.webhooks.turn():
            pass
        async with reading(application.state.door.engine) as conn:
            seq = await conn.fetchval("SELECT seq FROM webhook_delivery WHERE receipt_by IS NOT NULL")
        await application.state.door.execute(RingForDispatch(seq=seq), actor=SYSTEM, space="live", target=hook)
        return seq

    return rings


def waiting(screen, kind):
    """An alarm of a kind that waits."""
    return screen.page.locator(".alarm-list li.waits").filter(has_text=screen.w(f"alarm.{kind}"))


async def test_the_place_to_try_is_found_and_is_marked(screens, world, integration, picture):
    """An integrator would try on real ambulances, for the console of the space that was made for him is linked from nowhere."""
    screen = await screens("luik", role="admin", language="en")
    await tab(screen, "quarantine")
    await picture(screen, "to-integration")
    await screen.named("link", screen.w("dispatch.try")).click()
    await expect(screen.page).to_have_url(re.compile(r"/console/integration#/admin/dispatch\?tab=quarantine"))
    await expect(screen.page.locator(".exercise-band.integration")).to_be_visible()
    await expect(screen.page).to_have_title(re.compile("^INTEGRATION"))
    await expect(screen.page.locator(".sections a")).to_have_count(1)
    await expect(screen.page.locator("#quarantine select").last).to_have_value("integration")
    await tab(screen, "sources")
    await picture(screen, "in-integration")
    await screen.button("inbox.add").click()
    ticks = screen.dialog.locator(".space-tick input")
    assert [await ticks.nth(n).is_checked() for n in range(3)] == [False, False, True]
    await screen.press("Escape")
    await screen.named("link", screen.w("to_live")).click()
    await screen.live()
    await screen.press("Control+k")
    await screen.type("integrat")
    await screen.page.get_by_role("option", name=screen.w("space.integration.console")).click()
    await expect(screen.page).to_have_url(THERE)


async def test_what_was_tried_leads_back_to_where_it_was_tried(screens, do, application, world, picture):
    """Who looks into a message of a trial would be led to the unit of live, and take its state for the trial's; or find nothing at all."""
    cad = await Cad.of(application.state.door, world, space_kinds=["integration"])
    await do(RefillIntegration, who=("luik", "admin"))
    cad.space = "integration"
    await cad.tells(cad.fms(99))
    await cad.tells(cad.fms(5))
    screen = await screens("luik", role="admin", language="en")
    await tab(screen, "sources")
    held = screen.page.locator(".dispatch-tabs .waits-elsewhere")
    await expect(held).to_have_text("integration 1")
    await screen.page.locator(".entry").click()
    source = screen.page.locator("#source")
    await expect(source).to_contain_text(f"/api/v1/spaces/integration/inbox/{cad.id}")
    await expect(source).not_to_contain_text("/spaces/live/")
    await expect(screen.panel("inbox.log").get_by_role("listitem")).to_have_count(2)
    await picture(screen, "source-of-integration")
    await source.get_by_role("link", name=screen.w("inbox.held", n=1)).click()
    await screen.page.locator("#quarantine .entry").click()
    unit = re.compile(rf"^/console/integration#/resource/{world.resources['luik-pump-1']}$")
    await expect(screen.page.locator("#unit-calls .unit-call a")).to_have_attribute("href", unit)
    await expect(screen.page.locator("#matter .facts a")).to_have_attribute("href", unit)
    await tab(screen, "quarantine")
    await screen.page.get_by_role("link", name=screen.w("quarantine.tried", n=1)).click()
    await expect(screen.page.locator("#quarantine .entry")).to_have_count(1)


async def test_a_unit_that_calls_says_who_and_how_urgently(screens, application, world, picture):
    """An emergency call of a crew would be one line among others, without the crew."""
    cad = await Cad.of(application.state.door, world, label="CAD of Liège")
    screen = await screens("luik", language="en")
    await screen.page.locator(".alarms > summary").click()
    await cad.tells(cad.fms(0))
    alarm = waiting(screen, "unit_call")
    await expect(alarm).to_contain_text(screen.w("unit_calls.urgent"))
    async with reading(application.state.door.engine) as conn:
        name = await conn.fetchval(
            "SELECT call_sign FROM resource WHERE space_id = 'live' AND id = $1", world.resources["luik-pump-1"]
        )
    await expect(alarm).to_contain_text(name)
    await expect(alarm).to_contain_text("CAD of Liège")
    await expect(alarm).to_contain_text(re.compile(rf"{screen.w('since')} .*12:"))
    await cad.tells(cad.fms(99))
    await expect(waiting(screen, "quarantine")).to_contain_text("CAD of Liège")
    await picture(screen, "alarm-unit-call")


async def test_a_silent_dispatch_system_is_told_by_its_name(screens, do, application, clock, picture):
    """A dispatcher would read an address of a network, and come to an empty page; and a trial that was left alone would ring every shift."""
    made = {
        label: await do(AddWebhook, who=("luik", "admin"), label=label, events=["*"], space_kinds=kinds, heartbeat_min=1)
        for label, kinds in {"CAD of Liège": ["live"], "A trial": ["integration"]}.items()
    }  # fmt: skip
    screen = await screens("luik", language="en")
    await screen.page.locator(".alarms > summary").click()
    clock.move(minutes=10)
    for each in reversed(made.values()):
        watch = WatchWebhook(since=each.subject["watched_since"])
        await application.state.door.execute(watch, actor=SYSTEM, space="live", target=each.id)
    alarm = waiting(screen, "webhook_silent")
    await expect(alarm).to_contain_text("CAD of Liège")
    await expect(alarm).to_have_count(1)
    await expect(alarm).to_contain_text(f"{screen.w('since')} 12:00")
    await expect(alarm.locator(".phone a")).to_have_attribute("href", re.compile(r"^tel:"))
    await picture(screen, "alarm-silent")
    await alarm.get_by_role("link", name="CAD of Liège").click()
    row = screen.page.locator("#standings li.now")
    await expect(row).to_contain_text(screen.w("hooks.silent"))
    await expect(row.locator(".phone")).to_be_visible()
    await picture(screen, "standings")


async def test_who_has_rung_says_so_and_nobody_rings_again(screens, do, send, ring, picture):
    """'Ring' would stay for ever, and be read by nobody; or be raised for a unit that has long been home."""
    hook = await do(
        AddWebhook, who=("luik", "admin"), label="CAD", events=["mission.*"], receipts=True, source="cad-luik"
    )
    _, asked = await send()
    await ring(hook.id)
    screen, admin = await screens("luik", language="en"), await screens("luik", role="admin", language="en")
    await tab(admin, "endpoints", endpoint=hook.id)
    rung = admin.page.locator("#hook-health").get_by_role("link", name=admin.w("hooks.rung", n=1))
    await rung.click()
    await expect(admin.page.locator("#receipts li.receipt")).to_contain_text(admin.w("receipts.ring"))
    await tab(admin, "endpoints", endpoint=hook.id)
    await screen.page.locator(".alarms > summary").click()
    await waiting(screen, "not_taken").get_by_role("link", name=screen.w("receipts")).click()
    row = screen.page.locator("#receipts li.receipt")
    await expect(row.get_by_role("link")).to_have_attribute("href", f"#/request/{asked}")
    await picture(screen, "receipts")
    await screen.button("receipts.rung", row).click()
    await screen.named("textbox", screen.w("receipts.number"), screen.dialog).fill("L-77")
    await picture(screen, "rung")
    await screen.button("receipts.rung", screen.dialog).click()
    await expect(waiting(screen, "not_taken")).to_have_count(0)
    await expect(admin.page.locator("#hook-health")).to_contain_text(admin.w("hooks.rung.none"))
    await tab(screen, "receipts")
    await expect(screen.page.locator("#receipts li.receipt")).to_contain_text("L-77")


async def test_for_a_unit_that_is_home_nobody_has_to_ring(screens, do, send, ring):
    """The count beside a webhook would say for ever what its alarm does not say any more."""
    hook = await do(
        AddWebhook, who=("luik", "admin"), label="CAD", events=["mission.*"], receipts=True, source="cad-luik"
    )
    sent, _ = await send()
    await ring(hook.id)
    mission = sent.rows["mission"][0]["id"]
    admin = await screens("luik", role="admin", language="en")
    await tab(admin, "endpoints", endpoint=hook.id)
    await expect(admin.page.locator("#hook-health")).to_contain_text(admin.w("hooks.rung", n=1))
    for state in ("mobilising", "in_transit", "on_scene"):
        await do(AdvanceMission, mission, who=LUIK, to=state)
    await home(do, mission)
    await expect(admin.page.locator("#hook-health")).to_contain_text(admin.w("hooks.rung.none"))
    await tab(admin, "receipts")
    await expect(admin.page.locator("#receipts li.receipt")).to_contain_text(admin.w("receipts.over"))


async def home(do, mission):
    """Have a unit released by who asked for it, and come home."""
    await do(ReleaseMission, mission)
    for state in ("returning", "returned"):
        await do(AdvanceMission, mission, who=LUIK, to=state)


@pytest.mark.parametrize(("theme", "width"), [("light", 390), ("dark", 390), ("light", 1440)])
async def test_how_far_it_has_come_is_read_on_a_telephone(screens, do, integration, application, theme, width, picture):
    """What waits, and when it is tried next, would lie beyond the edge of the screen."""
    spaces = ["live", "integration"]
    hook = await do(AddWebhook, who=("luik", "admin"), label="CAD", events=["*"], space_kinds=spaces)
    await do(ReportIncident, **flood())
    while await application.state.webhooks.turn():
        pass
    screen = await screens("luik", role="admin", theme=theme, width=width, language="de")
    await screen.page.evaluate(AXE.read_text("utf-8"))
    await tab(screen, "endpoints", endpoint=hook.id)
    rows = screen.page.locator(".hook-lanes tbody tr")
    await expect(rows).to_have_count(2)
    await rows.last.scroll_into_view_if_needed()
    await picture(screen, f"lanes-{theme}-{width}")
    for cell in await rows.locator("th, td").all():
        box = await cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert (await rows.last.locator("th").bounding_box())["height"] < 45
    assert not await screen.page.evaluate(SERIOUS)
    assert not await cut(screen)


async def test_a_mission_moves_by_what_the_dispatch_system_tells(screens, do, application, world, send, address, clock, picture):  # fmt: skip
    """The whole point: a commitment goes out, is taken over, and the unit's statuses come back, without anybody typing them twice."""
    cad = await Cad.of(application.state.door, world, label="CAD of Liège")
    token = (await do(AddToken, who=LUIK, label="CAD", scopes=["read", "write"])).once["token"]
    asks = {"label": "CAD", "events": ["mission.*"], "receipts": True, "source": "cad-luik"}
    async with receiving() as receiver:
        hook = await do(AddWebhook, who=("luik", "admin"), url=receiver.url, **asks)
        receiver.secret = hook.once["secret"]
        committed, asked = await send()
        while await application.state.webhooks.turn():
            pass
    (heard,) = receiver.taken
    assert (heard["type"], heard["data"]["receipt"]["wanted"]) == ("mission.committed", "taken_into_dispatch")
    assert {each["code"] for each in heard["data"]["external_ids"] if each["kind"] == "resource"} == {"4711"}
    log = await screens("luik", language="en")
    await tab(log, "receipts")
    await expect(log.panel("receipts").get_by_role("listitem")).to_have_count(0)
    async with httpx.AsyncClient(
        base_url=f"http://{address}/api/v1", headers={"Authorization": f"Bearer {token}"}
    ) as machine:
        said = {"seq": heard["data"]["seq"], "number": "2026-L-77"}
        answer = await machine.post(f"/spaces/{heard['data']['space']}/webhooks/{hook.id}/receipts", json=said)
    assert answer.is_success, answer.text
    row = log.panel("receipts").get_by_role("listitem")
    await expect(row).to_contain_text("2026-L-77")
    await expect(row.get_by_role("link")).to_have_attribute("href", f"#/request/{asked}")

    ours, theirs = await screens("luik", language="en"), await screens("maas", language="en")
    for screen in (ours, theirs):
        await screen.open_request(asked)
    machine = Sender(f"http://{address}/api/v1/spaces/live/inbox/{cad.id}", cad.secret, clock)
    assert committed.rows["mission"][0]["status"] == "committed"
    for status, state in (("3", "in_transit"), ("4", "on_scene")):
        clock.move(minutes=5)
        assert (await machine.tells(issi="4711", status=status))["outcome"] == "applied"
        for screen in (ours, theirs):
            await expect(screen.panel("missions")).to_contain_text(screen.w.state("mission", state))
    step = ours.panel("timeline").get_by_role("listitem").filter(has_text=ours.w.state("mission", "on_scene"))
    await expect(step).to_contain_text(f"{ours.w('event.by_system')} CAD of Liège")
    skipped = ours.panel("timeline").get_by_role("listitem").filter(has_text=ours.w.state("mission", "mobilising"))
    await expect(skipped).to_contain_text(ours.w("inbox.effects.inferred"))
    await expect(
        theirs.panel("timeline").get_by_role("listitem").filter(has_text=theirs.w.state("mission", "on_scene"))
    ).to_contain_text(theirs.w("event.by_system"))
    await picture(ours, "mission-moves")
    await do(ReleaseMission, committed.rows["mission"][0]["id"])
    clock.move(minutes=5)
    assert (await machine.tells(issi="4711", status="1"))["outcome"] == "applied"
    await expect(ours.panel("missions")).to_contain_text(ours.w.state("mission", "returning"))
    clock.move(minutes=5)
    assert (await machine.tells(issi="4711", status="2"))["outcome"] == "applied"
    for screen in (ours, theirs):
        await expect(screen.panel("missions")).to_contain_text(screen.w.state("mission", "returned"))
