"""The way in, in the console: a source is made, its mapping written, tried and turned on, and what nobody may guess is seen to by a person."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count

import httpx
import pytest
from playwright.async_api import expect
from standardwebhooks import Webhook

from app.commands.external_ids import AddExternalId
from app.commands.inbox_sources import RemoveInboxSource
from tests.browser.test_every_screen import AXE, PICTURES, SERIOUS, cut
from tests.commands.telling import Cad

ISSI = "4711"


@dataclass
class Sender:
    """A dispatch system that tells over HTTP, signed with the public library."""

    url: str
    secret: str
    clock: object
    numbers: object = field(default_factory=count)

    async def tells(self, **message):
        """Send a message; returns the answer."""
        id_, at = f"msg-{next(self.numbers)}", self.clock.now()
        text = json.dumps({"time": at.isoformat()} | message)
        signature = Webhook(self.secret).sign(id_, at, text)
        headers = {"webhook-id": id_, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        async with httpx.AsyncClient() as machine:
            answer = await machine.post(self.url, content=text, headers=headers | {"content-type": "application/json"})
        assert answer.is_success, answer.text
        return answer.json()


async def tab(screen, name, **query):
    """Go to a tab of the dispatch systems."""
    said = "".join(f"&{key}={value}" for key, value in query.items())
    await screen.go(f"#/admin/dispatch?tab={name}{said}")
    await expect(screen.page.locator(".dispatch-tabs [aria-pressed=true]")).to_be_visible()


async def test_a_dispatch_system_is_connected_and_understood(screens, do, world, clock, address):
    """A status that nobody typed twice; and one that nobody understands must not get lost, or be guessed."""
    admin, colleague = await screens("luik", role="admin", language="en"), await screens("luik")
    admin.failures_expected = True  # a mapping with mistakes is refused
    await tab(admin, "sources")
    await admin.button("inbox.add").click()
    await admin.named("textbox", admin.w("inbox.label"), admin.dialog, exact=True).fill("CAD")
    await admin.named("textbox", admin.w("hooks.source"), admin.dialog, exact=True).fill("cad-luik")
    await admin.button("inbox.add", admin.dialog).click()
    secret = await admin.named("textbox", admin.w("hooks.secret"), admin.dialog, exact=True).input_value()
    path = (await admin.dialog.locator("code").inner_text()).removeprefix("POST ")
    await admin.button("hooks.secret.kept", admin.dialog).click()
    sender = Sender(f"http://{address}{path}", secret, clock)
    await expect(admin.page.locator("#source")).to_contain_text(admin.w("inbox.no_mapping.text"))

    # without a mapping it waits, and everybody of the member sees that
    assert (await sender.tells(issi=ISSI, status="6"))["outcome"] == "quarantined"
    await expect(admin.page.locator(".dispatch-tabs .waits-count")).to_have_text("1")
    await colleague.page.locator(".alarms > summary").click()
    await expect(
        colleague.page.locator(".alarm-list li.waits").filter(has_text=colleague.w("alarm.quarantine"))
    ).to_be_visible()

    # a mapping is written: what is wrong in it is told by its place
    await tab(admin, "mappings")
    await admin.page.get_by_role("button", name="fms-de").click()
    text = admin.named("textbox", f"{admin.w('mapping')} (JSON)")
    good = await text.input_value()
    await admin.button("mappings.last").click()
    message = admin.named("textbox", admin.w("mappings.message"))
    await expect(message).not_to_have_value("")
    bad = good.replace('"in_transit"', '"on_the_way"', 1)
    await text.fill(bad)
    await admin.button("mappings.try", admin.page.locator("#trial")).click()
    wrong = admin.page.locator("#mapping-wrong")
    await expect(wrong).to_contain_text("on_the_way")
    line = bad[: bad.index('"on_the_way"')].count("\n") + 1
    await expect(admin.button("mappings.line", wrong, n=line, exact=True)).to_be_visible()
    await text.fill(good[:-1])
    await admin.button("mappings.keep").click()
    await expect(wrong).to_contain_text(admin.w("mappings.no_json"))
    await text.fill(good)
    await admin.button("mappings.try", admin.page.locator("#trial")).click()
    result = admin.page.locator(".trial-result")
    await expect(result).to_contain_text(admin.w("inbox.outcome.quarantined"))  # the unit has no code yet
    await expect(result).to_contain_text(ISSI)

    await do(
        AddExternalId, who=("luik", "dispatcher"), source="cad-luik", kind="resource", code=ISSI,
        subject_id=world.resources["luik-pump-1"], occurred_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    await admin.button("mappings.try", admin.page.locator("#trial")).click()
    await expect(result).to_contain_text(admin.w("inbox.outcome.applied"))
    await admin.button("mappings.keep").click()
    version = admin.page.locator("#mapping")
    await expect(version.get_by_role("heading")).to_have_text(admin.w("inbox.version", n=1))
    await admin.button("mappings.turn_on", version).click()
    await admin.button("mappings.turn_on", admin.dialog).click()
    await expect(admin.panel("mappings").get_by_role("listitem")).to_contain_text(
        admin.w.state("inbox_mapping", "in_use")
    )

    # what waited is run again; what is wrong is mended, or discarded with a reason
    assert (await sender.tells(issi=ISSI, status="99"))["outcome"] == "quarantined"
    assert (await sender.tells(issi="0815", status="1"))["outcome"] == "quarantined"
    await tab(admin, "quarantine")
    held = admin.page.locator("#quarantine").get_by_role("listitem")
    await expect(held).to_have_count(3)
    await admin.button("quarantine.run_all").click()
    await expect(held).to_have_count(2)
    await held.filter(has_text="99").get_by_role("button").click()
    await admin.page.locator(".mend").get_by_label("/status").fill("6")
    await admin.button("quarantine.run_mended").click()
    await expect(held).to_have_count(1)
    await held.get_by_role("button").click()
    await expect(admin.page.locator("#matter")).to_contain_text("0815")
    await admin.button("quarantine.run", exact=True).click()
    await expect(admin.page.locator(".toasts, [role=status]").filter(has_text="0815").first).to_be_visible()
    await admin.button("quarantine.discard", admin.page.locator(".mend")).click()
    await admin.named("textbox", admin.w("why"), admin.dialog).fill("no unit of ours")
    await admin.button("quarantine.discard", admin.dialog).click()
    await expect(admin.page.locator("#quarantine")).to_contain_text(admin.w("quarantine.none"))
    await expect(admin.page.locator(".dispatch-tabs .waits-count")).to_have_count(0)
    await expect(colleague.page.locator(".alarm-list li.waits")).to_have_count(0)

    # the log tells all of it, as it comes
    await tab(admin, "sources")
    await admin.page.locator(".entry").click()
    log = admin.panel("inbox.log")
    await expect(log.get_by_role("listitem")).to_have_count(3)
    await expect(log).to_contain_text(admin.w("inbox.outcome.discarded"))
    assert (await sender.tells(issi=ISSI, status="5"))["outcome"] == "call"
    await expect(log.get_by_role("listitem").first).to_contain_text(admin.w("inbox.outcome.call"))
    await colleague.page.locator(".alarm-list li.waits a").click()
    await colleague.button("unit_calls.answer").click()
    await expect(colleague.page.locator("#unit-calls")).to_have_count(0)
    await admin.button("hooks.pause", exact=True).click()
    await admin.button("hooks.pause", admin.dialog, exact=True).click()
    await expect(admin.page.locator("#source")).to_contain_text(admin.w("inbox.paused.text"))


MORE_MESSAGES = """
    INSERT INTO inbox_message SELECT (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid(), 'webhook_id', 'more-' || n))).*
    FROM inbox_message m, generate_series(1, $2::int) n WHERE m.id = $1
