"""Alarms come when somebody here has to act, and go when nothing is left to do."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.calls import AssistNow, ConfirmCall, RingBack
from app.commands.debts import MakeDebtGood, MarkDebtOverdue
from app.commands.dispatch_receipts import RingForDispatch, TakeIntoDispatch
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.missions import AdvanceMission, Recall
from app.commands.offer_answers import AcceptOffer, DeclineOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import AcknowledgeRequest, CloseRequest, DraftRequest
from app.commands.webhooks import AddWebhook
from app.delivery import feed as feeds
from app.domain.authority import SYSTEM
from app.store.engine import reading
from tests.world import flood

LUIK, AKEN = ("luik", "dispatcher"), ("aken", "dispatcher")
PUMP = "pump.high_capacity"
HERE = {"type_code": PUMP, "quantity": 1, "lon": 5.7, "lat": 50.78}


@pytest.fixture
async def incident(do):
    """A flood that Maastricht leads."""
    return (await do(ReportIncident, **flood())).id


@pytest.fixture
def ask(do, incident):
    """Asks for one pump in the open, as Maastricht."""

    async def asks(priority="property"):
        lines = [HERE | {"priority": priority}]
        return await do(DraftRequest, incident_id=incident, kind="immediate", lines=lines, then="open")

    return asks


@pytest.fixture
def offer(do, world):
    """Offers a unit for the first line of a request."""

    async def offers(asked, call_sign, who):
        unit = world.resources[call_sign]
        line = {"request_line_id": asked.rows["request_line"][0]["id"], "resource_id": unit, "quantity": 1}
        return await do(MakeOffer, asked.id, who=who, lines=[line])

    return offers


@pytest.fixture
def send(do, offer):
    """Has a unit offered, accepted and committed; returns its mission's id."""

    async def sends(asked, call_sign, who):
        offered = await offer(asked, call_sign, who)
        await do(AcceptOffer, offered.id)
        committed = await do(CommitOffer, offered.id, who=who)
        return UUID(committed.rows["mission"][0]["id"])

    return sends


@pytest.fixture
def rings(do, incident, world):
    """Liège rings Maastricht, and writes down that a pump rolls."""

    async def rung():
        between = {"requester_id": world.members["maas"], "lender_id": world.members["luik"]}
        return await do(AssistNow, who=LUIK, incident_id=incident, **between, **HERE)

    return rung


def waiting(screen, kind):
    """The alarms of a kind that wait for somebody."""
    return screen.page.locator(".alarm-list li.waits").filter(has_text=screen.w(f"alarm.{kind}"))


async def test_a_broken_commitment_waits_until_it_is_made_up_for(screens, do, ask, send):
    """Liège calls its pump back: Maastricht has to look for another one, and knows when it has one."""
    asked = await ask()
    mission = await send(asked, "luik-pump-1", LUIK)
    screen = await screens("maas")
    await do(Recall, mission, who=LUIK, why="Eigen brand.")
    await expect(waiting(screen, "broken_commitment")).to_have_count(1)
    await expect(screen.page.locator(".alarms > summary")).to_have_class("pill alarm")
    await do(AdvanceMission, mission, who=LUIK, to="returned")
    await expect(waiting(screen, "broken_commitment")).to_have_count(0)
    other = await send(asked, "aken-pump-1", AKEN)
    await do(Recall, other, who=AKEN, why="Eigener Einsatz.")
    await expect(waiting(screen, "broken_commitment")).to_have_count(1)
    await do(AdvanceMission, other, who=AKEN, to="returned")
    await do(CloseRequest, asked.id)
    await expect(waiting(screen, "broken_commitment")).to_have_count(0)


async def test_a_declined_offer_waits_until_the_need_is_over(screens, do, ask, offer, send):
    """Whoever kept a pump ready for a neighbour has to hear that it may go elsewhere."""
    asked = await ask()
    offered = await offer(asked, "luik-pump-1", LUIK)
    screen = await screens("luik")
    await do(DeclineOffer, offered.id, why="Aken is dichterbij.")
    await expect(waiting(screen, "offer_declined")).to_have_count(1)
    await send(asked, "aken-pump-1", AKEN)
    await expect(waiting(screen, "offer_declined")).to_have_count(0)


