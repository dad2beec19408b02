"""Areas of an agreement can be seen: on its page, and where a new version draws them otherwise."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from app.commands.agreement_versions import DraftAgreementVersion
from app.commands.agreements import ConsentToAgreement, ProposeAgreement
from tests.browser.test_every_screen import AXE, CUT, LEFT_OPEN, SAID, SERIOUS
from tests.conftest import NOON
from tests.world import box

PICTURES = os.environ.get("CONCORD_TEST_PICTURES")
REPRESENTATIVE = "authorised_representative"
PARTIES = ("maas", "luik", "aken")
PUMP = "pump.high_capacity"
END = NOON + timedelta(days=900)
WEST, EAST = box(5.6, 50.6, 5.8, 50.8), box(5.7, 50.6, 5.9, 50.8)
"""Each some 314 km², half of it in the other."""


@pytest.fixture
async def redrawn(do, world):
    """Version 2 brings areas, version 3 moves them by half their width; returns the agreement."""
    agreement, ids = world.agreements["maas-broad"], [world.members[code] for code in PARTIES]
    for version, area in ((2, WEST), (3, EAST)):
        aid = {
            "types": [PUMP], "strip": area, "quantity": 1, "lenders": [ids[1]],
        }  # fmt: skip
        terms = {
            "hazards": "*", "types": "*", "kinds": ["immediate"], "area": area, "automatic_aid": [aid],
            "reserve": [{"type": PUMP, "keep": 1, "area": area}], "cost": {"terms": "free"},
        }  # fmt: skip
        new = {"lenders": ids, "borrowers": ids, "terms": terms, "effective_at": NOON, "expires_at": END}
        await do(DraftAgreementVersion, agreement, who=("maas", REPRESENTATIVE), **new)
        await do(ProposeAgreement, agreement, who=("maas", REPRESENTATIVE))
        for party in PARTIES:
            await do(ConsentToAgreement, agreement, who=(party, REPRESENTATIVE), version=version)
    return agreement


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
async def test_an_area_is_seen_and_what_becomes_of_it(screens, redrawn, width, theme):
    """*Within an agreed area*, before and after: nobody sees that the half of it is another one."""
    screen = await screens("hasselt" if width == 390 else "maas", width=width, theme=theme)
    await screen.page.evaluate("id => { location.hash = `#/agreement/${id}`; }", str(redrawn))
    rules = screen.panel("agreement.rules")
    for rule in ("area", "reserve", "automatic"):
        row = rules.locator("div").filter(has=screen.page.locator("dt", has_text=screen.w(f"rule.{rule}.name"))).last
        await expect(row.locator("svg.outline path")).to_have_count(1)
        await expect(row).to_contain_text(re.compile(r"31\d km²"))
    versions = screen.panel("agreement.versions")
    compared = versions.locator(".difference svg.compared")
    await expect(compared).to_have_count(3)
    await expect(compared.first.locator("path.old")).to_have_count(1)
    await expect(compared.first.locator("path.new")).to_have_count(1)
    await expect(versions.locator(".difference")).to_contain_text(screen.w("difference.area", lost=157, gained=157))
    await versions.get_by_role("combobox").first.select_option("1")
    await expect(versions.locator(".difference .becomes svg.outline")).to_have_count(3)
    await expect(versions.locator(".difference")).to_contain_text(screen.w("edit.anywhere"))
    assert await screen.page.evaluate(CUT) == []
    assert [text for text in await screen.page.evaluate(SAID) if LEFT_OPEN.search(text)] == []
    await screen.page.evaluate(AXE.read_text("utf-8"))
    assert await screen.page.evaluate(SERIOUS) == []
    if PICTURES:
        await versions.get_by_role("combobox").first.select_option("2")
        await expect(compared).to_have_count(3)
        await screen.page.screenshot(path=Path(PICTURES) / f"areas-{theme}-{width}.png", full_page=True)
