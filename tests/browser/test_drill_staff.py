"""The screens of those who run and evaluate a drill: led by its clock, judged by its journal, and closed to those who play."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import PASSWORD
from tests.browser.drills import Staged
from tests.browser.test_every_screen import AXE, LEFT_OPEN, SAID, SERIOUS, cut
from tests.commands.drilling import CONTROLLER, DIRECTOR_BE, DIRECTOR_NL, EVALUATOR, LIEGE, MAASTRICHT, SAFETY, SCRIPT

SEEN = "expect: {by: [nl-maastricht], action: {en: Reads it back, de: Liest vor, fr: Le relit, nl: Leest voor}}"
WITH_EYES = SCRIPT.replace("by_hand: true,", f"by_hand: true, {SEEN},")
"""What the last inject expects can only be seen."""


@pytest.fixture
def database(corridor_database):
    """The demonstration corridor, in place of the small world."""
    return corridor_database


@pytest.fixture
async def stage(application, clock):
    """The people of the small drill, with passwords."""
    made = await Staged(application.state.door, clock).learn()
    await made.seat(PASSWORD, DIRECTOR_NL, EVALUATOR, CONTROLLER, SAFETY, MAASTRICHT)
    return made


@pytest.fixture
def sits(screens):
    """Opens the screen of somebody (member, role) at a tab of a drill."""

    async def opens(who, drill, tab, *, language="en", **how):
        screen = await screens(who[0], role=who[1], language=language, **how)
        await screen.go(f"#/drill/{drill}?tab={tab}")
        return screen

    return opens


async def played(stage):
    """A drill that was played to its end, with a request of the player's; returns its id and its space."""
    drill, space = await stage.started(WITH_EYES)
    await stage.until(minutes=6)
    await stage.asks_for_pumps(MAASTRICHT, space)
    await stage.until(minutes=4)
    await stage.does("pause_drill", drill)
    for who in (DIRECTOR_NL, DIRECTOR_BE):
        await stage.does("resume_drill", drill, who=who)
    await stage.until(minutes=1)
    await stage.does("end_drill", drill)
    return drill, space


async def test_a_controller_pauses_injects_and_ticks(stage, sits):
    """With the telephone in one hand, nothing may jump away, and whose word is missing has to be seen."""
    drill, space = await stage.started(WITH_EYES)
    await stage.until(minutes=6)
    director = await sits(DIRECTOR_NL, drill, "control")
    controller = await sits(CONTROLLER, drill, "control")
    clock = director.page.locator(".control-top")
    await expect(director.button("control.jump", clock)).to_be_disabled()
    await expect(clock).to_contain_text(director.w("control.awaited"))
    await director.press("p")
    await director.named("textbox", director.w("why"), director.dialog).fill("Somebody fell.")
    await director.button("control.pause", director.dialog, exact=True).click()
    await expect(clock).to_contain_text(director.w("control.paused"))
    await director.button("control.resume", clock).click()
    await director.button("control.resume", director.dialog, exact=True).click()
    await expect(clock.locator(".word-given")).to_contain_text("NL")
    await expect(clock.locator(".word-missing")).to_contain_text("BE")

    spare = controller.page.locator("#inject-spare")
    now = controller.button("control.inject_now", spare)
    await expect(now).to_have_count(0)  # nothing is delivered while the clock stands
    await stage.does("resume_drill", drill, who=DIRECTOR_BE)
    chosen = controller.page.locator("#inject-flood .inject-button")
    await chosen.click()
    await now.click()
    await controller.button("control.inject_now", controller.dialog, exact=True).click()
    await expect(spare).to_contain_text(controller.w("control.state.delivered"))
    assert "spare" in await stage.deliveries(space)
    await controller.button("control.tick", spare).click()
    await controller.named("textbox", re.compile(controller.w("note")), controller.dialog).fill("Word by word.")
    await controller.button("control.tick", controller.dialog, exact=True).click()
    await expect(spare).to_contain_text(controller.w("control.ticked"))
    await expect(spare).to_contain_text("Word by word.")

    await chosen.focus()
    request = await stage.asks_for_pumps(MAASTRICHT, space)
    await stage.until(minutes=3)
    await expect(controller.page.locator("#inject-pumps")).to_contain_text(controller.w("control.state.delivered"))
    await expect(controller.page.locator("#inject-flood")).to_contain_text(controller.w.word("drill_standings", "done"))
    await expect(chosen).to_be_focused()
    await expect(chosen).to_have_attribute("aria-expanded", "true")
    await controller.page.locator("#inject-flood .expectation .entry-link").click()
    await expect(controller.dialog).to_contain_text(controller.w("entry.when"))
    assert request.subject["status"] == "open"


