"""Agreements on the screen: tried before anybody is asked, changed by a new version, and counted when every party has consented."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import expect

from app.commands.agreement_versions import DraftAgreementVersion
from app.commands.agreements import ConsentToAgreement, ProposeAgreement
from app.commands.incidents import ReportIncident
from app.commands.offer_answers import AcceptOffer
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from tests.conftest import NOON
from tests.world import flood

REPRESENTATIVE = "authorised_representative"
PUMP = "pump.high_capacity"
END = NOON + timedelta(days=900)


async def open_agreement(screen, id_):
    await screen.page.evaluate("id => { location.hash = `#/agreement/${id}`; }", str(id_))
    await expect(screen.page.locator(".agreement-screen h1")).to_be_visible()


async def test_a_request_is_tried_before_anybody_is_asked(screens, world):
    """Who finds out on the telephone that the neighbour keeps its last pump has lost ten minutes."""
    screen = await screens("maas")
    await screen.page.evaluate("location.hash = '#/agreements'")
    await expect(screen.page.locator(".agreement-row")).to_have_count(1)
    panel = screen.panel("try.title")
    await panel.locator("select").first.select_option(str(world.members["luik"]))
    await screen.button("try.action", panel).click()
    await expect(panel.locator(".trial-verdict.yes")).to_be_visible()
    for _ in range(3):
        await screen.button("more", panel, exact=True).click()
    await screen.button("try.action", panel).click()
    await expect(panel.locator(".trial-verdict.no")).to_be_visible()
    await expect(panel.locator(".trial-reasons .bars").first).to_be_visible()
    journal = await screen.page.request.get(f"http://{screen.address}/api/v1/spaces/live/requests")
    assert (await journal.json())["items"] == []


async def test_a_new_version_counts_when_every_party_has_consented(screens, world):
    """A city would be bound by words that it never saw, or go on being bound by those it has left."""
    agreement = world.agreements["maas-broad"]
    drafter, other, third = [await screens(member, role=REPRESENTATIVE) for member in ("maas", "luik", "aken")]
    for screen in (drafter, other, third):
        await open_agreement(screen, agreement)
    await drafter.named("link", drafter.w("draft_agreement_version")).click()
    await drafter.page.locator("#section-reserve summary").click()
    keep = drafter.page.locator("#f-terms-reserve-0-keep input")
    await keep.fill(str(int(await keep.input_value()) + 1))
    await drafter.button("edit.save", exact=True).click()
    await expect(drafter.page.locator(".editor-bar")).to_contain_text(drafter.w("edit.saved"))
    await drafter.page.locator(".back a").click()
    await expect(drafter.page.locator(".difference-table tbody tr").first).to_be_visible()
    await drafter.button("propose_agreement").click()
    await drafter.button("propose_agreement", drafter.dialog).click()
    await expect(other.page.locator(".version")).to_have_count(2)
    for screen in (drafter, other, third):
        await screen.button("consent_to_agreement").click()
        await screen.button("consent_to_agreement", screen.dialog).click()
        await expect(screen.button("consent_to_agreement")).to_have_count(0)
    for screen in (drafter, other, third):
        await expect(screen.page.locator(".party-consent.soon")).to_have_count(0)
        await expect(screen.page.locator(".request-who")).to_contain_text(re.compile(r"\b2\b"))


async def test_what_a_party_sets_aside_is_set_aside_on_every_screen(screens, world):
    """The other side would go on offering under words that do not count any more; and only who set it aside takes its word back."""
    ours, theirs = [await screens(member, role=REPRESENTATIVE) for member in ("maas", "luik")]
    for screen in (ours, theirs):
        await open_agreement(screen, world.agreements["maas-broad"])
    await ours.button("suspend_agreement").click()
    await ours.dialog.get_by_role("textbox").fill("De verzekering wordt vernieuwd.")
    await ours.button("suspend_agreement", ours.dialog).click()
    await expect(theirs.page.locator(".request-note")).to_contain_text("De verzekering wordt vernieuwd.")
    await expect(theirs.button("suspend_agreement")).to_be_visible()
    await expect(theirs.button("resume_agreement")).to_have_count(0)
    await ours.button("resume_agreement").click()
    await ours.button("resume_agreement", ours.dialog).click()
    await expect(ours.button("suspend_agreement")).to_be_visible()
    await expect(theirs.page.locator(".request-note")).to_have_count(0)


async def test_who_may_not_bind_the_member_sees_no_button_for_it(screens, world):
    """A dispatcher would press a button at night that ends an agreement of ten years."""
    screen = await screens("maas")
    await open_agreement(screen, world.agreements["maas-broad"])
    await expect(screen.panel("agreement.rules")).to_be_visible()
    for command in ("suspend_agreement", "terminate_agreement"):
        await expect(screen.button(command)).to_have_count(0)
    await expect(screen.named("link", screen.w("draft_agreement_version"))).to_have_count(0)


async def test_who_binds_sees_that_another_version_counts(screens, do, world):
    """The offer was made under last week's words, and whoever signs it today takes them for the present ones."""
    incident = await do(ReportIncident, **flood())
    line = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78, "place": "Eijsden"}
    asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    offered = {"request_line_id": asked.rows["request_line"][0]["id"], "resource_id": world.units("luik", "pump")[0]}
    offer = await do(MakeOffer, asked.id, who=("luik", "dispatcher"), lines=[offered])
    agreement, parties = world.agreements["maas-broad"], [world.members[code] for code in ("maas", "luik", "aken")]
    terms = {
        "kinds": ["immediate"],
        "reserve": [{"type": PUMP, "keep": 1}],
        "caps": {"units": [{"type": PUMP, "most": 7}]},
    }
    new = {"lenders": parties, "borrowers": parties, "terms": terms, "effective_at": NOON, "expires_at": END}
    signs = [(code, REPRESENTATIVE) for code in ("maas", "luik", "aken")]
    await do(DraftAgreementVersion, agreement, who=signs[0], **new)
    await do(ProposeAgreement, agreement, who=signs[0])
    for who in signs:
        await do(ConsentToAgreement, agreement, who=who, version=2)
    await do(AcceptOffer, offer.id)
    screen = await screens("luik")
    await screen.open_request(asked.id)
    await screen.button("commit", screen.panel("offers"), exact=True).click()
    note = screen.dialog.get_by_role("status")
    await note.locator("summary").click()
    await expect(note.locator(".change").filter(has_text=screen.w("rule.caps.name"))).to_contain_text("7")
    await screen.button("commit", screen.dialog, exact=True).click()
    told = screen.page.locator(".toast").filter(has_text=screen.w.like("warning.version_superseded"))
    await expect(told).to_contain_text(screen.w("rule.caps.name"))
