"""What holds for each screen: it loads nothing from elsewhere, speaks every language, fits every width, and is for everybody."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from app.commands.incidents import ReportIncident
from app.domain.errors import RoleMissing
from app.domain.playbooks import playbook
from app.domain.protocol_data import LANGUAGES
from app.queries.vocabulary import vocabulary
from tests.browser.bills import billed
from tests.browser.scene import beside, busy
from tests.browser.screen import Screen
from tests.browser.words import texts
from tests.world import flood

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PICTURES = os.environ.get("CONCORD_TEST_PICTURES")
"""A folder for pictures of what the test sees, for somebody who wants to look."""
FLOOD = playbook("river_flood")
WIDTHS = (390, 600, 768, 1024, 1280, 1440, 1920, 2560)
LEFT_OPEN = re.compile(r"\{\w+\}|\bundefined\b|\bNaN\b|\[object |Invalid Date")

OPENED = (
    ("report_incident", "map"), ("ask", "requests"), ("day_to_day.ask", "day_to_day"), ("shift.hand_over", "shift"),
    ("extension.agree", "to_answer"), ("notice.confirm", "notices"),
)  # fmt: skip
"""Dialogs of the operations screen: the button, and the panel where it stands; not every side has each."""

SAID = """() => {
  const told = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    if (text && !walk.currentNode.parentElement.closest("script, style")) told.push(text);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    for (const name of ["aria-label", "title", "placeholder", "alt"]) if (element.getAttribute(name)) told.push(element.getAttribute(name));
  return told;
}"""

# Text that is cut: in a box that hides what it cannot hold, or beyond the edge of the window; and pieces of a row that lie
# one over the other. What can be scrolled to is there.
CUT = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className?.baseVal ?? e.className} "${e.textContent.trim().slice(0, 40)}"`;
  if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const scrolls = (e) => { for (let p = e; p; p = p.parentElement) if (/auto|scroll/.test(getComputedStyle(p).overflowX) && p.scrollWidth > p.clientWidth + 1) return true; return false; };
  for (const e of document.querySelectorAll("button, label, a, h1, h2, h3, summary, legend, th, dt, dd, .state, .pill, .choices button, .count, input[type=search], select")) {
    if (!e.checkVisibility({ contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true }) || e.closest(".sr, .skip, .ol-viewport")) continue;
    const box = e.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const style = getComputedStyle(e);
    if (style.display !== "inline" && e.scrollWidth > e.clientWidth + 1 && e.tagName !== "SELECT") found.push(`${name(e)} holds ${e.scrollWidth} in ${e.clientWidth}`);
    if (/hidden|clip/.test(style.overflowY) && e.scrollHeight > e.clientHeight + 1) found.push(`${name(e)} is ${e.scrollHeight} high in ${e.clientHeight}`);
    if ((box.right > wide + 1 || box.left < -1) && !scrolls(e)) found.push(`${name(e)} ends at ${Math.round(box.right)} of ${wide}`);
  }
  const apart = (selector) => {
    for (const row of document.querySelectorAll(selector)) {
      if (!row.checkVisibility({ contentVisibilityAuto: true })) continue;
      const parts = [...row.children].filter((e) => e.checkVisibility() && !e.matches(".sr")).map((e) => [e, e.getBoundingClientRect()]);
      for (let a = 0; a < parts.length; a++) for (let b = a + 1; b < parts.length; b++) {
        const [p, q] = [parts[a][1], parts[b][1]];
        const over = Math.min(p.right, q.right) - Math.max(p.left, q.left), down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (over > 2 && down > 2) found.push(`${name(parts[a][0])} lies over ${name(parts[b][0])}`);
      }
    }
  };
  apart(".header, .panel-head, .row-button, .count-row, .selects, .within, .offer-head, .candidate, .buttons, .dialog-foot, .parts, .event, .request-title, .debt-foot, .claims-head, .claim-row, .claim-line-head");
  return found;
}"""