async def test_staff_stop_it_from_where_they_sit(stage, sits, screens):
    """Who leads it in live would look for the way into the drill first; and those beside it would wonder where everybody is."""
    drill, _ = await stage.started(WITH_EYES)
    await stage.until(minutes=6)
    await stage.seat(PASSWORD, ("de-aachen", "dispatcher"))
    director, beside = (
        await screens(DIRECTOR_NL[0], role=DIRECTOR_NL[1], language="en"),
        await screens("de-aachen", language="nl"),
    )
    await director.go(f"#/drill/{drill}")
    await expect(director.page.locator(".control-top")).to_be_visible()
    await expect(director.page.locator(".exercise-mark.of-script:visible")).to_have_count(2)
    await director.button("drill.stop", director.page.locator(".drill-screen")).click()
    await director.dialog.locator(".dialog-foot .button").click()
    await expect(director.page.locator(".control-over")).to_contain_text(director.w("control.stopped"))
    await expect(director.page.locator("#inject-flood")).to_contain_text(director.w("control.no_more"))
    await expect(director.page.locator("#objectives .objective .rating:not(.none)")).to_have_count(0)
    told = beside.page.locator(".drill-line.stopped")
    await expect(told).to_contain_text(beside.w("drills_now.stopped"))
    await expect(director.page.locator(".real-emergency")).to_have_count(0)


async def test_an_evaluator_overrules_and_notes_what_was_seen(stage, sits):
    """A word against a figure that names no entry is an opinion."""
    drill, _ = await played(stage)
    evaluator = await sits(EVALUATOR, drill, "evaluate")
    form = evaluator.panel("observation.write")
    await form.locator("summary").click()
    entry = form.locator(".entry-pick").filter(has_text="Request opened")
    seq = int((await entry.locator(".entry-seq").inner_text()).lstrip("#"))
    await entry.click()
    await evaluator.named("radio", evaluator.w("observation.improvement"), form).check(force=True)
    await evaluator.named("textbox", evaluator.w("observation.text"), form).fill("Nobody rang first.")
    await evaluator.button("observation.keep", form).click()
    note = evaluator.panel("observations").get_by_role("listitem")
    await expect(note).to_contain_text(f"#{seq}")
    await expect(note).to_contain_text("Nobody rang first.")

    asked = evaluator.panel("objectives").get_by_role("listitem").filter(has_text="Asked")
    await expect(asked).to_contain_text(re.compile(r"00:01:\d\d"))
    await evaluator.button("evaluate.overrule", asked).click()
    # The entries come after the dialog, and move what stands in it.
    await expect(evaluator.dialog.locator(".entry-pick").filter(has_text="Request opened")).to_be_visible()
    await evaluator.named("radio", re.compile("^M "), evaluator.dialog).check(force=True)
    overrule = evaluator.button("evaluate.overrule", evaluator.dialog, exact=True)
    await expect(overrule).to_be_disabled()
    await evaluator.named("textbox", evaluator.w("why"), evaluator.dialog).fill("By the wrong channel.")
    await evaluator.dialog.locator(".entry-pick").filter(has_text="Request opened").click()
    await overrule.click()
    await expect(asked).to_contain_text(evaluator.w("evaluate.overruled", a="P", b="M"))
    await expect(asked.locator(".rating.r-M")).to_be_visible()
    await expect(asked).to_contain_text(f"#{seq}")


