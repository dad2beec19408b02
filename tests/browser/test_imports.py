"""A member's list comes in from a spreadsheet: tried, its bad rows mended, then carried out whole; and the codes and contacts beside it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.test_every_screen import AXE, CUT, LEFT_OPEN, SAID, SERIOUS

PICTURES = os.environ.get("CONCORD_TEST_PICTURES")
"""A folder for pictures of what the test sees, for somebody who wants to look."""
HEADER = "call_sign,type,depot,officers,ncos,crew,mobilisation_min,papers\n"
BAD = (
    HEADER
    + "Pomp 51,pump.high_capacity,{depot},0,1,3,10,yes\nPomp 52,pump.hi_cap,{depot},0,1,3,10,maybe\n"
    + "".join(f"Pomp {n},pump.high_capacity,nergens,0,1,3,10,yes\n" for n in range(60, 90))
)
GOOD = HEADER + "Pomp 51,pump.high_capacity,{depot},0,1,3,10,yes\nPomp 52,pump.high_capacity,{depot},0,1,4,10,no\n"


async def looked_at(screen, name):
    """Take a picture, where somebody wants to look."""
    if PICTURES:
        await screen.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def choose(screen, name, content):
    """Choose a file as if from the disk."""
    file = {"name": name, "mimeType": "text/csv", "buffer": content if isinstance(content, bytes) else content.encode()}
    await screen.page.locator("input[type=file]").set_input_files(file)


@pytest.fixture
async def depot(world, pg):
    """The code of the depot of maas."""
    return await (await pg()).fetchval("SELECT code FROM depot WHERE id = $1", world.depots["maas"])


async def test_bad_rows_are_told_and_a_good_file_comes_in(screens, depot):
    """Whoever sends a list of thirty units at night must see at once which line is wrong, and why; and nothing is half done."""
    nl = await screens("maas")
    await nl.go("#/resources")
    await expect(nl.page.locator("#units .count")).to_have_text(nl.w("tally.units", n=17))
    await nl.page.get_by_role("link", name=nl.w("import.open"), exact=True).click()
    await expect(nl.page.locator("#import")).to_contain_text("20000")
    nl.failures_expected = True
    await choose(nl, "eenheden.csv", BAD.replace("{depot}", depot))
    await expect(nl.page.locator(".import-preview")).to_contain_text("Pomp 51")
    await nl.button("import.try").click()
    bad = nl.page.locator("#import-refused")
    await expect(bad.locator(".count")).to_have_text("31")
    first = bad.locator("tbody tr").first
    await expect(first).to_contain_text("3")
    await expect(first.locator("code")).to_have_text("papers")
    await expect(first).to_contain_text(nl.w("import.do.wrong-format"))
    await expect(bad.locator("tbody tr")).to_have_count(25)
    await nl.button("pages.next", bad).click()
    await expect(bad.locator("tbody tr")).to_have_count(7)
    await expect(bad.locator("tbody tr").last).to_contain_text("nergens")
    await expect(nl.button("import.do", exact=True)).to_be_disabled()
    await looked_at(nl, "import-bad-1440")
    await choose(nl, "eenheden.csv", GOOD.replace("{depot}", depot))
    await nl.button("import.try").click()
    would = nl.page.locator("#import-result")
    await expect(would).to_contain_text("Pomp 52")
    await expect(would.locator(".import-counts dd")).to_have_text(["2", "0", "0"])
    await looked_at(nl, "import-would-1440")
    await nl.button("import.do", exact=True).click()
    await expect(would).to_contain_text(nl.w("import.done"))
    await would.get_by_role("link", name=nl.w("to_resources")).click()
    await expect(nl.page.locator("#units .count")).to_have_text(nl.w("tally.units", n=19))
    await expect(nl.page.locator(".unit-list")).to_contain_text("Pomp 52")


async def test_an_old_spreadsheet_and_a_file_too_large(screens, depot):
    """An ä that came in as something else would be on every screen of the corridor; a file that is too large is told before it is sent."""
    nl = await screens("maas", role="admin", language="de")
    await nl.go("#/admin/import")
    await choose(nl, "alt.csv", (HEADER + f"Löschzug Süd,pump.high_capacity,{depot},0,1,3,10,yes\n").encode("cp1252"))
    await expect(nl.page.locator(".import-preview")).to_contain_text("Löschzug Süd")
    await expect(nl.page.locator(".import-seen")).to_contain_text("Windows-1252")
    await nl.button("import.try").click()
    await expect(nl.page.locator("#import-result")).to_contain_text("Löschzug Süd")
    await choose(nl, "gross.csv", b"x" * (1024 * 1024 + 1))
    await expect(nl.page.get_by_role("alert")).to_contain_text("1 MiB")
    await expect(nl.button("import.try")).to_be_disabled()


async def test_only_for_who_may(screens):
    """Who can't import is not led to a form that refuses."""
    nl = await screens("maas", role="finance")
    await nl.go("#/admin")
    await expect(nl.page.locator(".sections")).not_to_contain_text(nl.w("admin.import"))