SERIOUS = """async () => {
  const told = await axe.run(document, { resultTypes: ["violations"] });
  return told.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.help}: ${each.nodes.slice(0, 4).map((node) => `${node.target} ${node.any?.[0]?.message ?? ""}`).join("; ")}`);
}"""


@pytest.fixture
async def at_the_door(browser, address):
    """The form to sign in, before anybody is known: ``screen = await at_the_door("de", theme="dark")``."""
    contexts, opened = [], []

    async def opens(language, *, theme="light", width=1440):
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, locale=language
        )
        contexts.append(context)
        screen = Screen(await context.new_page(), address, language)
        opened.append(screen)
        await screen.page.goto(f"http://{address}/console")
        return screen

    yield opens
    for context in contexts:
        await context.close()
    for screen in opened:
        screen.assert_clean()


async def cut(screen):
    """What is cut, and stays so: while the window changes its size, a frame may be drawn that nobody sees."""
    found = await screen.page.evaluate(CUT)
    for _ in range(5):
        if not found:
            break
        await asyncio.sleep(0.1)
        found = await screen.page.evaluate(CUT)
    return found


async def each_screen(screen, request):
    """Go through the screens one after the other; yields the name of what is shown."""
    await screen.open_operations()
    yield "operations"
    await screen.page.locator(".request-row .row-button").first.click()
    await screen.panel("candidates").get_by_role("listitem").first.wait_for()
    yield "operations, a request chosen"
    await screen.open_request(request)
    yield "request"
    await screen.go("#/plan")
    await screen.page.locator(".plan-line").first.wait_for()
    yield "plan"
    await screen.page.evaluate("location.hash = '#/agreements'")
    row = screen.page.locator(".agreement-row a").first
    await row.wait_for()
    await screen.button("try.action").click()
    await expect(screen.page.locator(".trial-verdict")).to_be_visible()
    yield "agreements, and a request tried"
    await row.click()
    await screen.page.locator(".agreement-screen .clause").first.wait_for()
    yield "agreement"
    await screen.go("#/resources?lon=5.7&lat=50.78&place=Eijsden&min=240")
    await screen.page.locator(".unit-item .eta").first.wait_for()
    yield "resources, within four hours"
    await screen.go("#/resources")
    await screen.page.locator(".unit-item").first.wait_for()
    await screen.press("j")
    yield "resources, a unit chosen"
    await screen.press("o")
    await screen.panel("timeline").get_by_role("listitem").first.wait_for()
    yield "a unit"
    async for name in money(screen):
        yield name


async def money(screen):
    """The screens of claims and statements; yields the name of what is shown."""
    for shown in ("pay", "claim", "statements"):
        await _claims(screen, shown)
        yield f"claims, {shown}"
    await screen.page.locator("a.claim-row").first.click()
    await screen.panel("statement.lines").get_by_role("listitem").first.wait_for()
    yield "a statement"
    await _claims(screen, "pay")
    if not await screen.page.locator("a.claim-row").count():
        await _claims(screen, "claim")
    await screen.page.locator("a.claim-row").first.click()
    await screen.page.locator(".claim-line").first.wait_for()
    yield "a claim"


async def each_section(screen):
    """Go through the sections of the administration, as an admin sees them; yields the name of what is shown."""
    for name in ("members", "users", "people", "dispatch", "account", "audit", "health"):
        await screen.go(f"#/admin/{name}")
        await screen.page.locator(".admin-body .panel").first.wait_for(state="attached")
        if name in {"members", "users"}:
            await screen.page.locator(".entry").first.wait_for()
            yield f"admin, the list of {name}"
            await screen.page.locator(".entry").first.click()
            await screen.panel("tokens" if name == "users" else "member.informed").wait_for()
        yield f"admin, {name}"
    for name in ("receipts", "sources", "mappings", "quarantine"):
        await screen.go(f"#/admin/dispatch?tab={name}")
        await screen.page.locator(".dispatch .panel").first.wait_for(state="attached")
        yield f"admin, dispatch systems, {name}"
    await screen.go("#/admin/users")
    for key, within in (("user.add", screen.panel("admin.users")), ("token.add", None)):
        if within is None:
            await screen.page.locator(".entry").first.click()
        await screen.button(key, within).click()
        await expect(screen.dialog).to_be_visible()
        yield key
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)