async def test_an_alarm_comes_back_with_its_cause(screens, do, ask, offer):
    """Liège has answered and takes its word back: nobody there may think that the cry for help was seen to."""
    asked = await ask("life_safety")
    screen = await screens("luik")
    await expect(waiting(screen, "life_safety")).to_have_count(1)
    offered = await offer(asked, "luik-pump-1", LUIK)
    await expect(waiting(screen, "life_safety")).to_have_count(0)
    await do(WithdrawOffer, offered.id, who=LUIK, why="Eigener Einsatz.")
    await expect(waiting(screen, "life_safety")).to_have_count(1)


async def test_a_call_waits_for_our_word(screens, do, application, rings):
    """A call that only one side knows of may have been a wrong number; one that is confirmed needs nobody any more."""
    called = await rings()
    screen = await screens("maas")
    await expect(waiting(screen, "call_unconfirmed")).to_have_count(1)
    await application.state.door.execute(RingBack(), actor=SYSTEM, space="live", target=called.id)
    await expect(screen.panel("calls")).to_contain_text(screen.w("call.ring_back"))
    await expect(waiting(screen, "call_unconfirmed")).to_have_count(1)
    await screen.page.reload()
    await screen.live()
    await expect(waiting(screen, "call_unconfirmed")).to_have_count(1)
    await do(ConfirmCall, called.id)
    await expect(waiting(screen, "call_unconfirmed")).to_have_count(0)


async def test_a_call_that_was_written_down_by_mistake(screens, rings):
    """Maastricht would look for a pump that nobody sent; who wrote it down takes it back with a word, and both screens are calm."""
    await rings()
    other, screen = await screens("maas"), await screens("luik")
    await expect(waiting(other, "call_unconfirmed")).to_have_count(1)
    await screen.button("take_back_call", screen.panel("calls")).click()
    await screen.named("textbox", screen.w("why"), screen.dialog).fill("Pour Aix-la-Chapelle.")
    await screen.button("command.take_back_call", screen.dialog).click()
    await expect(screen.panel("calls")).to_have_count(0)
    await expect(screen.panel("debts")).to_have_count(0)
    await expect(waiting(other, "call_unconfirmed")).to_have_count(0)
    await expect(other.panel("events")).to_contain_text(other.w("event.call_taken_back", what="1"))


async def test_the_lead_calls_off_what_still_asks(screens, do, incident):
    """An incident is over and a neighbour's request still asks: its lead ends it where it closes the incident, and the neighbour hears why."""
    lines = [HERE | {"priority": "property"}]
    await do(DraftRequest, who=LUIK, incident_id=incident, kind="immediate", lines=lines, then="open")
    lead, asker = await screens("maas", role="authorised_representative"), await screens("luik")
    await lead.panel("incidents").locator("li").first.get_by_role("button").first.click()
    await lead.button("close_incident").click()
    await lead.button("call_off_request", lead.dialog).click()
    await lead.named("textbox", lead.w("why"), lead.dialog).fill("De dijk houdt.")
    await lead.button("call_off_request", lead.dialog).click()
    await expect(waiting(asker, "request_called_off")).to_have_count(1)
    await expect(asker.panel("events")).to_contain_text("De dijk houdt.")
    await lead.button("close_incident", lead.dialog).click()
    await expect(asker.panel("incidents")).to_contain_text(asker.w("incidents.none"))


async def test_a_debt_that_is_overdue_waits_until_it_is_made_good(screens, do, application, clock, rings):
    """The unit rolled without a signature; when the time for it is over, somebody has to be found who signs."""
    called = await rings()
    screen = await screens("maas")
    clock.move(hours=2)
    debts = [UUID(each["id"]) for each in called.rows["debt"]]
    for debt in debts:
        await application.state.door.execute(MarkDebtOverdue(), actor=SYSTEM, space="live", target=debt)
    await expect(waiting(screen, "debt_overdue")).to_have_count(len(debts))
    for left, debt in zip(reversed(range(len(debts))), debts, strict=True):
        await do(MakeDebtGood, debt, who=("maas", "authorised_representative"))
        await expect(waiting(screen, "debt_overdue")).to_have_count(left)


