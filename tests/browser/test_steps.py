"""What units that stay for long need, between two control rooms in two languages and two browsers, by what is on the screen.

Only what went before is done behind the screens; each step that a test is about is read, clicked and typed.
"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.commands.crossings import AddCrossing, SetCrossingState
from app.commands.incidents import ReportIncident
from app.commands.missions import AdvanceMission, ReportAtBorder
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.positions import ReportedPosition, ReportPositions, report_positions
from app.commands.rendezvous import AddRendezvous
from app.commands.representatives import NameRepresentative
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from tests.browser.scene import AKEN, LUIK, MAAS, at_work
from tests.world import everywhere, flood

PUMP, NEXT_PUMP, AMBULANCE = "luik pump 1", "luik pump 2", "luik ambulance 1"


@pytest.fixture
async def rooms(screens, start_browser):
    """Maastricht and Liège, each with a browser of its own."""
    return await screens("maas"), await screens("luik", within=await start_browser())


async def arrange(screen, key, unit=PUMP):
    """Open what else can be arranged about a unit, and choose one of it."""
    row = screen.mission(unit).first
    await screen.button("arrange", row).click()
    await screen.button(key, row, exact=True).click()
    await expect(screen.dialog).to_be_visible()


def span(screen, hours):
    """The button that sets a time by how far off it is."""
    return screen.named("button", f"+ {screen.w('hours.short', n=hours)}", screen.dialog, exact=True)


async def confirm(screen, key, within):
    """Say yes to what binds: once on the screen, once in the dialog that says what it means."""
    await screen.button(key, within, exact=True).click()
    await screen.button(key, screen.dialog, exact=True).click()
    await expect(screen.dialog).to_have_count(0)


async def test_an_extension_is_asked_and_granted(rooms, do, world):
    """A unit whose time ends unnoticed drives home in the middle of the night, and the pumps stand still."""
    nl, fr = rooms
    request, _ = await at_work(do, world)
    await nl.open_request(request)
    await arrange(nl, "extension.ask")
    await span(nl, 8).click()
    await nl.named("textbox", nl.w("why"), nl.dialog, exact=True).fill("Het water zakt pas morgen.")
    await nl.button("extension.ask", nl.dialog, exact=True).click()
    waiting = nl.mission(PUMP).first
    await expect(waiting).to_contain_text(nl.w.state("extension", "asked"))
    # Liège has it before its eyes on the operations screen, with the number of who asks
    asked = fr.panel("to_answer")
    await expect(asked).to_contain_text("Het water zakt pas morgen.")
    await expect(asked).to_contain_text(PUMP)
    await expect(asked.locator(".phone a").first).to_be_visible()
    await confirm(fr, "extension.agree", asked)
    await expect(asked).to_have_count(0)
    await expect(waiting).to_contain_text(nl.w.state("extension", "granted"))
    await expect(waiting).to_contain_text(nl.w("relief.due"))


async def test_a_refusal_says_why(rooms, do, world):
    """Who is refused without a reason rings, and asks; and rings again."""
    nl, fr = rooms
    request, _ = await at_work(do, world)
    await nl.open_request(request)
    await arrange(nl, "extension.ask")
    # what the server refuses is told in the form, and what was written stays
    nl.failures_expected = True
    await nl.named("textbox", f"{nl.w('extension.until')}: {nl.w('time.clock')}", nl.dialog).fill("10:00")
    reason = nl.named("textbox", nl.w("why"), nl.dialog, exact=True)
    await reason.fill("Nog een dag.")
    await nl.button("extension.ask", nl.dialog, exact=True).click()
    await expect(nl.dialog.get_by_role("alert")).to_contain_text(nl.w("problem.out-of-range"))
    await expect(reason).to_have_value("Nog een dag.")
    await span(nl, 24).click()
    await nl.button("extension.ask", nl.dialog, exact=True).click()
    await fr.button("refuse", fr.panel("to_answer"), exact=True).click()
    await fr.named("textbox", fr.w("why"), fr.dialog, exact=True).fill("Relève impossible.")
    await fr.button("refuse", fr.dialog, exact=True).click()
    await expect(nl.mission(PUMP).first).to_contain_text("Relève impossible.")


async def test_a_unit_is_sent_elsewhere(rooms, do, world):
    """A pump that stands idle while the next dike breaks: the requester asks, the leader agrees, and both see where it goes."""
    nl, fr = rooms
    request, _ = await at_work(do, world)
    await nl.open_request(request)
    await arrange(nl, "reassignment.ask")
    await nl.named("combobox", nl.w("place"), nl.dialog, exact=True).fill("Gronsv")
    await nl.dialog.get_by_role("option", name="Gronsveld").first.click()
    await nl.named("textbox", nl.w("why"), nl.dialog, exact=True).fill("Daar dreigt de kade te bezwijken.")
    await nl.button("reassignment.ask", nl.dialog, exact=True).click()
    asked = fr.panel("to_answer")
    await expect(asked).to_contain_text(fr.w("reassignment.what", place="Gronsveld"))
    await confirm(fr, "reassignment.agree", asked)
    moved = nl.mission(PUMP).first
    await expect(moved).to_contain_text(nl.w.state("mission", "reassigned"))
    await expect(moved.locator(".mission-facts")).to_contain_text("Gronsveld")


async def test_a_relief_takes_over(rooms, do, world):
    """Both sides have to see who relieves whom, and that somebody is on the way, before the first crew falls asleep."""
    nl, fr = rooms
    request, _ = await at_work(do, world)
    await fr.open_request(request)
    await arrange(fr, "relief.plan")
    await fr.named("radio", NEXT_PUMP, fr.dialog).check()
    await fr.button("relief.send", fr.dialog, exact=True).click()
    await expect(fr.dialog).to_have_count(0)
    await nl.open_request(request)
    first = nl.panel("missions").locator(".mission").filter(has_text=nl.w("relief.by"))
    await expect(first).to_contain_text(NEXT_PUMP)
    second = nl.panel("missions").locator(".mission").filter(has_text=nl.w("relief.of"))
    await expect(second).to_contain_text(PUMP)
    await expect(second).to_contain_text(nl.w.state("mission", "committed"))
    await expect(nl.panel("lines")).to_contain_text(nl.w("fill.full"))


async def test_day_to_day_from_the_call_to_the_hospital(rooms):
    """An ambulance over the border is no disaster: no offer, no incident, no address; and nobody else's list is longer."""
    nl, fr = rooms
    panel = nl.panel("day_to_day")
    await nl.button("day_to_day.ask", panel, exact=True).click()
    await expect(nl.dialog.locator("textarea")).to_have_count(0)
    await nl.named("combobox", nl.w("place"), nl.dialog, exact=True).fill("Eijsd")
    await nl.dialog.get_by_role("option", name="Eijsden").first.click()
    await nl.button("ask", nl.dialog, exact=True).click()
    await expect(nl.dialog).to_have_count(0)
    run = fr.panel("day_to_day").get_by_role("listitem")
    await expect(run).to_contain_text(re.compile(r"5[.,]7"))
    await expect(run).not_to_contain_text("Eijsden")
    await expect(fr.panel("requests")).to_contain_text(fr.w("requests.none"))
    await fr.button("send", run, exact=True).click()
    await expect(fr.named("radio", AMBULANCE, fr.dialog)).to_be_checked()
    await fr.button("units_rolling", fr.dialog, exact=True).click()
    there = panel.get_by_role("listitem")
    await expect(there).to_contain_text(AMBULANCE)
    await expect(there).to_contain_text(nl.w.state("mission", "mobilising"))
    for state in ("in_transit", "on_scene"):
        await fr.named("button", f"→ {fr.w.state('mission', state)}", run, exact=True).click()
        await expect(there).to_contain_text(nl.w.state("mission", state))
    await fr.named("button", f"→ {fr.w.state('mission', 'transporting')}", run, exact=True).click()
    await fr.named("combobox", fr.w("destination"), fr.dialog).fill("Maastr")
    await fr.dialog.get_by_role("option", name="Maastricht").first.click()
    await fr.named("button", f"→ {fr.w.state('mission', 'transporting')}", fr.dialog, exact=True).click()
    await expect(there).to_contain_text("→ Ma")
    await fr.named("button", f"→ {fr.w.state('mission', 'at_destination')}", run, exact=True).click()
    await expect(there).to_contain_text(nl.w.state("mission", "at_destination"))
    # after a new start of the screen it is there again
    await nl.page.reload()
    await nl.live()
    await expect(there).to_contain_text(nl.w.state("mission", "at_destination"))
    await expect(nl.panel("strength")).to_contain_text(nl.w("strength.none"))


