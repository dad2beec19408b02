"""Forms on paper, from the screens: one button, the form, the language; what opens is a PDF in that language."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pypdf
import pytest
from playwright.async_api import expect

from app.commands.external_ids import AddExternalId
from app.domain.protocol_data import LANGUAGES
from app.interop.paper import words
from tests.browser.scene import busy


async def printed(screen, link):
    """The words of what a link opens, fetched as the browser fetches it: with the session's cookie and nothing else."""
    answer = await screen.page.request.get(await link.evaluate("(a) => a.href"))
    assert answer.status == 200, await answer.text()
    return pypdf.PdfReader(io.BytesIO(await answer.body())).pages[0].extract_text()


async def looked_at(screen, name):
    if folder := os.environ.get("CONCORD_PAPERS"):
        await screen.page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize("width", [390, 1440])
async def test_a_request_is_printed_in_each_language(screens, do, world, width):
    """The sheet that goes along with the unit is made where the request is read."""
    full = await busy(do, world)
    screen = await screens("maas", width=width)
    await screen.open_request(full.id)
    await screen.button("print", exact=True).click()
    links = screen.dialog.locator("a[hreflang]")
    await expect(links).to_have_count(8)
    await looked_at(screen, f"print-request-{width}")
    for number, language in enumerate(LANGUAGES):
        for form, at in [("request_form", number), ("ics_213rr", number + 4)]:
            text = await printed(screen, links.nth(at))
            assert words()[form][language] in " ".join(text.split())


async def test_an_incident_shows_both_sides_numbers_and_prints_its_log(screens, do, world):
    """Who rings names the other control room's number, and hands the log over on paper."""
    await busy(do, world)
    screen = await screens("maas", language="de")
    incident = screen.page.locator(".incident-row .row-button").first
    await incident.click()
    card = screen.page.get_by_role("complementary", name=screen.w("chosen"))
    id_ = await screen.page.evaluate(
        "import('/static/console/store.js').then(({ tables }) => tables.incident.all.value.find((row) => row.severity === 5).id)"
    )
    for who, source, code in [(("maas", "dispatcher"), "gms", "26-0001"), (("luik", "dispatcher"), "cad", "P2026/17")]:
        await do(AddExternalId, who=who, source=source, kind="incident", code=code, subject_id=id_)
        await expect(card.get_by_text(code)).to_be_visible()
    await looked_at(screen, "incident-card")
    await screen.button("print", card, exact=True).click()
    links = screen.dialog.locator("a[hreflang]")
    await expect(links).to_have_count(4)
    assert "Sint Pieter" in await printed(screen, links.nth(1))
