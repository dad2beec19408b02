"""What is said, where, and in whose language: numbers to ring, refusals, events, what was done, and pages that are not there."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.commands.crossings import SetCrossingState
from app.commands.incidents import ReportIncident
from tests.browser.conftest import PASSWORD
from tests.browser.scene import busy
from tests.world import flood

PUMP = "pump.high_capacity"
OVERLAPS = """() => {
  const bar = document.querySelector(".bar").getBoundingClientRect();
  return [...document.querySelectorAll(".operations > div")].filter((area) => area.checkVisibility())
    .map((area) => Math.round(area.getBoundingClientRect().bottom - bar.top)).filter((over) => over > 0);
}"""


async def phones(screen, within):
    """The telephone numbers in a part of the screen."""
    return set(await within.locator(".phone a").all_text_contents())


@pytest.mark.parametrize(("member", "other"), [("maas", "luik"), ("luik", "maas")])
async def test_the_other_sides_number_stands_where_one_rings(screens, do, world, member, other):
    """At three in the morning nobody looks a number up; and one's own number helps nobody."""
    full = await busy(do, world)
    screen = await screens(member)
    number = "☎ " + await screen.page.evaluate(
        f"import('/static/console/store.js').then(({{ tables }}) => tables.member.get('{world.members[other]}').phone)"
    )
    for key in ("calls", "strength"):
        assert number in await phones(screen, screen.panel(key)), key
    incident = screen.page.locator(".incident-row .row-button").first
    await incident.click()
    card = screen.page.get_by_role("complementary", name=screen.w("chosen"))
    await expect(card.locator(".phone a").first).to_be_visible()
    await screen.open_request(full.id)
    assert number in await phones(screen, screen.mission("luik pump 1").first)
    if member == "luik":
        assert number in await phones(screen, screen.page.locator(".request-head"))
    await screen.press("i")
    assert await phones(screen, screen.dialog)


async def test_a_call_fills_the_request_that_it_is_about(screens, do, world):
    """A second request beside the first brings twice the pumps, and the first stays open on every screen."""
    nl, fr = await screens("maas"), await screens("luik")
    await do(ReportIncident, **flood())
    await nl.panel("incidents").get_by_role("button", name="Meuse over its banks").click()
    card = nl.page.get_by_role("complementary", name=nl.w("chosen"))
    await nl.button("ask", card, exact=True).click()
    await nl.button("ask", nl.dialog, exact=True).click()
    row = fr.request_row(fr.w.type(PUMP))
    await row.get_by_role("button").click()
    ref = await row.locator(".ref").text_content()
    await fr.press("i")
    picked = fr.dialog.get_by_role("radio", name=ref)
    await expect(picked).to_be_checked()
    await fr.button("more", fr.dialog).click()
    await expect(fr.dialog.get_by_role("status")).to_contain_text(ref)
    await fr.button("fewer", fr.dialog).click()
    await expect(picked).to_be_checked()
    await fr.button("units_rolling", fr.dialog).click()
    await expect(nl.panel("missions")).to_contain_text(nl.w.state("mission", "mobilising"))
    await expect(nl.panel("lines")).to_contain_text(nl.w("fill.full"))
    await expect(fr.page.locator(".request-row")).to_have_count(1)


async def test_a_request_that_is_not_there(screens):
    """An address that was cut off in a message leads to a page that says so, and not to words for programmers."""
    screen = await screens("aken")
    screen.failures_expected = True
    for wrong in ("x", str(UUID(int=7))):
        await screen.page.evaluate("id => { location.hash = `#/request/${id}`; }", wrong)
        alert = screen.page.get_by_role("alert")
        await expect(alert).to_contain_text(screen.w("request.not_found"))
        await expect(alert).to_contain_text(screen.w("request.not_found.text"))
        await screen.page.get_by_role("link", name=screen.w("to_operations")).click()
        await expect(screen.page.locator(".operations")).to_be_visible()


async def test_the_language_chosen_last_counts(screens):
    """A German who helps out in Liège chooses German at the form, and must not read French behind it."""
    screen = await screens("luik", language="de")
    html = screen.page.locator("html")
    await expect(html).to_have_attribute("lang", "de")
    await screen.page.locator(".language select").select_option("nl")
    await expect(html).to_have_attribute("lang", "nl")
    await screen.page.reload()
    screen.w.language = "nl"
    await screen.live()
    await expect(html).to_have_attribute("lang", "nl")
    await screen.page.goto(f"http://{screen.address}/sign-in?lang=fr")  # signed in: goes on to the console
    await screen.live()
    await screen.page.locator(".me > summary").click()
    await screen.page.locator(".me-menu .button").click()
    await expect(screen.page.locator("[name=login]")).to_be_visible()
    await expect(html).to_have_attribute("lang", "fr")


async def test_what_was_done_covers_nothing_and_can_all_be_undone(screens, world):
    """Five slips of the hand in a row: each can be taken back for its eight seconds, and no event is hidden meanwhile."""
    screen = await screens("maas")
    answers = [
        await screen.page.evaluate(
            """async (name) => {
              const { carryOut } = await import('/static/console/doing.js');
              const { tables } = await import('/static/console/store.js');
              const row = tables.crossing.all.peek().find((each) => each.names.en === name || each.code === name);
              const set = (n) => ({ path: `/crossings/${row.id}/state`, body: { control: row.control, delay_min: n } });
              for (let n = 31; n <= 35; n++) await carryOut(set(n), { done: `+${n}`, undo: () => set(row.delay_min) });
              return row.code;
            }""",
            "vaals",
        )
    ]
    assert answers == ["vaals"]
    undo = screen.button("undo", screen.page.get_by_role("status"))
    await expect(undo).to_have_count(5)
    for width, height in ((1440, 900), (2560, 1440)):
        await screen.page.set_viewport_size({"width": width, "height": height})
        assert not await screen.page.evaluate(OVERLAPS), width


