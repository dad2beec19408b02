"""A platoon between two control rooms: asked for in one line, its parts in sight, and split by whoever sent it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.formations import FormFormation
from app.commands.incidents import ReportIncident
from app.commands.missions import AdvanceMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource
from tests.browser.scene import LUIK
from tests.browser.test_every_screen import AXE, CUT, LEFT_OPEN, SAID, SERIOUS
from tests.world import flood

PICTURES = os.environ.get("CONCORD_TEST_PICTURES")
"""A folder for pictures of what the test sees, for somebody who wants to look."""
SUPPLY, TANKER = "formation.water_supply", "tanker.water"
TYPES = (TANKER, TANKER, "vehicle.hose_layer", "command.vehicle")


@pytest.fixture
async def out(do, world):
    """Liège's water column at work for Maastricht; the request, the mission, the parts."""
    parts = []
    for number, type_code in enumerate(TYPES, start=1):
        body = {"depot_id": world.depots["luik"], "type_code": type_code, "call_sign": f"Eau {number}"}
        parts.append((await do(AddResource, who=LUIK, ncos=1, crew=2, mobilisation_min=10, **body)).id)
    formed = await do(
        FormFormation, who=LUIK, depot_id=world.depots["luik"], type_code=SUPPLY, call_sign="Colonne d'eau 1", officers=1,
        part_ids=parts, mobilisation_min=20, talkgroup="LUIK-EAU", leader_name="A. Dupont", leader_phone="+32 00 000 0301",
    )  # fmt: skip
    incident = await do(ReportIncident, **flood())
    line = {"type_code": SUPPLY, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78, "place": "Eijsden"}
    asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    wanted = asked.rows["request_line"][0]["id"]
    offer = await do(MakeOffer, asked.id, who=LUIK, lines=[{"request_line_id": wanted, "resource_id": formed.id}])
    await do(AcceptOffer, offer.id)
    mission = UUID((await do(CommitOffer, offer.id, who=LUIK)).rows["mission"][0]["id"])
    for state in ("mobilising", "in_transit", "on_scene"):
        await do(AdvanceMission, mission, who=LUIK, to=state)
    return asked.id, mission, formed.id, parts


async def looked_at(screen, name):
    """Take a picture, where somebody wants to look."""
    if PICTURES:
        await screen.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def test_the_form_says_what_a_platoon_is_made_of(screens, do, world):
    """Who asks for a platoon must see that it brings four vehicles, and not one."""
    await do(ReportIncident, **flood())
    nl = await screens("maas")
    await nl.button("ask", nl.panel("requests"), exact=True).click()
    kind = nl.dialog.get_by_role("combobox", name=nl.w("type"))
    await kind.fill("watertransport")
    await nl.dialog.get_by_role("option", name=nl.w.type(SUPPLY)).first.click()
    await expect(nl.dialog).to_contain_text(nl.w("formation.made_of"))
    await expect(nl.dialog).to_contain_text(f"2 \N{MULTIPLICATION SIGN} {nl.w.type(TANKER)}")
    await looked_at(nl, "ask-1440")


async def test_its_parts_are_seen_and_split_off(screens, do, world, out):
    """One tanker is needed elsewhere: Liège lets it go on alone, and Maastricht sees both on their ways."""
    request, *_ = out
    nl, fr = await screens("maas"), await screens("luik")
    await nl.open_request(request)
    await fr.open_request(request)
    column = nl.mission("Colonne d'eau 1").first
    for call_sign in ("Eau 1", "Eau 4", "A. Dupont", nl.w("formation.with_it")):
        await expect(column).to_contain_text(call_sign)
    await expect(nl.panel("lines")).to_contain_text(nl.w.type("vehicle.hose_layer"))
    await expect(column.get_by_role("button", name=nl.w("formation.split"))).to_have_count(0)
    await looked_at(nl, "request-1440")
    theirs = fr.mission("Colonne d'eau 1").first
    await fr.button("arrange", theirs).click()
    await fr.button("formation.split", theirs, exact=True).click()
    await fr.dialog.get_by_role("checkbox", name="Eau 1").check()
    await looked_at(fr, "split-1440")
    await fr.button("formation.split.do", fr.dialog, exact=True).click()
    await expect(fr.dialog).to_have_count(0)
    await expect(nl.mission(nl.w("formation.split_from")).first).to_contain_text("Eau 1")
    await expect(column).to_contain_text(nl.w("formation.alone"))
    await looked_at(nl, "after-split-1440")


async def test_a_part_says_whose_it_is(screens, do, world, out):
    """Who looks at one engine sees that it is out with its platoon; also on a telephone."""
    _, _, formation, parts = out
    nl = await screens("maas", width=390, height=844, theme="dark")
    await nl.go(f"#/resource/{parts[0]}")
    await expect(nl.panel("unit.particulars")).to_contain_text("Colonne d'eau 1")
    await expect(nl.panel("unit.particulars")).to_contain_text(nl.w("formation.with_it"))
    await looked_at(nl, "part-390")
    await nl.go(f"#/resource/{formation}")
    await expect(nl.panel("unit.particulars")).to_contain_text("Eau 3")
    await looked_at(nl, "formation-390")


MODULE = "formation.hcp_module"


