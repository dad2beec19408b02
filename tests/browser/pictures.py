"""Take the pictures in ``docs/pictures`` anew: ``python -m tests.browser.pictures [folder]``.

Plays the demonstration's flood on a database of its own, and looks at it as Maastricht's dispatcher in English, in both
themes, on a desk and on a telephone. Takes some five minutes; wants a Chromium.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import FLAGS, NAMES
from tests.browser.words import Words

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
ADDRESS = re.compile(r"Concord demo at (http://\S+)")
SPEED = "4"
BEGIN = re.compile(r"^12:")
"""The minute of the story from which on there is enough to be seen."""
LOGIN = "maastricht"
ADMIN = "maastricht-admin"
REPRESENTATIVE = "maastricht-rep"
PAYER = "maastricht-finance"
LENDER = "aachen-finance"
DIRECTOR = "hasselt-director"
SIZES = ((1440, 900), (390, 844))
THEMES = ("light", "dark")
PUMPS = "High-capacity pump"
TIMES_ONE, TIMES_SIXTY = "\u00d7 1", "\u00d7 60"
WITH_MISTAKES = """call_sign,type,depot,officers,ncos,crew,mobilisation_min,papers
Pump 51,pump.high_capacity,west,0,1,3,10,yes
Pump 52,pump.hi_cap,,0,1,3,10,maybe
Boat 7,boat.rescue,,0,1,two,15,no
"""
"""A file as it comes out of a spreadsheet at night."""
PATIENCE_MS = 40_000
SAY = Words("en")
expect.set_options(timeout=PATIENCE_MS)


def main(folder: Path = FOLDER) -> None:
    """Play the flood, and take each picture."""
    program = next(filter(None, map(shutil.which, NAMES)))
    home = Path(tempfile.mkdtemp(prefix="concord-pictures-", dir="/tmp"))
    home.chmod(0o755)
    data = home / "demo"
    command = [sys.executable, "-m", "app.cli", "demo", "--port", "0", "--data", str(data), "--speed", SPEED]
    env = os.environ | {"PYTHONUNBUFFERED": "1", "CONCORD_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as demo:
        try:
            address = ""
            for line in demo.stdout:
                print(line, end="")
                if found := ADDRESS.search(line):
                    address = found[1]
                if BEGIN.match(line):
                    break
            passwords = json.loads((data / "demo-logins.json").read_text("utf-8"))
            take(program, address, passwords, folder)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=60)
            shutil.rmtree(home, ignore_errors=True)


def take(program, address, passwords, folder, only=()):
    """Take the pictures of a server where the flood is being played: all, or ``only`` some by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, taking_all() as taking:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for theme in THEMES:
            for width, height in SIZES:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=theme,
                    locale="en",
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.set_default_timeout(PATIENCE_MS)
                for name in scenes(page, address, passwords, taking, narrow=width < 800):
                    if only and name not in only:
                        continue
                    page.screenshot(path=folder / f"{name}-{theme}-{width}.png")
                    print(f"{name}-{theme}-{width}.png")
                context.close()
        browser.close()


class Taking(BaseHTTPRequestHandler):
    """A dispatch system that takes whatever comes."""

    def do_POST(self):
        """Read it, and say so."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *said):
        """Say nothing."""


@contextmanager
def taking_all():
    """Run a dispatch system; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/concord"
    finally:
        server.shutdown()
        server.server_close()


