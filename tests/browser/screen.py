"""One person's screen: a page of the console in a browser, and what is found on it by what it says."""

from __future__ import annotations

import asyncio
import json
import re
import time
from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.browser.words import Words

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

# What the browser itself says about a request that failed; each test says which failures it provokes.
FAILED = re.compile(r"Failed to load resource|WebSocket connection to|ERR_")
# Advice on speed that the map's library gets when one points at its signs; it has chosen so.
ADVICE = "Multiple readback operations using getImageData"


class Screen:
    """A page with who sits before it. It remembers what was asked for and what went wrong, for ``assert_clean``."""

    def __init__(self, page, address, language):
        self.page = page
        self.address = address
        self.w = Words(language)
        self.requests = []
        self.wrong = []
        self.failed = []
        self.sockets = []
        self.failures_expected = False
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", self._socket)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"exception: {error}"))

    def _socket(self, socket):
        kept = {"url": socket.url, "sent": [], "heard": []}
        self.requests.append(socket.url)
        self.sockets.append(kept)
        socket.on("framesent", lambda frame: kept["sent"].append(json.loads(frame)))
        socket.on("framereceived", lambda frame: kept["heard"].append(json.loads(frame)))

    def _said(self, message):
        if message.type not in {"error", "warning"} or ADVICE in message.text:
            return
        (self.failed if FAILED.search(message.text) else self.wrong).append(f"{message.type}: {message.text}")

    def assert_clean(self):
        """Nothing from elsewhere, nothing that the policy of the page forbids, no error that nobody provoked."""
        hosts = {urlsplit(url).netloc for url in self.requests if not url.startswith(("data:", "blob:"))}
        assert hosts <= {self.address}, hosts
        assert not self.wrong, self.wrong
        if not self.failures_expected:
            assert not self.failed, self.failed

    # ------------------------------------------------------------ going about

    async def open_request(self, id_):
        """Go to the screen of a request, and wait until it knows all about it."""
        async with self.page.expect_response(lambda answer: "/recommendations?" in answer.url):
            await self.page.evaluate("id => { location.hash = `#/request/${id}`; }", str(id_))
        await expect(self.panel("timeline").get_by_role("listitem").first).to_be_attached()

    async def go(self, hash_):
        """Go to an address of the console (``#/resources``)."""
        await self.page.evaluate("hash => { location.hash = hash; }", hash_)

    async def open_operations(self):
        """Go to the operations screen."""
        await self.page.evaluate("location.hash = '#/operations'")
        await expect(self.page.locator(".operations")).to_be_visible()

    async def sign_in(self, login, password, goal="/console"):
        """Sign in by the form, as a person does."""
        await self.page.goto(f"http://{self.address}/sign-in?next={goal}&lang={self.w.language}")
        await self.page.fill("[name=login]", login)
        await self.page.fill("[name=password]", password)
        await self.page.keyboard.press("Enter")
        await self.live()

    async def live(self):
        """Wait until everything that was missed has come."""
        await expect(self.page.locator("[data-link=live]")).to_be_visible()

    def button(self, key, within=None, *, exact=False, **values):
        """A button by the key of its text."""
        return self.named("button", self.w(key, **values), within, exact=exact)

    def named(self, role, name, within=None, *, exact=False):
        """Something by its role and name."""
        return (within or self.page).get_by_role(role, name=name, exact=exact)

    def panel(self, key):
        """A panel by its heading."""
        return self.page.get_by_role("region", name=self.w(key), exact=True)

    @property
    def dialog(self):
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def request_row(self, text):
        """A row of the list of requests by what it says."""
        return self.panel("requests").get_by_role("listitem").filter(has_text=text)

    def mission(self, call_sign):
        """A unit's row on the screen of a request."""
        return self.panel("missions").get_by_role("listitem").filter(has_text=call_sign)

    async def tab_to(self, goal, *, most=150):
        """Press Tab until something has the focus."""
        element = await goal.element_handle()
        for _ in range(most):
            there = await element.evaluate("element => element.isConnected ? element === document.activeElement : null")
            if there:
                return
            if there is None:
                element = await goal.element_handle()
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not come to {goal}")

    async def press(self, *keys):
        """Press keys one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text):
        """Type a text where the focus is."""
        await self.page.keyboard.type(text)


async def shows(act, *sights):
    """Do something, and wait until all these are to be seen; returns how long that took after the doing began (ms)."""
    waiting = [asyncio.create_task(_seen(sight)) for sight in sights]
    await asyncio.sleep(0.02)  # they look already when it is done
    began = time.perf_counter()
    try:
        await act
        ends = await asyncio.gather(*waiting)
    finally:
        for each in waiting:
            each.cancel()
    return (max(ends) - began) * 1000


async def _seen(sight):
    await sight.wait_for(state="visible", timeout=PATIENCE_MS)
    return time.perf_counter()
