"""Writing an agreement on the screen: a new one with its terms, proposed, read and consented to on the other side; and what is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import expect

from app.commands.agreement_versions import ChangeAgreementDraft, DraftAgreementVersion
from tests.browser.test_every_screen import AXE, LEFT_OPEN, SAID, SERIOUS, cut
from tests.browser.words import Words, texts
from tests.conftest import NOON
from tests.world import MEMBERS

REPRESENTATIVE = "authorised_representative"
PUMP = "pump.high_capacity"


class Writer:
    """The page on which an agreement is written, and its fields by their pointers."""

    def __init__(self, screen):
        self.screen = screen
        self.page = screen.page

    async def open(self, id_="new"):
        """Go there."""
        await self.screen.go(f"#/agreement-edit/{id_}")
        await expect(self.page.locator(".agreement-editor h1")).to_be_visible()

    def field(self, pointer):
        """A field by its pointer in the API's body."""
        return self.page.locator(f"[id='f{pointer.replace('/', '-').replace('.', '-')}']")

    async def unfold(self, *sections):
        """Open these sections; all of them, if none is named."""
        for section in sections or [
            (await each.get_attribute("id")).removeprefix("section-")
            for each in await self.page.locator(".edit-section").all()
        ]:
            found = self.page.locator(f"#section-{section}")
            if await found.get_attribute("open") is None:
                await found.locator("summary").click()

    async def fill(self, pointer, value):
        """Write a text or a number into a field."""
        await self.field(pointer).locator("input, textarea").first.fill(str(value))

    async def choose(self, pointer, key):
        """Take one of a few."""
        await self.field(pointer).get_by_role("radio", name=self.screen.w(key), exact=True).check(force=True)

    async def type_of(self, pointer, code, text=None):
        """Find a type by a name of it."""
        box = self.field(pointer).get_by_role("combobox")
        await box.fill(text or self.screen.w.type(code))
        await self.field(pointer).get_by_role("option", name=self.screen.w.type(code)).first.click()

    async def add(self, key, section):
        """Add an item to a list."""
        await self.screen.button(key, self.page.locator(f"#section-{section}")).click()

    async def save(self):
        """Save the draft, and wait until it is saved."""
        await self.screen.button("edit.save", exact=True).click()
        await expect(self.page.locator(".editor-bar")).to_contain_text(self.screen.w("edit.saved"))


@pytest.fixture
def drafted(do, world):
    """A draft of a new version of the world's agreement; returns the agreement's id."""

    async def drafts(**terms):
        agreement = world.agreements["maas-broad"]
        await do(DraftAgreementVersion, agreement, who=("maas", REPRESENTATIVE), **_body(world, **terms))
        return agreement

    return drafts


def _body(world, **terms):
    parties = [world.members[code] for code in ("maas", "luik", "aken")]
    said = {"kinds": ["immediate", "planned", "day_to_day"], "reserve": [{"type": PUMP, "keep": 1}]} | terms
    return {
        "lenders": parties, "borrowers": parties, "terms": said, "effective_at": NOON, "expires_at": NOON + timedelta(days=900),
    }  # fmt: skip


async def write(writer, world):
    """Liège may have Maastricht's pumps: four at once, both stay at night, twelve hours free, two clauses settled."""
    page = writer.page
    await writer.open()
    await writer.unfold()
    await writer.field("/names").locator("[lang=nl]").fill("Pompen voor Luik")
    await writer.field("/names").locator("[lang=fr]").fill("Pompes pour Liège")
    await writer.fill("/precedence", 5)
    for member, row in (("maas", "lenders"), ("luik", "borrowers")):
        box = writer.field("/lenders").get_by_role(
            "checkbox", name=f"{_name(member)}: {writer.screen.w(f'rule.{row}.name')}"
        )
        await box.check()
    own = f"{_name('maas')}: {writer.screen.w('rule.borrowers.name')}"
    await writer.field("/lenders").get_by_role("checkbox", name=own).uncheck()
    await writer.choose("/terms/types", "edit.only_these")
    await writer.type_of("/terms/types", PUMP, Words("fr").type(PUMP))
    await writer.add("edit.units.add", "limits")
    await writer.type_of("/terms/caps/units/0/type", PUMP)
    await writer.fill("/terms/caps/units/0/most", 1)
    await writer.add("edit.reserve.add", "reserve")
    await writer.type_of("/terms/reserve/0/type", PUMP)
    await writer.fill("/terms/reserve/0/keep", 2)
    await writer.choose("/terms/reserve/0/hours", "edit.only_hours")
    await page.locator("#section-cost .choice-options label").nth(1).click()
    await writer.fill("/terms/cost/hours", 12)
    await writer.field("/terms/cost/currency").locator("select").select_option("EUR")
    await writer.add("edit.rates.add", "cost")
    await writer.fill("/terms/cost/rates/0/rate", "118,25")
    for clause, text in (
        ("command", "De bevelvoerder blijft de leiding houden."),
        ("liability", "Wie leent, staat in."),
    ):
        await writer.choose(f"/terms/clauses/{clause}", "clause.settled")
        await writer.field(f"/terms/clauses/{clause}").locator("textarea").first.fill(text)
    await writer.field("/effective_at").locator("input[type=date]").fill("2026-07-01")


