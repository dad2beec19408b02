"""Spaces in addresses."""

from __future__ import annotations

import html
import json
import re

import pytest

from app.domain.drills.texts import EXERCISE


@pytest.mark.parametrize("list_", ["incidents", "requests", "missions", "resources", "journal", "agreements"])
async def test_a_space_that_is_not_there_is_not_found(client, list_):
    """Whoever misspells the space would read an empty list and take it for quiet."""
    answer = await client("maas", "dispatcher").get(f"/api/v1/spaces/lvie/{list_}")
    assert answer.status_code == 404
    assert answer.json()["kind"] == "space"


async def test_a_stranger_is_asked_who_they_are_first(anonymous):
    """Which spaces there are, a drill's among them, is the members' business."""
    assert (await anonymous.get("/api/v1/spaces/lvie/incidents")).status_code == 401


async def test_a_command_in_a_space_that_is_not_there_is_not_found(client):
    """A report sent to nowhere would be thought received."""
    body = {"title": "Fire", "hazard": "other", "severity": 1, "area": {"type": "Point", "coordinates": [5.7, 50.8]}}
    answer = await client("maas", "dispatcher").post("/api/v1/spaces/lvie/incidents", json=body)
    assert answer.status_code == 404


async def test_the_console_of_each_space_is_a_page_of_its_own(played, drilling):
    """Whoever reloads a drill's page, or follows a link to it, would stand in live with the drill's words in mind; or the reverse."""
    _, space = await drilling.started()
    person = await played.of("nl-heerlen", "dispatcher")
    drill, live, integration = [await person.get(f"/console{each}") for each in (f"/{space}", "", "/integration")]
    assert f'data-space="{space}" data-kind="drill"' in drill.text
    assert "<title>EXERCISE EXERCISE EXERCISE \N{MIDDLE DOT} Concord</title>" in drill.text
    marks = re.search(r'data-marks="([^"]+)"', drill.text)
    assert json.loads(html.unescape(marks[1])) == dict(EXERCISE)
    assert 'data-space="live" data-kind="live"' in live.text
    assert "<title>Concord</title>" in live.text
    assert 'data-space="integration"' in integration.text
    seen = live.text.replace(marks[0], "")  # kept there for what staff read of a script
    assert marks[0] in live.text
    assert "EXERCISE" not in seen + integration.text
    assert (await person.get("/console/live")).headers["Location"] == "/console"
    assert (await person.get("/console/drill-none")).status_code == 404
