"""Two who change the same thing, and what was done by mistake."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.crossings import SetCrossingState
from app.commands.incidents import ReportIncident
from app.commands.offer_answers import AcceptOffer
from app.commands.requests import DraftRequest
from app.queries import crossings, depots, offers
from app.store.engine import reading
from tests.until import until
from tests.world import flood


@pytest.fixture
def crossing(engine, world):
    """How Vaals is, as the server has it."""

    async def told():
        async with reading(engine) as conn:
            return await crossings.crossing(conn, "live", world.crossings["vaals"])

    return told


async def _change(screen):
    """Begin to say that there are checks at Vaals and a wait of 25 minutes; returns the button that sends it."""
    await screen.panel("crossings").get_by_role("button", name="Vaals").click()
    card = screen.page.get_by_role("complementary", name=screen.w("chosen"))
    await screen.button("crossing.change", card).click()
    await screen.named("spinbutton", screen.w("crossing.delay"), screen.dialog).fill("25")
    return screen.button("crossing.save", screen.dialog, exact=True)


@pytest.mark.parametrize("keep", [True, False])
async def test_a_conflict_shows_both_sides(screens, do, world, crossing, keep):
    """Whoever saves later would wipe out what a colleague on the other side wrote, and neither would know."""
    nl = await screens("maas")
    nl.failures_expected = True
    sends = await _change(nl)
    await do(SetCrossingState, world.crossings["vaals"], who=("aken", "dispatcher"), control="closed", delay_min=5)
    await sends.click()
    title = nl.dialog.get_by_role("heading", name=nl.w("conflict.title"))
    await expect(title).to_be_visible()
    control = nl.dialog.get_by_role("row").filter(has=nl.page.get_by_role("rowheader", name=nl.w("field.control")))
    cells = control.get_by_role("cell")
    await expect(cells).to_have_text([nl.w.word("crossing_controls", each) for each in ("checks", "closed")])
    delay = nl.dialog.get_by_role("row").filter(has=nl.page.get_by_role("rowheader", name=nl.w("field.delay_min")))
    await expect(delay.get_by_role("cell")).to_have_text(["25", "5"])
    await nl.button("conflict.keep_theirs" if keep else "conflict.send_mine", nl.dialog).click()
    await expect(nl.dialog).to_have_count(0)
    row = nl.panel("crossings").get_by_role("button", name="Vaals")
    await expect(row).to_contain_text(nl.w.word("crossing_controls", "closed" if keep else "checks"))
    now = await crossing()
    assert (now.control, now.delay_min) == (("closed", 5) if keep else ("checks", 25))


async def test_undo_is_carried_out(screens, crossing):
    """A slip of the hand at three in the morning sends lorries on a detour; eight seconds are there to take it back."""
    nl, de = await screens("maas"), await screens("aken")
    other = de.panel("crossings").get_by_role("button", name="Vaals")
    undo = nl.button("undo", nl.page.get_by_role("status"))
    for times, take_back in enumerate((lambda: nl.press("z"), undo.click), 1):
        sends = await _change(nl)
        await sends.click()
        await expect(undo).to_be_visible()
        await take_back()  # at once: how long the other side takes to show it must not use up the eight seconds
        await expect(undo).to_have_count(0)
        await _heard(de, [25, 10] * times)
        await expect(other).to_contain_text(de.w("span.min", n=10))
    now = await crossing()
    assert (now.control, now.delay_min, now.revision) == ("checks", 10, 5), "the journal keeps all four"


async def _heard(screen, delays):
    """Wait until a screen has been told of these waits at a crossing, one after the other."""

    def heard():
        entries = (each for socket in screen.sockets for each in socket["heard"] if each["kind"] == "entry")
        return [each["rows"]["crossing"][0]["delay_min"] for each in entries if each["type"] == "crossing.state_set"]

    await until(lambda: heard() == delays)


async def test_what_was_accepted_meanwhile_is_not_undone(screens, do, world, engine):
    """The undo of an offer would take back, without a question, a unit that the other side counts on already."""
    fr = await screens("luik")
    fr.failures_expected = True
    incident = await do(ReportIncident, **flood())
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    await fr.open_request(asked.id)
    send = fr.button("send_unit", fr.panel("candidates"), unit="luik pump 1")
    async with fr.page.expect_response(lambda answer: answer.url.endswith("/offers")) as made:
        await send.click()
    offer = (await (await made.value).json())["id"]
    await expect(fr.button("undo", fr.page.get_by_role("status"))).to_be_visible()
    await do(AcceptOffer, offer)
    await fr.press("z")
    await expect(fr.dialog).to_contain_text(fr.w("problem.stale-revision"))
    await expect(fr.button("conflict.send_mine", fr.dialog)).to_have_count(0)
    async with reading(engine) as conn:
        found = await offers.offer(conn, "live", UUID(offer), viewer=world.members["luik"])
    assert found.status == "accepted"


async def test_after_eight_seconds_nothing_is_undone(screens, do):
    """An undo that comes when others have acted on what was said would be worse than the mistake."""
    nl = await screens("maas")
    await do(ReportIncident, **flood(title="Water"))
    await nl.panel("incidents").get_by_role("button", name="Water").click()
    card = nl.page.get_by_role("complementary", name=nl.w("chosen"))
    await card.get_by_label(nl.w("severity")).select_option("5")
    undo = nl.button("undo", nl.page.get_by_role("status"))
    await expect(undo).to_be_visible()
    await expect(undo).to_have_count(0, timeout=10_000)
    await nl.press("z")
    row = nl.panel("incidents").get_by_role("button", name="Water")
    await expect(row).to_contain_text(nl.w.word("severities", 5))


async def test_a_depot_added_or_moved_by_mistake_is_taken_back(screens, world, engine):
    """A comma in the wrong place puts a fire station into the North Sea, with all that stands there."""
    nl = await screens("maas")
    await nl.go("#/resources")
    await nl.button("stock.depots").click()
    depot = nl.panel("stock").get_by_role("listitem").filter(has_text="Depot maas")
    await nl.button("depot.change_it", depot, name="Depot maas").click()
    await nl.named("textbox", nl.w("field.name"), nl.dialog).fill("Kazerne Zuid")
    await nl.named("spinbutton", nl.w("field.lat"), nl.dialog).fill("50.9")
    await nl.button("write", nl.dialog, exact=True).click()
    await expect(nl.panel("stock")).to_contain_text("Kazerne Zuid")
    await nl.button("undo").click()
    await expect(depot).to_have_count(1)
    async with reading(engine) as conn:
        moved_back = await depots.depot(conn, "live", world.depots["maas"])
    assert moved_back.place.coordinates == (5.69, 50.85)

    await nl.button("depot.add", nl.panel("stock")).click()
    await nl.named("textbox", nl.w("field.name"), nl.dialog).fill("Kazerne Nergens")
    await nl.named("textbox", nl.w("field.code"), nl.dialog).fill("nergens")
    await nl.button("depot.add", nl.dialog, exact=True).click()
    row = nl.panel("stock").get_by_role("listitem").filter(has_text="Kazerne Nergens")
    await expect(row).to_have_count(1)
    await nl.button("undo").click()
    await expect(row).to_have_count(0)