@pytest.mark.parametrize(
    ("theme", "language", "width"),
    [("light", "de", 1440), ("dark", "fr", 390), ("dark", "en", 1440), ("light", "nl", 390)],
)
async def test_everybody_can_use_it(screens, depot, theme, language, width):
    """A blind dispatcher, one on a telephone, one at night: each must be able to bring in a list."""
    screen = await screens("maas", theme=theme, language=language, width=width, height=900)
    screen.failures_expected = True
    await screen.go("#/admin/import")
    await choose(screen, "eenheden.csv", BAD.replace("{depot}", depot))
    await screen.button("import.try").click()
    await expect(screen.page.locator("#import-refused tbody tr").first).to_be_visible()
    await looked_at(screen, f"import-bad-{language}-{theme}-{width}")
    await _fit(screen)
    await choose(screen, "eenheden.csv", GOOD.replace("{depot}", depot))
    await screen.button("import.try").click()
    await expect(screen.page.locator("#import-result tbody tr").first).to_be_visible()
    await looked_at(screen, f"import-would-{language}-{theme}-{width}")
    await _fit(screen)


async def test_codes_of_a_unit_are_given_and_ended(screens, world):
    """The other side's dispatch system knows the pump by its number; a vehicle with a new number must not be found by the old one."""
    nl = await screens("maas")
    await nl.go(f"#/resource/{world.units('maas', 'pump')[0]}")
    panel = nl.page.locator("#codes")
    await expect(panel).to_contain_text(nl.w("codes.none"))
    await nl.button("codes.add", panel).click()
    await nl.named("textbox", nl.w("codes.source"), nl.dialog).fill("gms")
    await nl.named("textbox", nl.w("codes.code"), nl.dialog, exact=True).fill("24-3751")
    await looked_at(nl, "code-add-1440")
    await nl.button("codes.add", nl.dialog).click()
    await expect(panel.locator(".code")).to_have_text("24-3751")
    await panel.get_by_role("button", name="24-3751").click()
    await nl.button("codes.end", nl.dialog, exact=True).click()
    await expect(panel).to_contain_text(nl.w("codes.none"))
    await panel.locator("summary").click()
    await expect(panel.locator(".codes-before")).to_contain_text("24-3751")
    await looked_at(nl, "codes-1440")