def scenes(page, address, passwords, taking, *, narrow):
    """Go from screen to screen; yields the name of each when it is to be seen."""
    page.goto(f"{address}/sign-in?lang=en")
    yield "sign-in"
    sign_in(page, LOGIN, passwords)
    yield from stock(page)
    page.goto(f"{address}/console#/operations")
    row = page.locator(".request-row").filter(has_text=PUMPS).first
    row.locator(".row-open").click()
    expect(page.locator(".candidate-list li, .missions li").first).to_be_visible()
    settled(page)
    yield "request"
    yield from arranged(page)
    page.goto(f"{address}/console#/operations")
    expect(page.locator("[data-link=live]")).to_be_visible()
    if narrow:
        part(page, "map")
    settled(page)
    yield "operations"
    if narrow:
        part(page, "requests")
    page.get_by_role("button", name=SAY("day_to_day.ask"), exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name=SAY("place")).fill("Eijsden")
    dialog.get_by_role("option", name="Eijsden").first.click()
    yield "day-to-day"
    page.keyboard.press("Escape")
    if narrow:
        part(page, "situation")
    page.get_by_role("button", name=SAY("shift.hand_over"), exact=True).click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("textbox", name=SAY("shift.text")).fill(
        "Pumps at Eijsden run; fuel at 06:00. Liège rings back about the relief."
    )
    yield "shift-hand-over"
    page.keyboard.press("Escape")
    if narrow:
        part(page, "requests")
    page.locator(".request-row .row-button").first.click()
    page.keyboard.press("i")
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "phone-call"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    if narrow:
        part(page, "map")
    page.get_by_role("button", name=SAY("report_incident")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name=SAY("where")).fill("Eijsden")
    dialog.get_by_role("option", name="Eijsden").first.click()
    dialog.get_by_role("button", name=SAY("continue")).click()
    expect(dialog.get_by_role("textbox", name=SAY("title"))).to_be_visible()
    yield "report-incident"
    page.keyboard.press("Escape")
    yield from automatic(page, narrow=narrow)
    yield from protocols(page, narrow=narrow)
    yield from plan(page)
    yield from coordination(page)
    for login, screens in (
        (REPRESENTATIVE, agreements),
        (PAYER, bills),
        (LENDER, months),
        (DIRECTOR, drills),
        (ADMIN, partial(administration, taking=taking)),
    ):
        page.context.clear_cookies()
        page.goto(f"{address}/sign-in?lang=en")
        sign_in(page, login, passwords)
        yield from screens(page)


def sign_in(page, login, passwords):
    """Sign in by the form, and wait for the feed."""
    page.fill("[name=login]", login)
    page.fill("[name=password]", passwords[login])
    page.keyboard.press("Enter")
    expect(page.locator("[data-link=live]")).to_be_visible()


def stock(page):
    """What there is, what can be at a place in time, and one unit."""
    go(page, "#/resources")
    expect(page.locator(".unit-item").first).to_be_visible()
    settled(page)
    yield "resources"
    go(page, "#/resources?lon=5.70&lat=50.77&place=Eijsden&min=60&status=available&type=pump.high_capacity")
    expect(page.locator(".unit-item .eta").first).to_be_visible()
    settled(page)
    yield "resources-within-an-hour"
    go(page, "#/resources?status=committed")
    page.locator(".row-open").first.click()
    expect(page.get_by_role("region", name=SAY("timeline")).get_by_role("listitem").first).to_be_attached()
    settled(page)
    yield "unit"
    go(page, "#/resources")
    page.locator(".unit-item", has=page.locator(".badge.whole")).first.locator(".row-open").click()
    expect(page.locator(".formation-parts li").first).to_be_visible()
    settled(page)
    yield "formation"


def agreements(page):
    """What was agreed, one of them, and a new version of it that is being written."""
    go(page, "#/agreements")
    expect(page.locator(".agreement-row").first).to_be_visible()
    yield "agreements"
    page.locator(".agreement-row a").filter(has_text="mutual aid arrangement").first.click()
    expect(page.locator(".clause").first).to_be_visible()
    yield "agreement"
    page.get_by_role("link", name=SAY("draft_agreement_version")).click()
    for section in ("reserve", "cost"):
        page.locator(f"#section-{section} > summary").click()
    page.locator("#f-terms-reserve-0-keep input").fill("3")
    hours = page.locator("#f-terms-reserve-0-hours")
    hours.get_by_role("radio", name=SAY("edit.only_hours")).check(force=True)
    page.locator("#f-terms-cost-hours input").fill("24")
    expect(page.locator("#reading .change").first).to_be_visible()
    page.locator("#section-reserve").evaluate("section => section.scrollIntoView({block: 'start'})")
    yield "agreement-editor"
    page.get_by_role("button", name=SAY("edit.drop")).click()
    page.get_by_role("dialog").get_by_role("button", name=SAY("edit.drop")).click()
    expect(page.locator(".clause").first).to_be_visible()


