"""The way into the console: a form without scripts, in the reader's language, and back to where one wanted to go."""

from __future__ import annotations

import re
from string import Formatter

import httpx
import pytest

from app.commands.users import AddUser
from app.domain.authority import SYSTEM
from app.domain.protocol_data import LANGUAGES
from app.entrypoints.console.sign_in_words import WORDS
from app.entrypoints.console.signing_in import own_address

LOGIN = {"login": "night.shift", "password": "three pumps stand behind the town hall"}


@pytest.fixture
async def dispatcher(door, world) -> None:
    """A dispatcher of Liège who has a password."""
    member = world.members["luik"]
    user = AddUser(
        member_id=member, display_name="Night shift", language="fr", roles=["dispatcher"], **LOGIN
    )  # fmt: skip
    await door.execute(user, actor=SYSTEM, space="live")


@pytest.fixture
async def browser(application):
    """A client with cookies, as a browser has them, that shows where it is sent."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.test") as client:
        yield client


async def test_who_opens_the_console_signs_in_first_and_comes_back(browser, dispatcher):
    """Whoever follows a colleague's link would land somewhere else after signing in, or see an empty frame."""
    sent = await browser.get("/console/integration", params={"tab": "lines"})
    assert sent.status_code == 303
    form = await browser.get(sent.headers["Location"])
    assert form.status_code == 200
    goal = re.search(r'name="next" value="([^"]+)"', form.text).group(1)
    begun = await browser.post("/sign-in", data=LOGIN | {"next": goal.replace("&amp;", "&")})
    assert (begun.status_code, begun.headers["Location"]) == (303, "/console/integration?tab=lines")
    page = await browser.get(begun.headers["Location"])
    assert page.status_code == 200
    assert '<html lang="fr">' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    again = await browser.get("/sign-in", params={"next": "/console/x"})
    assert (again.status_code, again.headers["Location"]) == (303, "/console/x")
    assert (await browser.post("/sign-out")).headers["Location"] == "/"
    assert (await browser.get("/console")).status_code == 303


async def test_without_a_goal_the_console_opens(browser, dispatcher):
    """The first thing after signing in is what one works with."""
    assert (await browser.post("/sign-in", data=LOGIN)).headers["Location"] == "/console"


async def test_the_pages_hold_nothing_that_our_policy_forbids(browser, dispatcher):
    """The policy lets no inline script or style run: the console would stay white."""
    pages = [(await browser.get("/sign-in")).text]
    await browser.post("/sign-in", data=LOGIN)
    pages.append((await browser.get("/console")).text)
    for page in pages:
        assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page)
        assert all(address.startswith("/") for address in re.findall(r'(?:src|href)="([^"]+)"', page))


@pytest.mark.parametrize(
    "goal",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "elsewhere",
        "",
        "/console\r\nSet-Cookie: a=b",
        "http://[",
    ],
)
def test_a_link_never_leads_away_from_here(goal):
    """A link to our own form could send a dispatcher, freshly signed in, to a page that asks for the password again."""
    assert own_address(goal) == "/console"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("nl-BE,nl;q=0.9,en;q=0.5", "nl"),
        ("fr;q=0.2, de;q=0.8", "de"),
        ("pl,cs;q=0.9", "en"),
        ("de;q=0, fr;q=0.1", "fr"),
        (";;q=x,", "en"),
    ],
)
async def test_the_form_speaks_the_language_the_browser_asks_for(anonymous, asked, language):
    """Someone who was never here meets the form in a language they read."""
    page = await anonymous.get("/sign-in", headers={"Accept-Language": asked})
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in page.text
    assert WORDS[language]["password"] in page.text


async def test_a_language_that_was_chosen_stays(browser, dispatcher):
    """On a foreign colleague's machine the answer to a wrong password would come in the machine's language."""
    page = await browser.get(
        "/sign-in", params={"lang": "nl", "next": "/console/a?b=c"}, headers={"Accept-Language": "fr"}
    )
    assert "Wachtwoord" in page.text
    assert 'href="/sign-in?lang=de&amp;next=%2Fconsole%2Fa%3Fb%3Dc"' in page.text
    page = await browser.post("/sign-in", data=LOGIN | {"password": "wrong", "lang": "nl"})
    assert page.status_code == 401
    assert "Geen actieve gebruiker meldt zich aan" in page.text
    assert f'value="{LOGIN["login"]}"' in page.text


async def test_who_tried_too_often_is_told_how_long_to_wait(browser, dispatcher):
    """A person who does not know that it is useless tries on, and waits ever longer."""
    for _ in range(6):
        page = await browser.post("/sign-in", data=LOGIN | {"password": "wrong", "lang": "de"})
    assert page.status_code == 429
    assert f"In {page.headers['Retry-After']} s noch einmal versuchen." in page.text


def test_the_form_says_the_same_in_every_language():
    """A word that is missing is an empty button at three in the morning."""
    assert tuple(WORDS) == LANGUAGES
    for said in WORDS.values():
        assert set(said) == set(WORDS["en"])
        assert all(said.values())
        assert [name for _, name, _, _ in Formatter().parse(said["wait"]) if name] == ["seconds"]