async def _claims(screen, shown):
    """Show one list of the screen of claims, once it was read."""
    await screen.go(f"#/claims?show={shown}")
    await expect(screen.button(f"claims.{shown}", screen.page.locator(".claims-head"))).to_have_attribute(
        "aria-pressed", "true"
    )
    await screen.page.locator(".claims-screen .panel").first.wait_for()


async def each_dialog(screen):
    """Open the dialogs one after the other, on the operations screen; yields the name of what is shown."""
    await screen.open_operations()
    await part_with(screen, "situation")
    await screen.page.locator(".incident-row .row-button").first.click()
    await part_with(screen, "map")
    yield "an incident chosen"
    for name, keys in (("the phone call", "i"), ("keys", "?"), ("go to", "Control+k")):
        await screen.press(keys)
        await expect(screen.dialog).to_be_visible()
        yield name
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)
    for kind in ("crossings", "rendezvous.list"):
        await part_with(screen, "situation")
        await screen.panel(kind).get_by_role("button").first.click()
        await part_with(screen, "map")
        change = screen.button("crossing.change")
        yield f"one of the {kind} chosen"
        if not await change.is_visible():
            continue
        await change.click()
        await screen.named("radio", screen.w.word("crossing_controls", "closed"), screen.dialog).check()
        yield "a crossing is closed"
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)
    for key, panel in OPENED:
        await part_with(screen, panel)
        button = screen.button(key, screen.panel(panel), exact=True)
        if not await button.is_visible():
            continue
        await button.click()
        await expect(screen.dialog).to_be_visible()
        yield key
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)


async def each_beside(screen):
    """The screens and panels of protocols, the coordinator and help that nobody asked for, and their dialogs; yields the name of what is shown."""
    await screen.open_operations()
    await part_with(screen, "situation")
    await screen.panel("coordination").wait_for()
    yield "operations, the coordinator"
    offer = screen.page.locator("#unasked")
    await offer.locator("strong").filter(has_text="luik pump 1").wait_for()
    await offer.scroll_into_view_if_needed()
    yield "help that nobody asked for"
    for key in ("unasked.take_up", "unasked.decline"):
        if await (button := screen.button(key, offer)).is_visible():
            await button.click()
            async for name in _open(screen, key):
                yield name
    await screen.page.locator(".incident-row .row-button").first.click()
    await part_with(screen, "map")
    await screen.named("region", screen.w("protocol")).wait_for()
    yield "an incident with its checklist"
    await screen.press("Escape")
    await expect(screen.named("region", screen.w("protocol"))).to_have_count(0)
    await screen.go("#/protocols")
    await screen.named("link", FLOOD.names[screen.w.language], exact=True).wait_for()
    yield "protocols"
    await screen.go("#/protocol/river_flood")
    await screen.panel("protocol.difference").get_by_role("listitem").first.wait_for()
    yield "a protocol with an overlay"
    if await (button := screen.button("protocol.adapt", screen.panel("protocol.difference"))).is_visible():
        await button.click()
        async for name in _open(screen, "protocol.adapt"):
            yield name
    await screen.go("#/coordination")
    await screen.page.locator(".turn").first.wait_for()
    yield "the coordinator's turns"
    for key in ("coordination.agree", "coordination.decline", "coordination.swap"):
        if await (button := screen.button(key, screen.page.locator("main"), exact=True).first).is_visible():
            await button.click()
            async for name in _open(screen, key):
                yield name
    await screen.go("#/resources")
    await screen.page.locator(".unit-item").first.wait_for(state="attached")
    if await (tab := screen.button("part.stock", screen.page.locator(".parts"))).is_visible():
        await tab.click()
    await screen.panel("lender_words").get_by_role("listitem").first.wait_for()
    yield "a lender's own word"