def _name(member):
    return MEMBERS[member][1]


async def tried(screen, lender, *, quantity=1, at=None):
    """Try a request of Liège's on the agreement that is shown; returns the panel with the verdict."""
    panel = screen.panel("try.title")
    await panel.locator("select").first.select_option(str(lender))
    await panel.locator("input[type=number]").first.fill(str(quantity))
    if at is not None:
        if not await panel.locator("details.more").first.get_attribute("open"):
            await panel.locator("details.more > summary").first.click()
        day, clock = at
        await panel.locator(".time-exact select").select_option(day)
        await panel.locator(".time-exact input").fill(clock)
    await screen.button("try.action", panel).click()
    return panel


async def test_two_cities_agree(screens, world):
    """Two cities that have talked it over in Eupen would have to write their agreement as a program does."""
    ours, theirs = [await screens(member, role=REPRESENTATIVE) for member in ("maas", "luik")]
    writer = Writer(ours)
    await write(writer, world)
    await ours.button("propose_agreement", writer.page.locator(".editor-bar")).click()
    await expect(ours.dialog).to_contain_text(ours.w("rule.most", n=1, type=ours.w.type(PUMP)))
    await ours.button("propose_agreement", ours.dialog).click()
    await expect(ours.page.locator(".agreement-screen .request-title > .state")).to_have_text(
        ours.w.state("agreement", "proposed")
    )
    await theirs.go("#/agreements")
    row = theirs.page.locator(".agreement-row").filter(has_text="Pompes pour Liège")
    await expect(row).to_contain_text(theirs.w("agreement.waits_for_you"))
    await row.locator("a").click()
    rules = theirs.panel("agreement.rules")
    for said in (
        theirs.w("rule.most", n=1, type=theirs.w.type(PUMP)),
        theirs.w("rule.keeps", n=2, type=theirs.w.type(PUMP)) + " · 22:00\u201306:00",
        theirs.w("rule.free_hours", n=12),
    ):
        await expect(rules).to_contain_text(said)
    await expect(theirs.panel("agreement.clauses").locator(".count")).to_have_text("2/10")
    await theirs.button("edit.draft").wait_for(state="detached")
    for screen in (ours, theirs):
        await screen.button("consent_to_agreement").click()
        await screen.button("consent_to_agreement", screen.dialog).click()
        await expect(screen.button("consent_to_agreement")).to_have_count(0)
    await expect(theirs.page.locator(".request-title > .state")).to_have_text(theirs.w.state("agreement", "in_force"))
    await expect((await tried(theirs, world.members["maas"])).locator(".trial-verdict.yes")).to_be_visible()
    capped = await tried(theirs, world.members["maas"], quantity=2)
    await expect(capped.locator(".trial-verdict.no")).to_be_visible()
    await expect(capped.locator(".trial-reasons .bars").first).to_be_visible()
    kept = await tried(theirs, world.members["maas"], at=("2026-07-15", "03:00"))
    await expect(kept.locator(".trial-verdict.no")).to_be_visible()
    await expect(kept).to_contain_text(theirs.w("try.only_reserve"))


async def test_a_new_version_is_read_as_what_becomes_different(screens, world):
    """Whoever consents to forty terms has to see the two that have changed."""
    agreement = world.agreements["maas-broad"]
    ours, theirs = [await screens(member, role=REPRESENTATIVE) for member in ("maas", "luik")]
    writer = Writer(ours)
    await writer.open(agreement)
    await writer.unfold("reserve")
    await writer.fill("/terms/reserve/0/keep", 2)
    await writer.choose("/terms/reserve/0/hours", "edit.only_hours")
    reading = ours.page.locator("#reading .change")
    await expect(reading).to_have_count(3)  # and the day from which on it counts
    await ours.button("propose_agreement", ours.page.locator(".editor-bar")).click()
    await expect(ours.dialog.locator(".change")).to_have_count(3)
    await ours.button("propose_agreement", ours.dialog).click()
    await expect(ours.button("withdraw_agreement")).to_be_visible()
    await theirs.go(f"#/agreement/{agreement}")
    told = theirs.page.locator(".difference-table tbody tr")
    await expect(told).to_have_count(3)
    await expect(told.filter(has_text=theirs.w("rule.keep.name")).locator(".becomes")).to_have_text("2")
    await theirs.button("consent_to_agreement").click()
    await theirs.button("consent_to_agreement", theirs.dialog).click()
    await expect(theirs.button("consent_to_agreement")).to_have_count(0)
    await expect(ours.page.locator(".version .soon")).not_to_contain_text(_name("luik"))


