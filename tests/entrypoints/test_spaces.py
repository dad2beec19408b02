"""Spaces in addresses."""

from __future__ import annotations

import pytest


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