async def _open(screen, name):
    await expect(screen.dialog).to_be_visible()
    yield name
    await screen.press("Escape")
    await expect(screen.dialog).to_have_count(0)


async def part_with(screen, panel):
    """On a telephone: show the part of the operations screen where a panel stands."""
    part = {"map": "map", "requests": "requests", "day_to_day": "requests"}.get(panel, "situation")
    button = screen.button(f"part.{part}", screen.page.get_by_role("navigation", name=screen.w("parts")))
    if await button.is_visible():
        await button.click()


async def each_arrangement(screen, request):
    """Open what can be arranged about a unit, on a request's screen, one after the other; yields the name of what is shown."""
    await screen.open_operations()
    await screen.open_request(request)
    row = screen.panel("missions").locator(".mission").filter(has=screen.button("arrange")).first
    await screen.button("arrange", row).click()
    buttons = row.locator(".arrange .button")
    yield "what can be arranged"
    for at in range(await buttons.count()):
        name = await buttons.nth(at).text_content()
        await buttons.nth(at).click()
        await expect(screen.dialog).to_be_visible()
        yield name
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)


async def test_nothing_from_elsewhere(screens, do, world, clock, relay):
    """In a crisis the Internet is gone first; and whoever serves a script to this page reads what a control room reads."""
    await billed(do, world, clock)
    full = await busy(do, world)
    screen = await screens("maas")
    asked = []

    async def look(route):
        asked.append(route.request.url)
        await (route.continue_() if urlsplit(route.request.url).netloc == screen.address else route.abort())

    await screen.page.route("**/*", look)
    await screen.page.reload()
    await screen.live()
    async for _ in each_screen(screen, full.id):
        pass
    async for _ in each_dialog(screen):
        pass
    async for _ in each_arrangement(screen, full.id):
        pass
    assert len(asked) > 60
    assert {urlsplit(url).netloc for url in asked} == {screen.address}
    policy = (await screen.page.request.get(f"http://{screen.address}/console")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_every_language_is_whole(screens, at_the_door, do, world, clock):
    """A word in a language that one does not read is a word that is not there; a bare key says nothing to anybody."""
    await billed(do, world, clock)
    full = await busy(do, world)
    screen = await screens("luik")
    keys = {key for key in texts("en") if "." in key or "_" in key}
    for language in LANGUAGES:
        others = {text for other in LANGUAGES if other != language for text in _telling(other)} - _telling(language)
        await screen.open_operations()
        await screen.page.locator(".language select").select_option(language)
        await expect(screen.page.locator("html")).to_have_attribute("lang", language)
        screen.w.language = language
        seen = {}
        async for name in each_screen(screen, full.id):
            seen[name] = await screen.page.evaluate(SAID)
        async for name in each_dialog(screen):
            seen[name] = await screen.page.evaluate(SAID)
        async for name in each_arrangement(screen, full.id):
            seen[name] = await screen.page.evaluate(SAID)
        for name, said in seen.items():
            assert len(said) > 25, name
            assert not keys.intersection(said), (language, name, keys.intersection(said))
            assert not (left := [text for text in said if LEFT_OPEN.search(text)]), (language, name, left)
            assert not others.intersection(said), (language, name, others.intersection(said))
        door = await at_the_door(language)
        await expect(door.page.locator("html")).to_have_attribute("lang", language)
        assert not keys.intersection(await door.page.evaluate(SAID))


def _telling(language):
    """The texts that say in which language they are: long ones, with nothing to fill in."""
    return {text for text in texts(language).values() if isinstance(text, str) and len(text) > 11 and "{" not in text}


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("dark", 390)])
async def test_for_everybody(screens, at_the_door, do, world, clock, theme, width):
    """Who sees little, no colours, or hears the screen read aloud works here too: nothing serious by axe's rules."""
    await billed(do, world, clock)
    full = await busy(do, world, requests=20)
    axe = AXE.read_text("utf-8")
    door = await at_the_door("de", theme=theme, width=width)
    await door.page.evaluate(axe)
    wrong = {"sign in": await door.page.evaluate(SERIOUS)}
    screen = await screens("maas", theme=theme, width=width)
    await expect(screen.page.locator("html")).to_have_attribute("data-theme", theme)
    await screen.page.evaluate(axe)
    async for name in each_screen(screen, full.id):
        wrong[name] = await screen.page.evaluate(SERIOUS)
    async for name in each_dialog(screen):
        wrong[name] = await screen.page.evaluate(SERIOUS)
    async for name in each_arrangement(screen, full.id):
        wrong[name] = await screen.page.evaluate(SERIOUS)
    assert not {name: found for name, found in wrong.items() if found}


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_nothing_is_cut_from_telephone_to_wall(screens, at_the_door, do, world, clock, language):
    """A number whose last digit is cut off is a wrong number: on a telephone in a car, and on the wall."""
    await billed(do, world, clock)
    full = await busy(do, world)
    wrong = {}
    screen = await screens("maas", language=language)
    door = await at_the_door(language)
    for width in WIDTHS:
        size = {"width": width, "height": 844 if width < 600 else 900}
        await door.page.set_viewport_size(size)
        wrong[width, "sign in"] = await cut(door)
        await screen.page.set_viewport_size(size)
        await screen.open_operations()
        if width >= 1024:
            wrong[width, "operations"] = await cut(screen)
        else:
            for part in ("requests", "map", "situation", "events"):
                await screen.button(
                    f"part.{part}", screen.page.get_by_role("navigation", name=screen.w("parts"))
                ).click()
                wrong[width, part] = await cut(screen)
        await screen.press("i")
        await expect(screen.dialog).to_be_visible()
        wrong[width, "the phone call"] = await cut(screen)
        await screen.press("Escape")
        await screen.open_request(full.id)
        wrong[width, "request"] = await cut(screen)
        if width in {390, 1024}:
            async for name in each_dialog(screen):
                wrong[width, name] = await cut(screen)
            async for name in each_arrangement(screen, full.id):
                wrong[width, name] = await cut(screen)
        await screen.go("#/resources")
        await screen.page.locator(".unit-item").first.wait_for(state="attached")
        for part in ("units", "map", "stock") if width <= 800 else ("units",):
            if width <= 800:
                await screen.button(f"part.{part}", screen.page.locator(".parts")).click()
            wrong[width, "resources", part] = await cut(screen)
        if width <= 800:
            await screen.button("part.units", screen.page.locator(".parts")).click()
        await screen.page.locator(".row-open").first.click()
        await screen.panel("timeline").get_by_role("listitem").first.wait_for()
        wrong[width, "unit"] = await cut(screen)
        async for name in money(screen):
            wrong[width, name] = await cut(screen)
    assert not {where: found for where, found in wrong.items() if found}


