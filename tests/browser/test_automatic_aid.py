"""Automatic aid on three screens: alarmed in Maastricht, *cannot* in Liège, *rolling* in Aachen, by what is on the screens alone."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.automatic_aid import AlarmAutomaticAid, PassAutomaticAlarm
from app.commands.incidents import ReportIncident
from app.commands.requests import AcknowledgeRequest, DraftRequest
from app.commands.response_commitments import BreakResponseCommitment
from app.delivery import filling
from app.domain.authority import SYSTEM
from tests.browser.test_every_screen import AXE, SERIOUS, cut
from tests.world import box, everywhere, flood

LUIK = ("luik", "dispatcher")
PUMP = "pump.high_capacity"
PROMISE = {"acknowledge_min": 5, "answer_min": 15, "turn_out_min": 10, "binding": "obligatory"}


@pytest.fixture
async def signed(do, world):
    """A clause of automatic aid along the Meuse: Liège first, then Aachen; and a response that binds."""
    parties = [world.members[each] for each in ("maas", "luik", "aken")]
    clause = {
        "types": [PUMP],
        "strip": box(5.6, 50.7, 5.9, 50.9),
        "quantity": 2,
        "lenders": [str(each) for each in parties[1:]],
    }
    drafted = await do(
        DraftAgreement,
        who=("maas", "authorised_representative"),
        code="automatic",
        names=everywhere("Automatic aid on the Meuse"),
        lenders=parties,
        borrowers=parties,
        terms={"kinds": ["immediate"], "automatic_aid": [clause], "response": [PROMISE]},
        effective_at=datetime(2026, 1, 1, tzinfo=UTC),
        precedence=10,
    )
    await do(ProposeAgreement, drafted.id, who=("maas", "authorised_representative"))
    for member in ("maas", "luik", "aken"):
        await do(ConsentToAgreement, drafted.id, who=(member, "authorised_representative"))
    return drafted.id


@pytest.fixture
async def incident(do):
    """A flood at Eijsden, inside the strip."""
    return await do(ReportIncident, **flood())


def band(screen):
    """The band over a lender's screen that waits for its word."""
    return screen.page.locator(".automatic-band")


def waiting(screen, kind):
    """The alarms of a kind that wait for somebody."""
    return screen.page.locator(".alarm-list li.waits").filter(has_text=screen.w(f"alarm.{kind}"))


async def choose(screen, title):
    """Choose an incident in the list of incidents."""
    await screen.panel("incidents").get_by_role("button").filter(has_text=title).first.click()


async def alarm(screen):
    """Alarm for one pump, from the incident's card."""
    await choose(screen, "Meuse over its banks")
    await screen.button("automatic_aid", screen.page.locator(".chosen")).click()
    lenders = screen.dialog.get_by_role("listitem")
    await expect(lenders).to_have_count(2)
    await expect(lenders.first).to_contain_text("Liège")
    await screen.button("automatic.alarm", screen.dialog).click()
    await expect(screen.dialog).to_have_count(0)


async def test_cannot_by_the_first_rolling_by_the_second(screens, signed, incident, world):
    """A dispatcher alarms with three clicks, the second lender's pump rolls, and nobody has rung anybody."""
    maas, luik, aken = await screens("maas"), await screens("luik", width=390, height=844), await screens("aken")
    await alarm(maas)
    own = maas.panel("automatic_aid")
    await expect(own).to_contain_text("Liège")
    await expect(own.get_by_role("timer")).to_have_count(1)
    await expect(band(luik)).to_contain_text("Maastricht")
    await expect(band(luik).get_by_role("timer")).to_contain_text(":")
    await expect(waiting(luik, "automatic_alarm")).to_have_count(1)
    await expect(band(aken)).to_have_count(0)
    await luik.button("automatic.cannot", band(luik)).click()
    await (
        luik.page.get_by_role("dialog")
        .get_by_role("button")
        .filter(has_text="Urgence sur son propre territoire")
        .click()
    )
    await expect(band(luik)).to_have_count(0)
    await expect(waiting(luik, "automatic_alarm")).to_have_count(0)
    await expect(own).to_contain_text("Eigen noodsituatie")
    await expect(band(aken)).to_contain_text("Maastricht")
    await aken.button("automatic.rolling", band(aken)).click()
    await expect(aken.dialog.get_by_role("radio")).to_have_count(2)
    await aken.dialog.get_by_role("radio", name="aken pump 2").check()
    await aken.button("automatic.rolling", aken.dialog).click()
    await expect(band(aken)).to_have_count(0)
    await expect(own).to_have_count(0)
    await maas.page.locator(".requests .row-open").first.click()
    await expect(maas.mission("aken pump 2")).to_contain_text("Wordt gealarmeerd")
    turns = maas.panel("automatic_aid").locator(".turn")
    await expect(turns).to_have_count(2)
    await expect(turns.first).to_contain_text("Kan niet")
    await expect(turns.last).to_contain_text("Rijdt uit")


