"""``console``: what a person waits for. 500 open requests until they are painted, and a change until it is, at 20 a second.

A headless Chromium with the console as it ships, signed in as a dispatcher of Liège; Maastricht has asked 500 times. The
changes are acknowledgements by a colleague, each of which takes the mark *new* from a row. Painted means: the frame after
the row had changed has been drawn. A change's time begins with the instant in its journal entry, so it holds the commit, the
feed and the screen; *on the screen* begins when the page has heard it. Printed without a goal, to compare releases by.

Wants Playwright and a Chromium; without them it says so, and measures nothing.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import statistics
from contextlib import AsyncExitStack
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import httpx

from app.commands.execute import Door
from app.commands.incidents import ReportIncident
from app.commands.load_corridor import load_corridor
from app.commands.requests import DraftRequest
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain.authority import SYSTEM, Actor
from app.domain.ids import new_id
from app.settings import Settings
from app.store.engine import create_engine, reading
from app.store.migrate import migrate
from simulations.bench.measure import Effort, Figure, Report, database
from simulations.bench.server import served

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from playwright.async_api import Page

REQUESTS: Final = 500
PER_SECOND: Final = 20
CORRIDOR: Final = "meuse-rhine"
ASKS: Final = "nl-maastricht"
LOOKS: Final = "be-liege"
PASSWORD: Final = "drie pompen achter het stadhuis"  # noqa: S105 - of a user of a database that ends with the bench
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZE: Final = {"width": 1440, "height": 900}
TYPES: Final = ("pump.high_capacity", "engine.pumper", "ambulance.als", "team.flood_rescue")
PRIORITIES: Final = ("life_safety", "incident_stabilisation", "property", "recovery")
PATIENCE_S: Final = 60.0
LOOK_EVERY_S: Final = 0.05


def measure(effort: Effort, report: Report) -> None:
    """Measure opening the page as often as ``effort`` has rounds, then changes for as long as all rounds take."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None or importlib.util.find_spec("playwright") is None:
        report.tell("console: left out, for there is no Playwright, or no Chromium")
        return
    with database(report) as dsn:
        report.tell(f"console: {REQUESTS} open requests")
        token, requests = asyncio.run(_ground(dsn))
        with served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn) as url:
            asyncio.run(_measure(program, url, token, requests, effort, report))


async def _measure(program: str, url: str, token: str, requests: Sequence[str], effort: Effort, report: Report) -> None:
    # Only who measures the console has it.
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright, AsyncExitStack() as opened:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        opened.push_async_callback(browser.close)
        page = await browser.new_page(viewport=SIZE, locale="en")  # type: ignore[arg-type]
        await page.add_init_script(f"window.__wanted = {REQUESTS};")
        await page.add_init_script((files("simulations") / "bench" / "watching.js").read_text("utf-8"))
        await page.goto(f"{url}/sign-in?lang=en")
        await page.fill("[name=login]", f"bench@{LOOKS}")
        await page.fill("[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{url}/console")
        opening: list[tuple[float, float]] = []
        for number in range(effort.rounds + 1):
            await page.goto(f"{url}/console")
            heard, painted, began = await _told(page, "[__told.snapshot, __told.painted, performance.timeOrigin]", 1)
            if number:  # the first fills the caches
                opening.append((painted - heard, painted - began))
            await page.goto("about:blank")
        for case, at in (("snapshot heard → painted", 0), ("page opened → painted", 1)):
            report.add(
                Figure("console", f"{REQUESTS} open requests: {case}", statistics.median(o[at] for o in opening), "ms")
            )
        await page.goto(f"{url}/console")
        await _told(page, "[__told.painted]", 0)
        wanted = min(len(requests), max(1, round(PER_SECOND * effort.rounds * effort.seconds)))
        report.tell(f"console: {wanted} changes, {PER_SECOND} a second")
        await page.evaluate("() => { __told.watching = true; }")
        await _change(url, token, requests[:wanted])
        changes, frames = await _changes(page, wanted)
        for case, at in (("change recorded → painted", 0), ("change heard → painted", 1)):
            times = sorted(change[at] for change in changes)
            _add(report, f"{PER_SECOND} a second: {case}", times)
        _add(report, f"{PER_SECOND} a second: from frame to frame", sorted(frames))