async def test_the_shift_is_handed_over(screens, start_browser, do, world):
    """What the night knows and the morning does not is asked twice, or forgotten."""
    night = await screens("maas")
    morning = await screens("maas", role="authorised_representative", within=await start_browser())
    other = await screens("luik")
    await at_work(do, world)
    await night.button("shift.hand_over", night.panel("shift"), exact=True).click()
    await night.named("textbox", night.w("shift.text"), night.dialog).fill("Pompen draaien; brandstof om 06:00.")
    await night.button("shift.hand_over", night.dialog, exact=True).click()
    await expect(night.panel("shift")).to_contain_text(night.w("shift.own"))
    note = morning.panel("shift")
    await expect(note).to_contain_text("Pompen draaien; brandstof om 06:00.")
    await note.get_by_text(morning.w("shift.missions")).click()
    await expect(note).to_contain_text(PUMP)
    await confirm(morning, "shift.take", note)
    taken = morning.w.like("shift.taken_by")
    for screen in (morning, night):
        await expect(screen.panel("shift").get_by_text(taken)).to_be_visible()
    await expect(other.panel("shift")).not_to_contain_text("Pompen")


async def test_who_may_bind_says_whether_they_have_the_duty(rooms, do, world):
    """A request for a signature that goes to somebody who sleeps comes back in the morning."""
    nl, fr = rooms
    who = {"user_id": str(world.users["maas", "authorised_representative"])}
    await do(NameRepresentative, world.members["maas"], who=("maas", "admin"), **who)
    for screen in rooms:
        await choose(screen, "member", world.members["maas"])
    theirs = fr.page.get_by_role("complementary", name=fr.w("chosen"))
    await expect(theirs).to_contain_text(fr.w("duty.nobody"))
    duty = nl.page.get_by_role("complementary", name=nl.w("chosen")).get_by_role("checkbox")
    await duty.click()
    await expect(theirs).to_contain_text(fr.w("duty.on", n=1))
    await nl.button("undo").click()
    await expect(theirs).to_contain_text(fr.w("duty.nobody"))
    await expect(duty).not_to_be_checked()


