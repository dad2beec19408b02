"""Conformance in the console: which dispatch system does not keep to what was agreed, and what to do about it, in every language."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from playwright.async_api import expect

from app.commands.external_ids import AddExternalId
from app.commands.webhooks import AddWebhook
from app.domain.errors import ConcordError
from app.settings import Settings
from tests.browser.test_dispatch_in import tab
from tests.browser.test_every_screen import AXE, PICTURES, SERIOUS, cut
from tests.commands.telling import Cad
from tests.delivery.receiving import receiving


@pytest.fixture
def settings():
    return Settings(webhook_networks="127.0.0.0/8", webhook_timeout_s=5)


@pytest.fixture
async def cad(application, world, do, clock):
    """Luik's dispatch system, which is not well: it refuses signatures, and tells with another secret, of nobody's units, too late."""
    made = await Cad.of(application.state.door, world)
    async with receiving(answers=[204, 401]) as receiver:
        hook = await do(
            AddWebhook,
            who=("luik", "admin"),
            label="CAD out",
            url=receiver.url,
            events=["external_id.*", "webhook_endpoint.*"],
        )
        receiver.secret = hook.once["secret"]
        code = {"source": "cad-luik", "kind": "resource", "code": "1", "subject_id": world.resources["luik-pump-3"]}
        await made.does(AddExternalId, **code)
        while await application.state.webhooks.turn():
            pass
    clock.move(minutes=10)
    for message, more in (
        (made.fms(3), {}),
        (made.fms(5, minutes=-3), {}),
        (made.fms(4, unit="0815"), {}),
        (made.fms(4), {"secret": "whsec_" + "QUJD" * 8}),
        (made.fms(4), {"at": clock.now() - timedelta(minutes=15)}),
    ):
        with suppress(ConcordError):
            await made.tells(message, **more)
    return made


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390), ("dark", 1440), ("light", 390)])
async def test_faults_are_told_with_what_to_do(screens, cad, theme, width):
    """Who connects a system would have to read logs on two sides to find out that its clock is wrong."""
    screen = await screens("luik", role="admin", theme=theme, width=width, language="en")
    await screen.page.evaluate(AXE.read_text("utf-8"))
    wrong = {}
    for language in ("nl", "fr", "en", "de"):
        await screen.page.locator(".language select").select_option(language)
        await expect(screen.page.locator("html")).to_have_attribute("lang", language)
        screen.w.language = language
        await tab(screen, "conformance")
        findings = screen.page.locator(".findings")
        await expect(findings).to_have_count(2)
        for code in ("signature_refused", "missed"):
            await expect(findings.first).to_contain_text(screen.w(f"conformance.find.{code}"))
        for code in ("wrongly_signed", "clock_off", "unknown_unit", "told_late"):
            await expect(findings.last).to_contain_text(screen.w(f"conformance.find.{code}"))
        wrong[language] = await screen.page.evaluate(SERIOUS) + await cut(screen)
        if PICTURES:
            await screen.page.screenshot(path=f"{PICTURES}/conformance-{theme}-{width}-{language}.png")
    assert not {name: found for name, found in wrong.items() if found}
    await screen.button("hooks.space.integration", screen.page.locator("#conformance")).click()
    await expect(screen.page.locator(".findings").last).to_contain_text(screen.w("conformance.find.nothing_came"))


async def test_a_dispatcher_sees_what_goes_out_and_what_comes_in(screens, cad):
    """The list of webhooks is its admins' alone; that no alarm arrives and no unit is understood concerns who looks at the map."""
    screen = await screens("luik", language="en")
    await tab(screen, "conformance")
    await expect(screen.page.locator(".findings")).to_have_count(2)
    await expect(screen.page.locator(".findings").first).to_contain_text(screen.w("conformance.find.signature_refused"))
    await expect(screen.page.locator(".findings").last).to_contain_text(screen.w("conformance.find.unknown_unit"))