def _add(report: Report, case: str, times: list[float]) -> None:
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        at = min(len(times) - 1, int(len(times) * share))
        report.add(Figure("console", f"{case}, {name}", times[at], "ms"))


async def _told(page: Page, what: str, done: int) -> list[float]:
    """Return what the page tells once the figure at ``done`` is there."""
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while asyncio.get_running_loop().time() < end:
        found: list[float] = await page.evaluate(what)
        if found[done]:
            return found
        await asyncio.sleep(LOOK_EVERY_S)
    message = f"the console did not paint {REQUESTS} requests in {PATIENCE_S:g} s"
    raise RuntimeError(message)


async def _changes(page: Page, wanted: int) -> tuple[list[list[float]], list[float]]:
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while asyncio.get_running_loop().time() < end:
        if await page.evaluate("__told.changes.length") >= wanted:
            return await page.evaluate("[__told.changes, __told.frames]")  # type: ignore[no-any-return]
        await asyncio.sleep(LOOK_EVERY_S)
    message = f"not all of {wanted} changes came to the screen in {PATIENCE_S:g} s"
    raise RuntimeError(message)


async def _change(url: str, token: str, requests: Sequence[str]) -> None:
    """Acknowledge requests, so many a second, whether or not the ones before are answered."""
    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(base_url=f"{url}/api/v1/spaces/live", timeout=30) as client,
        asyncio.TaskGroup() as sent,
    ):

        async def send(request: str) -> None:
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())}
            (await client.post(f"/requests/{request}/acknowledge", json={}, headers=headers)).raise_for_status()

        began = loop.time()
        for number, request in enumerate(requests):
            await asyncio.sleep(began + number / PER_SECOND - loop.time())
            sent.create_task(send(request))


# ---------------------------------------------------------------- the ground


async def _ground(dsn: str) -> tuple[str, list[str]]:
    """Load the demonstration corridor, and ask 500 times; return a token of the other side, and the requests' ids."""
    await migrate(dsn)
    engine = create_engine(dsn, pool_size=2)
    door = Door(engine, Settings())
    with as_file(files("simulations") / "corridors" / CORRIDOR) as folder:
        await load_corridor(door, folder, lambda _line: None)
    async with reading(engine) as conn:
        members = {row["code"]: row for row in await conn.fetch("SELECT id, code, lon, lat FROM member")}
    asks = members[ASKS]
    asker = await _user(door, asks["id"], ASKS)
    looker = await _user(door, members[LOOKS]["id"], LOOKS)
    made = await door.execute(
        AddToken(user_id=looker, label="bench", scopes=["write"], days=1), actor=SYSTEM, space="live"
    )
    lon, lat = asks["lon"], asks["lat"]
    ring = [[lon - 0.01, lat - 0.01], [lon + 0.01, lat - 0.01], [lon + 0.01, lat + 0.01], [lon - 0.01, lat - 0.01]]
    flood = {"title": "The bench", "hazard": "flood", "severity": 3, "area": {"type": "Polygon", "coordinates": [ring]}}
    actor = Actor(id=asker, kind="person", member_id=asks["id"], roles=frozenset({"dispatcher"}), via="console")
    incident = await door.execute(ReportIncident.model_validate(flood), actor=actor, space="live")
    requests = []
    for number in range(REQUESTS):
        line = {
            "type_code": TYPES[number % 4], "quantity": 1 + number % 3, "priority": PRIORITIES[number // 4 % 4],
            "lon": lon + (number % 25) / 100, "lat": lat + (number // 25) / 200, "place": f"Sint-Pietersplein {number}",
        }  # fmt: skip
        body = {"incident_id": incident.id, "kind": "immediate", "lines": [line], "then": "open"}
        asked = await door.execute(DraftRequest.model_validate(body), actor=actor, space="live")
        requests.append(str(asked.id))
    await engine.dispose()
    return str((made.once or {})["token"]), requests


async def _user(door: Door, member: UUID, code: str) -> UUID:
    body: dict[str, Any] = {
        "member_id": member, "login": f"bench@{code}", "display_name": "The bench", "roles": ["dispatcher"], "password": PASSWORD,
    }  # fmt: skip
    return (await door.execute(AddUser.model_validate(body), actor=SYSTEM, space="live")).id