async def test_contacts_are_kept(screens, world):
    """The duty officer for hazardous substances changes every year; who still rings the old one loses a quarter of an hour."""
    nl, fr = await screens("maas", role="admin"), await screens("luik")
    await nl.go("#/admin/members")
    panel = nl.page.locator("#contacts")
    await expect(panel).to_contain_text(nl.w("contacts.none"))
    await nl.button("contact.add", panel).click()
    for field, value in {
        "contact.function": "Adviseur gevaarlijke stoffen",
        "contact.name": "J. de Vries",
        "contact.phone": "+31 00 000 0111",
    }.items():
        await nl.named("textbox", nl.w(field), nl.dialog).first.fill(value)
    await nl.named("textbox", nl.w("field.code"), nl.dialog).fill("hazmat-duty")
    await nl.named("radio", nl.w("contact.shared.yes"), nl.dialog).check()
    await looked_at(nl, "contact-add-1440")
    await nl.button("contact.add", nl.dialog).click()
    await expect(panel).to_contain_text("J. de Vries")
    await fr.go(f"#/admin/members?member={world.members['maas']}")
    await expect(fr.page.locator("#contacts")).to_contain_text("J. de Vries")
    await expect(fr.page.locator("#contacts").get_by_role("button")).to_have_count(0)
    await panel.get_by_role("button", name=nl.w("contact.change")).click()
    await nl.named("textbox", nl.w("contact.phone"), nl.dialog).first.fill("+31 00 000 0112")
    await nl.button("write", nl.dialog).click()
    await expect(panel).to_contain_text("0112")
    await looked_at(nl, "contacts-1440")
    await panel.get_by_role("button", name=nl.w("contact.remove")).click()
    await nl.button("contact.remove", nl.dialog).click()
    await expect(panel).to_contain_text(nl.w("contacts.none"))


async def _fit(screen):
    """Nothing is cut, nothing left open, and axe finds nothing serious."""
    assert await screen.page.evaluate(CUT) == []
    assert [text for text in await screen.page.evaluate(SAID) if LEFT_OPEN.search(text)] == []
    await screen.page.evaluate(AXE.read_text("utf-8"))
    assert await screen.page.evaluate(SERIOUS) == []


async def test_what_came_of_it_is_of_what_was_sent(screens, depot):
    """A trial of the units would be read as one of the depots; who looks elsewhere meanwhile would not learn that the list is in."""
    screen = await screens("maas")
    await screen.go("#/resources")
    await screen.page.get_by_role("link", name=screen.w("import.open"), exact=True).click()
    await choose(screen, "eenheden.csv", GOOD.replace("{depot}", depot))
    go = asyncio.Event()

    async def wait(route):
        await go.wait()
        await route.continue_()

    await screen.page.route("**/imports/resources?*", wait)
    await screen.button("import.try").click()
    await expect(screen.page.locator(".import-progress")).to_be_visible()
    await expect(screen.page.get_by_role("radio", name=screen.w("import.depots"), exact=True)).to_be_disabled()
    await expect(screen.page.locator("input[type=file]")).to_be_disabled()
    go.set()
    await expect(screen.page.locator("#import-result")).to_contain_text("Pomp 52")
    go.clear()
    await screen.button("import.do", exact=True).click()
    await screen.go("#/agreements")
    await expect(screen.page.locator("#import")).to_have_count(0)
    go.set()
    await screen.go("#/resources")
    await screen.page.get_by_role("link", name=screen.w("import.open"), exact=True).click()
    await expect(screen.page.locator("#import-result")).to_contain_text(screen.w("import.done"))


async def test_a_long_import_says_how_far_it_is(screens, depot):
    """A bar that only moves to and fro looks the same whether it takes ten more seconds or hangs."""
    nl = await screens("maas")
    await nl.go("#/admin/import")
    rows = "".join(f"Pomp {n},pump.high_capacity,{depot},0,1,3,10,yes\n" for n in range(2000))
    await choose(nl, "eenheden.csv", HEADER + rows)
    await nl.page.evaluate("""() => {
        window.seen = [];
        new MutationObserver(() => {
            const bar = document.querySelector(".import-progress progress");
            if (bar) window.seen.push([bar.value, document.querySelector(".import-progress b").textContent]);
        }).observe(document.querySelector("main"), { childList: true, subtree: true, attributes: true, characterData: true });
    }""")
    await nl.button("import.try").click()
    await expect(nl.page.locator("#import-result")).to_contain_text("2000")
    seen = await nl.page.evaluate("window.seen")
    values = [value for value, _ in seen]
    assert values == sorted(values)
    assert len(set(values)) > 3
    assert 0 < max(values) < 100
    assert all(text == nl.w("import.percent", n=int(value)) for value, text in seen)