async def test_a_reset_raises_what_was_missed_and_settles_what_is_over(screens, relay, do, incident, ask, monkeypatch):
    """After a night in a drawer a tablet begins anew: what waits has to be heard, what is over must not ring."""
    over = await ask("life_safety")
    screen = await screens("luik", at=relay.address)
    screen.failures_expected = True
    await expect(waiting(screen, "life_safety")).to_have_count(1)
    monkeypatch.setattr(feeds, "MOST_MISSED", 5)
    relay.cut()
    await expect(screen.page.locator("[data-link=offline]")).to_be_visible()
    await do(AcknowledgeRequest, over.id, who=LUIK)
    missed = await ask("life_safety")
    for at in range(10):
        await do(AddLogEntry, incident, text=f"The water stands at {at} cm")
    relay.mend()
    await screen.page.locator(".pill.link").click()
    await screen.live()
    last = [each for each in screen.sockets if each["heard"]][-1]
    assert "reset" in [each["kind"] for each in last["heard"]]
    await expect(waiting(screen, "life_safety")).to_have_count(1)
    await screen.page.locator(".alarms > summary").click()
    await expect(waiting(screen, "life_safety")).to_contain_text(missed.subject["ref"])


async def test_what_came_while_its_kind_was_shelved_is_raised_when_the_shelf_ends(screens, do, application, ask, clock):
    """Shelved means later, not never: lives that were asked for meanwhile still wait for an answer."""
    application.state.hub.heartbeat_s = 0.5  # the screen hears soon that time has passed
    screen = await screens("luik")
    await screen.page.locator(".alarms > summary").click()
    name = f"{screen.w('alarms.shelve')}: {screen.w('alarm.life_safety')}"
    shelf = screen.page.get_by_label(name, exact=True)
    await shelf.select_option("15")
    await expect(shelf).to_have_count(0)
    answered, left = await ask("life_safety"), await ask("life_safety")
    await expect(screen.page.locator(".request-row")).to_have_count(2)
    await expect(waiting(screen, "life_safety")).to_have_count(0)
    await do(AcknowledgeRequest, answered.id, who=LUIK)
    clock.move(minutes=16)
    await expect(waiting(screen, "life_safety")).to_have_count(1)
    await expect(waiting(screen, "life_safety")).to_contain_text(left.subject["ref"])
    await do(AcknowledgeRequest, left.id, who=LUIK)
    await expect(waiting(screen, "life_safety")).to_have_count(0)
    await shelf.select_option("60")
    await expect(shelf).to_have_count(0)
    another = await ask("life_safety")
    await expect(screen.page.locator(".request-row")).to_have_count(3)
    await expect(waiting(screen, "life_safety")).to_have_count(0)
    await screen.page.locator(".shelf").get_by_role("button").click()
    await expect(waiting(screen, "life_safety")).to_contain_text(another.subject["ref"])


async def test_what_dispatch_did_not_take_over_rings_until_it_has(screens, do, ask, send, application):
    """Liège has sent a pump, and its dispatch system has not said that anybody there sees it: somebody has to ring, also after a reload."""
    hook = await do(
        AddWebhook, who=("luik", "admin"), label="CAD", events=["mission.*"], receipts=True, source="cad-luik"
    )
    await send(await ask(), "luik-pump-1", LUIK)
    while await application.state.webhooks.turn():
        pass
    async with reading(application.state.door.engine) as conn:
        seq = await conn.fetchval("SELECT seq FROM webhook_delivery WHERE receipt_by IS NOT NULL")
    luik, maas = await screens("luik"), await screens("maas")
    ring = RingForDispatch(seq=seq)
    await application.state.door.execute(ring, actor=SYSTEM, space="live", target=hook.id)
    await expect(waiting(luik, "not_taken")).to_have_count(1)
    await luik.page.reload()
    await luik.live()
    await expect(waiting(luik, "not_taken")).to_have_count(1)
    await expect(waiting(maas, "not_taken")).to_have_count(0)
    await do(TakeIntoDispatch, hook.id, who=LUIK, seq=seq, number="L-77")
    await expect(waiting(luik, "not_taken")).to_have_count(0)