async def test_what_is_wrong_stands_at_its_field(screens, world):
    """A representative who is told *greater_than_equal* in English asks the neighbour's programmer what to write."""
    screen = await screens("luik", role=REPRESENTATIVE)
    writer = Writer(screen)
    await writer.open()
    await screen.button("edit.save", exact=True).click()
    await expect(writer.field("/names").locator(".field-wrong")).to_have_text(screen.w("edit.wrong.missing"))
    await writer.unfold()
    await writer.field("/names").locator("[lang=fr]").fill("Pompes")
    await writer.fill("/code", "maas-broad")
    await writer.add("edit.units.add", "limits")
    await writer.add("edit.units.add", "limits")
    for at in (0, 1):
        await writer.type_of(f"/terms/caps/units/{at}/type", PUMP)
    await writer.fill("/terms/caps/units/0/most", 0)
    await screen.button("edit.save", exact=True).click()
    wrong = writer.field("/terms/caps/units/0/most").locator(".field-wrong")
    await expect(wrong).to_have_text(screen.w("edit.wrong.between", least=1, most=10_000))
    await writer.fill("/terms/caps/units/0/most", 2)
    screen.failures_expected = True
    await screen.button("edit.save", exact=True).click()
    await expect(writer.field("/terms/caps/units").locator("> .field-wrong")).to_have_text(screen.w("edit.wrong.twice"))
    await screen.named("button", screen.w("edit.off"), writer.field("/terms/caps/units")).last.click()
    await screen.button("edit.save", exact=True).click()
    await expect(writer.field("/lenders").locator(".field-wrong")).to_have_text(screen.w("edit.wrong.two_parties"))
    other = f"{_name('maas')}: {screen.w('rule.lenders.name')}"
    await writer.field("/lenders").get_by_role("checkbox", name=other).check()
    await screen.button("edit.save", exact=True).click()
    await expect(writer.field("/code").locator(".field-wrong")).to_have_text(screen.w("problem.duplicate"))
    await writer.fill("/code", "pompes")
    await writer.save()


async def test_what_was_written_is_not_lost(screens, drafted, do, world):
    """Half an hour of terms would be gone with a reload, or with the other side's saving a word."""
    agreement = await drafted(cost={"terms": "free"})
    ours = await screens("maas", role=REPRESENTATIVE)
    writer = Writer(ours)
    await writer.open(agreement)
    await writer.unfold("about")
    await writer.fill("/terms/legal_basis", "Benelux-verdrag van 2019")
    await ours.page.evaluate("location.hash = '#/agreements'")
    await ours.button("edit.stay", ours.dialog).click()
    await expect(writer.field("/terms/legal_basis").locator("textarea")).to_have_value("Benelux-verdrag van 2019")
    ours.page.on("dialog", lambda dialog: dialog.accept())
    await ours.page.reload()
    await ours.live()
    await expect(ours.page.locator(".request-note")).to_contain_text(ours.w("edit.found"))
    await do(
        ChangeAgreementDraft, agreement, who=("luik", REPRESENTATIVE),
        **_body(world, legal_basis={"fr": "Accord de Liège"}, who_may_bind={"fr": "Le bourgmestre"}),
    )  # fmt: skip
    await expect(ours.page.locator(".agreement-editor")).to_contain_text(ours.w("edit.overtaken"))
    await writer.unfold("about", "parties")
    basis = writer.field("/terms/legal_basis")
    await expect(basis.locator("textarea")).to_have_value("Benelux-verdrag van 2019")
    await expect(basis.locator("[lang=fr]")).to_have_count(0)
    await ours.button("edit.more_languages", basis).click()
    await expect(basis.locator("textarea")).to_have_count(4)
    ours.failures_expected = True
    await ours.button("edit.save", exact=True).click()
    await expect(ours.dialog.locator(".change")).to_have_count(3)  # theirs in French, ours in Dutch
    await expect(ours.dialog).to_contain_text("Accord de Liège")
    await ours.button("conflict.send_mine", ours.dialog).click()
    await expect(ours.page.locator(".editor-bar")).to_contain_text(ours.w("edit.saved"))
    await ours.button("edit.discard").click()
    await ours.dialog.get_by_role("textbox").fill("Eerst de verzekeraars.")
    await ours.button("edit.discard", ours.dialog).click()
    await expect(ours.named("link", ours.w("draft_agreement_version"))).to_be_visible()


