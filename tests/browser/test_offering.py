"""Offering a unit, from the list of who can get there first: once, by who may, and without losing a word when it is refused."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.incidents import ReportIncident
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from tests.world import flood

PUMP = "pump.high_capacity"
LUIK, MAAS = ("luik", "dispatcher"), ("maas", "dispatcher")
WHY = "Le préfet est d'accord."


@pytest.fixture
async def asked(do):
    """Maastricht asks for four pumps; the ids of its request and of the line."""
    incident = await do(ReportIncident, **flood())
    line = {"type_code": PUMP, "quantity": 4, "priority": "life_safety", "lon": 5.7, "lat": 50.78, "place": "Eijsden"}
    made = await do(DraftRequest, who=MAAS, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    return made.id, UUID(made.rows["request_line"][0]["id"])


def candidate(screen, call_sign):
    return screen.panel("candidates").get_by_role("listitem").filter(has_text=call_sign)


async def test_a_unit_is_sent_once(screens, asked):
    """The list still says *Send* beside the pump that was just offered, and the second click is refused."""
    fr = await screens("luik")
    await fr.open_request(asked[0])
    sent = candidate(fr, "luik pump 1")
    await fr.button("send_unit", sent, unit="luik pump 1").click()
    await expect(sent).to_contain_text(fr.w.state("offer", "offered"))
    await expect(sent.get_by_role("button")).to_have_count(0)
    await fr.open_operations()
    await fr.request_row(fr.w.type(PUMP)).get_by_role("button").click()
    await expect(candidate(fr, "luik pump 1")).to_contain_text(fr.w.state("offer", "offered"))
    await expect(candidate(fr, "luik pump 1").get_by_role("button")).to_have_count(0)


async def test_below_the_reserve_goes_who_may_and_a_refusal_keeps_the_reason(screens, asked, do, world):
    """A dispatcher writes a reason that nobody may act on; a representative loses it because a colleague was faster."""
    request, line = asked
    for unit in world.units("luik", "pump")[:2]:
        offered = {"request_line_id": line, "resource_id": unit, "quantity": 1}
        await do(MakeOffer, request, who=LUIK, lines=[offered])
    fr = await screens("luik")
    await fr.open_request(request)
    last = candidate(fr, "luik pump 3")
    await expect(last).to_contain_text(fr.w("reserve.ask_representative"))
    await expect(last.get_by_role("button")).to_have_count(0)

    binds = await screens("luik", role="authorised_representative")
    await binds.open_request(request)
    await binds.button("send_unit", candidate(binds, "luik pump 3"), unit="luik pump 3").click()
    reason = binds.dialog.get_by_role("textbox")
    await reason.fill(WHY)
    offered = {"request_line_id": line, "resource_id": world.units("luik", "pump")[2], "quantity": 1}
    await do(
        MakeOffer, request, who=("luik", "authorised_representative"), lines=[offered | {"override_reserve": {"reason": "Autre."}}]
    )  # fmt: skip
    binds.failures_expected = True
    await binds.button("reserve.override", binds.dialog, exact=True).click()
    await expect(binds.dialog).to_have_count(2)
    await binds.button("understood", binds.dialog.last, exact=True).click()
    await expect(binds.dialog).to_have_count(1)
    await expect(reason).to_have_value(WHY)


async def test_an_address_of_nothing_says_so(screens):
    """Half a link, pasted at night, must not answer with the name of a field."""
    screen = await screens("luik", role="finance")
    screen.failures_expected = True
    for of, what in (
        ("request", "request"), ("resource", "unit"), ("agreement", "agreement"), ("claim", "claim"), ("statement", "statement"),
    ):  # fmt: skip
        await screen.go(f"#/{of}/zz")
        alert = screen.page.get_by_role("alert")
        await expect(alert).to_contain_text(screen.w(f"{what}.not_found"))
        await expect(alert).to_contain_text(screen.w(f"{what}.not_found.text"))
        await expect(screen.button("go_to", alert)).to_be_visible()


async def test_what_was_rung_about_is_asked_where_nothing_is_chosen(screens, do):
    """`i`, Enter, and a pump rolls to a town that nobody has rung about."""
    screen = await screens("luik")
    await do(ReportIncident, **flood(title="Meuse à Eijsden"))
    await do(ReportIncident, **flood(title="Meuse à Itteren"))
    await expect(screen.panel("incidents").get_by_role("listitem")).to_have_count(2)
    await screen.press("i")
    await expect(screen.dialog).to_contain_text(screen.w("call.which_incident"))
    await screen.dialog.get_by_role("button", name="Meuse à Eijsden").click()
    rolling = screen.button("units_rolling", screen.dialog, exact=True)
    await expect(rolling).not_to_be_focused()
    await expect(screen.dialog.get_by_role("radio").first).to_be_focused()
    await screen.press("Enter")
    await expect(rolling).to_be_focused()
    await expect(screen.panel("calls")).to_have_count(0)


async def test_a_call_says_how_long_it_will_last(screens, do, pg):
    """The centre that lends counts on its pump for the night, and nobody has told it that it will be away for two days."""
    fr = await screens("luik")
    await do(ReportIncident, **flood(title="Meuse à Eijsden"))
    await expect(fr.panel("incidents").get_by_role("listitem")).to_have_count(1)
    await fr.press("i")
    hours = fr.named("spinbutton", fr.w.like("call.hours"), fr.dialog)
    await hours.fill("0")
    await fr.button("units_rolling", fr.dialog, exact=True).click()
    await expect(fr.dialog).to_have_count(1)  # the browser says that it is at least one
    await hours.fill("48")
    await fr.button("units_rolling", fr.dialog, exact=True).click()
    await expect(fr.dialog).to_have_count(0)
    estimate = await (await pg()).fetchval("SELECT estimate FROM offer_line")
    assert json.loads(estimate)["hours"] == "48.00"


async def test_an_arrival_that_is_not_known_is_not_told(screens, asked, do, world):
    """*Arrival in* and a dash, on a telephone, where the list of candidates that knows better is on another page."""
    request, line = asked
    offered = {"request_line_id": line, "resource_id": world.units("luik", "pump")[0], "quantity": 1}
    await do(MakeOffer, request, who=LUIK, lines=[offered])
    fr = await screens("luik", width=390, height=844)
    await fr.open_request(request)
    facts = fr.panel("offers").locator(".inline-facts")
    await expect(facts).to_contain_text(fr.w("agreement"))
    told = await facts.locator("div").filter(has_text=fr.w("eta")).all_inner_texts()
    assert not [text for text in told if "\N{EN DASH}" in text], told
