"""Resource types as a dispatcher looks them up, by whatever the caller said."""

from __future__ import annotations

import pytest


async def codes(http, **params):
    answer = await http.get("/api/v1/resource-types", params=params)
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    "said", ["pompe a grand debit", "POMPE À GRAND DÉBIT", "hochleistungspumpe", "WTS", "grosspumpe", "pump.high"]
)
async def test_found_in_any_language_without_accents(client, said):
    """People on two sides of a border call the same pump by three names."""
    assert "pump.high_capacity" in await codes(client("luik", "viewer"), q=said)


async def test_what_is_called_otherwise_is_not_found(client):
    """A search that finds everything finds nothing."""
    http = client("luik", "viewer")
    assert await codes(http, q="unicorn") == []
    assert "pump.high_capacity" not in await codes(http, q="ambulance")


async def test_all_of_them_in_pages_and_by_kind(client):
    """A list that repeats or drops one on the next page would miss a type."""
    http = client("luik", "viewer")
    everything = await codes(http, limit=200)
    assert len(everything) >= 20
    assert everything == sorted(everything)
    paged, cursor = [], None
    while cursor is not None or not paged:
        page = (
            await http.get("/api/v1/resource-types", params={"limit": 7} | ({"cursor": cursor} if cursor else {}))
        ).json()
        paged += [item["code"] for item in page["items"]]
        cursor = page["next"]
    assert paged == everything
    teams = await codes(http, kind="team", limit=200)
    assert teams
    assert set(teams) < set(everything)


async def test_what_one_unit_can_do_at_least(client):
    """The minimum is what two sides agreed to mean by the code."""
    answer = await client("luik", "viewer").get("/api/v1/resource-types", params={"q": "pump.high_capacity"})
    pump = answer.json()["items"][0]
    assert pump["minimum"][0]["measure"] == "pumping_capacity"
    assert pump["minimum"][0]["value"] == 1000
    assert pump["crosswalk"]["eu_module"] == "HCP"


@pytest.mark.parametrize(
    ("params", "slug"),
    [({"kind": "spaceship"}, "unknown-code"), ({"cursor": "nonsense"}, "bad-cursor"), ({"q": ""}, "out-of-range")],
)
async def test_bad_parameters_are_named(client, params, slug):
    """A client that misspells a filter must not get the whole list instead."""
    answer = await client("luik", "viewer").get("/api/v1/resource-types", params=params)
    assert answer.status_code == 422
    assert answer.json()["type"] == f"/problems/{slug}"


async def test_how_a_type_stands_to_fema_is_said_of_every_one(client):
    """*null*: nobody knows whether there is no such kind in NIMS, or nobody has looked."""
    answer = await client("luik", "viewer").get("/api/v1/resource-types", params={"limit": 200})
    said = {item["code"]: item["crosswalk"]["nims"] for item in answer.json()["items"]}
    assert {each["match"] for each in said.values()} == {"figures", "name", "none"}
    assert said["engine.pumper"] == {"match": "figures", "kind": "Engine, Fire (Pumper)", "type": 2}
    assert said["tanker.water"] == {"match": "name", "kind": "Water Tender, Firefighting (Tanker)", "type": None}
    assert said["post.treatment"] == {"match": "none", "kind": None, "type": None}
