"""The plan on the screen: who goes where and why not, what a closed bridge would change, and what it does change once it is closed."""

from __future__ import annotations

import re

from playwright.async_api import expect

from app.commands.crossings import SetCrossingState
from app.commands.incidents import ReportIncident
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource
from app.domain.authority import SYSTEM
from tests.world import flood

PUMP = "pump.high_capacity"
MAAS = ("maas", "dispatcher")


async def test_the_plan_and_the_recommendations_follow_a_bridge(screens, do, world):
    """A dispatcher asks what the bridge is worth before anybody closes it; then it is closed, and both lists say so without a key being pressed."""
    await do(SetCrossingState, world.crossings["lichtenbusch"], who=SYSTEM, control="closed")  # no way round by Germany
    made = await asked(do, 6)
    nl, fr = await screens("maas"), await screens("luik")
    await nl.page.get_by_role("link", name=nl.w("plan"), exact=True).click()
    lines = nl.panel("plan.lines")
    await expect(lines).to_contain_text("luik pump 1")
    await expect(lines).to_contain_text(nl.w("plan.ad_hoc"))
    await expect(nl.panel("plan.change")).to_contain_text(nl.w.like("plan.no_change"))
    ask = nl.panel("plan.what_if")
    await ask.get_by_label(nl.w("plan.what_if.crossing_closed")).select_option(label="Eijsden")
    await nl.button("plan.what_if.ask", ask).click()
    await expect(ask.get_by_role("status")).to_contain_text("Liège → ")

    await fr.open_request(made.id)
    shown = fr.panel("candidates").get_by_role("listitem")
    await expect(shown.filter(has_text="luik pump 1")).to_contain_text("Eijsden")
    await do(SetCrossingState, world.crossings["eijsden"], who=SYSTEM, control="closed")
    await expect(shown.filter(has_text="luik pump 1")).to_have_count(0)  # among those that can't come, which is folded
    await expect(shown.filter(has_text="maas pump 1")).to_be_visible()
    await expect(nl.panel("plan.change")).to_contain_text("Liège → ", timeout=30_000)
    await expect(nl.panel("plan.change")).to_contain_text(nl.w.like("plan.change.since"))
    await expect(lines).not_to_contain_text("luik pump 1")


async def test_what_would_be_if_is_told_whole_and_stays_while_it_is_read(screens, do, world):
    """An agreement set aside changed "nothing", the new plan was nowhere to be seen, and the answer went away after five seconds under the reader's eyes."""
    await asked(do, 9)
    nl = await screens("maas")
    await nl.go("#/plan")
    ask = nl.panel("plan.what_if")
    difference = ask.get_by_role("status")
    await expect(nl.button("plan.what_if.ask", ask)).to_be_disabled()
    await ask.get_by_label(nl.w("plan.what_if.agreement_suspended")).select_option(index=1)
    await nl.button("plan.what_if.ask", ask).click()
    await expect(difference).to_contain_text("Liège → ")
    await expect(difference).to_contain_text(f"v1 → {nl.w('plan.ad_hoc')}")
    await expect(difference).not_to_contain_text(nl.w("plan.same"))
    await ask.get_by_label(nl.w("plan.what_if.agreement_suspended")).select_option(index=0)
    await ask.get_by_label(nl.w("plan.what_if.crossing_closed")).select_option(label="Vaals")
    await ask.get_by_label(nl.w("plan.what_if.type_code")).select_option(value=PUMP)
    await ask.locator(".plan-reserve").get_by_role("combobox").first.select_option(label="BE Liège")
    await ask.get_by_label(nl.w("plan.what_if.by")).select_option(value="-1")
    await nl.button("plan.what_if.ask", ask).click()
    fewer = nl.w("plan.what_if.fewer_home", n=1)
    await expect(difference.get_by_role("heading")).to_contain_text(
        f"{nl.w('plan.what_if.crossing_closed')}: Vaals · Liège"
    )
    await expect(difference.get_by_role("heading")).to_contain_text(fewer)
    await expect(difference.get_by_text("2 → 3")).to_be_visible()  # Liège's third pump, which stood at home
    await ask.get_by_text(nl.w("plan.what_if.whole")).click()
    whole = ask.locator("details")
    await expect(whole).to_contain_text("luik pump 3")
    await expect(whole.locator(".why-not").first).to_be_visible()
    await expect(nl.button("send", whole)).to_have_count(0)
    await do(SetCrossingState, world.crossings["eijsden"], who=SYSTEM, control="closed")
    await expect(difference).to_contain_text(nl.w.like("plan.what_if.gone_on"), timeout=30_000)
    await expect(difference.get_by_text("2 → 3")).to_be_visible()
    await nl.button("plan.what_if.again", ask).click()
    await expect(difference).not_to_contain_text(nl.w.like("plan.what_if.gone_on"))
    await expect(difference.get_by_role("heading")).to_contain_text(fewer)


