"""Requests over HTTP: addresses, filters, pages, headers, problems."""

from __future__ import annotations

import pytest

from tests.world import flood

SPACE = "/api/v1/spaces/live"


@pytest.fixture
def maas(client):
    """A dispatcher of the member that asks."""
    return client("maas", "dispatcher")


@pytest.fixture
async def incident(maas):
    """The id of a flood that maas has reported."""
    answer = await maas.post(f"{SPACE}/incidents", json=flood())
    return answer.json()["id"]


def line(**other):
    return {
        "type_code": "pump.high_capacity",
        "quantity": 4,
        "priority": "life_safety",
        "lon": 5.7,
        "lat": 50.78,
    } | other


@pytest.fixture
def ask(maas, incident):
    """Sends a request of maas and returns the answer."""

    async def asks(*lines, then="open", **other):
        body = {"incident_id": incident, "kind": "immediate", "lines": list(lines) or [line()], "then": then} | other
        return await maas.post(f"{SPACE}/requests", json=body)

    return asks


async def listed(who, query=""):
    answer = await who.get(f"{SPACE}/requests{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_asked_read_and_ended(ask, maas, client):
    """The whole life of a request as any program of a control room would drive it."""
    asked = await ask(line(), line(type_code="engine.pumper", quantity=1, place="Sluis Ternaaien"))
    assert asked.status_code == 201
    at = asked.headers["Location"]
    luik = client("luik", "dispatcher")
    read = await luik.get(at)
    body = read.json()
    assert read.headers["ETag"] == asked.headers["ETag"] == '"1"'
    assert (body["status"], body["ref"][:2]) == ("open", "R-")
    assert body["lines"][0]["fill"] == {"wanted": 4, "committed": 0, "pending": 0, "open": 4, "parts": None}
    assert body["lines"][1]["geometry"] == {"type": "Point", "coordinates": [5.7, 50.78]}
    assert (await luik.post(f"{at}/acknowledge", json={})).status_code == 201
    assert len((await maas.get(at)).json()["acknowledgements"]) == 1
    closed = await maas.post(f"{at}/close", json={"why": "Nobody could."})
    assert (closed.status_code, closed.json()["subject"]["status"]) == (200, "unfilled")
    again = await maas.post(f"{at}/cancel", json={})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/transition-not-allowed")
    assert again.json()["current"]["status"] == "unfilled"


async def test_planned_request_step_by_step(ask, maas, client):
    """A draft is changed with If-Match, submitted by one, opened by another."""
    drafted = await ask(kind="planned", then="draft")
    at = drafted.headers["Location"]
    assert (await maas.patch(at, json={"note": "Bring hoses"})).json()["type"] == "/problems/revision-required"
    changed = await maas.patch(at, json={"lines": [line(quantity=2)]}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    stale = await maas.patch(at, json={"note": "Bring hoses"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["revision"]) == (409, 2)
    assert (await maas.post(f"{at}/submit", json={})).json()["subject"]["status"] == "submitted"
    refused = await maas.post(f"{at}/open", json={})
    assert (refused.status_code, refused.json()["roles"]) == (403, ["authorised_representative"])
    opened = await client("maas", "authorised_representative").post(f"{at}/open", json={})
    assert opened.json()["subject"]["status"] == "open"
    assert (await maas.get(at)).json()["lines"][0]["quantity"] == 2


async def test_draft_is_not_there_for_others(ask, maas, client):
    """Its very existence would tell a neighbour that a city is at its end."""
    at = (await ask(then="submit")).headers["Location"]
    luik = client("luik", "authorised_representative")
    assert (await luik.get(at)).status_code == 404
    assert (await luik.post(f"{at}/cancel", json={}, headers={"If-Match": '"9"'})).status_code == 404
    assert await listed(luik) == []
    assert len(await listed(maas)) == 1


async def test_filters(ask, maas, world, incident):
    """Who looks for what to send must not read through what is not meant."""
    near = (await ask()).json()["id"]
    far = (await ask(line(lon=6.1, lat=50.7, priority="property", type_code="engine.pumper"))).json()["id"]
    one = line(lon=6.1, lat=50.7, priority="property", quantity=1) | {"place": None}
    daily = (await ask(one, kind="day_to_day", note=None, to_member_id=str(world.members["luik"]))).json()["id"]
    draft = (await ask(then="draft")).json()["id"]
    for query, wanted in {
        "": [draft, far, near],
        "?status=open": [far, near],
        "?status=draft&status=submitted": [draft],
        "?kind=day_to_day": [daily],
        "?kind=day_to_day&kind=immediate": [draft, daily, far, near],
        "?priority=property": [far],
        f"?member={world.members['luik']}": [],
        f"?member={world.members['maas']}&incident={incident}": [draft, far, near],
        "?bbox=6.0,50.6,6.2,50.8": [far],
        "?since=2026-07-14T12:00:00Z": [far, near],
        "?until=2026-07-14T12:00:00Z": [],
    }.items():
        assert await listed(maas, query) == wanted, query


async def test_pages(ask, maas):
    """The third request of a long night would be the one that nobody scrolls to."""
    ids = [(await ask()).json()["id"] for _ in range(3)]
    first = (await maas.get(f"{SPACE}/requests?limit=2")).json()
    second = (await maas.get(f"{SPACE}/requests?limit=2&cursor={first['next']}")).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
    other = await maas.get(f"{SPACE}/requests?limit=2&status=open&cursor={first['next']}")
    assert other.json()["type"] == "/problems/bad-cursor"


async def test_on_a_map(ask, maas):
    """A map would have to know what a request's lines look like."""
    await ask(line(), line(lon=5.8, lat=50.8))
    answer = await maas.get(f"{SPACE}/requests", headers={"Accept": "application/geo+json"})
    feature = answer.json()["features"][0]
    assert answer.headers["content-type"] == "application/geo+json"
    assert feature["geometry"] == {"type": "MultiPoint", "coordinates": [[5.7, 50.78], [5.8, 50.8]]}
    assert len(feature["properties"]["lines"]) == 2


async def test_repeat_under_one_key_asks_once(maas, incident):
    """A dropped connection would double the pumps that are asked for."""
    body = {"incident_id": incident, "kind": "immediate", "lines": [line()], "then": "open"}
    key = {"Idempotency-Key": "the pumps"}
    answers = [await maas.post(f"{SPACE}/requests", json=body, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    other = await maas.post(f"{SPACE}/requests", json=body | {"kind": "day_to_day"}, headers=key)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")
    assert len(await listed(maas)) == 1


@pytest.mark.parametrize(
    ("wrong", "slug", "pointer"),
    [
        ({"lines": [line(type_code="pump.imaginary")]}, "unknown-code", "/lines/0/type_code"),
        ({"lines": [line(), line(priority="urgent")]}, "unknown-code", "/lines/1/priority"),
        ({"lines": [line(lon=2.35, lat=48.85)]}, "outside-corridor", "/lines/0/lon"),
        ({"lines": [line(lat=508)]}, "outside-world", "/lines/0/lat"),
        ({"lines": [line(quantity=0)]}, "out-of-range", "/lines/0/quantity"),
        ({"lines": [line(quantity="4")]}, "wrong-type", "/lines/0/quantity"),
        ({"lines": [line(colour="red")]}, "unknown-field", "/lines/0/colour"),
        ({"lines": []}, "out-of-range", "/lines"),
        ({"kind": "someday"}, "unknown-code", "/kind"),
        ({"expires_at": "2026-07-14T18:00:00"}, "naive-time", "/expires_at"),
        ({"expires_at": "2026-07-14T11:00:00Z"}, "out-of-range", "/expires_at"),
    ],
)
async def test_bad_request_names_its_place_and_changes_nothing(ask, maas, wrong, slug, pointer):
    """Who writes a client in another language has only the answer to go by."""
    answer = await ask(**wrong)
    assert answer.status_code == 422
    body = answer.json()
    assert (body["type"], body["errors"][0]["pointer"]) == (f"/problems/{slug}", pointer)
    assert await listed(maas) == []


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("?status=lost", "unknown-code"),
        ("?status=%00", "forbidden-character"),
        ("?kind=someday", "unknown-code"),
        ("?since=2026-07-14T12:00:00", "naive-time"),
        ("?bbox=1,2,3", "wrong-format"),
        ("?member=maas", "wrong-format"),
    ],
)
async def test_bad_filter(maas, query, slug):
    """A misspelt filter that is passed over shows everything, and looks like an answer."""
    answer = await maas.get(f"{SPACE}/requests{query}")
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{slug}")


async def test_incident_that_is_not_there(maas, ask):
    """A request would hang in the air."""
    answer = await ask(incident_id="0197a1b2-0000-7000-8000-000000000001")
    assert (answer.status_code, answer.json()["kind"]) == (404, "incident")
