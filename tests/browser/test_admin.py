"""Administration: an admin lets somebody in, makes and revokes a token, sees what was refused; the others see what is theirs."""

from __future__ import annotations

import json

import httpx
from playwright.async_api import expect

from app.commands.contacts import AddContact
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.members import ChangeMember
from app.commands.users import ChangeUser
from tests.browser.screen import Screen
from tests.world import flood

LOGIN, NAME = "s.peters", "Sanne Peters"


async def section(screen, name):
    """Go to a section of the administration."""
    await screen.go(f"#/admin/{name}")
    await expect(screen.page.locator(".sections [aria-current=page]")).to_have_text(screen.w(f"admin.{name}"))


async def test_a_new_user_signs_in(screens, browser, address):
    """On the first evening of a flood a colleague from next door has to be let in, by whoever is there."""
    admin = await screens("maas", role="admin")
    await section(admin, "users")
    await admin.button("user.add").click()
    await admin.named("textbox", admin.w("field.name"), admin.dialog, exact=True).fill(NAME)
    await admin.named("textbox", admin.w("user.login"), admin.dialog).fill(LOGIN)
    await admin.dialog.get_by_label("Centralist", exact=True).check()
    password = await admin.named("textbox", admin.w("password.new"), admin.dialog).input_value()
    assert len(password) > 20
    await admin.button("user.add", admin.dialog).click()
    await expect(admin.dialog).to_have_count(0)
    await expect(admin.page.get_by_role("region", name=NAME)).to_contain_text(LOGIN)

    context = await browser.new_context(locale="nl", reduced_motion="reduce")
    theirs = Screen(await context.new_page(), address, "nl")
    await theirs.sign_in(LOGIN, password)
    await theirs.go("#/admin")
    names = theirs.page.locator(".sections a")
    await expect(names).to_have_text(
        [theirs.w(f"admin.{each}") for each in ("members", "import", "dispatch", "account")]
    )
    await theirs.go("#/admin/account")
    await expect(theirs.page.get_by_role("region", name=NAME)).to_contain_text("Centralist")

    theirs.failures_expected = True
    await admin.button("user.deactivate").click()
    await admin.button("user.deactivate", admin.dialog).click()
    await expect(theirs.page.get_by_role("alert").first).to_contain_text(theirs.w("signed_out"))
    theirs.assert_clean()
    await context.close()


async def test_a_token_is_shown_once_used_and_revoked(screens, address):
    """A token that nobody can take back, or that somebody can look up again, opens the corridor to whoever finds it."""
    admin = await screens("maas", role="admin", language="en")
    await section(admin, "users")
    await admin.page.locator(".entry").filter(has_text="dispatcher@maas").click()
    await admin.button("token.add", admin.panel("tokens")).click()
    await admin.named("textbox", admin.w("token.label"), admin.dialog).fill("wall display")
    await admin.button("token.add", admin.dialog).click()
    box = admin.named("textbox", admin.w("token"), admin.dialog, exact=True)
    text = await box.input_value()
    assert text.startswith("concord_")
    await admin.button("token.kept", admin.dialog).click()
    await expect(admin.panel("tokens")).to_contain_text("wall display")
    assert text not in await admin.page.content()

    async with httpx.AsyncClient(base_url=f"http://{address}", headers={"Authorization": f"Bearer {text}"}) as machine:
        assert (await machine.get("/api/v1/session")).status_code == 200
        refused = await machine.post("/api/v1/spaces/live/incidents", json=flood())
        assert refused.json()["type"] == "/problems/scope-missing"
        token = admin.panel("tokens").get_by_role("listitem").filter(has_text="wall display")
        await admin.page.reload()
        await admin.live()
        await expect(token).to_contain_text(admin.w.like("token.used"))
        await token.get_by_role("button").click()
        await admin.button("token.revoke", admin.dialog, exact=True).click()
        await expect(token).to_contain_text(admin.w.like("token.revoked_at"))
        assert (await machine.get("/api/v1/session")).status_code == 401

    await section(admin, "audit")
    refusals = admin.page.locator(".refusal")
    await expect(refusals.first).to_contain_text(admin.w("command.report_incident"))
    await expect(refusals.first).to_contain_text(admin.w("refused.scope-missing"))