async def test_what_stands_beside_the_requests_speaks_every_language(screens, do, world):
    """A checklist in half of a language is a checklist that somebody else has to read out."""
    await beside(do, world)
    screen = await screens("maas", role="authorised_representative")
    keys = {key for key in texts("en") if "." in key or "_" in key}
    for language in LANGUAGES:
        others = {text for other in LANGUAGES if other != language for text in _telling(other)} - _telling(language)
        await screen.open_operations()
        await screen.page.locator(".language select").select_option(language)
        await expect(screen.page.locator("html")).to_have_attribute("lang", language)
        screen.w.language = language
        async for name in each_beside(screen):
            said = await screen.page.evaluate(SAID)
            assert not keys.intersection(said), (language, name, keys.intersection(said))
            assert not others.intersection(said), (language, name, others.intersection(said))
            assert not (left := [text for text in said if LEFT_OPEN.search(text)]), (language, name, left)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)])
async def test_what_stands_beside_the_requests_is_for_everybody(screens, do, world, theme, width):
    """Nothing serious by axe's rules, and nothing cut in German and in French, on a desk and on a telephone."""
    await beside(do, world)
    wrong = {}
    for language in ("de", "fr"):
        screen = await screens(
            "maas", role="authorised_representative", language=language, theme=theme, width=width, height=900
        )
        await screen.page.evaluate(AXE.read_text("utf-8"))
        async for name in each_beside(screen):
            wrong[language, name] = [*await cut(screen), *await screen.page.evaluate(SERIOUS)]
            if PICTURES and language == "de":
                await screen.page.screenshot(path=Path(PICTURES) / f"{name}-{theme}-{width}.png")
    assert not {where: found for where, found in wrong.items() if found}


