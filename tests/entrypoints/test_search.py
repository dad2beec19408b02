"""Going to anything by its name."""

from __future__ import annotations

import json

import pytest

from app.entrypoints.console.basemap import FOLDER, places
from tests.world import everywhere, flood

SEARCH = "/api/v1/spaces/live/search"


@pytest.fixture
def find(client):
    """Searches as maas's dispatcher, who reads Dutch; gives (kind, title) of what was found."""

    async def finds(q, *, who=("maas", "dispatcher"), **params):
        answer = await client(*who).get(SEARCH, params={"q": q, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return finds


def titles(items, kind=None):
    return [item["title"] for item in items if kind in {None, item["kind"]}]


@pytest.mark.parametrize(
    ("typed", "title", "country"),
    [
        ("Aix-la-Chapelle", "Aken", "DE"),
        ("aachen", "Aken", "DE"),
        ("liege", "Luik", "BE"),
        ("Lüttich", "Luik", "BE"),
        ("keulen", "Keulen", "DE"),
        ("Cologne", "Keulen", "DE"),
        ("tongres", "Tongeren", "BE"),
        ("maestricht", "Maastricht", "NL"),
        ("duren", "Düren", "DE"),
        ("Wezet", "Wezet", "BE"),
        ("ruremonde", "Roermond", "NL"),
        ("juliers", "Gulik", "DE"),
        ("st vith", "Sankt Vith", "BE"),
        ("kirchrath", "Kerkrade", "NL"),
        ("s-hertogenrade", "'s-Hertogenrade", "DE"),
        ("fauquemont", "Valkenburg", "NL"),
        ("malmedy", "Malmedy", "BE"),
    ],
)
async def test_a_place_is_found_by_the_name_of_either_side(find, typed, title, country):
    """The caller says Luik, the map says Liège, and the pump must not go to Lith."""
    found = next(item for item in await find(typed) if item["kind"] == "place")
    assert (found["title"], found["country"]) == (title, country)
    assert found["place"]["type"] == "Point"


async def test_titles_speak_the_readers_language(find):
    """A French-speaking dispatcher looks for the name on the French map."""
    found = await find("aken", who=("luik", "dispatcher"))
    place = next(item for item in found if item["kind"] == "place")
    assert (place["title"], place["matched"]) == ("Aix-la-Chapelle", "Aken")
    assert titles(await find("aken", language="de"), "place")[0] == "Aachen"


async def test_units_members_crossings_and_types(find, world):
    """One field for everything: nobody has to know first what kind of thing a word names."""
    unit = (await find("luik pump 2"))[0]
    assert (unit["kind"], unit["title"], unit["code"]) == ("resource", "luik pump 2", "pump.high_capacity")
    assert unit["id"] == str(world.resources["luik-pump-2"])
    assert unit["member_id"] == str(world.members["luik"])
    member = (await find("hasselt"))[0]
    assert (member["kind"], member["id"]) == ("member", str(world.members["hasselt"]))
    crossing = (await find("lichtenb"))[0]
    assert (crossing["kind"], crossing["status"]) == ("crossing", "checks")
    for said in ("high capacity pump", "grosspumpe", "dompelpomp", "POMPE A GRAND DEBIT"):
        types = [item for item in await find(said) if item["kind"] == "resource_type"]
        assert (types[0]["code"], types[0]["title"]) == ("pump.high_capacity", "Hogecapaciteitspomp"), said


async def test_incidents_and_requests_by_what_is_said_on_the_telephone(find, client):
    """The other side reads out five characters; a draft is found by its own people alone."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post("/api/v1/spaces/live/incidents", json=flood())).json()
    line = {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    body = {"incident_id": incident["id"], "kind": "planned", "lines": [line]}
    draft = (await maas.post("/api/v1/spaces/live/requests", json=body)).json()
    ref = draft["subject"]["ref"]
    for typed in (ref, ref.lower(), ref.replace("-", " "), ref[2:], ref.replace("0", "o")):
        found = (await find(typed))[0]
        assert (found["kind"], found["title"], found["status"]) == ("request", ref, "draft"), typed
        assert found["place"]["coordinates"] == [5.7, 50.78]
    assert ref not in titles(await find(ref, who=("luik", "dispatcher")))
    by_ref = (await find(incident["subject"]["ref"]))[0]
    assert (by_ref["kind"], by_ref["id"]) == ("incident", incident["id"])
    assert (await find("meuse over"))[0]["id"] == incident["id"]


async def test_no_kind_crowds_out_the_others(find):
    """With hundreds of units of a city the city itself must still be on the list."""
    found = await find("maas")
    assert len(found) <= 20
    kinds = [item["kind"] for item in found]
    assert max(kinds.count(kind) for kind in kinds) <= 8
    assert "member" in kinds
    assert len(await find("a", limit=3)) == 3


@pytest.mark.parametrize("odd", ["%", "_", "-", "…", "'; DROP TABLE member", "%%%%%%", "\\"])
async def test_odd_input_finds_nothing_and_breaks_nothing(find, odd):
    """A dispatcher's elbow on the keyboard."""
    assert await find(odd) == []


async def test_an_empty_search_is_refused(client):
    """Everything is no answer."""
    assert (await client("maas", "viewer").get(SEARCH, params={"q": " "})).status_code == 422
    assert (await client("maas", "viewer").get(SEARCH)).status_code == 422


def test_every_other_name_belongs_to_a_place_of_the_map():
    """A name on the list that belongs to nothing is a mistake that nobody would see."""
    known = {(place.name, place.country) for place in places()}
    listed = json.loads((FOLDER / "place_names.json").read_text("utf-8"))
    assert {(entry["n"], entry["cc"]) for entry in listed} <= known
    assert len(listed) == len({(entry["n"], entry["cc"]) for entry in listed})


async def test_a_rendezvous_a_depot_and_an_agreement_are_found(find, client, world):
    """A driver asks where M3 is, and nobody finds the meeting point by the name that stands on the guide's sign."""
    place = {
        "code": "gronsveld", "guide_code": "M3", "names": everywhere("Gronsveld, P+R"), "kind": "staging_area", "lon": 5.73,
        "lat": 50.81, "capacity": 4, "guide": True, "fuel": False, "launch_ramp": False, "food": False, "beds": 0,
    }  # fmt: skip
    added = await client("maas", "dispatcher").post("/api/v1/spaces/live/rendezvous", json=place)
    assert added.status_code == 201, added.text
    for typed in ("M3", "gronsveld p+r"):
        (hit,) = [item for item in await find(typed) if item["kind"] == "rendezvous"]
        assert (hit["title"], hit["code"], hit["country"]) == ("Gronsveld, P+R", "M3", "NL")
        assert hit["place"]["coordinates"] == [5.73, 50.81]
    depots = (await client("luik", "dispatcher").get("/api/v1/spaces/live/depots?limit=1")).json()["items"]
    (depot,) = [item for item in await find(depots[0]["name"]) if item["id"] == depots[0]["id"]]
    assert (depot["kind"], depot["member_id"]) == ("depot", depots[0]["member_id"])
    (agreement,) = (await client("luik", "dispatcher").get("/api/v1/spaces/live/agreements?limit=1")).json()["items"]
    hits = await find(agreement["names"]["nl"])
    assert (agreement["id"], "agreement") in [(item["id"], item["kind"]) for item in hits]