async def test_roles_change_before_ones_eyes(screens, do, world):
    """Two admins at once: the second must not give back what the first took away without seeing it."""
    admin = await screens("maas", role="admin", language="en")
    admin.failures_expected = True
    await section(admin, "users")
    await admin.page.locator(".entry").filter(has_text="viewer@maas").click()
    roles = admin.panel("roles")
    await roles.get_by_label("Finance", exact=True).check()
    await do(ChangeUser, world.actor("maas", "viewer").id, who=("maas", "admin"), roles=["viewer", "requester"])
    await admin.button("write", roles).click()
    theirs = admin.dialog.get_by_role("row").filter(
        has=admin.page.get_by_role("rowheader", name=admin.w("field.roles"))
    )
    await expect(theirs.get_by_role("cell").last).to_have_text("Viewer; Requester")
    await admin.button("conflict.keep_theirs", admin.dialog).click()
    await expect(roles.get_by_label("Requester", exact=True)).to_be_checked()
    await expect(roles.get_by_label("Finance", exact=True)).not_to_be_checked()


async def test_a_new_number_is_on_the_other_side_at_once(screens):
    """The old number rings in an empty room."""
    admin, other = await screens("maas", role="admin", language="en"), await screens("luik")
    await section(admin, "members")
    await admin.button("member.change").click()
    await admin.named("textbox", admin.w("member.phone"), admin.dialog).fill("+31 00 000 0777")
    await admin.button("write", admin.dialog).click()
    await expect(admin.dialog).to_have_count(0)
    await section(other, "members")
    await expect(other.page.locator(".entry").filter(has_text="Maas")).to_contain_text("+31 00 000 0777")
    await expect(other.button("member.change")).to_have_count(0)


async def test_a_number_changed_meanwhile_is_shown(screens, do, world):
    """Whoever corrects the telephone must not take back the talkgroup that a colleague has just corrected."""
    admin = await screens("maas", role="admin", language="en")
    admin.failures_expected = True
    await section(admin, "members")
    await admin.button("member.change").click()
    await admin.named("textbox", admin.w("member.phone"), admin.dialog).fill("+31 00 000 0888")
    await do(ChangeMember, world.members["maas"], who=("maas", "admin"), phone="+31 00 000 0999")
    await admin.button("write", admin.dialog).click()
    cells = admin.dialog.get_by_role("row").filter(has=admin.page.get_by_role("rowheader")).get_by_role("cell")
    await expect(cells).to_have_text(["+31 00 000 0888", "+31 00 000 0999"])
    await admin.button("conflict.keep_theirs", admin.dialog).click()
    await expect(admin.page.get_by_role("region", name="Maas").first).to_contain_text("+31 00 000 0999")


async def test_health_and_keys(screens):
    """Before a drill somebody asks whether all is well, and finds it without a mouse."""
    admin = await screens("maas", role="admin", language="en")
    await section(admin, "health")
    await expect(admin.panel("health.service")).to_contain_text(admin.w("health.well"))
    await expect(admin.panel("health.journal")).to_contain_text("live")
    await section(admin, "members")
    await admin.press("j", "j")
    await expect(admin.page.locator(".entries .now")).to_have_count(1)
    assert "member=" in admin.page.url
    await admin.press("/")
    await admin.type("Luik")
    await expect(admin.page.locator(".entry")).to_have_count(1)


async def test_what_is_held_on_somebody_is_found_handed_over_and_erased(screens, do, world):
    """Who was rung asks what is known of them, and to be forgotten: the city would look through its books by hand."""
    who, why = "Piet de Boer", "Gevraagd per brief van 3 juli."
    await do(AddContact, world.members["maas"], code="pumps", function="Pompen", name=who, phone="+31 00 000 0416")
    incident = await do(ReportIncident, **flood())
    await do(AddLogEntry, incident.id, text=f"{who} belt: het gemaal is uitgevallen.", language="nl")
    admin = await screens("maas", role="admin")
    await section(admin, "people")
    held = admin.panel("held")
    await admin.named("textbox", admin.w("held.names"), held).fill(who)
    await admin.button("held.look", held).click()
    await expect(held).to_contain_text(admin.w("held.found", n=2))
    await expect(held).to_contain_text("het gemaal is uitgevallen")
    async with admin.page.expect_download() as kept:
        await admin.button("held.download", held).click()
    data = json.loads((await (await kept.value).path()).read_text("utf-8"))
    assert [len(data["mentions"]), len(data["texts"])] == [1, 1]
    await admin.button("erase_person", held).click()
    erase = admin.button("erase", admin.dialog, exact=True)
    await expect(erase).to_be_disabled()
    await admin.named("textbox", admin.w("why"), admin.dialog).fill(why)
    await erase.click()
    await expect(admin.panel("erasures")).to_contain_text(why)
    await expect(admin.page.get_by_role("region", name=admin.w("erasures"))).to_contain_text("admin of maas")
