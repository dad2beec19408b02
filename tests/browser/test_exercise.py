"""A drill's space on the screen: nobody takes it for the real thing, nobody reads its script there, and anybody can stop it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from app.domain.drills.texts import EXERCISE
from tests.browser.conftest import PASSWORD
from tests.browser.drills import Staged
from tests.browser.screen import shows
from tests.browser.test_every_screen import AXE, SERIOUS, cut
from tests.commands.drilling import DIRECTOR_BE, LIEGE, MAASTRICHT, SCRIPT

SECRETS = ("Sirenum", "Gondola", "Mandarin", "Quetzal")
"""Words of the script that nobody who plays may come across: what is to come, what is expected, what it is judged by, an id."""


def with_secrets():
    """The small scenario, with words in it that are easy to find."""
    text = SCRIPT
    for old, new in zip(("en: Pumps", "en: Asks,", "en: Answered", "id: spare"), SECRETS, strict=True):
        assert old in text
        text = text.replace(old, f"{old.split(':')[0]}: {new}{',' if old.endswith(',') else ''}")
    return text.replace("Quetzal", "quetzal")


@pytest.fixture
def database(corridor_database):
    """The demonstration corridor, in place of the small world."""
    return corridor_database


@pytest.fixture
async def stage(application, clock):
    """The people of the small drill, with passwords."""
    made = await Staged(application.state.door, clock).learn()
    await made.seat(PASSWORD, DIRECTOR_BE, MAASTRICHT, LIEGE)
    return made


@pytest.fixture
async def drill(stage):
    """A drill that has just begun: its id and its space."""
    return await stage.started(with_secrets())


@pytest.fixture
def enters(screens, address):
    """Opens the console of a drill's space: ``screen = await enters(MAASTRICHT, space)``."""

    async def opened(who, space, *, language="nl", **how):
        screen = await screens(who[0], role=who[1], language=language, **how)
        await screen.page.goto(f"http://{address}/console/{space}")
        await screen.live()
        await expect(screen.page.locator(".exercise-band .drill-time")).to_be_visible()
        return screen

    return opened


@pytest.fixture
def plays(enters, drill):
    """Opens the console of the space of ``drill``: ``screen = await plays(MAASTRICHT)``."""

    async def opened(who, **how):
        return await enters(who, drill[1], **how)

    return opened


async def test_nobody_takes_it_for_real(plays):
    """Whoever believed the flood of an exercise would send the engines that a real one needs; in whatever language they read."""
    screen = await plays(MAASTRICHT, width=390, height=844)
    band = screen.page.locator(".exercise-band")
    for language, word in EXERCISE.items():
        await screen.page.locator(".language select").select_option(language)
        await expect(screen.page).to_have_title(re.compile(f"^{word} {word} {word} "))
        first, *others = re.split(r"\s{2,}|\n", (await band.locator(".exercise-mark").inner_text()).strip())
        assert first == f"{word} {word} {word}"
        assert {first, *others} == {" ".join([each] * 3) for each in EXERCISE.values()}
    await screen.page.locator(".language select").select_option("nl")
    for hash_ in ("#/exercise", "#/resources", "#/agreements", "#/operations"):
        await screen.go(hash_)
        await expect(band).to_be_in_viewport(ratio=1)
        await expect(screen.page).to_have_title(re.compile("^OEFENING OEFENING OEFENING "))
    await expect(screen.named("link", screen.w("to_live"), band)).to_have_attribute("href", "/console")
    now = await band.locator(".drill-time").inner_text()
    await expect(band.locator(".drill-time")).not_to_have_text(now)  # its clock goes
    await screen.page.emulate_media(media="print")
    marks = screen.page.locator(".exercise-mark")
    await expect(marks).to_have_count(2)
    await expect(marks.last).to_be_visible()