"""
MORE_MATTERS = """
    INSERT INTO inbox_matter SELECT (jsonb_populate_record(w, jsonb_build_object('id', m.id))).*
    FROM inbox_matter w, inbox_message m WHERE w.id = $1 AND m.webhook_id LIKE 'more-%'
"""


async def test_all_that_waits_can_be_seen_run_and_discarded(screens, application, world, pg):
    """Two hundred are held back in half an hour, of one unit without a code: what another one told must not be lost behind them."""
    cad = await Cad.of(application.state.door, world)
    one = (await cad.tells(cad.fms(3, unit="0815"))).message_id
    await cad.tells("no JSON")
    conn = await pg()
    for statement in (MORE_MESSAGES, MORE_MATTERS):
        await conn.execute(statement, *((one, 204) if statement is MORE_MESSAGES else (one,)))
    screen = await screens("luik", language="en")
    await tab(screen, "quarantine")
    panel = screen.page.locator("#quarantine")
    held = panel.get_by_role("listitem")
    await expect(held).to_have_count(200)
    await expect(panel.locator("header")).to_contain_text("206")
    await screen.button("more_of_them", panel).click()
    await expect(held).to_have_count(206)
    await screen.button("quarantine.run_all", panel).click()
    toasts = screen.page.locator(".toasts")
    await expect(toasts).to_contain_text(screen.w("quarantine.ran", n=206, done=0, held=206), timeout=60_000)
    await expect(screen.button("quarantine.discard_all", panel)).to_have_count(0)
    why = screen.named("combobox", screen.w("why"), panel, exact=True)
    await expect(why.locator("option")).to_have_count(3)
    await why.select_option("inbox_unknown_unit")
    await expect(held).to_have_count(200)
    await screen.button("quarantine.discard_all", panel).click()
    await expect(screen.dialog).to_contain_text("205")
    await screen.named("textbox", screen.w("why"), screen.dialog).fill("no unit of ours")
    await screen.button("quarantine.discard_all", screen.dialog).click()
    await expect(toasts).to_contain_text(screen.w("quarantine.discarded_all", n=205), timeout=60_000)
    await expect(held).to_have_count(0)
    await why.select_option("")
    await expect(held).to_have_count(1)
    await expect(panel.locator("header")).to_contain_text("1")


async def test_what_is_missing_is_entered_and_what_is_no_json_is_tried_as_it_came(screens, application, world):
    """The reason says to enter the value: a dispatcher who finds no place for it discards what a unit told."""
    cad = await Cad.of(application.state.door, world)
    await cad.tells({name: value for name, value in cad.fms(5).items() if name != "status"})
    await cad.tells("no JSON")
    screen = await screens("luik", language="en")
    await tab(screen, "mappings", version=1)
    await screen.button("mappings.last").click()
    await expect(screen.named("textbox", screen.w("mappings.message"))).to_have_value("no JSON")
    await tab(screen, "quarantine")
    held = screen.page.locator("#quarantine").get_by_role("listitem")
    await held.filter(has_text="status").get_by_role("button").click()
    mend = screen.page.locator(".mend")
    await expect(screen.named("textbox", screen.w("quarantine.mend.add"), mend)).to_have_value("/status")
    await screen.named("textbox", screen.w("quarantine.mend.value"), mend).fill("6")
    if PICTURES:
        await screen.page.screenshot(path=f"{PICTURES}/in-missing.png")
    await screen.button("quarantine.run_mended", mend).click()
    await expect(held).to_have_count(1)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390), ("dark", 1440), ("light", 390)])
async def test_the_inbox_is_for_everybody(screens, application, world, theme, width):
    """Nothing serious by axe's rules, and nothing cut, in either theme; in German, whose words are long."""
    cad = await Cad.of(application.state.door, world)
    second = await cad.reads("generic")
    await cad.reads("fms-de")
    for message in (cad.fms(3), cad.fms(99), cad.fms(4, unit="0815"), "no JSON", cad.fms(5), cad.fms(0, unit="4712")):
        await cad.tells(message)
    screen = await screens("luik", role="admin", theme=theme, width=width, language="de")
    await screen.page.evaluate(AXE.read_text("utf-8"))
    wrong = {}

    async def look(name):
        wrong[name] = await screen.page.evaluate(SERIOUS) + await cut(screen)
        if PICTURES:
            await screen.page.screenshot(path=f"{PICTURES}/in-{theme}-{width}-{name.replace(' ', '-')}.png")

    await tab(screen, "sources")
    await screen.page.locator(".entry").wait_for()
    await look("the sources")
    await screen.page.locator(".entry").click()
    log = screen.panel("inbox.log")
    await log.get_by_role("listitem").first.wait_for()
    await look("a source")
    await log.get_by_role("listitem").last.get_by_role("button").click()
    await screen.dialog.locator(".payload").first.wait_for()
    await look("a message")
    await screen.press("Escape")
    await screen.button("inbox.change", exact=True).click()
    await look("the form")
    await screen.press("Escape")
    await tab(screen, "mappings", version=second.subject["version"])
    await screen.page.locator("#mapping textarea").wait_for()
    await look("a version")
    await screen.button("mappings.last").click()
    await expect(screen.page.locator("#trial textarea")).not_to_have_value("")
    await screen.button("mappings.try", screen.page.locator("#trial")).click()
    await screen.page.locator(".trial-result .hook-verdict").wait_for()
    await screen.page.locator("#trial").scroll_into_view_if_needed()
    await look("a trial")
    await tab(screen, "mappings", version="new")
    await screen.page.get_by_role("button", name="fms-de").wait_for()
    await look("beginning")
    await tab(screen, "quarantine")
    await screen.page.locator("#quarantine .entry").first.wait_for()
    await look("the quarantine")
    await screen.named("combobox", screen.w("why"), screen.page.locator("#quarantine"), exact=True).select_option(
        "inbox_unknown_code"
    )
    await expect(screen.page.locator("#quarantine .entry")).to_have_count(1)
    await look("one reason")
    await screen.button("quarantine.discard_all").click()
    await look("discarding all")
    await screen.press("Escape")
    await screen.page.locator("#quarantine .entry").filter(has_text="99").click()
    await screen.page.locator(".mend").wait_for()
    await look("a message to mend")
    assert not {name: found for name, found in wrong.items() if found}