async def test_each_thing_is_one_line_of_the_events(screens, do, world):
    """Whoever looks at the list for a second wants to see what changed, and not eight steps of one agreement."""
    await busy(do, world)
    for delay in (5, 10, 15):
        await do(SetCrossingState, world.crossings["eijsden"], control="none", delay_min=delay)
    screen = await screens("maas")
    rows = screen.panel("events").get_by_role("listitem")
    eijsden = rows.filter(has_text="Eijsden").filter(has_text=screen.w("span.min", n=15))
    await expect(eijsden).to_have_count(1)
    await expect(rows.filter(has_text=f"+{screen.w('span.min', n=5)}")).to_have_count(0)
    told = await screen.panel("events").locator(".event-text").all_text_contents()
    assert len(told) == len(set(told)), sorted(each for each in told if told.count(each) > 1)


async def test_a_refusal_in_the_readers_language(screens, do, world):
    """Who is refused in a language that is not theirs does not know what to do next."""
    screen = await screens("aken")
    screen.failures_expected = True
    problem = {
        "type": "/problems/agreement-refused", "title": "x", "status": 409, "detail": "English words",
        "reasons": [{"code": "hazard_not_covered", "detail": "English words", "figures": {"hazard": "flood"}}],
        "errors": [{"pointer": "/severity", "type": "/problems/out-of-range", "detail": "English words"}],
    }  # fmt: skip
    await screen.page.evaluate(
        f"""Promise.all([import('/static/console/dialogs.js'), import('/static/console/api.js')])
          .then(([{{ openProblem }}, {{ Problem }}]) => {{ openProblem(new Problem({json.dumps(problem)})); }})"""
    )
    await expect(screen.dialog).to_contain_text(screen.w("problem.agreement-refused"))
    await expect(screen.dialog).to_contain_text(screen.w.word("hazards", "flood"))
    await expect(screen.dialog).to_contain_text(screen.w("field.severity"))
    await expect(screen.dialog).to_contain_text(screen.w("problem.out-of-range"))
    await expect(screen.dialog).not_to_contain_text("English words")


async def test_after_signing_in_again_elsewhere_it_goes_on(screens, do, world):
    """A session ends while something is being written; after signing in again in another window it is still there."""
    screen = await screens("luik")
    screen.failures_expected = True
    await do(ReportIncident, **flood())
    await screen.panel("incidents").get_by_role("button", name="Meuse over its banks").click()
    note = screen.named("textbox", screen.w("log.add"))
    await note.fill("Le niveau monte")
    context = screen.page.context
    await context.clear_cookies(name="concord_session")
    await screen.page.locator(".language select").select_option("fr")
    await note.press("Enter")
    alert = screen.page.get_by_role("alert").filter(has_text=screen.w("signed_out"))
    await expect(alert).to_be_visible()
    await screen.press("Escape")
    other = await context.new_page()
    await other.goto(f"http://{screen.address}/sign-in?next=/docs")
    await other.fill("[name=login]", "dispatcher@luik")
    await other.fill("[name=password]", PASSWORD)
    await other.keyboard.press("Enter")
    await other.wait_for_url(f"http://{screen.address}/docs")
    await other.close()
    await screen.page.bring_to_front()
    await screen.page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(alert).to_have_count(0)
    await screen.live()
    await expect(note).to_have_value("Le niveau monte")


async def test_labels_on_the_map_are_not_cut(screens):
    """Half a name at the map's edge is another name."""
    screen = await screens("maas")
    told = await screen.page.evaluate(
        """async () => {
          const { frameIs, shifted, shortName } = await import('/static/console/map_labels.js');
          const { unitsTogether, requestsTogether, nextOf } = await import('/static/console/map_clusters.js');
          frameIs([0, 0, 1000, 500], [[900, 0, 1000, 100]]);
          const at = (x, y) => shifted([x, y], 1, 'Maastricht', '12px sans-serif', 15);
          return {
            middle: at(500, 250), west: at(2, 250).x > 0, east: at(998, 250).x < 0, foot: at(500, 5).y, outside: at(-5, 250),
            covered: at(950, 460), short: shortName('Kerkrade \\u2013 Herzogenrath, Nieuwstraat'),
            units: unitsTogether([{ id: 'a', country: 'BE' }, { id: 'b', country: 'BE' }]).country,
            mixed: unitsTogether([{ id: 'a', country: 'BE' }, { id: 'b', country: 'DE' }]).country,
            spot: requestsTogether([{ rank: 1, open: false, requests: ['a'] }, { rank: 3, open: true, requests: ['b', 'c'] }]),
            next: nextOf(['a', 'b'], 'b'),
          };
        }"""
    )
    assert told["middle"] == {"x": 0, "y": 15}
    assert (told["west"], told["east"], told["foot"], told["outside"], told["covered"]) == (True, True, -15, None, None)
    assert (told["short"], told["units"], told["mixed"], told["next"]) == ("Kerkrade", "BE", "", "a")
    assert (told["spot"]["rank"], told["spot"]["requests"]) == (3, ["b", "c", "a"])