async def test_the_menu_of_a_telephone_leads_to_each_screen(screens, do, world):
    """Whoever opened a request from a message, in a car, has to find the way to everything else with a thumb."""
    full = await busy(do, world, requests=1)
    screen = await screens("maas", width=390, height=844)
    await screen.open_request(full.id)
    menu, links = screen.page.locator(".menu > summary"), screen.page.locator(".menu-list a")
    await expect(screen.page.locator(".nav")).to_be_hidden()
    await menu.click()
    await expect(links.first).to_be_visible()
    await screen.press("Escape")
    await expect(links.first).to_be_hidden()
    await expect(menu).to_be_focused()
    for at in range(await links.count()):
        await menu.click()
        goal = await links.nth(at).get_attribute("href")
        await links.nth(at).click()
        await expect(links.nth(at)).to_be_hidden()
        assert screen.page.url.endswith(goal)
        await expect(links.nth(at)).to_have_attribute("aria-current", "page")
    await screen.page.evaluate("location.hash = '#/no-such-screen/5'")
    await expect(screen.page.locator(".operations")).to_be_visible()


async def test_the_administration_speaks_every_language(screens, door_refuses):
    """An admin who does not understand which role is given gives the wrong one."""
    await door_refuses()
    screen = await screens("luik", role="admin")
    keys = {key for key in texts("en") if "." in key or "_" in key}
    for language in LANGUAGES:
        others = {text for other in LANGUAGES if other != language for text in _telling(other)} - _telling(language)
        others -= {role.names[language] for role in vocabulary().roles.values()}  # "Administration" is German, too
        await screen.page.locator(".language select").select_option(language)
        await expect(screen.page.locator("html")).to_have_attribute("lang", language)
        screen.w.language = language
        async for name in each_section(screen):
            said = await screen.page.evaluate(SAID)
            assert not keys.intersection(said), (language, name, keys.intersection(said))
            assert not others.intersection(said), (language, name, others.intersection(said))
            assert not (left := [text for text in said if LEFT_OPEN.search(text)]), (language, name, left)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
async def test_the_administration_is_for_everybody(screens, door_refuses, theme, width):
    """Nothing serious by axe's rules, in either theme."""
    await door_refuses()
    screen = await screens("maas", role="admin", theme=theme, width=width)
    await screen.page.evaluate(AXE.read_text("utf-8"))
    wrong = {}
    async for name in each_section(screen):
        wrong[name] = await screen.page.evaluate(SERIOUS)
    assert not {name: found for name, found in wrong.items() if found}


async def test_nothing_of_the_administration_is_cut(screens, door_refuses):
    """In German, whose words are long, on a telephone and on the wall."""
    await door_refuses()
    screen = await screens("aken", role="admin")
    wrong = {}
    for width in (390, 768, 1280, 1440, 2560):
        await screen.page.set_viewport_size({"width": width, "height": 844 if width < 600 else 900})
        async for name in each_section(screen):
            wrong[width, name] = await cut(screen)
    assert not {where: found for where, found in wrong.items() if found}


@pytest.fixture
async def door_refuses(do):
    """Lets somebody be refused something, so that there is something in the audit."""

    async def refuses():
        for member in ("maas", "luik", "aken"):
            with pytest.raises(RoleMissing):
                await do(ReportIncident, who=(member, "viewer"), **flood())

    return refuses