async def test_back_and_stay(screens, drafted):
    """Who turned back by mistake and stays would find *back* and *forward* leading elsewhere, or out of the console."""
    agreement = await drafted(cost={"terms": "free"})
    ours = await screens("maas", role=REPRESENTATIVE)
    await ours.go("#/resources")
    await expect(ours.page.locator("#units")).to_be_visible()
    await ours.go("#/agreements")
    await expect(ours.page.locator(".agreements-screen")).to_be_visible()
    writer = Writer(ours)
    await writer.open(agreement)
    await writer.unfold("about")
    await writer.fill("/terms/legal_basis", "Benelux-verdrag van 2019")
    for way in ("history.back()", "history.go(-2)", "location.hash = '#/operations'"):
        await ours.page.evaluate(way)
        await ours.button("edit.stay", ours.dialog).click()
        await expect(ours.dialog).to_have_count(0)
        assert await ours.page.evaluate("location.hash") == f"#/agreement-edit/{agreement}"
        await expect(writer.field("/terms/legal_basis").locator("textarea")).to_have_value("Benelux-verdrag van 2019")
    await ours.page.evaluate("history.back()")
    await ours.button("edit.leave", ours.dialog).click()
    await expect(ours.page.locator(".agreements-screen")).to_be_visible()
    await ours.page.evaluate("history.forward()")
    await expect(writer.field("/terms/legal_basis").locator("textarea")).to_have_count(0)
    await expect(ours.page.locator(".request-note")).to_contain_text(ours.w("edit.found"))
    await ours.page.evaluate("history.back()")
    await ours.button("edit.leave", ours.dialog).click()
    await ours.page.evaluate("history.back()")
    await expect(ours.page.locator("#units")).to_be_visible()


async def test_areas_are_those_of_members_drawn_or_pasted(screens):
    """Nobody types fifty positions."""
    screen = await screens("maas", role=REPRESENTATIVE)
    writer = Writer(screen)
    await writer.open()
    await writer.unfold("where")
    area = writer.field("/terms/area")
    await screen.button("edit.area.members", area).click()
    for member in ("luik", "aken"):
        await area.get_by_role("checkbox", name=_name(member)).check()
    await screen.button("edit.area.use", area).click()
    await expect(area.locator(".outline")).to_be_visible()
    await expect(area).to_contain_text(screen.w.like("edit.area.is"))
    await screen.button("edit.area.off", area).click()
    await screen.button("edit.area.file", area).click()
    await area.locator("textarea").fill('{"type": "Point", "coordinates": [5.7, 50.8]}')
    await screen.button("edit.area.use", area).click()
    await expect(area.locator(".field-wrong")).to_have_text(screen.w("edit.geojson.no_area"))
    ring = "[[[5.6, 50.6, 9], [5.9, 50.6, 9], [5.9, 50.9, 9], [5.6, 50.6, 9]]]"
    await area.locator("textarea").fill(
        f'{{"type": "Feature", "geometry": {{"type": "Polygon", "coordinates": {ring}}}}}'
    )
    await screen.button("edit.area.use", area).click()
    await expect(area.locator(".outline")).to_be_visible()
    await screen.button("edit.area.off", area).click()
    await screen.button("edit.area.draw", area).click()
    await expect(area.locator(".drawing")).to_be_visible()
    box = await area.locator("canvas").first.bounding_box()
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.6)):
        await screen.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    await screen.button("draw.finish", area).click()
    await expect(area.locator(".outline")).to_be_visible()


