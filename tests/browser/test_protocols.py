"""Protocols on screen: the checklist of an incident, the package that is asked for by one click, and a member's own with its difference."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import expect

from app.commands.incidents import ReportIncident
from app.domain.playbooks import playbook
from tests.browser.test_every_screen import AXE, CUT, SERIOUS
from tests.world import flood

FLOOD = playbook("river_flood")


async def looked_at(screen, name):
    """Nothing serious by axe's rules; and a picture at each width and theme, where CONCORD_SHOTS names a folder."""
    await screen.page.evaluate(AXE.read_text("utf-8"))
    assert await screen.page.evaluate(SERIOUS) == [], name
    for narrow in (390, 1440):
        await screen.page.set_viewport_size({"width": narrow, "height": 900})
        assert await screen.page.evaluate(CUT) == [], name
    if folder := os.environ.get("CONCORD_SHOTS"):
        for width, height in ((1440, 900), (390, 844)):
            await screen.page.set_viewport_size({"width": width, "height": height})
            if await (tab := screen.button("part.map", exact=True)).is_visible():
                await tab.click()
            for theme in ("light", "dark"):
                await screen.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                await screen.page.screenshot(path=Path(folder) / f"{name}-{width}-{theme}.png")
        await screen.page.set_viewport_size({"width": 1440, "height": 900})


async def test_a_protocol_from_the_flood_to_a_members_own(screens, do, world):
    """Maastricht ticks, asks for the package in one dialog, and adapts; Liège sees all of it in its own language."""
    maas = await screens("maas", language="nl")
    luik = await screens("luik", language="fr")
    await do(ReportIncident, **flood())
    for screen in (maas, luik):
        await screen.open_operations()
        await screen.panel("incidents").get_by_text("Meuse over its banks").first.click()
    ours = maas.named("region", maas.w("protocol"))
    theirs = luik.named("region", luik.w("protocol"))
    dikes = FLOOD.checklist[7].texts
    await expect(theirs.get_by_role("checkbox", name=dikes["fr"])).to_be_disabled()
    await ours.get_by_role("checkbox", name=dikes["nl"]).click()
    await expect(ours.get_by_role("checkbox", name=dikes["nl"])).to_be_checked()
    await expect(theirs.get_by_role("checkbox", name=dikes["fr"])).to_be_checked()
    await expect(theirs).to_contain_text(luik.w("checklist.done_of", done=1, all=len(FLOOD.checklist)))
    await looked_at(maas, "incident")
    events = luik.panel("events")
    await expect(events).to_contain_text(
        luik.w("event.protocol_applied", name=FLOOD.names["fr"], incident="Meuse over its banks")
    )
    await expect(events).to_contain_text(luik.w("event.item_ticked", text=dikes["fr"]))
    await maas.button("package.ask", ours).click()
    await expect(maas.dialog.locator(".ask-line")).to_have_count(len(FLOOD.package))
    await expect(maas.dialog.get_by_role("spinbutton").nth(1)).to_have_value("4")
    await maas.button("ask", maas.dialog, exact=True).click()
    await expect(maas.dialog).to_have_count(0)
    await expect(luik.button("package.ask", theirs)).to_have_count(0)
    await expect(theirs.get_by_text(luik.w("package.asked"))).to_have_count(len(FLOOD.package))

    rep = await screens("maas", role="authorised_representative", language="de")
    await rep.go("#/protocols")
    await looked_at(rep, "protocols")
    await rep.page.get_by_role("link", name=FLOOD.names["de"], exact=True).click()
    await expect(rep.panel("protocol.difference")).to_contain_text(rep.w("protocol.as_shared"))
    await rep.button("protocol.adapt", rep.panel("protocol.difference")).click()
    await rep.dialog.get_by_role("combobox").nth(1).select_option("boat.rescue")
    await rep.dialog.get_by_role("spinbutton").fill("6")
    await rep.dialog.get_by_role("textbox", name=rep.w("why")).fill("Drei Inseln in der Maas.")
    await looked_at(rep, "form")
    await rep.button("protocol.adapt", rep.dialog).click()
    difference = rep.panel("protocol.difference")
    await expect(difference).to_contain_text("Drei Inseln in der Maas.")
    await expect(difference).to_contain_text("4 → Eigen: 6")
    await looked_at(rep, "protocol")
    await luik.go(f"#/protocol/river_flood?of={world.members['maas']}")
    await expect(luik.panel("protocol.difference")).to_contain_text("Drei Inseln in der Maas.")
    await expect(luik.button("protocol.adapt", luik.panel("protocol.difference"))).to_have_count(0)
    await rep.button("protocol.take_back", difference).click()
    await rep.button("protocol.take_back", rep.dialog).click()
    await expect(luik.panel("protocol.difference")).to_contain_text(luik.w("protocol.as_shared"))