async def test_units_of_the_plan_are_sent_and_asked_for_in_one_step(screens, do, world):
    """The plan sent three pumps of Liège, and Liège had to look for each of them in another list to send it."""
    await asked(do, 6)
    nl, fr = await screens("maas"), await screens("luik")
    await fr.go("#/plan")
    await expect(fr.panel("plan.now")).to_contain_text(fr.w("plan.now.newly"))
    row = fr.panel("plan.lines").get_by_role("listitem").filter(has_text="luik pump 1").last
    await expect(row.locator("time")).to_be_visible()
    await expect(row).to_contain_text(fr.w("eta.readies", n=10))
    send = fr.named("button", fr.w("send_unit", unit="luik pump 1, luik pump 2"), row)
    await expect(send).to_have_text(fr.w("plan.send_all", n=2))
    await send.click()
    await expect(row).to_contain_text("luik pump 1: ")
    await expect(row).to_contain_text("luik pump 2: ")
    await expect(row.get_by_role("button")).to_have_count(0)
    await expect(fr.panel("plan.now")).to_contain_text(fr.w("plan.now.counts", under_way=0, kept=2), timeout=30_000)

    await nl.go("#/plan")
    theirs = nl.panel("plan.lines").get_by_role("listitem").filter(has_text="aken pump 1").last
    await nl.button("ask", theirs).click()
    await expect(nl.dialog).to_contain_text("Aachen")
    await expect(nl.dialog.get_by_role("textbox")).to_have_value(re.compile("aken pump 1"))
    await nl.button("ask", nl.dialog).click()
    await expect(nl.dialog).to_have_count(0)


async def test_own_units_that_come_after_many_others_can_be_sent(screens, do, world):
    """Twelve units of others came before: "5 others could come later" was all that Liège could read of its own, and none could be sent."""
    for number in range(14):
        await do(
            AddResource, who=SYSTEM, member_id=world.members["maas"], depot_id=world.depots["maas"], type_code=PUMP,
            call_sign=f"nearer {number:02}", crew=3, mobilisation_min=1,
        )  # fmt: skip
    for number in range(4, 9):
        await do(
            AddResource, who=SYSTEM, member_id=world.members["luik"], depot_id=world.depots["luik"], type_code=PUMP,
            call_sign=f"luik pump {number}", crew=3, mobilisation_min=10 + number,
        )  # fmt: skip
    made = await asked(do, 1)
    fr = await screens("luik")
    await fr.open_request(made.id)
    shown = fr.panel("candidates").get_by_role("listitem")
    await expect(shown.get_by_text(fr.w("candidates.own_later"))).to_be_visible()
    await expect(shown.filter(has_text="luik pump 3")).to_be_visible()
    await expect(shown.filter(has_text="luik pump 4")).to_have_count(0)
    await fr.button("candidates.show_more_own", fr.panel("candidates")).click()
    await expect(shown.filter(has_text="luik pump 8")).to_be_visible()
    await expect(shown.filter(has_text="nearer 13")).to_have_count(0)
    await fr.button("candidates.show_more", fr.panel("candidates"), exact=True).click()
    await expect(shown.filter(has_text="nearer 13")).to_be_visible()
    await fr.open_operations()
    await fr.request_row("Eijsden").first.locator(".row-button").click()
    await expect(fr.panel("candidates").get_by_text(fr.w("candidates.first_own"))).to_be_visible()
    await fr.button("send_unit", fr.panel("candidates"), unit="luik pump 1").click()
    await expect(shown.filter(has_text="luik pump 1").get_by_role("button")).to_have_count(0)


async def test_who_keeps_some_at_home_is_named_with_its_telephone(screens, do, world):
    """ "The lender keeps 1 at home, holds 2 units back": of two lenders, and neither was named. Whoever reads must know whom to ring."""
    await asked(do, 9)
    nl = await screens("maas")
    await nl.go("#/plan")
    whys = nl.panel("plan.lines").locator(".why-not")
    aken, luik = whys.filter(has_text="Aachen"), whys.filter(has_text="Liège")
    for each in (aken, luik):
        await expect(each).to_have_count(1)
        await expect(each.locator("a[href^='tel:']")).to_be_visible()
        await expect(each).to_contain_text(nl.w("plan.holds_back", n=1))
    await expect(whys.filter(has_text=nl.w("plan.holds_back", n=2))).to_have_count(0)


async def asked(do, quantity):
    """An open request of maas for pumps to save lives."""
    incident = await do(ReportIncident, who=MAAS, **flood())
    line = {
        "type_code": PUMP,
        "quantity": quantity,
        "priority": "life_safety",
        "lon": 5.7,
        "lat": 50.78,
        "place": "Eijsden",
    }
    return await do(DraftRequest, who=MAAS, incident_id=incident.id, kind="immediate", lines=[line], then="open")
