"""Two control rooms on two sides of a border, in two languages and two browsers, help each other by what is on the screen.

Once they begin, nothing here asks the server for anything: people read, click and type. What one side does has to be on the other's screen;
how long that took is printed.
"""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from app.commands.crossings import SetCrossingState
from tests.browser.screen import shows

PUMP = "pump.high_capacity"
WORDS_FR = "Par quelle route arrivons-nous ?"
WORDS_NL = "Over de N2, de brug is open."
MEUSE_AT_EIJSDEN = (-138, -8)
"""Pixels from the middle of the map as it opens."""


@pytest.fixture
async def rooms(screens, start_browser):
    """Maastricht and Liège, each with a browser of its own."""
    return await screens("maas"), await screens("luik", within=await start_browser())


@pytest.fixture
def told():
    """Prints how long each step took to the other side."""
    steps = []
    yield lambda step, took: steps.append((step, took))
    print()
    for step, took in steps:
        print(f"{took:6.0f} ms  {step}")
    times = sorted(took for _, took in steps)
    if times:
        print(f"{times[len(times) // 2]:6.0f} ms  in the middle of {len(times)} steps; {times[-1]:.0f} ms at most")


async def report(screen, title):
    """Report an incident by drawing its area on the map."""
    await screen.button("report_incident", screen.panel("map")).click()
    await screen.button("report.draw_area", screen.dialog).click()
    await draw(screen, MEUSE_AT_EIJSDEN)
    await screen.named("textbox", screen.w("title"), screen.dialog).fill(title)
    await screen.named("radio", f"4 {screen.w.word('severities', 4)}", screen.dialog).check()