async def test_who_plays_is_told_and_reads_no_script(plays, stage):
    """A dispatcher who had read what comes would practise nothing, and whoever was not heard would wait in vain."""
    screen, bodies = await plays(MAASTRICHT), []

    async def read(route):
        answer = await route.fetch()
        bodies.append(await answer.text())
        await route.fulfill(response=answer)

    await screen.page.route("**/api/**", read)
    await screen.go("#/exercise")
    told = screen.panel("told")
    await expect(told.get_by_role("listitem")).to_have_count(1)
    await screen.button("told.read", told).click()
    await screen.open_operations()
    await expect(screen.page.locator(".drill-line")).to_have_count(0)
    await stage.until(minutes=6)
    line = screen.page.locator(".drill-line")
    await expect(line).to_have_text(screen.w.like("drills_now.told"))
    await expect(screen.page.locator(".alarms > summary")).to_contain_text("1")
    await screen.named("link", screen.w("drills_now.read"), line).click()
    await expect(told.get_by_role("listitem").first).to_contain_text("Water")
    await screen.press("a")
    await screen.page.reload()
    await expect(told.get_by_role("listitem")).to_have_count(2)
    await expect(told.locator(".unread")).to_have_count(0)
    heard = [str(frame) for socket in screen.sockets for frame in socket["heard"]]
    everything = " ".join([*bodies, *heard, await screen.page.content()]).lower()
    assert "water" in everything, "what was told is found in what was read"
    assert not [word for word in SECRETS if word.lower() in everything]


async def test_who_waits_knows_for_whom(plays, drill, stage):
    """A player who is refused everything would ring around for whoever can let it go on, or go home."""
    screen = await plays(MAASTRICHT, language="fr")
    await screen.go("#/exercise")
    now = screen.page.locator("#exercise-now")
    await stage.does("pause_drill", drill[0], site="west")
    await stage.does("pause_drill", drill[0], reason="Chute")
    await expect(now.locator(".clock-words")).to_have_count(
        1
    )  # Maastricht plays in the east: what is west's is not its matter
    await expect(now.locator(".clock-words")).to_contain_text(screen.w("control.paused"))
    missing = now.locator(".word-missing")
    await expect(missing).to_have_count(2)
    await expect(missing.locator("a[href^='tel:']")).to_have_count(2)
    await stage.does("resume_drill", drill[0], who=DIRECTOR_BE)
    await expect(missing).to_have_count(1)
    assert await cut(screen) == []


async def test_a_real_emergency_stops_it_everywhere(plays, screens):
    """While houses burn on one side, the other would go on answering the exercise."""
    ours, theirs = await plays(MAASTRICHT), await plays(LIEGE, language="fr")
    live = await screens(DIRECTOR_BE[0], role=DIRECTOR_BE[1], language="fr")
    await live.go("#/drills")
    row = live.page.locator(".drill-row")
    await expect(live.page.locator(".drill-line")).to_contain_text(live.w.like("drills_now.played"))
    await theirs.button("report_incident").click()
    band = theirs.page.locator(".exercise-band")
    took = await shows(
        ours.page.locator(".exercise-band .real-emergency").click(),
        band.get_by_text(theirs.w("exercise.stopped")),
        row.get_by_text(live.w.state("drill", "stopped")),
        live.page.locator(".drill-line.stopped"),
    )
    assert took < 5000  # a second on a machine that does nothing else
    await expect(theirs.button("report.draw_area", theirs.dialog)).to_be_disabled()
    await expect(theirs.dialog).to_contain_text(theirs.w("problem.space-frozen"))
    await theirs.press("Escape")
    await expect(theirs.button("report_incident")).to_have_count(0)
    await expect(theirs.button("drill.stop")).to_have_count(0)
    await ours.dialog.get_by_role("textbox").fill("Brand op het stadhuis")
    await ours.button("drill.stopped.say", ours.dialog).click()
    await expect(row).to_contain_text("Brand op het stadhuis")
    await expect(live.page.locator(".drill-line.stopped")).to_contain_text(live.w("drills_now.says", who="Maastricht"))
    await ours.named("link", ours.w("to_live"), ours.page.locator(".exercise-band")).click()
    await expect(ours.page).to_have_url(re.compile(r"/console(#.*)?$"))


async def test_for_everybody(plays, screens, drill):
    """Nothing serious by axe's rules in either theme, and nothing cut: the schedule, a drill's page, a participant's, on a telephone too."""
    schedule = await screens(DIRECTOR_BE[0], role=DIRECTOR_BE[1], language="fr")
    player = await plays(MAASTRICHT, language="de")
    for screen, hash_, seen in (
        (schedule, "#/drills", ".drill-row"),
        (schedule, f"#/drill/{drill[0]}?tab=plan", "#handbook"),
        (player, "#/exercise", ".told"),
    ):
        await screen.page.evaluate(AXE.read_text("utf-8"))
        await screen.go(hash_)
        await screen.page.locator(seen).first.wait_for()
        for _ in ("light", "dark"):
            await screen.page.get_by_role(
                "button", name=re.compile("|".join((screen.w("theme.dark"), screen.w("theme.light"))))
            ).click()
            assert not await screen.page.evaluate(SERIOUS), hash_
        for width in (1440, 390):
            await screen.page.set_viewport_size({"width": width, "height": 844})
            await asyncio.sleep(0.1)
            assert not await cut(screen), (hash_, width)