async def test_the_report_shows_what_was_measured(stage, sits):
    """Two papers with two figures, and the treasurer believes neither."""
    drill, _ = await played(stage)
    await stage.does("write_hot_wash", drill, who=LIEGE, went_well="The radio.", to_improve="We rang too late.")
    await stage.does("hold_hot_wash", drill, summary="Ring first.")
    director = await sits(DIRECTOR_NL, drill, "report")
    rated = director.panel("drill_report.ratings").get_by_role("listitem").filter(has_text="Asked")
    await expect(rated).to_contain_text(re.compile(r"00:01:\d\d"))
    await expect(rated.locator(".rating.r-P")).to_be_visible()
    line = director.panel("drill_report.time_line")
    await expect(line.locator(".tl-injects > li")).to_have_count(8)
    await expect(line).to_contain_text(director.w.like("drill_report.all_paused"))
    await expect(line.locator(".tl-cities")).to_contain_text("Liège")
    await expect(director.panel("drill_report.wash")).to_contain_text("We rang too late.")
    for link in await director.page.locator("#report-head a[download]").all():
        answer = await director.page.request.get(f"http://{director.address}{await link.get_attribute('href')}")
        assert answer.ok, answer.url
    await director.button("action.add").click()
    await director.named("textbox", director.w("action.text"), director.dialog).fill("Ring within five minutes.")
    await director.dialog.locator("input[type=date]").fill("2026-09-01")
    await director.button("action.add", director.dialog, exact=True).click()
    action = director.page.locator(".action")
    await expect(action).to_contain_text("Ring within five minutes.")
    await director.button("action.done", action, exact=True).click()
    await expect(action).to_have_class(re.compile("done"))
    await director.button("action.dropped", action).click()
    await director.named("textbox", director.w("why"), director.dialog).fill("Others do it.")
    await director.button("action.dropped", director.dialog, exact=True).click()
    await expect(action).to_contain_text("Others do it.")
    await director.button("drill_report.close").click()
    await director.button("drill_report.close", director.dialog, exact=True).click()
    await expect(director.page.locator(".drill-screen > header .state")).to_have_text(
        director.w.state("drill", "closed")
    )
    await director.go("#/improvement")
    await expect(director.page.locator(".action")).to_contain_text("Ring within five minutes.")
    await expect(director.panel("trends").get_by_text("Asked")).to_be_visible()


async def test_the_report_says_whose_word_it_was(stage, sits):
    """One word more than what was computed, and the page of the whole drill stood empty."""
    drill, _ = await played(stage)
    evaluator = await stage.seated(*EVALUATOR)
    for rating, reason in (("S", "By the wrong channel."), ("P", "They were told to ring.")):
        known = await stage.rated(drill, "asked")
        await stage.does(
            "overrule_rating", drill, who=evaluator, objective="asked", rating=rating, reason=reason, revision=known
        )
    await stage.does(
        "overrule_rating", drill, who=EVALUATOR, objective="kept", rating="P", reason="Counted on the yard."
    )
    director = await sits(DIRECTOR_NL, drill, "report", language="nl")
    rated = director.panel("drill_report.ratings")
    words = rated.locator(".objective").filter(has_text="Gevraagd").locator(".overrules > li")
    await expect(words).to_have_count(2)
    await expect(words.first).to_contain_text(director.w("drill_report.replaced"))
    await expect(words.last).to_contain_text("Maastricht")
    await expect(words.last).to_contain_text(director.w("evaluate.overruled", a="S", b="P"))
    confirmed = rated.locator(".objective").filter(has_text="Behouden").locator(".overrules > li")
    await expect(confirmed).to_contain_text(director.w("evaluate.confirmed", a="P"))


async def test_the_report_tells_why_it_was_stopped(stage, sits):
    """The first word is often wrong; who reads the report later has to see both, and whose they are."""
    drill, _ = await stage.started(WITH_EYES)
    await stage.until(minutes=6)
    await stage.does("stop_drill", drill, who=LIEGE, reason="Smoke in our building")
    await stage.does("explain_stop", drill, who=await stage.seated(*SAFETY), reason="Fire at the town hall")
    director = await sits(DIRECTOR_NL, drill, "report")
    told = director.page.locator(".stop-reasons > li")
    await expect(told).to_have_count(2)
    await expect(told.first).to_contain_text(director.w("drill_report.replaced"))
    await expect(told.last).to_contain_text("Fire at the town hall")
    await expect(told.last).to_contain_text("Liège")


async def test_who_plays_finds_neither_the_tabs_nor_what_is_on_them(stage, sits):
    """One look at the script, and nothing that is measured afterwards means anything."""
    drill, _ = await stage.started(WITH_EYES)
    player = await sits(MAASTRICHT, drill, "control")
    await expect(player.page.locator(".drill-screen")).to_be_visible()
    for tab in ("control", "evaluate", "report"):
        await expect(player.button(f"drill.tab.{tab}", exact=True)).to_have_count(0)
    await expect(player.page.locator(".control-top, .injects")).to_have_count(0)
    for what in ("control", "script", "observations"):
        answer = await player.page.request.get(f"http://{player.address}/api/v1/spaces/live/drills/{drill}/{what}")
        assert answer.status == 403, what
    assert not [url for url in player.requests if url.endswith(("/control", "/script", "/observations"))]


