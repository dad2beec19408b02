"""The overview at ``/``: signing in without scripts, and who sees what."""

from __future__ import annotations

import httpx
import pytest

from app.commands.users import AddUser
from app.domain.authority import SYSTEM
from tests.world import flood

PASSWORD = "three pumps stand behind the town hall"
FIRE = flood(title="Warehouse on fire at the docks", hazard="structural_fire")


@pytest.fixture
async def dispatcher(door, world) -> str:
    """The login of a dispatcher of Liège who has a password."""
    user = AddUser(
        member_id=world.members["luik"],
        login="night.shift",
        display_name="Night shift",
        password=PASSWORD,
        language="fr",
        roles=["dispatcher"],
    )
    await door.execute(user, actor=SYSTEM, space="live")
    return user.login


@pytest.fixture
async def browser(application):
    """A client with cookies, as a browser has them."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://concord.test", follow_redirects=True) as client:
        yield client


async def test_a_stranger_sees_counts_and_a_form_only(anonymous, client):
    """Whoever passes by would otherwise read what the corridor's members share."""
    sent = await client("maas", "dispatcher").post("/api/v1/spaces/live/incidents", json=FIRE)
    assert sent.status_code == 201, sent.text
    page = (await anonymous.get("/")).text
    assert "Sign in" in page
    assert "<b>1</b> live incidents" in page
    assert FIRE["title"] not in page


async def test_a_dispatcher_signs_in_sees_what_is_going_on_and_signs_out(browser, client, dispatcher):
    """In a control room with scripts off nobody would get in, or out."""
    await client("maas", "dispatcher").post("/api/v1/spaces/live/incidents", json=FIRE)
    assert (await browser.post("/sign-in", data={"login": dispatcher, "password": PASSWORD})).status_code == 200
    page = (await browser.get("/")).text
    assert FIRE["title"] in page
    assert "incident reported" in page
    assert 'href="/console"' in page
    assert "Sign in" in (await browser.post("/sign-out")).text
    assert FIRE["title"] not in (await browser.get("/")).text


async def test_what_is_asked_stands_there_with_how_far_it_is_filled(browser, client, dispatcher):
    """A control room would send a pump to a line that is full, or none to one that is not."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post("/api/v1/spaces/live/incidents", json=FIRE)).json()["id"]
    line = {"type_code": "engine.pumper", "quantity": 2, "priority": "property", "lon": 5.7, "lat": 50.85}
    request = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    assert (await maas.post("/api/v1/spaces/live/requests", json=request)).status_code == 201
    gone = {
        "requester_id": member_of(await maas.get("/api/v1/session")),
        "lender_id": member_of(await client("luik", "dispatcher").get("/api/v1/session")),
        "incident_id": incident,
        "type_code": "engine.pumper",
        "quantity": 1,
        "lon": 5.7,
        "lat": 50.85,
    }
    assert (await maas.post("/api/v1/spaces/live/assist-now", json=gone)).status_code == 201
    await browser.post("/sign-in", data={"login": dispatcher, "password": PASSWORD})
    page = (await browser.get("/")).text
    assert "</meter> 0/2" in page
    assert "</meter> 1/1" in page


def member_of(session):
    """The id of the member behind a session."""
    return session.json()["user"]["member"]["id"]


async def test_a_form_of_another_site_is_refused(browser):
    """Another site could sign a browser in as somebody else, or out."""
    page = await browser.post("/sign-out", headers={"Origin": "https://elsewhere.example"})
    assert page.status_code == 403
    assert page.json()["type"] == "/problems/csrf-failed"
