"""What no agreement allows, and a representative does all the same: by name, with a reason, and asked for where it is refused."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.incidents import ReportIncident
from app.commands.reassignments import ReassignMission
from app.commands.reliefs import PlanRelief
from app.commands.requests import DraftRequest
from tests.browser.scene import at_work
from tests.conftest import NOON
from tests.world import everywhere, flood

PUMP = "pump.high_capacity"
LUIK, MAAS = ("luik", "dispatcher"), ("maas", "dispatcher")
REPRESENTATIVE = "authorised_representative"
WHY = "The governor agreed by telephone."


@pytest.fixture
async def capped(do, world):
    """Liège and Maastricht let one pump at a time go, and this counts before everything else."""
    parties = [world.members[code] for code in ("maas", "luik")]
    signs = [(code, REPRESENTATIVE) for code in ("maas", "luik")]
    drafted = await do(
        DraftAgreement, who=signs[0], code="one-pump", names=everywhere("One pump"), lenders=parties, borrowers=parties,
        precedence=1, effective_at=NOON - timedelta(days=1),
        terms={"kinds": ["immediate"], "types": [PUMP], "caps": {"units": [{"type": PUMP, "most": 1}]}},
    )  # fmt: skip
    await do(ProposeAgreement, drafted.id, who=signs[0])
    for who in signs:
        await do(ConsentToAgreement, drafted.id, who=who)


async def _goes_beyond(screen, action):
    reason = screen.named("textbox", screen.w("why"), screen.dialog.last)
    await reason.fill(WHY)
    await screen.button(action, screen.dialog.last, exact=True).click()
    await expect(screen.dialog).to_have_count(0)


async def test_a_unit_of_who_has_no_agreement_is_sent(screens, do, pg):
    """Help is there and nobody has signed anything: it would be left out, or sent by who must not bind the city."""
    incident = await do(ReportIncident, **flood())
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78, "place": "Eijsden"}
    asked = await do(DraftRequest, who=MAAS, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    dispatcher = await screens("hasselt")
    await dispatcher.open_request(asked.id)
    own = dispatcher.panel("candidates").get_by_role("listitem").filter(has_text="hasselt pump 1")
    await expect(own.first).to_contain_text(dispatcher.w("ad_hoc.ask_representative"))
    await expect(own.first.get_by_role("button")).to_have_count(0)
    binds = await screens("hasselt", role=REPRESENTATIVE)
    await binds.open_request(asked.id)
    await binds.button("send_unit", unit="hasselt pump 1").click()
    await expect(binds.dialog).to_contain_text(binds.w("ad_hoc.text.without"))
    await _goes_beyond(binds, "ad_hoc.without")
    await expect(binds.panel("offers")).to_contain_text(binds.w("ad_hoc"))
    told = "SELECT payload::text FROM journal_entry WHERE type = 'offer.made'"
    assert WHY in await (await pg()).fetchval(told)


async def test_a_unit_goes_elsewhere_beyond_a_cap(screens, do, world, capped, pg):
    """The unit that is wanted elsewhere stays where it is, because the screen has no way to say what the neighbours agreed."""
    _, mission = await at_work(do, world)
    other = await do(ReportIncident, **flood(title="Maas bij Itteren"))
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.89, "place": "Itteren"}
    asked = await do(DraftRequest, who=MAAS, incident_id=other.id, kind="immediate", lines=[line], then="open")
    await do(PlanRelief, mission, who=LUIK, resource_id=world.units("luik", "pump")[1])
    there = {"lon": 5.7, "lat": 50.89, "place": "Itteren", "reason": "De kade bezwijkt."}
    line_id = UUID(asked.rows["request_line"][0]["id"])
    await do(ReassignMission, mission, who=MAAS, incident_id=other.id, request_line_id=line_id, **there)
    for role in ("dispatcher", REPRESENTATIVE):
        screen = await screens("luik", role=role)
        screen.failures_expected = True
        await screen.button("reassignment.agree", screen.panel("to_answer")).click()
        await screen.button("reassignment.agree", screen.dialog, exact=True).click()
        await expect(screen.dialog).to_have_count(2)
        if role == "dispatcher":
            await expect(screen.dialog.last).to_contain_text(screen.w("ad_hoc.ask_representative"))
            await screen.button("understood", screen.dialog.last).click()
        else:
            await _goes_beyond(screen, "ad_hoc.beyond")
    await expect(screen.panel("to_answer")).to_have_count(0)
    told = "SELECT payload::text FROM journal_entry WHERE type = 'reassignment.agreed'"
    assert WHY in await (await pg()).fetchval(told)


async def test_help_is_offered_unasked_without_an_agreement(screens, do):
    """A form that is refused keeps what was written, and goes on by the named act."""
    await do(ReportIncident, **flood(title="Maas bij Eijsden"))
    binds = await screens("hasselt", role=REPRESENTATIVE)
    binds.failures_expected = True
    await binds.panel("incidents").get_by_role("listitem").first.get_by_role("button").first.click()
    await binds.button("unasked.offer").click()
    await binds.button("hours.short", binds.dialog, n=8).click()
    await binds.button("unasked.offer", binds.dialog, exact=True).click()
    await _goes_beyond(binds, "ad_hoc.without")
    await expect(binds.panel("unasked")).to_be_visible()