async def test_the_inbox_speaks_every_language(screens, application, world):
    """Who does not understand why a message waits runs it again and again, or throws it away."""
    cad = await Cad.of(application.state.door, world)
    await cad.tells(cad.fms(99))
    screen = await screens("luik", role="admin", language="en")
    for language in ("nl", "de", "fr", "en"):
        await screen.page.locator(".language select").select_option(language)
        await expect(screen.page.locator("html")).to_have_attribute("lang", language)
        screen.w.language = language
        await tab(screen, "quarantine")
        await expect(screen.page.locator("#quarantine .entry")).to_contain_text(
            screen.w("because.inbox_unknown_code", value="99", table="status")[:4]
        )
        await screen.page.locator("#quarantine .entry").click()
        await expect(screen.button("quarantine.run", exact=True)).to_be_visible()


async def test_what_a_removed_source_told_still_has_its_name(screens, application, world):
    """Two sources were removed after the trial, and nobody can tell any more which of them a message is from."""
    door = application.state.door
    for label in ("CAD of the trial", "CAD of the west"):
        cad = await Cad.of(door, world, mapping=None, codes={}, label=label, space_kinds=["live"])
        await cad.tells({})
        await cad.does(RemoveInboxSource, cad.id, role="admin")
    screen = await screens("luik", role="admin", language="en")
    await tab(screen, "quarantine")
    await expect(screen.page.locator("#quarantine .entry").filter(has_text="CAD of the trial")).to_have_count(1)
    await expect(screen.page.locator("#quarantine").get_by_role("button", name="CAD of the west").first).to_be_visible()


async def test_a_message_is_mended_by_keyboard(screens, application, world):
    """At night one hand holds the telephone."""
    cad = await Cad.of(application.state.door, world)
    await cad.tells(cad.fms(99))
    screen = await screens("luik", language="en")
    await tab(screen, "quarantine")
    await screen.page.locator("#quarantine .entry").wait_for()
    await screen.press("j")
    field = screen.page.locator(".mend").get_by_label("/status")
    await field.wait_for()
    await screen.tab_to(field)
    await screen.press("Control+a")
    await screen.type("6")
    await screen.press("Enter")
    await expect(screen.page.locator("#quarantine")).to_contain_text(screen.w("quarantine.none"))
