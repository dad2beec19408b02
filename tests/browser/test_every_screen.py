"""What holds for each screen: it loads nothing from elsewhere, speaks every language, fits every width, and is for everybody."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from app.domain.protocol_data import LANGUAGES
from tests.browser.scene import busy
from tests.browser.screen import Screen
from tests.browser.words import texts

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WIDTHS = (390, 600, 768, 1024, 1280, 1440, 1920, 2560)
LEFT_OPEN = re.compile(r"\{\w+\}|\bundefined\b|\bNaN\b|\[object |Invalid Date")

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
  apart(".header, .panel-head, .row-button, .offer-head, .candidate, .buttons, .dialog-foot, .parts, .event, .request-title, .debt-foot");
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


async def each_dialog(screen):
    """Open the dialogs one after the other, on the operations screen; yields the name of what is shown."""
    await screen.open_operations()
    incident = screen.page.locator(".incident-row .row-button").first
    if await incident.is_visible():
        await incident.click()
        yield "an incident chosen"
    for name, keys in (("the phone call", "i"), ("keys", "?"), ("go to", "Control+k")):
        await screen.press(keys)
        await expect(screen.dialog).to_be_visible()
        yield name
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)
    for key in ("report_incident", "ask"):
        button = screen.button(key, screen.panel("map" if key == "report_incident" else "requests"), exact=True)
        if not await button.is_visible():
            continue
        await button.click()
        await expect(screen.dialog).to_be_visible()
        yield key
        await screen.press("Escape")
        await expect(screen.dialog).to_have_count(0)


async def test_nothing_from_elsewhere(screens, do, world, relay):
    """In a crisis the Internet is gone first; and whoever serves a script to this page reads what a control room reads."""
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
    assert len(asked) > 60
    assert {urlsplit(url).netloc for url in asked} == {screen.address}
    policy = (await screen.page.request.get(f"http://{screen.address}/console")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_every_language_is_whole(screens, at_the_door, do, world):
    """A word in a language that one does not read is a word that is not there; a bare key says nothing to anybody."""
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
        for name, said in seen.items():
            assert len(said) > 40, name
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
async def test_for_everybody(screens, at_the_door, do, world, theme, width):
    """Who sees little, no colours, or hears the screen read aloud works here too: nothing serious by axe's rules."""
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
    assert not {name: found for name, found in wrong.items() if found}


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_nothing_is_cut_from_telephone_to_wall(screens, at_the_door, do, world, language):
    """A number whose last digit is cut off is a wrong number: on a telephone in a car, and on the wall."""
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
    assert not {where: found for where, found in wrong.items() if found}
