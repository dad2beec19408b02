"""Help that nobody has asked for, and a member's own word: said on one screen, seen on the other, each in its own language."""

from __future__ import annotations

from playwright.async_api import expect

from app.commands.incidents import ReportIncident
from tests.world import flood

PUMP = "pump.high_capacity"


async def test_a_neighbour_offers_before_it_is_asked(screens, do, world):
    """Liège sees the water rise at Maastricht and offers two pumps; Maastricht takes them up with two clicks."""
    await do(ReportIncident, **flood())
    luik = await screens("luik", role="dispatcher", language="fr")
    maas = await screens("maas", role="dispatcher", language="nl")
    await luik.go("#/operations")
    await maas.go("#/operations")
    await luik.page.locator(".incident-row button").first.click()
    await luik.button("unasked.offer").click()
    await luik.dialog.get_by_role("combobox").first.select_option(PUMP)
    await luik.dialog.locator(".time-field .choices button").nth(1).click()
    await luik.dialog.get_by_role("textbox").last.fill("Deux pompes avec équipage.")
    await luik.button("unasked.offer", luik.dialog).click()
    panel = maas.panel("unasked")
    await expect(panel).to_contain_text("Deux pompes avec équipage.")
    await maas.button("unasked.take_up", panel).click()
    await maas.button("unasked.take_up", maas.dialog).click()
    await expect(panel).to_have_count(0)
    await expect(luik.panel("unasked")).to_have_count(0)
    await expect(maas.page.locator(".area-requests")).to_contain_text("R-")


async def test_a_member_says_that_it_cannot(screens, world):
    """A fire of its own: Liège says so once, and all see until when, and why."""
    luik = await screens("luik", role="dispatcher", language="fr")
    maas = await screens("maas", role="dispatcher", language="de")
    await luik.go("#/resources")
    await maas.go("#/resources")
    await luik.button("lender_word.say_cannot", luik.panel("lender_words")).click()
    await luik.dialog.locator(".time-field .choices button").nth(1).click()
    await luik.button("lender_word.say_cannot", luik.dialog).click()
    panel = maas.panel("lender_words")
    await expect(panel).to_contain_text("Eigene Einsatzlage")
    await expect(panel.get_by_role("button")).to_have_count(1)  # its own word alone, not another's
    await luik.button("lender_word.withdraw", luik.panel("lender_words")).click()
    await luik.button("lender_word.withdraw", luik.dialog).click()
    await expect(panel).to_contain_text(maas.w("lender_words.none"))