async def choose(screen, kind, id_):
    """Choose something as a click on its sign on the map does: a canvas tells nobody where it has drawn it."""
    await screen.page.evaluate(
        "([kind, id]) => import('/static/console/router.js').then(({ chosen }) => { chosen.value = { kind, id }; })",
        [kind, str(id_)],
    )


async def test_a_crossing_is_closed_until_and_the_unit_goes_another_way(rooms, do, world):
    """A convoy that learns at the barrier that it is down has lost half an hour; and whoever reopens it forgets one."""
    nl, fr = rooms
    request, _ = await at_work(do, world, state="in_transit")
    await fr.open_request(request)
    await nl.panel("crossings").get_by_role("button", name="Eijsden").click()
    card = nl.page.get_by_role("complementary", name=nl.w("chosen"))
    await nl.button("crossing.change", card).click()
    await nl.named("radio", nl.w.word("crossing_controls", "closed"), nl.dialog).check()
    await span(nl, 2).click()
    await nl.button("crossing.close", nl.dialog, exact=True).click()
    await expect(card).to_contain_text(nl.w.word("crossing_controls", "closed"))
    barred = fr.mission(PUMP).first
    await expect(barred).to_contain_text(fr.w("barred.until", name="Eijsden"))
    # opened in passing by another hand meanwhile? Not: the only way between the two is closed, and the list says why
    await fr.button("reroute", barred.locator(".barred"), exact=True).click()
    way = fr.dialog.get_by_role("button", name="Eijsden")
    await expect(way).to_be_disabled()
    await expect(way).to_contain_text(fr.w("barred.until", name="Eijsden"))
    await fr.press("Escape")
    await do(SetCrossingState, world.crossings["eijsden"], who=MAAS, control="none")
    await expect(barred.locator(".barred")).to_have_count(0)