async def test_an_hour_that_is_none_or_two_is_told_at_the_field(screens, stage):
    """A drill that is set for half past two on the wrong Sunday would be held at some other hour, or on each side at another."""
    await stage.planned()
    screen = await screens(DIRECTOR_BE[0], role=DIRECTOR_BE[1], language="fr")
    await screen.go("#/drills")
    await screen.button("drill.schedule", screen.page.locator(".drill-row")).click()
    day, clock = (screen.dialog.get_by_label(screen.w(key)) for key in ("time.day", "time.clock"))
    send = screen.button("drill.schedule", screen.dialog)
    await day.fill("2027-03-28")
    await clock.fill("02:30")
    gap = screen.w("schedule.gap", zone="Europe/Brussels", earlier="01:30", later="03:30")
    await expect(screen.dialog).to_contain_text(gap)
    await expect(send).to_be_disabled()
    await day.fill("2026-10-25")
    await expect(screen.dialog).to_contain_text(screen.w("schedule.twice"))
    await screen.named("radio", screen.w("schedule.second", time="01:30 Z"), screen.dialog).check()
    await send.click()
    row = screen.page.locator(".drill-row")
    await expect(row).to_contain_text(screen.w.state("drill", "scheduled"))
    await expect(row.locator(".drill-instant")).to_have_attribute("datetime", "2026-10-25T01:30:00.000Z")


async def test_another_drill_of_those_who_play_is_told_before_an_hour_is_chosen(screens, stage):
    """Who chooses an hour at which Maastricht plays another drill would learn of it by a refusal, and choose the next one blindly."""
    first = await stage.planned()
    await stage.does("schedule_drill", first, start="2026-10-06T09:00", time_zone="Europe/Brussels")
    second = await stage.planned()
    screen = await screens(DIRECTOR_BE[0], role=DIRECTOR_BE[1], language="de", width=390)
    await screen.go(f"#/drill/{second}?tab=plan")
    await screen.button("drill.schedule").click()
    told = screen.dialog.locator("#schedule-booked")
    await expect(told).to_contain_text(screen.w("schedule.booked"))
    await expect(told.locator("li")).to_contain_text((await stage.drill(first))["code"])
    await expect(told.locator(".drill-instant")).to_have_attribute("datetime", "2026-10-06T07:00:00.000Z")
    assert await cut(screen) == []


SAFE = "{role: safety_officer, member: be-liege}"
RADIO = "communications: [{means: radio, detail: DEMO-DRILL-9, use: {en: Simulation cell, de: Sim, fr: Sim, nl: Tegenspel}}, {"


async def test_no_authority_is_rung_in_an_exercise(stage, enters):
    """At three in the morning a number is rung: the national crisis centre would hear of a flood that is not there."""
    script = SCRIPT.replace(SAFE, f"{SAFE}\n  - {{role: simcell, member: de-aachen}}").replace(
        "communications: [{", RADIO
    )
    _, space = await stage.started(script)
    request = await stage.asks_for_pumps(MAASTRICHT, space)
    screen = await enters(MAASTRICHT, space)
    for hash_ in ("#/operations", f"#/request/{request.id}"):
        await screen.go(hash_)
        panel = screen.panel("notices")
        await expect(panel).to_contain_text("Nationaal Crisiscentrum")
        await expect(panel).to_contain_text(screen.w("notices.exercise"))
        await expect(panel).to_contain_text("Aken")
        await expect(panel).to_contain_text("DEMO-DRILL-9")
        await expect(panel.locator("a[href^='tel:']")).to_have_count(0)
    await screen.button("notice.confirm", panel).first.click()
    await expect(screen.dialog).to_contain_text(screen.w("notices.exercise"))
    await expect(screen.dialog.locator("a[href^='tel:']")).to_have_count(0)
