"""The resources screen: what there is, what is free, what can be there in time; and a unit taken out of service before the other side's eyes."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.commands.crossings import SetCrossingState
from app.commands.resources import ChangeResource, SetResourceStatus
from tests.browser.scene import busy

PUMP = "luik pump 1"


async def open_resources(screen, query=""):
    """Go to the resources, and wait until all of them have been read."""
    await screen.page.evaluate("query => { location.hash = `#/resources${query}`; }", query)
    await expect(screen.page.locator(".unit-item").first).to_be_visible()


def row(screen, call_sign):
    """A unit's row in the list."""
    return screen.page.locator(".unit-item").filter(has=screen.page.get_by_text(call_sign, exact=True))


def total(screen, side):
    """The button that tells how many are free on a side, or on all."""
    boxes = screen.page.locator(".count-box")
    return boxes.filter(has_text=re.compile(f"^{side}")) if side else boxes.first


async def test_the_other_side_sees_a_unit_go_out_of_service(screens, world):
    """Who counts on a pump that broke down an hour ago sends nobody else; both control rooms have to read the same."""
    be, nl = await screens("luik"), await screens("maas")
    await open_resources(nl)
    await expect(nl.page.locator(".unit-item")).to_have_count(len(world.resources))
    before = int(await total(nl, "BE").locator(".count-free").inner_text())
    await nl.named("combobox", nl.w("resource_type")).select_option("pump.high_capacity")
    await nl.named("combobox", nl.w("side")).select_option("BE")
    pumps = nl.page.locator(".unit-item")
    await expect(pumps).to_have_count(len(world.units("luik", "pump")) + len(world.units("hasselt", "pump")))
    assert "type=pump.high_capacity" in nl.page.url
    assert "side=BE" in nl.page.url
    await expect(row(nl, PUMP)).to_contain_text(nl.w.state("resource", "available"))

    await open_resources(be)
    await be.press("/")
    await be.type(PUMP)
    await expect(be.page.locator(".unit-item")).to_have_count(1)
    await be.named("link", be.w("open_unit", unit=PUMP)).click()
    await expect(be.page.get_by_role("heading", level=1)).to_have_text(PUMP)
    await be.button("unit.take_out").click()
    await be.named("button", be.w.word("out_of_service_reasons", "damage"), be.dialog).click()
    await expect(be.dialog).to_have_count(0)

    told = f"{nl.w.state('resource', 'out_of_service')}: {nl.w.word('out_of_service_reasons', 'damage')}"
    await expect(row(nl, PUMP)).to_contain_text(told)
    await expect(total(nl, "BE").locator(".count-free")).to_have_text(str(before - 1))
    history = be.panel("timeline").get_by_role("listitem")
    await expect(history.first).to_contain_text(be.w.word("out_of_service_reasons", "damage"))
    await be.button("unit.bring_back").click()
    await expect(row(nl, PUMP)).to_contain_text(nl.w.state("resource", "available"))
    await nl.page.locator(".row-open").first.click()
    await expect(nl.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(nl.button("unit.take_out")).to_have_count(0)  # it is not theirs


async def test_a_link_shows_the_same(screens, world):
    """ "Look at these pumps", sent to a colleague, must not show them something else."""
    screen = await screens("maas", language="en")
    await open_resources(screen, f"?type=pump.high_capacity&member={world.members['aken']}&status=available")
    await expect(screen.page.locator(".unit-item")).to_have_count(len(world.units("aken", "pump")))
    await expect(screen.named("combobox", screen.w("resource_type"))).to_have_value("pump.high_capacity")
    await screen.page.reload()
    await screen.live()
    await expect(screen.page.locator(".unit-item")).to_have_count(len(world.units("aken", "pump")))
    await screen.button("units.show_all").click()
    await expect(screen.page.locator(".unit-item")).to_have_count(len(world.resources))


async def test_what_can_be_there_within_an_hour(screens, do, world):
    """Over a border that closes meanwhile, a unit that was twenty minutes away is not there at all."""
    screen = await screens("maas", language="en")
    await open_resources(screen)
    await screen.named("combobox", screen.w("within.of")).fill("Eijsden")
    await screen.page.get_by_role("option", name="Eijsden").first.click()
    await expect(row(screen, PUMP)).to_contain_text("Eijsden")
    minutes = [
        int(re.match(r"\d+", each)[0]) for each in await screen.page.locator(".unit-item .eta").all_inner_texts()
    ]
    assert minutes
    assert minutes == sorted(minutes)
    assert max(minutes) <= 60
    assert "min=60" in screen.page.url
    await do(SetCrossingState, world.crossings["eijsden"], who=("luik", "dispatcher"), control="closed")
    await screen.page.reload()
    await screen.live()
    await expect(screen.page.locator(".unit-item").first).to_be_visible()
    await expect(row(screen, PUMP)).to_have_count(0)


@pytest.mark.parametrize("keep", [True, False])
async def test_two_who_change_the_same_unit(screens, do, world, keep):
    """Whoever saves later would wipe out what a colleague wrote about the crew, and neither would know."""
    screen = await screens("luik", language="en")
    screen.failures_expected = True
    unit = world.resources["luik-pump-1"]
    await screen.page.evaluate("id => { location.hash = `#/resource/${id}`; }", str(unit))
    await screen.button("unit.change").click()
    await screen.named("spinbutton", screen.w("field.crew"), screen.dialog).fill("7")
    await do(ChangeResource, unit, who=("luik", "dispatcher"), crew=2, mobilisation_min=25)
    await screen.button("write", screen.dialog).click()
    cells = screen.dialog.get_by_role("row").filter(has=screen.page.get_by_role("rowheader")).get_by_role("cell")
    await expect(cells).to_have_text(["7", "2"])
    await screen.button("conflict.keep_theirs" if keep else "conflict.send_mine", screen.dialog).click()
    await expect(screen.dialog).to_have_count(0)
    await expect(screen.panel("unit.particulars")).to_contain_text(f"0/1/{2 if keep else 7}//")


async def test_keys(screens):
    """One hand on the telephone: down the list, into the unit, and back."""
    screen = await screens("luik", language="en")
    await open_resources(screen)
    rows = screen.page.locator(".unit-item")
    await screen.press("j", "j", "k")
    await expect(screen.page.locator(".unit-item.now")).to_have_count(1)
    assert await rows.first.get_attribute("id") == await screen.page.locator(".unit-item.now").get_attribute("id")
    name = await rows.first.locator("strong").inner_text()
    await screen.press("o")
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text(name)
    await screen.press("Escape")
    await expect(rows.first).to_be_visible()
    await screen.press("?")
    await expect(screen.dialog).to_contain_text(screen.w("key.filter_units"))
    await screen.press("Escape")


async def test_figures_narrow_the_list(screens, do, world):
    """A figure that nobody can look behind is a figure that nobody believes."""
    screen = await screens("maas", language="en")
    await do(SetResourceStatus, world.resources["maas-pump-1"], status="out_of_service", reason="crew")
    await open_resources(screen)
    cell = screen.named("button", re.compile(rf"^{screen.w.type('pump.high_capacity')}, .*Netherlands"))
    await cell.click()
    await expect(screen.page.locator(".unit-item")).to_have_count(len(world.units("maas", "pump")) - 1)
    await expect(cell).to_have_attribute("aria-pressed", "true")
    await screen.button("units.show_all").click()
    await screen.button("stock.depots").click()
    await screen.named("button", re.compile("Depot maas"), screen.panel("stock")).first.click()
    at_home = sum(1 for name in world.resources if name.startswith("maas-"))
    await expect(screen.page.locator(".unit-item")).to_have_count(at_home)


async def test_a_unit_tells_of_its_mission(screens, do, world):
    """Whoever asks where the pump is must not have to know on which request it went out."""
    full = await busy(do, world)
    screen = await screens("luik", language="en")
    await screen.page.evaluate("id => { location.hash = `#/resource/${id}`; }", str(world.resources["luik-pump-1"]))
    work = screen.panel("unit.work")
    await expect(work).to_contain_text(screen.w.state("mission", "in_transit"))
    await expect(work.get_by_role("link", name=full.subject["ref"])).to_be_visible()
    history = screen.panel("timeline").get_by_role("listitem")
    await expect(history.filter(has_text=screen.w.state("mission", "in_transit"))).to_have_count(1)
    await expect(history.last).to_contain_text(screen.w("unit.event.added"))
