"""A real Chromium, a real server on loopback with the world of ``tests/world.py``, and people with passwords before it.

Without Chromium these tests are skipped with the reason, unless CONCORD_BROWSER=required says that they must not be.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Error, async_playwright

from app.commands.execute import Door
from app.commands.users import ChangeUser
from app.domain.authority import SYSTEM
from app.domain.clock import SetClock
from app.main import create_app
from app.settings import Settings
from app.store.engine import create_engine
from tests.browser.relay import relayed
from tests.browser.screen import Screen
from tests.conftest import NOON, _beside, _on_server
from tests.following import served

REQUIRED = os.environ.get("CONCORD_BROWSER") == "required"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is there. In Chromium without windows a page is opened in a sixth of the processor's time (0.08 s in place of 0.46, empty)."""
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-proxy-server",
)  # fmt: skip
PASSWORD = "drie pompen achter het stadhuis"
LANGUAGES = {"maas": "nl", "luik": "fr", "aken": "de", "hasselt": "en"}
"""The language of each member's people."""
ROLES = ("dispatcher", "authorised_representative", "finance", "admin")
"""Who of a member signs in."""


def pytest_collection_modifyitems(items):
    """A browser is started, and pages are drawn: none of these is quick."""
    for item in items:
        if "browser" in item.path.parts and "application" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def _do_without(reason):
    if REQUIRED:
        pytest.fail(f"CONCORD_BROWSER=required, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def start_browser():
    """Starts Chromium with a new profile; what was started is ended with the run."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        _do_without(f"there is no Chromium here (none of {', '.join(NAMES)} is installed)")
    async with async_playwright() as playwright, AsyncExitStack() as started:

        async def start():
            try:
                browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
            except Error as error:
                _do_without(f"{program} does not start: {error.message.splitlines()[0]}")
            started.push_async_callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="session")
async def browser(start_browser):
    """One Chromium for the run; each screen has a profile of its own in it."""
    return await start_browser()


@pytest.fixture(scope="session")
async def world_template(server_dsn, world_template):
    """The world, where dispatchers and representatives have a password and a language."""
    name = f"concord_browser_{uuid.uuid4().hex[:8]}"
    await _on_server(server_dsn, f"CREATE DATABASE {name} TEMPLATE {world_template[0]}")
    world = world_template[1]
    engine = create_engine(_beside(server_dsn, name), pool_size=2)
    door = Door(engine, Settings(), SetClock(NOON))
    for member, language in LANGUAGES.items():
        user = ChangeUser(password=PASSWORD, language=language)
        for role in ROLES:
            await door.execute(user, actor=SYSTEM, space="live", target=world.users[member, role])
    await engine.dispose()
    yield name, world
    await _on_server(server_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class RunningClock:
    """Starts at noon on 14 July 2026 and goes on: the world's agreement is in force whenever the tests run."""

    def __init__(self):
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The present instant in the world."""
        return NOON + timedelta(seconds=time.monotonic() - self._began)

    def move(self, **by):
        """Let time pass (``minutes=10``)."""
        self._began -= timedelta(**by).total_seconds()


@pytest.fixture
def clock():
    """A clock that goes."""
    return RunningClock()


@pytest.fixture
async def application(browser, database, settings, clock):
    """The whole application on the test's database."""
    made = create_app(settings, database, clock=clock, background=False)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def address(application):
    """``host:port`` of the server."""
    async with served(application) as found:
        yield found


@pytest.fixture
async def relay(address):
    """A line to the server that can be cut."""
    async with relayed(address) as made:
        yield made


@pytest.fixture
async def do(application, world):
    """Executes a command as ``who`` (member, role): what other people's screens and systems do meanwhile."""

    async def does(model, target=None, *, who=("maas", "dispatcher"), **body):
        command = model.model_validate(body)
        actor = who if who is SYSTEM else world.actor(*who)
        return await application.state.door.execute(command, actor=actor, space="live", target=target)

    return does


@pytest.fixture
async def screens(browser, address):
    """Opens screens: ``screen = await screens("maas")`` is its dispatcher's, signed in and live.

    After the test each is looked at for requests to elsewhere, violations of the policy, and errors.
    """
    opened = []
    async with AsyncExitStack() as contexts:

        async def open_screen(
            member, *, role="dispatcher", language=None, width=1440, height=900, theme="light", within=None, at=None
        ):
            speaks = language or LANGUAGES[member]
            where = at or address
            context = await (within or browser).new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, locale=speaks, reduced_motion="reduce"
            )
            contexts.push_async_callback(context.close)
            screen = Screen(await context.new_page(), where, speaks)
            opened.append(screen)
            await screen.sign_in(f"{role}@{member}", PASSWORD)
            return screen

        yield open_screen
    for screen in opened:
        screen.assert_clean()
