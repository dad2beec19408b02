"""The screens of claims and statements: two treasurers settle a bill, each on their own."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.commands.claim_steps import WaiveClaim
from app.commands.claims import SubmitClaim
from app.commands.contested_rates import AgreeToExchangeRate, ContestExchangeRate
from app.commands.due import run_due
from app.commands.exchange_rates import EnterExchangeRate
from tests.browser import bills
from tests.browser.bills import billed, unconverted
from tests.browser.test_every_screen import AXE, SERIOUS, cut


async def test_a_bill_is_settled(screens, do, world, clock):
    """A treasurer who can't see what for, or how to say no, writes a letter instead."""
    await billed(do, world, clock)
    luik = await screens("luik", role="finance", language="en")
    maas = await screens("maas", role="finance", language="en")
    await luik.go("#/claims?show=claim")
    await luik.panel("claims.unclaimed").get_by_role("checkbox").first.check()
    await luik.button("claim.draft", n=1).click()
    await luik.button("claim.submit").click()
    await luik.button("claim.submit", luik.dialog).click()
    await expect(luik.page.locator(".request-title .state")).to_have_text(luik.w.state("claim", "submitted"))
    ref = await luik.page.locator("h1 .ref").inner_text()
    await maas.go("#/claims")
    await maas.panel("claims.pay").get_by_role("link").filter(has_text=ref).click()
    line = maas.page.locator(".claim-line").filter(has_text=maas.w.word("cost_items", "kilometres"))
    await expect(line).to_contain_text("61.5 km − 20.5 km free = 41 km × EUR 1.15")  # noqa: RUF001 - as it is written
    share = re.compile(r"[\d.]+ h of the mission's [\d.]+ h are free: 33\.33% of everything")
    await expect(maas.page.locator(".claim-screen")).to_contain_text(share)
    await expect(maas.page.locator(".claim-terms").first).to_contain_text(re.compile(r"\d\d:\d\dZ – .*\d\d:\d\dZ"))  # noqa: RUF001
    await maas.button("claim.dispute", line, exact=True).click()
    await maas.dialog.get_by_role("textbox", name=maas.w("claim.counter_amount", currency="EUR")).fill("40,00")
    await maas.dialog.get_by_role("textbox", name=maas.w("why")).fill("Via Visé it is less.")
    await maas.button("claim.dispute", maas.dialog, exact=True).click()
    await expect(maas.page.locator(".request-title .state")).to_have_text(maas.w.state("claim", "disputed"))
    answer = luik.page.locator(".claim-line").filter(has_text="Via Visé it is less.")
    await luik.button("claim.answer", answer, exact=True).click()
    await luik.dialog.get_by_role("textbox", name=luik.w("claim.answer.words")).fill("Agreed.")
    await luik.button("claim.answer", luik.dialog, exact=True).click()
    await expect(line).to_contain_text(maas.w.state("claim_dispute", "settled"))
    await maas.button("claim.verify", exact=True).click()
    await maas.button("claim.verify", maas.dialog, exact=True).click()
    await maas.button("claim.pay").click()
    await maas.dialog.get_by_role("textbox", name=maas.w("claim.reference")).fill("2026-118")
    await maas.button("claim.pay", maas.dialog).click()
    await expect(luik.page.locator(".request-title .state")).to_have_text(luik.w.state("claim", "paid"))
    await luik.button("claim.close", exact=True).click()
    await luik.button("claim.close", luik.dialog, exact=True).click()
    await expect(maas.page.locator(".request-title .state")).to_have_text(maas.w.state("claim", "closed"))


async def test_a_statement_is_acknowledged(screens, do, world, clock):
    """The month's ambulances: one click when it is right, and a code, never a text, when it is not."""
    await billed(do, world, clock)
    maas = await screens("maas", role="finance", language="en")
    await maas.go("#/claims?show=statements")
    await maas.panel("claims.statements").get_by_role("link").first.click()
    await expect(maas.page.locator("h1")).to_contain_text("July 2026")
    line = maas.page.locator(".claim-line").first
    await expect(line).to_contain_text("luik ambulance 1")
    await expect(line).to_contain_text(maas.w.word("cost_items", "vehicle_hours"))
    await expect(line).to_contain_text(re.compile(r", version \d"))
    await maas.button("statement.dispute").click()
    await expect(maas.dialog.get_by_role("textbox")).to_have_count(0)
    await maas.button("statement.dispute", maas.dialog).click()
    await expect(maas.page.locator(".request-title .state")).to_have_text(maas.w.state("statement", "disputed"))
    await maas.button("statement.acknowledge").click()
    await maas.button("statement.acknowledge", maas.dialog).click()
    await expect(maas.page.locator(".request-title .state")).to_have_text(maas.w.state("statement", "issued"))