def automatic(page, *, narrow):
    """Who would be alarmed for a boat on the Meuse, in which order."""
    go(page, "#/operations")
    if narrow:
        part(page, "situation")
    page.get_by_role("region", name=SAY("incidents")).get_by_role("button").filter(has_text="Meuse over").first.click()
    if narrow:
        part(page, "map")
    page.locator(".chosen").get_by_role("button", name=SAY("automatic_aid"), exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("listitem").first).to_be_visible()
    settled(page)
    yield "automatic-aid"
    page.keyboard.press("Escape")


def protocols(page, *, narrow):
    """What is done by itself when a river floods: the checklist of the incident, and how Maastricht does otherwise than the shared protocol."""
    go(page, "#/operations")
    if narrow:
        part(page, "situation")
    page.get_by_role("region", name=SAY("incidents")).get_by_role("button").filter(has_text="Meuse over").first.click()
    if narrow:
        part(page, "map")
    protocol = page.get_by_role("region", name=SAY("protocol"))
    expect(protocol.get_by_role("checkbox").first).to_be_visible()
    protocol.evaluate(
        "part => { const card = part.closest('.chosen'); card.scrollTop += part.getBoundingClientRect().top - card.getBoundingClientRect().top; }"
    )
    settled(page)
    yield "checklist"
    go(page, "#/protocol/river_flood")
    expect(page.get_by_role("region", name=SAY("protocol.difference")).get_by_role("listitem").first).to_be_visible()
    yield "protocol"


def plan(page):
    """What is proposed for all open lines together."""
    go(page, "#/plan")
    expect(page.get_by_role("region", name=SAY("plan.what_if"), exact=True)).to_be_visible()
    settled(page)
    yield "plan"


def coordination(page):
    """Whose turn it is to lead the corridor, and whose comes next."""
    go(page, "#/coordination")
    expect(page.locator(".turn").nth(1)).to_be_visible()
    yield "coordination"


def bills(page):
    """What is to be paid, and one claim line by line."""
    go(page, "#/claims?show=pay")
    expect(page.locator(".claim-row").first).to_be_visible()
    settled(page)
    yield "claims"
    page.locator(".claim-row").first.click()
    expect(page.locator(".claim-line").first).to_be_visible()
    settled(page)
    yield "claim"


def months(page):
    """A month's help from day to day, netted."""
    go(page, "#/claims?show=statements")
    page.locator(".claim-row").first.click()
    expect(page.get_by_role("button", name=SAY("statement.acknowledge"), exact=True)).to_be_visible()
    settled(page)
    yield "statement"


def drills(page):
    """A drill under way as its director sees it, the report of one that was held, and what follows over all of them."""
    go(page, "#/drills")
    expect(page.locator(".drill-row").first).to_be_visible()
    yield "drills"
    page.locator(".drill-what").filter(has_text="Chlorine").click()
    page.get_by_role("button", name=SAY("drill.tab.control"), exact=True).click()
    clock = page.locator(".control-top")
    expect(clock).to_be_visible()
    begin = clock.get_by_role("button", name=SAY("control.start"))
    if begin.is_visible():
        begin.click()
        page.get_by_role("dialog").get_by_role("button", name=SAY("control.start"), exact=True).click()
        clock.get_by_role("button", name=TIMES_SIXTY, exact=True).click()
        expect(page.locator(".inject.delivered").nth(3)).to_be_visible(timeout=4 * PATIENCE_MS)
        clock.get_by_role("button", name=TIMES_ONE, exact=True).click()
    expect(page.locator(".inject.delivered").first).to_be_visible()
    settled(page)
    yield "drill-control"
    go(page, "#/drills")
    page.locator(".drill-what").filter(has_text=SAY.state("drill", "reviewed")).first.click()
    page.get_by_role("button", name=SAY("drill.tab.report"), exact=True).click()
    expect(page.locator(".tl-injects > li").first).to_be_visible()
    settled(page)
    yield "drill-report"
    go(page, "#/improvement")
    expect(page.locator(".trend").first).to_be_visible()
    yield "improvement"


