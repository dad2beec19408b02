"""Everything by the keyboard: for whoever has no hand free for a mouse, or cannot use one."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.scene import busy

PUMP = "luik pump 1"


async def enter(screen, goal):
    """Come to something with the Tab key, and press Enter."""
    await screen.tab_to(goal)
    await screen.press("Enter")


async def test_a_whole_request_by_the_keyboard(screens):
    """A control room whose mouse is broken still has to get its pumps; and some dispatchers see no pointer."""
    nl, fr = await screens("maas"), await screens("luik")

    await enter(nl, nl.button("report_incident", nl.panel("map")))
    place = nl.named("combobox", nl.w("where"), nl.dialog)
    await nl.tab_to(place)
    await nl.type("Eijsden")
    await expect(nl.dialog.get_by_role("option", name="Eijsden").first).to_be_visible()
    await nl.press("Enter")
    await enter(nl, nl.button("continue", nl.dialog))
    title = nl.named("textbox", nl.w("title"), nl.dialog)
    await nl.tab_to(title)
    await nl.type("Maas buiten haar oevers")
    await nl.press("Enter")
    await expect(nl.dialog).to_have_count(0)

    await enter(nl, nl.button("ask", nl.panel("requests"), exact=True))
    await nl.tab_to(nl.named("combobox", nl.w("type"), nl.dialog, exact=True))
    await nl.type("Hochleistungspumpe")  # in the neighbour's language
    option = nl.dialog.get_by_role("option", name=nl.w.type("pump.high_capacity"))
    while await option.get_attribute("aria-selected") != "true":
        await nl.press("ArrowDown")
    await nl.press("Enter")
    await enter(nl, nl.button("ask", nl.dialog, exact=True))
    await expect(nl.panel("lines")).to_contain_text(nl.w.type("pump.high_capacity"))

    row = fr.request_row(fr.w.type("pump.high_capacity"))
    await expect(row).to_be_visible()
    await fr.press("j")
    await expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    await fr.press("a")
    await expect(nl.panel("answers")).to_contain_text(nl.w("has_read"))
    await fr.press("o")
    await expect(fr.page.get_by_role("heading", level=1)).to_contain_text(fr.w.type("pump.high_capacity"))
    send = fr.button("send_unit", fr.panel("candidates"), unit=PUMP)
    await enter(fr, send)
    await confirm(nl, nl.button("accept", nl.panel("offers"), exact=True))
    await confirm(fr, fr.button("commit", fr.panel("offers"), exact=True))
    for state in ("mobilising", "in_transit", "on_scene"):
        await enter(fr, fr.named("button", f"→ {fr.w.state('mission', state)}", fr.mission(PUMP), exact=True))
    await confirm(nl, nl.button("release_mission", nl.mission(PUMP)))
    for state in ("returning", "returned"):
        await enter(fr, fr.named("button", f"→ {fr.w.state('mission', state)}", fr.mission(PUMP), exact=True))
    await expect(nl.mission(PUMP)).to_contain_text(nl.w.state("mission", "returned"))


async def confirm(screen, goal):
    """Press what binds, then confirm it in the dialog: its focus never stands on what binds at first, not by Enter either."""
    await enter(screen, goal)
    await expect(screen.dialog).to_be_visible()
    binds = screen.dialog.locator("button.binds-us")
    await expect(binds).not_to_be_focused()
    await enter(screen, binds)
    await expect(screen.dialog).to_have_count(0)


async def test_keys_move_filter_and_find(screens, do, world):
    """A dispatcher with a telephone at the ear has one hand."""
    screen = await screens("luik", language="en")
    full = await busy(do, world)
    rows = screen.page.locator(".request-row")
    await expect(rows).to_have_count(9)
    chosen = screen.page.locator(".request-row.now")
    await screen.press("j", "j", "k")
    await expect(chosen).to_have_count(1)
    assert await rows.first.get_attribute("id") == await chosen.get_attribute("id")
    await screen.press("/")
    await screen.type(full.subject["ref"])
    await expect(rows).to_have_count(1)
    await screen.press("Escape")
    await expect(rows).to_have_count(9)
    await screen.press("Control+k")
    await expect(screen.named("combobox", screen.w("go_to"), screen.dialog)).to_be_focused()
    await screen.type("Luik")
    hit = screen.dialog.get_by_role("option").first
    await expect(hit).to_contain_text("Liège")
    await screen.press("Enter")
    await expect(screen.page.get_by_role("complementary", name=screen.w("chosen"))).to_contain_text("Liège")
    await screen.press("?")
    await expect(screen.dialog).to_contain_text(screen.w("key.acknowledge"))
    await screen.press("Escape")
    await expect(screen.dialog).to_have_count(0)


async def test_what_binds_has_no_single_key(screens, do, world):
    """One slip on the keyboard must not send a unit over a border or home."""
    screen = await screens("maas")
    full = await busy(do, world)
    await screen.open_request(full.id)
    before = await how_far(screen)
    assert all(before)
    for key in "abcdefghklmnpqrstuvwxyABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890":
        await screen.press(key)
    await screen.press("Escape")
    assert await how_far(screen) == before


async def test_looking_for_something_leaves_what_is_being_written(screens):
    """Two keys that are pressed out of habit must not throw away a form that is half filled in."""
    screen = await screens("maas")
    await screen.go("#/resources")
    await screen.button("unit.add", screen.page.locator("#units")).click()
    sign = screen.named("textbox", screen.w("field.call_sign"), screen.dialog)
    await sign.fill("Pomp 99")
    await screen.press("Control+k")
    await expect(screen.dialog).to_have_count(1)
    await expect(sign).to_have_value("Pomp 99")
    await screen.press("Escape")
    await expect(screen.dialog).to_have_count(0)
    await screen.press("Control+k")
    await expect(screen.named("combobox", screen.w("go_to"), screen.dialog)).to_be_focused()


async def how_far(screen):
    """How far offers and units are."""
    return [await screen.panel(each).locator(".state").all_inner_texts() for each in ("offers", "missions")]