async def test_a_safety_officer_pauses_a_site_without_the_script(stage, sits):
    """Somebody fell, and who looks after that has to look for a director first."""
    drill, _ = await stage.started()
    safety = await sits(SAFETY, drill, "plan")
    await expect(safety.button("drill.tab.control", exact=True)).to_have_count(0)
    await safety.button("control.pause").click()
    await safety.named("radio", "East", safety.dialog).check(force=True)
    await safety.button("control.pause", safety.dialog, exact=True).click()
    await expect(safety.dialog).to_have_count(0)
    assert (await stage.play(drill)).clock.paused_sites == {"east"}


async def test_every_language_fits_and_says_everything(stage, screens):
    """A German controller on a telephone in the rain, or an evaluator who does not see."""
    drill, _ = await played(stage)
    await stage.does("observe_drill", drill, who=EVALUATOR, kind="strength", text="Very calm.", seq=20)
    await stage.does("hold_hot_wash", drill, summary="Ring first.")
    owner = stage.members["nl-maastricht"]
    await stage.does("add_corrective_action", drill, text="Ring first.", owner_member_id=owner, due_on="2026-09-01")
    running, _ = await stage.started(WITH_EYES)
    await stage.until(minutes=6)
    await stage.does("pause_drill", running, site="east")
    await stage.does("pause_drill", running)
    shown = {
        f"#/drill/{running}?tab=control": "#events-list .inject",
        f"#/drill/{running}?tab=evaluate": "#rated .objective",
        f"#/drill/{drill}?tab=report": "#report-ratings .objective",
        "#/improvement": ".trend",
    }
    for language in ("en", "de", "fr", "nl"):
        screen = await screens("nl-maastricht", role="exercise_director", language=language)
        for address, sight in shown.items():
            await screen.go(address)
            await screen.page.locator(sight).first.wait_for()
            for width in (1440, 390):
                await screen.page.set_viewport_size({"width": width, "height": 900})
                assert await cut(screen) == [], (language, address, width)
            said = await screen.page.evaluate(SAID)
            assert [text for text in said if LEFT_OPEN.search(text)] == [], (language, address)
            if language == "de":
                for theme in ("light", "dark"):
                    await screen.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                    await screen.page.evaluate(AXE.read_text("utf-8"))
                    assert await screen.page.evaluate(SERIOUS) == [], (address, theme)


async def test_a_calendar_is_subscribed_to_by_a_secret_address(stage, screens):
    """A calendar program sends no headers: with the address alone it showed nothing, and somebody put a token of theirs into it."""
    screen = await screens(MAASTRICHT[0], role=MAASTRICHT[1], language="nl", width=390)
    await screen.go("#/drills")
    await screen.button("drill.calendar").click()
    await screen.button("drill.calendar.make", screen.dialog).click()
    field = screen.named("textbox", screen.w("drill.calendar.address"), screen.dialog)
    first = await field.input_value()
    path = first.partition("/api/")[2]
    assert path.startswith("v1/calendar.ics?key=concord_")
    await screen.button("copy", screen.dialog).click()
    assert await stranger_reads(screen, first) == 200
    assert await cut(screen) == []
    await screen.button("drill.calendar.renew", screen.dialog).click()
    await expect(screen.dialog.get_by_role("alert")).to_contain_text(screen.w("drill.calendar.renew.text"))
    await screen.button("drill.calendar.renew", screen.dialog).click()
    await expect(field).not_to_have_value(first)
    second = await field.input_value()
    assert [await stranger_reads(screen, each) for each in (first, second)] == [401, 200]
    await screen.button("drill.calendar.revoke", screen.dialog).click()
    await screen.button("drill.calendar.revoke", screen.dialog).click()
    await expect(screen.dialog).to_contain_text(screen.w("drill.calendar.none"))
    assert await stranger_reads(screen, second) == 401


async def stranger_reads(screen, address):
    """The status of an address for somebody without a session."""
    async with httpx.AsyncClient() as client:
        return (await client.get(address)).status_code