async def test_who_has_nothing_to_do_with_it_sees_no_button(screens, do, world, clock):
    """A dispatcher may look, and does not verify by mistake; a third member finds nothing."""
    id_, _ = await billed(do, world, clock)
    maas = await screens("maas", language="en")
    await maas.go(f"#/claim/{id_}")
    await expect(maas.page.locator(".claim-line").first).to_be_visible()
    await expect(maas.button("claim.withdraw")).to_have_count(0)
    await expect(maas.button("claim.dispute", exact=True)).to_have_count(0)
    aken = await screens("aken", role="finance", language="en")
    await aken.go("#/claims")
    await expect(aken.page.get_by_text(aken.w("claims.pay.none"))).to_be_visible()
    aken.failures_expected = True
    await aken.go(f"#/claim/{id_}")
    await expect(aken.page.get_by_role("alert")).to_be_visible()


async def test_what_is_overdue_is_seen_and_alarms(screens, do, world, clock, application):
    """What stands in a journal alone is found by the auditor, a year later."""
    id_, _ = await billed(do, world, clock)
    clock.move(days=61)
    luik = await screens("luik", role="finance", language="en")
    maas = await screens("maas", role="finance", language="nl")
    dispatcher = await screens("maas", language="de")
    await luik.go("#/claims")
    answer = luik.panel("claims.overdue").get_by_role("listitem").filter(has_text=luik.w("alarm.answer_overdue"))
    await expect(answer).to_contain_text(luik.w("claims.your_turn"))
    await expect(luik.panel("claims.overdue").get_by_role("listitem")).to_have_count(1)
    while await run_due(application.state.door):
        pass
    for screen in (luik, maas):
        await screen.page.locator(".alarms summary").first.click()
        row = screen.page.locator(".alarm-list li").filter(has_text=screen.w("alarm.payment_overdue"))
        await expect(row).to_have_class("waits")
    await expect(
        dispatcher.page.locator(".alarm-list li").filter(has_text=dispatcher.w("alarm.payment_overdue"))
    ).to_have_count(0)
    await expect(maas.page.locator(".alarm-list li").filter(has_text=maas.w("alarm.answer_overdue"))).to_have_count(0)
    await row.get_by_role("link").click()
    await expect(maas.page).to_have_url(re.compile(f"claim/{id_}"))
    await maas.go("#/claims")
    await expect(maas.panel("claims.overdue")).to_contain_text(maas.w("claims.your_turn"))
    await do(WaiveClaim, id_, who=("luik", "finance"), why="Never mind.")
    await expect(maas.panel("claims.overdue")).to_have_count(0)
    await expect(maas.page.locator(".alarm-list li.waits")).to_have_count(0)