async def test_who_may_not_bind_writes_nothing(screens, drafted):
    """A dispatcher would fill in a form for an hour that is refused at its end."""
    agreement = await drafted()
    screen = await screens("maas")
    await screen.go("#/agreements")
    await expect(screen.page.locator(".agreement-row")).to_have_count(1)
    await expect(screen.named("link", screen.w("edit.new"))).to_have_count(0)
    await screen.go(f"#/agreement/{agreement}")
    await expect(screen.panel("agreement.rules")).to_be_visible()
    await expect(screen.named("link", screen.w("edit.draft"))).to_have_count(0)
    await screen.go(f"#/agreement-edit/{agreement}")
    await expect(screen.page.get_by_role("alert")).to_contain_text(screen.w("edit.not_yours"))


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
async def test_the_editor_is_for_everybody(screens, world, theme, width):
    """Nothing serious by axe's rules, nothing cut, nothing left open, with every section unfolded."""
    screen = await screens("maas", role=REPRESENTATIVE, theme=theme, width=width, language="nl")
    writer = Writer(screen)
    await write(writer, world)
    await writer.add("edit.automatic_aid.add", "automatic")
    await writer.add("edit.response.add", "response")
    await screen.button("edit.save", exact=True).click()
    await expect(screen.page.locator("#edit-wrong")).to_be_visible()
    await screen.page.evaluate(AXE.read_text("utf-8"))
    assert await screen.page.evaluate(SERIOUS) == []
    assert await cut(screen) == []
    said = await screen.page.evaluate(SAID)
    assert not [text for text in said if LEFT_OPEN.search(text)]
    assert not {key for key in texts("en") if "." in key}.intersection(said)


async def held_back(screen, method, pattern):
    """Let requests of that kind wait; returns what lets them go."""
    go = asyncio.Event()

    async def wait(route):
        if route.request.method == method:
            await go.wait()
        await route.continue_()

    await screen.page.route(pattern, wait)
    return go


async def test_what_is_written_while_it_is_saved_stays(screens, drafted):
    """On a slow line the second half of a sentence would be gone under *Everything is saved*."""
    agreement = await drafted(cost={"terms": "free"})
    screen = await screens("maas", role=REPRESENTATIVE)
    writer = Writer(screen)
    await writer.open(agreement)
    await writer.unfold("about")
    await writer.fill("/terms/legal_basis", "Benelux-verdrag")
    go = await held_back(screen, "PUT", "**/draft")
    await screen.button("edit.save", exact=True).click()
    await writer.fill("/terms/legal_basis", "Benelux-verdrag, artikel 4")
    go.set()
    await expect(screen.page.locator(".toast")).to_be_visible()
    await expect(screen.page.locator(".editor-bar")).to_contain_text(screen.w("edit.unsaved"))
    basis = writer.field("/terms/legal_basis").locator("textarea")
    await expect(basis).to_have_value("Benelux-verdrag, artikel 4")
    await writer.save()
    await expect(basis).to_have_value("Benelux-verdrag, artikel 4")
    assert await screen.page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('agreement'))") == []


async def test_a_new_one_goes_on_while_it_is_saved(screens, world):
    """What is written while a new agreement is saved would be gone with its page, or entered as a second agreement."""
    screen = await screens("maas", role=REPRESENTATIVE)
    writer = Writer(screen)
    await write(writer, world)
    go = await held_back(screen, "POST", "**/agreements")
    await screen.button("edit.save", exact=True).click()
    await writer.fill("/terms/legal_basis", "Benelux-verdrag")
    go.set()
    await expect(screen.page.locator(".request-note")).to_contain_text(screen.w("edit.found"))
    await writer.unfold("about")
    await expect(writer.field("/terms/legal_basis").locator("textarea")).to_have_value("Benelux-verdrag")
    await writer.save()
    await screen.go("#/agreements")
    await expect(screen.page.locator(".agreement-row").filter(has_text="Pompen voor Luik")).to_have_count(1)


async def test_what_was_not_shown_is_not_proposed(screens, drafted, do, world):
    """A representative would propose, under the own name, a reserve that was written in while the dialog stood open."""
    agreement = await drafted(cost={"terms": "free"})
    screen = await screens("maas", role=REPRESENTATIVE)
    await screen.go(f"#/agreement/{agreement}")
    await screen.button("propose_agreement").click()
    await expect(screen.dialog).to_be_visible()
    await do(
        ChangeAgreementDraft, agreement, who=("luik", REPRESENTATIVE),
        **_body(world, cost={"terms": "free"}, reserve=[{"type": PUMP, "keep": 9}]),
    )  # fmt: skip
    screen.failures_expected = True
    await screen.button("propose_agreement", screen.dialog).click()
    await expect(screen.dialog.get_by_role("alert")).to_contain_text(screen.w("problem.stale-revision"))
    await expect(screen.dialog.locator(".change").filter(has_text="9")).to_have_count(1)
    await screen.button("propose_agreement", screen.dialog).click()
    await expect(screen.button("withdraw_agreement")).to_be_visible()
