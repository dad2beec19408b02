"""The map is there whenever a screen shows it, and its base as soon as it can be read."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

BASE = "**/static/basemap/*"


@pytest.fixture
def canvas():
    """What the map is drawn on."""
    return lambda screen: screen.page.locator(".map canvas").first


async def test_another_screen_before_the_base_has_come(screens, canvas):
    """Over a slow line somebody goes on to the units: the map that came late would be taken away from under them."""
    screen = await screens("maas")
    come = asyncio.Event()

    async def slowly(route):
        await come.wait()
        await route.continue_()

    await screen.page.route(BASE, slowly)
    await screen.page.reload()
    await screen.live()
    await expect(canvas(screen)).to_be_attached()
    await screen.go("#/resources")
    await expect(screen.page.locator("#units")).to_be_visible()
    await expect(canvas(screen)).to_be_attached()
    async with screen.page.expect_response("**/place_names.json"):
        come.set()
    await screen.page.wait_for_timeout(500)
    await expect(canvas(screen)).to_be_visible()


async def test_a_base_that_could_not_be_read_is_read_again(screens, canvas):
    """A moment without a server would leave the map without borders and names for the rest of the night."""
    screen = await screens("maas")
    screen.failures_expected = True
    await screen.page.route(BASE, lambda route: route.abort())
    await screen.page.reload()
    await screen.live()
    await expect(screen.panel("map").get_by_role("alert")).to_contain_text(screen.w("map.failed"))
    await screen.page.unroute(BASE)
    async with screen.page.expect_response("**/borders_osm.json") as read:
        await screen.go("#/resources")
    assert (await read.value).ok
    await expect(canvas(screen)).to_be_visible()
    await expect(screen.panel("map").get_by_role("alert")).to_have_count(0)
