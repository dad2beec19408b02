"""Whose turn it is to lead the corridor: seen by everybody, swapped by the words of two."""

from __future__ import annotations

from playwright.async_api import expect

from app.commands.coordination import SetRota
from app.domain.authority import SYSTEM

ROLE = "authorised_representative"


async def test_two_cities_swap_their_turns(screens, do, world):
    """Maastricht moves house in its month: Liège leads instead, and both have said so, each in its own language."""
    members = [world.members[name] for name in ("hasselt", "maas", "luik", "aken")]
    await do(SetRota, who=SYSTEM, member_ids=members)
    maas = await screens("maas", role=ROLE, language="nl")
    luik = await screens("luik", role=ROLE, language="fr")
    await maas.go("#/operations")
    await expect(maas.panel("coordination")).to_contain_text("Hasselt")
    await maas.go("#/coordination")
    await luik.go("#/coordination")
    turns = luik.page.locator(".turn")
    await expect(turns).to_have_count(13)
    before = await turns.nth(1).locator(".turn-who").inner_text()
    assert "Maastricht" in before
    await maas.page.locator(".turn").nth(1).get_by_role("button").click()
    await maas.dialog.get_by_role("combobox").select_option(index=1)
    await maas.dialog.get_by_role("textbox", name=maas.w("why")).fill("De meldkamer verhuist.")
    await maas.button("coordination.swap.propose", maas.dialog).click()
    proposal = luik.panel("coordination.swaps")
    await expect(proposal).to_contain_text("De meldkamer verhuist.")
    await luik.button("coordination.agree", proposal).click()
    await luik.button("coordination.agree", luik.dialog).click()
    await expect(maas.page.locator(".turn").nth(1).locator(".turn-who")).to_contain_text(maas.w("coordination.swapped"))
    await expect(maas.panel("coordination.swaps")).to_contain_text(maas.w("coordination.no_swaps"))