async def abroad(do, world, *border):
    """Let Liège's first pump go to Aachen by way of Maastricht, over Eijsden and Vaals, as far as ``border`` says; returns the ids of the request and of a
    second crossing from there into Germany."""
    for code, control in (("lichtenbusch", "closed"), ("eijsden", "checks"), ("vaals", "none")):
        await do(SetCrossingState, world.crossings[code], who=SYSTEM, control=control)
    sides = {"member_a_id": world.members["maas"], "member_b_id": world.members["aken"], "capacity_vph": 600}
    body = {"code": "bocholtz", "names": everywhere("Bocholtz"), "lon": 6.02, "lat": 50.85, "control": "none"}
    bocholtz = (await do(AddCrossing, who=SYSTEM, **body, **sides, delay_min=30)).id
    incident = await do(ReportIncident, who=AKEN, **flood())
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 6.08, "lat": 50.78}
    asked = await do(DraftRequest, who=AKEN, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    named = {
        "request_line_id": asked.rows["request_line"][0]["id"],
        "resource_id": str(world.units("luik", "pump")[0]),
    }
    offer = await do(MakeOffer, asked.id, who=LUIK, lines=[named])
    await do(AcceptOffer, offer.id, who=AKEN)
    (mission,) = (await do(CommitOffer, offer.id, who=LUIK)).rows["mission"]
    for state in ("mobilising", "in_transit"):
        await do(AdvanceMission, mission["id"], who=LUIK, to=state)
    for state in border:
        await do(ReportAtBorder, mission["id"], who=LUIK, to=state)
    return asked.id, bocholtz


async def test_a_cleared_unit_goes_another_way_into_the_country_of_the_place(screens, do, world):
    """Between two borders the second one closed, and the list had only crossings that lay behind it."""
    request, bocholtz = await abroad(do, world, "at_border", "cleared")
    fr = await screens("luik")
    await fr.open_request(request)
    going = fr.mission(PUMP).first
    await expect(going).to_contain_text(fr.w.state("mission", "cleared"))
    await do(SetCrossingState, world.crossings["eijsden"], who=MAAS, control="closed")
    await do(SetCrossingState, world.crossings["vaals"], who=MAAS, control="closed")
    await expect(going.locator(".barred")).to_contain_text(fr.w("barred.closed", name="Vaals"))
    await fr.button("reroute", going.locator(".barred"), exact=True).click()
    await expect(fr.dialog.get_by_role("button", name="Vaals")).to_be_disabled()
    await expect(fr.dialog.get_by_role("button", name="Eijsden")).to_have_count(0)
    await fr.dialog.get_by_role("button", name="Bocholtz").click()
    await expect(going.locator(".mission-facts")).to_contain_text("Bocholtz")
    await expect(going).to_contain_text(fr.w.state("mission", "in_transit"))
    await expect(going.locator(".barred")).to_have_count(0)
    # it is not over yet: what closes there is told, too
    await do(SetCrossingState, bocholtz, who=MAAS, control="closed")
    await expect(going.locator(".barred")).to_contain_text(fr.w("barred.closed", name="Bocholtz"))


async def test_a_unit_between_two_borders_goes_back_to_its_way_from_where_it_is(screens, do, world, application, clock):
    """Undone, its way led back through Belgium, over the border that was behind it."""
    request, _ = await abroad(do, world)
    fr = await screens("luik")
    await fr.open_request(request)
    going = fr.mission(PUMP).first
    await expect(going.locator(".mission-facts")).to_contain_text("Eijsden → Vaals")
    await do(SetCrossingState, world.crossings["eijsden"], who=MAAS, control="closed")
    await expect(going.locator(".barred")).to_contain_text(fr.w("barred.closed", name="Eijsden"))
    told = ReportedPosition(resource_id=world.units("luik", "pump")[0], lon=5.9, lat=50.82, at=clock.now())
    await report_positions(
        application.state.door, ReportPositions(items=(told,)), actor=world.actor(*LUIK), space="live"
    )
    await expect(going.locator(".barred")).to_have_count(0)
    await do(SetCrossingState, world.crossings["eijsden"], who=MAAS, control="checks")
    await do(SetCrossingState, world.crossings["lichtenbusch"], who=SYSTEM, control="none")
    await arrange(fr, "reroute")
    await fr.dialog.get_by_role("button", name="Bocholtz").click()
    await expect(going.locator(".mission-facts")).to_contain_text("Bocholtz")
    await fr.button("undo").click()
    await expect(going.locator(".mission-facts")).to_contain_text("Vaals")
    await expect(going.locator(".mission-facts")).not_to_contain_text(re.compile("Eijsden|Lichtenbusch|Bocholtz"))


async def test_met_led_supplied_and_measured(rooms, do, world):
    """Who meets it, who speaks for it, what it brings, where it fuels, what it took: each is one dialog away, for whoever may."""
    nl, fr = rooms
    await do(
        AddRendezvous, code="gronsveld", guide_code="M3", names=everywhere("Gronsveld"), kind="staging_area",
        lon=5.73, lat=50.81, capacity=1, fuel=True,
    )  # fmt: skip
    request, mission = await at_work(do, world, state="in_transit")
    for screen in rooms:
        await screen.open_request(request)
    ours, theirs = nl.mission(PUMP).first, fr.mission(PUMP).first
    await arrange(nl, "rendezvous.send")
    place = nl.dialog.get_by_role("button", name="M3")
    await expect(place).to_contain_text(nl.w("room.left", n=1, of=1))
    await place.click()
    await expect(theirs.locator(".mission-facts")).to_contain_text("M3")
    await nl.button("undo").click()
    await expect(theirs.locator(".mission-facts")).not_to_contain_text("M3")

    await nl.button("guide.name", ours, exact=True).click()
    await nl.named("textbox", nl.w("person.name"), nl.dialog).fill("Jan Peters")
    await nl.named("textbox", nl.w("person.phone"), nl.dialog).fill("+31 00 000 0144")
    await nl.button("person.save", nl.dialog, exact=True).click()
    await expect(theirs).to_contain_text("Jan Peters")
    await expect(theirs.get_by_role("link", name="+31 00 000 0144")).to_be_visible()

    await arrange(fr, "liaison.name")
    await fr.named("textbox", fr.w("person.name"), fr.dialog).fill("Cdt Lambert")
    await fr.button("person.save", fr.dialog, exact=True).click()
    await expect(ours).to_contain_text("Cdt Lambert")

    await fr.button("manifest.write", theirs, exact=True).click()
    await fr.button("item.add", fr.dialog).click()
    await fr.named("textbox", fr.w("item"), fr.dialog).fill("tuyaux")
    await fr.button("person.save", fr.dialog, exact=True).click()
    await expect(ours).to_contain_text("tuyaux")

    await fr.button("support.ask", theirs, exact=True).click()
    await fr.named("spinbutton", fr.w("support.count.fuel"), fr.dialog).fill("200")
    await fr.button("support.ask", fr.dialog, exact=True).click()
    await expect(ours).to_contain_text(nl.w("support.fuel", n=200))
    await nl.button("support.confirm", ours, exact=True).click()
    await nl.named("textbox", nl.w("support.where"), nl.dialog).fill("Kazerne Zuid")
    await nl.button("support.confirm", nl.dialog, exact=True).click()
    await expect(theirs).to_contain_text("Kazerne Zuid")

    for step, who in (("on_scene", LUIK), ("returning", LUIK)):
        if step == "returning":
            await nl.button("release_mission", ours, exact=True).click()
            await nl.button("release_mission", nl.dialog, exact=True).click()
            await expect(theirs).to_contain_text(fr.w.state("mission", "released"))
        await do(AdvanceMission, mission, who=who, to=step)
    await do(AdvanceMission, mission, who=LUIK, to="returned")
    await fr.button("measures.write", theirs, exact=True).click()
    await fr.named("spinbutton", fr.w("measures.kilometres"), fr.dialog).fill("64.5")
    await fr.button("person.save", fr.dialog, exact=True).click()
    await expect(ours).to_contain_text("64,5 km")