async def test_a_formation_is_formed_asked_for_changed_and_dissolved(screens, do, world):
    """Liège puts its pumps together before the flood; Maastricht asks for the module in one line and finds it; nothing is counted twice."""
    types = {"Cmd 1": "command.vehicle", "Cmd 2": "command.vehicle", "Camion 1": "vehicle.truck"}
    for call_sign, type_code in types.items():
        body = {"depot_id": world.depots["luik"], "type_code": type_code, "call_sign": call_sign}
        await do(AddResource, who=LUIK, ncos=1, crew=2, mobilisation_min=10, **body)
    fr = await screens("luik")
    await fr.go("#/resources")
    whole = fr.page.locator(".unit-item", has=fr.page.locator(".badge.whole"))
    count = fr.page.locator("#units .count")
    await expect(count).to_have_text(fr.w("tally.units", n=20))
    await fr.button("formation.form", fr.page.locator("#units")).click()
    await fr.dialog.get_by_label(fr.w("formation.type")).select_option(MODULE)
    await fr.named("textbox", fr.w("field.call_sign"), fr.dialog).fill("Module Liège 1")
    await fr.named("textbox", f"{fr.w('field.leader_name')} ({fr.w('optional')})", fr.dialog, exact=True).fill(
        "A. Dupont"
    )
    await fr.named("textbox", fr.w("field.leader_phone"), fr.dialog).fill("+32 00 000 0301")
    form = fr.button("formation.form", fr.dialog, exact=True)
    pumps = fr.dialog.get_by_role("group", name=fr.w.type("pump.high_capacity"))
    for number in (0, 1):
        await pumps.get_by_role("checkbox").nth(number).check()
    await expect(pumps).to_contain_text(fr.w("formation.picked", n=2, of=2))
    await expect(pumps.get_by_role("checkbox").nth(2)).to_be_disabled()
    await expect(form).to_be_disabled()
    await fr.dialog.get_by_role("checkbox", name="Cmd 1").check()
    await fr.dialog.get_by_role("checkbox", name="Camion 1").check()
    await expect(fr.dialog.locator(".formation-sum .strength")).to_have_text(re.compile(r"\d+/\d+/\d+//\d+"))
    await looked_at(fr, "form-formation-fr-1440")
    await form.click()
    await expect(fr.page.locator("h1", has_text="Module Liège 1")).to_be_visible()
    await expect(fr.panel("unit.particulars")).to_contain_text("Camion 1")
    await expect(fr.panel("unit.particulars")).to_contain_text("A. Dupont")
    await looked_at(fr, "formation-fr-1440")
    await fr.go("#/resources")
    await expect(count).to_have_text(f"{fr.w('tally.units', n=20)} \N{MIDDLE DOT} {fr.w('tally.formations', n=1)}")
    await expect(whole).to_contain_text(fr.w("formation.is_of", n=4))
    await expect(fr.page.locator(".unit-item", has_text="Camion 1")).to_contain_text(
        f"{fr.w('formation.part_of')} Module Liège 1"
    )
    await looked_at(fr, "resources-fr-1440")

    await do(ReportIncident, **flood())
    nl = await screens("maas")
    await nl.button("ask", nl.panel("requests"), exact=True).click()
    kind = nl.dialog.get_by_role("combobox", name=nl.w("type"))
    await kind.fill(nl.w.type(MODULE))
    await nl.dialog.get_by_role("option", name=nl.w.type(MODULE)).first.click()
    place = nl.dialog.get_by_role("combobox", name=nl.w("place"))
    await place.fill("Eijsden")
    await nl.dialog.get_by_role("listbox").get_by_role("option", name="Eijsden").first.click()
    await nl.button("ask", nl.dialog, exact=True).click()
    await expect(nl.dialog).to_have_count(0)
    await expect(nl.page.locator(".candidate-list")).to_contain_text("Module Liège 1")

    await whole.locator(".row-open").click()
    await fr.button("formation.change", exact=True).click()
    await fr.dialog.get_by_role("checkbox", name="Cmd 1").uncheck()
    await fr.dialog.get_by_role("checkbox", name="Cmd 2").check()
    await fr.button("write", fr.dialog, exact=True).click()
    await expect(fr.panel("unit.particulars")).to_contain_text("Cmd 2")
    await fr.button("formation.dissolve", exact=True).click()
    await fr.named("textbox", fr.w("why"), fr.dialog).fill("Fin de la crue")
    await fr.button("formation.dissolve", fr.dialog, exact=True).click()
    await expect(count).to_have_text(fr.w("tally.units", n=20))


@pytest.mark.parametrize(
    ("theme", "language", "width"),
    [("light", "de", 390), ("dark", "en", 1440), ("dark", "nl", 390), ("light", "fr", 1440)],
)
async def test_everybody_can_form_one(screens, do, world, theme, language, width):
    """With a thumb, at night, by ear: the form fits, nothing is cut, and axe finds nothing serious."""
    for number in range(14):
        body = {"depot_id": world.depots["luik"], "type_code": "pump.high_capacity", "call_sign": f"Motopompe {number}"}
        await do(AddResource, who=LUIK, ncos=1, crew=2, mobilisation_min=10, **body)
    screen = await screens("luik", theme=theme, language=language, width=width)
    await screen.go("#/resources")
    await expect(screen.page.locator("#units .count")).to_have_text(
        screen.w("tally.units", n=31)
    )  # nothing moves under the thumb
    await screen.button("formation.form", screen.page.locator("#units")).click()
    await screen.dialog.get_by_label(screen.w("formation.type")).select_option(MODULE)
    pumps = screen.dialog.get_by_role("group", name=screen.w.type("pump.high_capacity"))
    await pumps.get_by_role("searchbox").fill("motopompe 12")
    await expect(pumps.get_by_role("checkbox")).to_have_count(1)
    await pumps.get_by_role("checkbox").check()
    await looked_at(screen, f"form-formation-{language}-{theme}-{width}")
    assert await screen.page.evaluate(CUT) == []
    assert [text for text in await screen.page.evaluate(SAID) if LEFT_OPEN.search(text)] == []
    await screen.page.evaluate(AXE.read_text("utf-8"))
    assert await screen.page.evaluate(SERIOUS) == []