async def draw(screen, at, *, size=14):
    """Draw a square around a point of the map."""
    await expect(screen.page.get_by_role("status").filter(has_text=screen.w("draw.polygon"))).to_be_visible()
    box = await screen.page.locator(".map canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2 + at[0], box["y"] + box["height"] / 2 + at[1]
    for across, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        await screen.page.mouse.click(x + across * size, y + down * size)
    await screen.button("draw.finish").click()


async def confirm(screen, key):
    """Say yes to what binds: once on the screen, once in the dialog that says what it means."""
    await screen.button(key, screen.page.get_by_role("main"), exact=True).click()
    await screen.button(key, screen.dialog, exact=True).click()


async def test_a_request_from_the_map_to_the_return(rooms, told, do, world):
    """If a step of it were missing on the screen, or came late to the other side, a unit would wait at a closed border."""
    nl, fr = rooms
    await do(SetCrossingState, world.crossings["eijsden"], control="checks")  # as the police have it tonight
    pump = "luik pump 1"

    # ---- the Dutch side: what happened, and what is needed
    await report(nl, "Maas buiten haar oevers")
    there = fr.panel("incidents").get_by_text("Maas buiten haar oevers")
    told("the incident is reported", await shows(nl.button("report", nl.dialog, exact=True).click(), there))
    card = nl.page.get_by_role("complementary", name=nl.w("chosen"))
    await nl.button("ask", card, exact=True).click()
    await expect(nl.named("combobox", nl.w("type"), nl.dialog, exact=True)).to_have_value(nl.w.type(PUMP))
    await nl.named("combobox", nl.w("place"), nl.dialog, exact=True).fill("Eijsd")
    await nl.dialog.get_by_role("option", name="Eijsden").first.click()
    row = fr.request_row("Eijsden")
    told("help is asked for", await shows(nl.button("ask", nl.dialog, exact=True).click(), row))
    await expect(row).to_contain_text(fr.w.type(PUMP))
    await expect(row).to_contain_text(fr.w("new"))
    await expect(nl.page.get_by_role("heading", level=1)).to_contain_text(nl.w.type(PUMP))

    # ---- the Belgian side reads it, asks, and is answered
    await row.get_by_role("link").click()
    read = nl.panel("answers").get_by_text(nl.w("has_read"))
    told("it is acknowledged", await shows(fr.button("acknowledge").click(), read))
    await fr.named("textbox", fr.w("question"), fr.panel("questions")).fill(WORDS_FR)
    asked = nl.panel("questions").get_by_text(WORDS_FR)
    told("a question", await shows(fr.button("question.ask", fr.panel("questions"), exact=True).click(), asked))
    await nl.named("textbox", nl.w("answer"), nl.panel("questions")).fill(WORDS_NL)
    answered = fr.panel("questions").get_by_text(WORDS_NL)
    told("its answer", await shows(nl.button("answer", nl.panel("questions"), exact=True).click(), answered))

    # ---- offer, acceptance, commitment
    offer = nl.panel("offers").get_by_role("listitem").filter(has_text=pump)
    send = fr.button("send_unit", fr.panel("candidates"), unit=pump)
    told("a unit is offered", await shows(send.click(), offer.first))
    accepted = fr.panel("offers").get_by_text(fr.w.state("offer", "accepted"), exact=True)
    told("it is accepted", await shows(confirm(nl, "accept"), accepted))
    await fr.button("commit", fr.panel("offers"), exact=True).click()
    crossing = fr.named("combobox", fr.w("crossing"), fr.dialog)
    await crossing.select_option(label=await crossing.get_by_role("option", name="Eijsden").last.text_content())
    mission = nl.mission(pump).get_by_text(nl.w.state("mission", "committed"), exact=True)
    told("it is committed", await shows(fr.button("commit", fr.dialog, exact=True).click(), mission))
    await expect(nl.panel("lines")).to_contain_text(nl.w("fill.full"))

    # ---- on the way, over the border, at work
    for state in ("mobilising", "in_transit", "at_border", "cleared", "on_scene"):
        told(state, await moved(fr, nl, pump, state))
    released = fr.mission(pump).get_by_text(fr.w.state("mission", "released"), exact=True)
    told("released", await shows(confirm(nl, "release_mission"), released))
    for state in ("returning", "returned"):
        told(state, await moved(fr, nl, pump, state))
    over = fr.page.get_by_role("main").get_by_text(fr.w.state("request", "closed"), exact=True)
    told("the request is closed", await shows(confirm(nl, "close_request"), over.first))
    for screen in rooms:
        await screen.page.get_by_role("link", name=screen.w("operations")).first.click()
        await expect(screen.panel("requests")).to_contain_text(screen.w("requests.none"))


async def moved(mover, watcher, unit, state):
    """Move a unit one step on."""
    step = mover.named("button", f"→ {mover.w.state('mission', state)}", mover.mission(unit), exact=True)
    return await shows(step.click(), watcher.mission(unit).get_by_text(watcher.w.state("mission", state), exact=True))


async def test_a_phone_call_in_two_clicks(rooms, told):
    """At three in the morning people ring. What takes longer than two clicks is not written down, and nobody knows of it."""
    nl, fr = rooms
    await report(nl, "Dijk gebroken bij Eijsden")
    there = fr.panel("incidents").get_by_role("button", name="Dijk gebroken bij Eijsden")
    told("the incident is reported", await shows(nl.button("report", nl.dialog, exact=True).click(), there))
    await there.click()

    await fr.press("i")
    call = nl.panel("calls").get_by_text(nl.w.type(PUMP))
    debt = nl.panel("debts").get_by_text(nl.w("act.open"))
    rolling = fr.button("units_rolling", fr.dialog)
    told("units roll after a call", await shows(rolling.click(), call, debt))
    await expect(nl.panel("debts")).to_contain_text(nl.w.like("in_span"))
    await expect(nl.request_row(nl.w.type(PUMP))).to_be_visible()
    await expect(nl.panel("strength").get_by_text(nl.w.state("mission", "mobilising"))).to_be_visible()

    waits = fr.panel("calls").get_by_text(fr.w("call.waits_for_them"))
    await expect(waits).to_be_visible()
    await nl.button("confirm_call", nl.panel("calls"), exact=True).click()
    confirmed = fr.panel("events").get_by_text(fr.w.like("event.call_confirmed"))
    told("it is confirmed", await shows(nl.button("confirm_call", nl.dialog, exact=True).click(), confirmed.first))
    await expect(fr.panel("calls")).to_have_count(0)