async def test_a_missing_rate_says_who_can_give_it(screens, do, world, clock, application, pg, monkeypatch):
    """A sum that stays open, with a button that is refused, and nobody knows whom to ask."""
    monkeypatch.setattr(bills, "COST", bills.COST | {"currency": "CHF", "hours": 1})
    claimed, statement = await unconverted(do, world, clock)
    luik = await screens("luik", role="finance", language="en")
    await luik.go(f"#/statement/{statement}")
    missing = luik.page.get_by_role("note")
    await expect(missing).to_contain_text("CHF → EUR for Jul 14, 2026")
    await expect(luik.button("statement.acknowledge")).to_have_count(0)
    await luik.go(f"#/claim/{claimed}")
    await expect(missing).to_contain_text(luik.w("rate.missing.submit"))
    await luik.button("claims.rate", missing).click()
    await luik.dialog.get_by_role("textbox", name=luik.w("rate.rate")).fill("1,05")
    await luik.dialog.get_by_role("textbox", name=luik.w("rate.source")).fill("ECB")
    await luik.button("claims.rate", luik.dialog).click()
    await expect(missing).to_have_count(0)
    while await run_due(application.state.door):
        pass
    await luik.go(f"#/statement/{statement}")
    await expect(luik.button("statement.acknowledge")).to_be_visible()
    rate = await (await pg()).fetchval("SELECT id FROM exchange_rate")
    await do(ContestExchangeRate, rate, who=("maas", "finance"), rate="1.0418", source="ECB", reason="Of Monday.")
    held = luik.page.locator(".claim-rate")
    await expect(held).to_have_text(luik.w("because.rate_contested", rate="1.05", counter_rate="1.0418"))
    await expect(luik.button("statement.acknowledge")).to_have_count(0)
    await do(AgreeToExchangeRate, rate, who=("luik", "finance"))
    await expect(held).to_have_count(0)
    await expect(luik.button("statement.acknowledge")).to_be_visible()


async def test_a_contested_rate_is_settled(screens, do, world, clock, monkeypatch):
    """The payer finds the lender's rate wrong, says so where the bill is, and the two agree: without a letter, and without paying first."""
    monkeypatch.setattr(bills, "COST", bills.COST | {"currency": "CHF", "hours": 1})
    claimed, _ = await unconverted(do, world, clock)
    day = {"base": "CHF", "quote": "EUR", "day": "2026-07-14"}
    await do(EnterExchangeRate, who=("luik", "finance"), rate="1.05", source="ECB", **day)
    await do(SubmitClaim, claimed, who=("luik", "finance"))
    payer, lender = (
        await screens("maas", role="finance"),
        await screens("luik", role="finance", theme="dark", width=390, height=844),
    )
    for screen in (payer, lender):
        await screen.go(f"#/claim/{claimed}")
    await payer.button("rate.contest").click()
    await payer.dialog.get_by_role("textbox", name=payer.w("rate.counter")).fill("1,0418")
    await payer.dialog.get_by_role("textbox", name=payer.w("rate.source")).fill("ECB, 14 juli")
    await payer.dialog.get_by_role("textbox", name=payer.w("why")).fill("Dat was de koers van maandag.")
    await payer.button("rate.contest", payer.dialog).click()
    await expect(payer.page.locator(".claim-rate")).to_contain_text(payer.w("rate.holds"))
    await expect(payer.button("claim.verify")).to_have_count(0)
    await expect(lender.page.locator(".claim-rate")).to_contain_text("Dat was de koers van maandag.")
    await lender.button("rate.agree", rate="1,0418").click()
    await lender.button("rate.agree", lender.dialog, rate="1,0418").click()
    await expect(payer.page.locator(".claim-rate")).to_have_count(0)
    await expect(payer.page.locator(".claim-facts")).to_contain_text("1,0418")
    await payer.button("claim.verify").click()
    await payer.button("claim.verify", payer.dialog).click()
    await expect(payer.button("claim.pay")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de", "fr", "nl"])
async def test_who_lacks_the_role_is_told_whom_to_ask(screens, do, world, clock, language):
    """A link that a treasurer sent leads to the operations without a word, and nobody knows that the bill is in order."""
    await billed(do, world, clock)
    viewer = await screens("maas", role="admin", language=language)
    for address in (f"#/claim/{world.members['luik']}", "#/claims", f"#/statement/{world.members['luik']}"):
        await viewer.go(address)
        told = viewer.page.locator("main .missing")
        await expect(told).to_contain_text("finance of maas")
        await expect(told).to_contain_text("dispatcher of maas")
        assert await viewer.page.evaluate("location.hash") == address
    viewer = await screens("maas", language=language)
    await viewer.go("#/admin/users")
    await expect(viewer.page.locator("main .missing")).to_contain_text("admin of maas")
    await viewer.page.evaluate(AXE.read_text("utf-8"))
    assert await viewer.page.evaluate(SERIOUS) == []
    await viewer.page.set_viewport_size({"width": 390, "height": 844})
    assert await cut(viewer) == []
