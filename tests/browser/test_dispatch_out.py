"""Webhooks in the console: an admin connects a dispatch system, sees what arrives and what does not, and has it sent once more."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from app.commands.dispatch_receipts import TakeIntoDispatch
from app.commands.due import run_due
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.webhooks import AddWebhook, PauseWebhook
from app.settings import Settings
from tests.browser.scene import at_work
from tests.browser.test_every_screen import AXE, PICTURES, SERIOUS, cut
from tests.delivery.receiving import receiving
from tests.world import flood

ADMIN = ("maas", "admin")


@pytest.fixture
def settings():
    """Loopback may be sent to, and heartbeats are not waited for."""
    return Settings(webhook_networks="127.0.0.0/8", webhook_timeout_s=5)


@pytest.fixture
async def worker(application):
    """The worker of the webhooks, at work as in the service."""
    task = asyncio.create_task(application.state.webhooks.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def incident(do):
    return (await do(ReportIncident, **flood())).id


async def endpoints(screen):
    """Go to the webhooks."""
    await screen.go("#/admin/dispatch?tab=endpoints")
    await screen.panel("hooks").wait_for()


async def make(screen, url, label="CAD"):
    """Make a webhook by the form; returns its secret."""
    await screen.button("hooks.add", screen.panel("hooks")).click()
    await screen.named("textbox", screen.w("hooks.label"), screen.dialog, exact=True).fill(label)
    await screen.named("textbox", screen.w("hooks.url"), screen.dialog, exact=True).fill(url)
    await expect(screen.named("radio", screen.w("hooks.events.preset.dispatch"), screen.dialog)).to_be_checked()
    await screen.button("hooks.add", screen.dialog).click()
    box = screen.named("textbox", screen.w("hooks.secret"), screen.dialog, exact=True)
    secret = await box.input_value()
    await screen.button("hooks.secret.kept", screen.dialog).click()
    await expect(screen.dialog).to_have_count(0)
    return secret


async def test_a_dispatch_system_is_connected_and_looked_after(screens, do, incident, worker):
    """An integrator would have to ask the operator of the service why nothing arrives, and whether it is his side or ours."""
    admin = await screens("maas", role="admin", language="en")
    await endpoints(admin)
    async with receiving() as receiver:
        receiver.secret = await make(admin, receiver.url)
        assert receiver.secret.startswith("whsec_")
        assert receiver.secret not in await admin.page.content()
        log = admin.panel("deliveries")

        await admin.button("hooks.test").click()
        await expect(admin.dialog.get_by_role("status")).to_contain_text(admin.w("hooks.test.taken"))
        await expect(admin.dialog.get_by_role("status")).to_contain_text("HTTP 204")
        await admin.button("close", admin.dialog).last.click()

        await do(AddLogEntry, incident, text="the dike holds")
        row = log.get_by_role("listitem").filter(has_text="incident.logged")
        await expect(row).to_contain_text("HTTP 204")
        receiver.answers = [500]
        await do(AddLogEntry, incident, text="the dike is wet")
        failed = log.get_by_role("listitem").filter(has_text="HTTP 500")
        await expect(failed).to_have_count(1)
        await expect(admin.page.locator("#hook")).to_contain_text(admin.w.like("hooks.failing.text"))
        await admin.button("deliveries.failed", log).click()
        await expect(log.get_by_role("listitem")).to_have_count(1)
        receiver.answers = [204]
        await expect(log.get_by_role("listitem")).to_have_count(0)
        await admin.button("deliveries.all", log).click()

        await row.first.get_by_role("button").click()
        await expect(admin.dialog.locator(".payload")).to_contain_text('"incident.logged"')
        await expect(admin.dialog.get_by_role("row").nth(1)).to_contain_text("HTTP")
        before = len(receiver.taken)
        await admin.button("deliveries.replay_one", admin.dialog).click()
        await expect(log.locator(".tag").filter(has_text=admin.w("deliveries.replayed"))).to_have_count(1)
        assert len(receiver.taken) >= before

        await admin.button("hooks.replay").click()
        await admin.named("spinbutton", admin.w("hooks.replay.from"), admin.dialog).fill("1")
        await admin.button("go_on", admin.dialog).click()
        await expect(admin.dialog).to_contain_text("CAD")
        await admin.button("hooks.replay", admin.dialog).click()
        await expect(log.get_by_role("listitem").filter(has_text="incident.reported")).to_contain_text(
            admin.w("deliveries.replayed")
        )

        old = receiver.secret
        await admin.button("hooks.rotate").click()
        await admin.button("hooks.rotate", admin.dialog).click()
        new = await admin.named("textbox", admin.w("hooks.secret"), admin.dialog, exact=True).input_value()
        await admin.button("hooks.secret.kept", admin.dialog).click()
        assert new != old
        await expect(admin.page.locator("#hook")).to_contain_text(admin.w.like("hooks.secret.two"))
        for secret in (old, new):
            receiver.secret = secret
            receiver.arrived.clear()
            await do(AddLogEntry, incident, text="signed by both")
            async with asyncio.timeout(20):
                await receiver.arrived.wait()
        assert not receiver.forged

        await admin.button("hooks.pause", exact=True).click()
        await admin.button("hooks.pause", admin.dialog, exact=True).click()
        await expect(admin.page.locator("#hook")).to_contain_text(admin.w.like("hooks.paused.text"))
        await do(AddLogEntry, incident, text="while it was paused")
        await expect(log).to_contain_text(admin.w("deliveries.waits_paused"))
        await admin.button("hooks.resume", exact=True).click()
        await expect(log.get_by_role("listitem").filter(has_text=admin.w("deliveries.waits_paused"))).to_have_count(0)
        assert any("while it was paused" in text for text in receiver.texts)

        await admin.button("hooks.remove", admin.page.locator("#hook")).click()
        await admin.button("hooks.remove", admin.dialog, exact=True).click()
        await expect(admin.panel("hooks")).to_contain_text(admin.w("hooks.none"))


async def test_what_ends_at_the_other_side_rings_at_ours(screens, do, incident, worker):
    """Nobody at the control room hears of a commitment, and nobody here knows that nobody does."""
    admin, colleague = await screens("maas", role="admin", language="en"), await screens("maas")
    await endpoints(admin)
    async with receiving(answers=[410]) as receiver:
        receiver.secret = await make(admin, receiver.url)
        await do(AddLogEntry, incident, text="it has gone")
        await expect(admin.page.locator("#hook")).to_contain_text(admin.w("hooks.disabled.text"))
        for screen in (admin, colleague):
            await screen.page.locator(".alarms > summary").click()
            alarm = screen.page.locator(".alarm-list li.waits").filter(has_text=screen.w("alarm.webhook_stopped"))
            await expect(alarm).to_be_visible()
            await screen.page.reload()
            await screen.live()
            await screen.page.locator(".alarms > summary").click()
            await expect(alarm).to_be_visible()
        await admin.page.locator(".alarm-list li.waits").get_by_role("link", name="CAD").click()
        receiver.answers = [204]
        await admin.button("hooks.resume", exact=True).click()
        await expect(colleague.page.locator(".alarm-list li.waits")).to_have_count(0)


async def test_the_log_goes_on_behind_a_page(screens, do, incident, application):
    """What failed on the night before would be out of reach, and the log look as if that were all."""
    hook = await do(AddWebhook, who=ADMIN, label="closed network", events=["incident.logged"])
    for number in range(203):
        await do(AddLogEntry, incident, text=f"line {number}")
    while await application.state.webhooks.turn():
        pass
    admin = await screens("maas", role="admin", language="en")
    await admin.go(f"#/admin/dispatch?tab=endpoints&endpoint={hook.id}")
    listed = admin.panel("deliveries").get_by_role("listitem")
    for shown in (25, 50, 100, 200):
        await expect(listed).to_have_count(shown)
        await admin.button("more_of_them", admin.panel("deliveries")).click()
    await expect(listed).to_have_count(203)
    await expect(admin.button("more_of_them", admin.panel("deliveries"))).to_have_count(0)


async def test_silence_is_told(screens, do, clock, application):
    """A heartbeat that stops is the only sign of a dispatch system that hangs."""
    admin = await screens("maas", role="admin", language="en")
    await do(AddWebhook, who=ADMIN, label="closed network", events=["*"], heartbeat_min=1)
    clock.move(minutes=3)
    await run_due(application.state.door)
    await admin.page.locator(".alarms > summary").click()
    alarm = admin.page.locator(".alarm-list li.waits").filter(has_text=admin.w("alarm.webhook_silent"))
    await alarm.get_by_role("link", name="closed network").click()
    await expect(admin.page.locator("#hook")).to_contain_text(admin.w.like("hooks.silent.text"))
    await expect(admin.page.locator("#hook")).to_contain_text("/outbox/")


async def test_what_is_not_taken_into_dispatch_is_rung_for(screens, do, world, clock, application):
    """An alarm that ended in a dead interface would be noticed when the unit does not come."""
    made = await do(
        AddWebhook, who=("luik", "admin"), label="CAD", events=["mission.*"], source="cad-luik", receipts=True
    )
    request, _mission = await at_work(do, world, state="mobilising")
    screen = await screens("luik", language="en")
    await screen.go("#/admin/dispatch?tab=receipts")
    listed = screen.panel("receipts").get_by_role("listitem")
    await expect(screen.panel("receipts")).to_contain_text(screen.w("receipts.none"))
    while await application.state.webhooks.turn():
        pass
    clock.move(minutes=2)
    await run_due(application.state.door)
    row = listed.filter(has_text=screen.w("receipts.ring")).first
    await expect(row).to_be_visible()
    await expect(row.get_by_role("link")).to_have_attribute("href", f"#/request/{request}")
    seq = int(re.search(r"#(\d+)", await row.inner_text())[1])
    await do(TakeIntoDispatch, made.id, who=("luik", "dispatcher"), seq=seq, number="L-77")
    taken = listed.filter(has_text="L-77")
    await expect(taken).to_contain_text(screen.w.like("receipts.taken_at"))


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390), ("dark", 1440), ("light", 390)])
async def test_the_webhooks_are_for_everybody(screens, do, incident, worker, theme, width):
    """Nothing serious by axe's rules, and nothing cut, in either theme; in German, whose words are long."""
    screen = await screens("maas", role="admin", theme=theme, width=width, language="de")
    await screen.page.evaluate(AXE.read_text("utf-8"))
    wrong = {}

    async def look(name):
        wrong[name] = await screen.page.evaluate(SERIOUS) + await cut(screen)
        if PICTURES:
            await screen.page.screenshot(path=f"{PICTURES}/out-{theme}-{width}-{name.replace(' ', '-')}.png")

    async with receiving(answers=[204, 500]) as receiver:
        made = await do(
            AddWebhook, who=ADMIN, label="Einsatzleitrechner der Leitstelle", url=receiver.url, events=["incident.*", "mission.committed"],
            space_kinds=["live", "exercise"], heartbeat_min=5, receipts=True, source="gms",
        )  # fmt: skip
        receiver.secret = made.once["secret"]
        await do(AddWebhook, who=ADMIN, label="Geschlossenes Netz", events=["*"], source="gms")
        for text in ("one", "two", "three"):
            await do(AddLogEntry, incident, text=text)
        await endpoints(screen)
        await look("the list")
        await screen.page.locator(".entry").filter(has_text="Geschlossenes").click()
        await screen.panel("deliveries").get_by_role("listitem").first.wait_for()
        await look("an outbox")
        if width < 800:
            await screen.page.locator(".back-to-list button").click()
        await screen.page.locator(".entry").filter(has_text="Einsatzleitrechner").click()
        await screen.panel("deliveries").get_by_role("listitem").filter(has_text="HTTP 500").first.wait_for()
        await look("a webhook")
        await screen.panel("deliveries").get_by_role("listitem").first.get_by_role("button").click()
        await screen.dialog.locator(".payload").wait_for()
        await look("a delivery")
        await screen.press("Escape")
        for key in ("hooks.replay", "hooks.rotate", "hooks.change"):
            await screen.button(key).first.click()
            await expect(screen.dialog).to_be_visible()
            await look(key)
            await screen.press("Escape")
            await expect(screen.dialog).to_have_count(0)
        await screen.go("#/admin/dispatch?tab=receipts")
        await screen.panel("receipts").wait_for()
        await look("receipts")
    assert not {name: found for name, found in wrong.items() if found}


async def test_the_webhooks_by_keyboard(screens, do, incident):
    """Who has no mouse at hand pauses what floods a control room all the same."""
    made = await do(AddWebhook, who=ADMIN, label="CAD", events=["*"])
    await do(PauseWebhook, made.id, who=ADMIN)
    admin = await screens("maas", role="admin", language="en")
    await endpoints(admin)
    await admin.page.locator(".entry").wait_for()
    await admin.press("j")
    await admin.page.locator("#hook").wait_for()
    await admin.tab_to(admin.button("hooks.resume", exact=True))
    await admin.press("Enter")
    await expect(admin.button("hooks.pause", exact=True)).to_be_visible()
