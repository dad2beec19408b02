"""An offer in full from the screen: so many of a type, parts of a formation, own terms; and taking of it what is still wanted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.incidents import ReportIncident
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource
from tests.browser.scene import LUIK
from tests.browser.test_every_screen import AXE, CUT, LEFT_OPEN, SAID, SERIOUS
from tests.world import flood

PICTURES = os.environ.get("CONCORD_TEST_PICTURES")
PUMPER, SUPPLY, TANKER = "engine.pumper", "formation.water_supply", "tanker.water"


async def looked_at(screen, name):
    """Take a picture, where somebody wants to look."""
    if PICTURES:
        await screen.page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def ask(do, type_code, quantity):
    """Let Maastricht ask; returns the ids of the request and its line."""
    incident = await do(ReportIncident, **flood())
    line = {"type_code": type_code, "quantity": quantity, "priority": "property", "lon": 5.7, "lat": 50.78}
    made = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    return made.id, UUID(made.rows["request_line"][0]["id"])


async def test_of_more_than_is_wanted_so_many_are_taken(screens, do, pg):
    """Two pumpers are offered where two are wanted, and one is enough by now: whoever asked can only take both, or none."""
    request, line = await ask(do, PUMPER, 2)
    await do(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 2}])
    nl = await screens("maas")
    await nl.open_request(request)
    await nl.button("accept", nl.panel("offers"), exact=True).click()
    many = nl.dialog.get_by_role("spinbutton")
    await expect(many).to_have_value("2")
    await many.fill("1")
    await looked_at(nl, "accept-1440")
    await nl.button("accept", nl.dialog, exact=True).click()
    await expect(nl.dialog).to_have_count(0)
    assert await (await pg()).fetchval("SELECT accepted_quantity FROM offer_line") == 1


async def test_what_is_still_wanted_stands_there_and_a_refusal_says_what_to_do(screens, do, pg):
    """One is still wanted, two are offered: the screen proposes two, and what to do about the refusal stands in the API alone."""
    request, line = await ask(do, PUMPER, 2)
    both = await do(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 2}])
    one = await do(MakeOffer, request, who=("aken", "dispatcher"), lines=[{"request_line_id": line}])
    nl = await screens("maas")
    await nl.open_request(request)
    offers = nl.panel("offers").get_by_role("listitem")
    theirs = offers.filter(has_text="Aachen").first
    await nl.button("accept", theirs, exact=True).click()
    await nl.button("accept", nl.dialog, exact=True).click()
    await expect(nl.dialog).to_have_count(0)
    await expect(nl.button("accept", theirs, exact=True)).to_have_count(0)  # the feed has told the screen
    ours = offers.filter(has_text="Liège").first
    await nl.button("accept", ours, exact=True).click()
    many = nl.dialog.get_by_role("spinbutton")
    await expect(many).to_have_value("1")
    await expect(nl.dialog).to_contain_text(nl.w("accept.of", offered=2, wanted=1))
    await many.fill("2")
    nl.failures_expected = True
    await nl.button("accept", nl.dialog, exact=True).click()
    await expect(nl.dialog.last).to_contain_text(nl.w("hint.over-filled"))
    await nl.button("understood", nl.dialog.last, exact=True).click()
    await many.fill("1")
    await nl.button("accept", nl.dialog, exact=True).click()
    await expect(nl.dialog).to_have_count(0)
    taken = await (await pg()).fetch("SELECT offer_id, accepted_quantity FROM offer_line")
    assert {row["offer_id"]: row["accepted_quantity"] for row in taken} == {both.id: 1, one.id: 1}


async def test_an_offer_in_full(screens, do, pg):
    """A dispatcher can offer one named unit at a time alone: no number of a type, no own terms, no end."""
    request, _ = await ask(do, PUMPER, 2)
    fr = await screens("luik")
    await fr.open_request(request)
    await fr.button("offer.make").click()
    many = fr.dialog.get_by_role("spinbutton").first
    await expect(many).to_have_value("2")
    await fr.dialog.get_by_text(fr.w("offer.more")).click()
    await fr.dialog.get_by_role("checkbox", name="luik engine 2").check()
    await fr.dialog.get_by_role("button", name=f"+ {fr.w('hours.short', n=4)}", exact=True).click()
    await fr.dialog.get_by_role("spinbutton", name=fr.w.like("call.hours")).fill("24")
    await fr.dialog.get_by_role("combobox", name=fr.w("offer.terms")).select_option("free_for_hours")
    await fr.dialog.get_by_role("spinbutton", name=fr.w("offer.free_hours")).fill("12")
    await fr.dialog.get_by_role("textbox", name=fr.w.like("note")).fill("Deux équipes.")
    await looked_at(fr, "offer-1440")
    await fr.button("offer.do", fr.dialog, exact=True).click()
    await expect(fr.dialog).to_have_count(0)
    await expect(fr.panel("offers")).to_contain_text("luik engine 2")
    db = await pg()
    offer = await db.fetchrow("SELECT note, valid_until FROM offer")
    assert offer["note"] == "Deux équipes."
    assert offer["valid_until"] is not None
    lines = await db.fetch(
        "SELECT quantity, resource_id, cost, estimate FROM offer_line ORDER BY resource_id NULLS LAST"
    )
    assert [row["quantity"] for row in lines] == [1, 1]
    assert [row["resource_id"] is None for row in lines] == [False, True]
    assert {json.loads(row["cost"])["hours"] for row in lines} == {12}
    assert {json.loads(row["estimate"])["hours"] for row in lines} == {"24.00"}


async def test_a_formation_in_its_parts(screens, do, world, pg):
    """*Nobody can come*, and no button, though Liège has the command vehicle that the water column lacks."""
    body = {"depot_id": world.depots["luik"], "mobilisation_min": 10, "ncos": 1, "crew": 2}
    await do(AddResource, who=LUIK, type_code=TANKER, call_sign="Eau 1", **body)
    request, _ = await ask(do, SUPPLY, 1)
    fr = await screens("luik")
    await fr.open_request(request)
    await fr.button("offer.parts", fr.panel("candidates")).click()
    tick = fr.dialog.get_by_role("checkbox", name=fr.w.type(TANKER))
    await expect(tick).to_be_checked()
    await expect(fr.dialog.get_by_role("spinbutton").first).to_have_value("1")
    await looked_at(fr, "offer-parts-1440")
    await fr.button("offer.do", fr.dialog, exact=True).click()
    await expect(fr.dialog).to_have_count(0)
    await expect(fr.panel("offers")).to_contain_text(fr.w.type(TANKER))
    row = await (await pg()).fetchrow("SELECT type_code, quantity FROM offer_line")
    assert dict(row) == {"type_code": TANKER, "quantity": 1}


async def test_of_several_incidents_whoever_asks_says_which(screens, do):
    """Help is asked for the newest incident, which another leads, because nobody looked at the first field."""
    for title, who in (("Meuse à Eijsden", ("maas", "dispatcher")), ("Vennbrand", ("aken", "dispatcher"))):
        await do(ReportIncident, who=who, **flood(title=title))
    nl = await screens("maas")
    await expect(nl.panel("incidents").get_by_role("listitem")).to_have_count(2)
    await nl.button("ask", nl.panel("requests"), exact=True).click()
    which = nl.dialog.get_by_role("combobox", name=nl.w("incident"))
    await expect(which).to_have_value("")
    await expect(nl.button("ask", nl.dialog, exact=True)).to_be_disabled()
    await which.select_option(label=await which.get_by_role("option").filter(has_text="Eijsden").inner_text())
    await expect(nl.button("ask", nl.dialog, exact=True)).to_be_enabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_both_forms_can_be_read(screens, do, world, theme, width):
    """On a telephone the button lies beyond the edge, or a reader of screens does not know what a number is for."""
    body = {"depot_id": world.depots["luik"], "mobilisation_min": 10, "ncos": 1, "crew": 2}
    await do(AddResource, who=LUIK, type_code=TANKER, call_sign="Eau 1", **body)
    request, line = await ask(do, SUPPLY, 1)
    fr = await screens("luik", width=width, height=900, theme=theme)
    await fr.open_request(request)
    await fr.button("offer.make").first.click()
    await fr.dialog.get_by_text(fr.w("offer.more")).click()
    await looked_at(fr, f"offer-{theme}-{width}")
    await clean(fr)
    parts = [{"request_line_id": line, "type_code": TANKER, "quantity": 2}]
    await do(AddResource, who=LUIK, type_code=TANKER, call_sign="Eau 2", **body)
    await do(MakeOffer, request, who=LUIK, lines=parts)
    nl = await screens("maas", width=width, height=900, theme=theme)
    await nl.open_request(request)
    await nl.button("accept", nl.panel("offers"), exact=True).click()
    await expect(nl.dialog.get_by_role("spinbutton")).to_have_value("2")
    await looked_at(nl, f"accept-{theme}-{width}")
    await clean(nl)


async def clean(screen):
    """See that nothing is cut off, and that axe finds nothing serious."""
    assert await screen.page.evaluate(CUT) == []
    assert [text for text in await screen.page.evaluate(SAID) if LEFT_OPEN.search(text)] == []
    await screen.page.evaluate(AXE.read_text("utf-8"))
    assert await screen.page.evaluate(SERIOUS) == []