def administration(page, taking):
    """A user with roles and tokens, and how the service is."""
    go(page, "#/admin/users")
    page.locator(".entry").first.click()
    expect(page.get_by_role("region", name=SAY("tokens"), exact=True)).to_be_visible()
    yield "admin-users"
    go(page, "#/admin/health")
    expect(page.get_by_role("region", name=SAY("health.service"), exact=True)).to_be_visible()
    yield "admin-health"
    go(page, "#/admin/import")
    file = {"name": "units.csv", "mimeType": "text/csv", "buffer": WITH_MISTAKES.encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=SAY("import.try"), exact=True).click()
    expect(page.locator("#import-refused tbody tr").first).to_be_visible()
    yield "import"
    yield from dispatch(page, taking)


def dispatch(page, taking):
    """A dispatch system that hears of what happens, and what it was sent."""
    go(page, "#/admin/dispatch?tab=endpoints")
    hooks = page.get_by_role("region", name=SAY("hooks"), exact=True)
    expect(hooks.get_by_role("button", name=SAY("hooks.add"), exact=True)).to_be_visible()
    settled(page)
    if not hooks.get_by_role("listitem").count():
        hooks.get_by_role("button", name=SAY("hooks.add"), exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox", name=SAY("hooks.label"), exact=True).fill("Control room")
        dialog.get_by_role("textbox", name=SAY("hooks.url"), exact=True).fill(taking)
        dialog.get_by_role("button", name=SAY("hooks.add"), exact=True).click()
        dialog.get_by_role("button", name=SAY("hooks.secret.kept"), exact=True).click()
        page.get_by_role("button", name=SAY("hooks.replay")).click()
        dialog.get_by_role("spinbutton", name=SAY("hooks.replay.from")).fill("1")
        dialog.get_by_role("button", name=SAY("go_on"), exact=True).click()
        dialog.get_by_role("button", name=SAY("hooks.replay"), exact=True).click()
    else:
        hooks.get_by_role("listitem").first.get_by_role("button").first.click()
    expect(page.get_by_role("region", name=SAY("deliveries"), exact=True).get_by_text("HTTP 204").first).to_be_visible()
    settled(page)
    yield "dispatch"


def go(page, where):
    """Go to an address of the console."""
    page.evaluate("where => { location.hash = where; }", where)


def arranged(page):
    """On a request's screen: what can be arranged about a unit, and asking to keep it for longer."""
    row = page.locator(".mission").filter(has=page.get_by_role("button", name=SAY("arrange"))).first
    row.get_by_role("button", name=SAY("arrange")).click()
    row.get_by_role("button", name=SAY("extension.ask"), exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=f"+ {SAY('hours.short', n=8)}", exact=True).click()
    dialog.get_by_role("textbox", name=SAY("why"), exact=True).fill("The water falls tomorrow at the earliest.")
    yield "extension"
    page.keyboard.press("Escape")


def part(page, name):
    """On a telephone: show one part of the operations screen."""
    page.get_by_role("navigation", name=SAY("parts")).get_by_role("button", name=SAY(f"part.{name}")).click()


def settled(page):
    """Wait for what is asked for on the way: the map's parts, and estimates."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # what is drawn on the map tells nobody that it is drawn


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