@pytest.fixture
def late_fill(monkeypatch):
    """How far lines are filled is told a second after what changed it, as under load."""
    fill = filling.queries.fill

    async def late(*about, **more):
        await asyncio.sleep(1)
        return await fill(*about, **more)

    monkeypatch.setattr(filling.queries, "fill", late)


async def test_when_nobody_is_left_it_is_loud(screens, signed, incident, application, clock, do, late_fill):
    """Four minutes of silence, and the one who needs the pump knows that nobody comes, whatever is told first."""
    maas = await screens("maas")
    await alarm(maas)
    door = application.state.door
    for turn in (1, 2):
        own = maas.panel("automatic_aid").locator(".turn")
        await expect(own).to_have_count(turn)
        clock.move(minutes=2)
        async with door.engine.connect() as conn:
            row = await conn.exec_driver_sql("SELECT id FROM automatic_alarm WHERE status = 'alarmed'")
            id_ = UUID(str(row.scalar_one()))
        await door.execute(PassAutomaticAlarm(), actor=SYSTEM, space="live", target=id_)
    await expect(waiting(maas, "automatic_unfilled")).to_have_count(1)
    await expect(maas.panel("automatic_aid")).to_contain_text("Er is niemand meer te alarmeren")


async def test_without_a_clause_there_is_no_button(screens, signed, do, world):
    """A button that can only refuse would be pressed at the wrong moment."""
    await do(ReportIncident, **flood(title="Brand in Kerkrade", area=box(6.0, 50.9, 6.01, 50.91)))
    maas = await screens("maas")
    await choose(maas, "Brand in Kerkrade")
    await expect(maas.button("ask", maas.page.locator(".chosen"))).to_be_visible()
    await expect(maas.button("automatic_aid", maas.page.locator(".chosen"))).to_have_count(0)


async def test_what_was_promised_is_shown_with_its_figure(screens, signed, incident, do, application, clock):
    """Both sides read the same figure, and a broken word that binds is an alarm until it is made up for."""
    line = {"type_code": PUMP, "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    maas, luik = await screens("maas"), await screens("luik")
    await maas.open_request(asked.id)
    await luik.open_request(asked.id)
    await expect(maas.panel("commitments").locator(".commitment-of")).to_have_count(2)
    await expect(luik.panel("commitments").locator(".commitment-of")).to_have_count(1)
    clock.move(minutes=6)
    door = application.state.door
    async with door.engine.connect() as conn:
        rows = await conn.exec_driver_sql("SELECT id FROM response_commitment WHERE step = 'acknowledge'")
        ids = [UUID(str(row[0])) for row in rows]
    for id_ in ids:
        await door.execute(BreakResponseCommitment(), actor=SYSTEM, space="live", target=id_)
    await expect(waiting(luik, "broken_commitment")).to_have_count(1)
    await expect(waiting(maas, "broken_commitment")).to_have_count(2)
    await do(AcknowledgeRequest, asked.id, who=LUIK)
    await expect(waiting(luik, "broken_commitment")).to_have_count(0)
    first = luik.panel("commitments").locator(".commitment").first
    await expect(first).to_contain_text(re.compile(r"6(,\d)? min"))
    await expect(first).to_contain_text("Non respecté")


@pytest.mark.parametrize(
    ("theme", "width", "language"),
    [("light", 1440, "fr"), ("dark", 390, "de"), ("light", 390, "nl"), ("dark", 1440, "en")],
)
async def test_for_everybody_and_whole(screens, signed, incident, do, theme, width, language):
    """Two minutes leave no time to guess at words that are cut, or at colours that nobody can tell apart."""
    await do(AlarmAutomaticAid, incident.id, type_code=PUMP, quantity=2, lon=5.7, lat=50.78, place="Sluis Ternaaien")
    axe = AXE.read_text("utf-8")
    wrong = {}

    async def look(screen, name):
        wrong[name] = [*await cut(screen), *await screen.page.evaluate(SERIOUS)]

    luik = await screens("luik", theme=theme, width=width, language=language)
    await luik.page.evaluate(axe)
    await expect(band(luik)).to_have_count(1)
    await look(luik, "the band")
    await luik.button("automatic.rolling", band(luik)).click()
    await expect(luik.dialog.get_by_role("checkbox")).to_have_count(3)
    await look(luik, "rolling")
    await luik.page.keyboard.press("Escape")
    await luik.button("automatic.cannot", band(luik)).click()
    await look(luik, "cannot")
    maas = await screens("maas", theme=theme, width=width, language=language)
    await maas.page.evaluate(axe)
    if width < 800:
        await maas.button("part.situation", exact=True).click()
    await expect(maas.panel("automatic_aid")).to_be_visible()
    await look(maas, "progress")
    await choose(maas, "Meuse over its banks")
    if width < 800:
        await maas.button("part.map", exact=True).click()
    await maas.button("automatic_aid", maas.page.locator(".chosen")).click()
    await expect(maas.dialog.get_by_role("listitem")).to_have_count(2)
    await look(maas, "alarming")
    assert not {name: found for name, found in wrong.items() if found}
