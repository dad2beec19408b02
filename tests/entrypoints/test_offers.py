"""Agreements, offers and responses over HTTP: addresses, bodies, headers, problems, and who sees what."""

from __future__ import annotations

import pytest

from tests.world import everywhere, flood

SPACE = "/api/v1/spaces/live"
PUMP = "pump.high_capacity"


@pytest.fixture
def maas(client):
    return client("maas", "dispatcher")


@pytest.fixture
def luik(client):
    return client("luik", "dispatcher")


@pytest.fixture
def aken(client):
    return client("aken", "dispatcher")


@pytest.fixture
async def asked(maas):
    """Address of an open request for four pumps, and the id of its line."""
    incident = (await maas.post(f"{SPACE}/incidents", json=flood())).json()["id"]
    line = {"type_code": PUMP, "quantity": 4, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    answer = await maas.post(f"{SPACE}/requests", json=body)
    return answer.headers["Location"], answer.json()["rows"]["request_line"][0]["id"]


async def test_from_offer_to_mission(asked, maas, luik, aken, world):
    """The whole path as two control rooms' programs drive it, and a third that learns nothing it should not."""
    at, line = asked
    unit = str(world.units("luik", "pump")[0])
    body = {"lines": [{"request_line_id": line, "quantity": 1}, {"request_line_id": line, "resource_id": unit}]}
    made = await luik.post(f"{at}/offers", json=body)
    assert made.status_code == 201, made.text
    offer = made.headers["Location"]
    read = (await maas.get(offer)).json()
    assert (read["status"], read["requester_id"], len(read["lines"])) == ("offered", str(world.members["maas"]), 2)
    assert (await aken.get(offer)).status_code == 404
    assert (await aken.get(f"{at}/offers")).json()["items"] == []
    for who in (maas, luik):
        assert [item["id"] for item in (await who.get(f"{at}/offers?status=offered")).json()["items"]] == [read["id"]]
        assert [item["id"] for item in (await who.get(f"{SPACE}/offers")).json()["items"]] == [read["id"]]
    assert (await maas.get(f"{SPACE}/offers?member={world.members['aken']}")).json()["items"] == []
    stale = await maas.post(f"{offer}/accept", json={}, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/stale-revision")
    accepted = await maas.post(f"{offer}/accept", json={}, headers={"If-Match": made.headers["ETag"]})
    assert (accepted.status_code, accepted.headers["ETag"]) == (200, '"2"')
    unnamed = next(item for item in read["lines"] if item["resource_id"] is None)
    named = next(item for item in read["lines"] if item["resource_id"])
    other = str(world.units("luik", "pump")[1])
    units = [{"offer_line_id": named["id"]}, {"offer_line_id": unnamed["id"], "resource_id": other}]
    committed = await luik.post(f"{offer}/commit", json={"units": units})
    assert committed.status_code == 200, committed.text
    assert {row["resource_id"] for row in committed.json()["rows"]["mission"]} == {unit, other}
    request = (await aken.get(at)).json()
    assert (request["status"], request["lines"][0]["fill"]["committed"]) == ("partly_committed", 2)
    refused = await luik.post(f"{offer}/withdraw", json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-not-allowed")


async def test_a_refusal_holds_every_reason(asked, luik):
    """A program must be able to show what stands against an offer without reading prose."""
    at, line = asked
    answer = await luik.post(f"{at}/offers", json={"lines": [{"request_line_id": line, "quantity": 3}]})
    body = answer.json()
    assert (answer.status_code, body["type"]) == (409, "/problems/agreement-refused")
    assert [(reason["code"], reason["figures"]["would_leave"]) for reason in body["reasons"]] == [("reserve_floor", 0)]
    assert body["errors"][0]["pointer"] == "/lines/0"


@pytest.mark.parametrize(
    ("body", "problem", "pointer"),
    [
        ({"lines": []}, "out-of-range", "/lines"),
        ({}, "missing-field", "/lines"),
        ({"lines": [{}]}, "missing-field", "/lines/0/request_line_id"),
        ({"lines": [{"request_line_id": "x"}]}, "wrong-format", "/lines/0/request_line_id"),
        ({"lines": [{"request_line_id": "LINE", "quantity": 0}]}, "out-of-range", "/lines/0/quantity"),
        ({"lines": [{"request_line_id": "LINE", "ad_hoc": "yes"}]}, "wrong-type", "/lines/0/ad_hoc"),
        ({"lines": [{"request_line_id": "LINE", "override_reserve": {"reason": ""}}]}, "out-of-range", "/lines/0/override_reserve/reason"),
        ({"lines": [{"request_line_id": "LINE"}], "valid_until": "2026-07-14T15:00:00"}, "naive-time", "/valid_until"),
        ({"lines": [{"request_line_id": "LINE"}], "price": 3}, "unknown-field", "/price"),
        ({"lines": [{"request_line_id": "LINE", "cost": {"terms": "barter"}}]}, "unknown-code", "/lines/0/cost/terms"),
    ],
)  # fmt: skip
async def test_a_malformed_offer_changes_nothing(asked, luik, body, problem, pointer):
    """Each is said with its place, and no pump is promised."""
    at, line = asked
    for each in body.get("lines", []):
        if each.get("request_line_id") == "LINE":
            each["request_line_id"] = line
    answer = await luik.post(f"{at}/offers", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await luik.get(f"{SPACE}/offers")).json()["items"] == []


async def test_a_list_of_offers_in_pages(asked, aken, maas):
    """A client that pages through must see each offer once."""
    at, line = asked
    for _ in range(3):
        made = await aken.post(f"{at}/offers", json={"lines": [{"request_line_id": line}], "note": "one"})
        if made.status_code == 201:
            await aken.post(f"{made.headers['Location']}/withdraw", json={})
    seen, query = [], "?limit=2"
    while True:
        page = (await maas.get(f"{at}/offers{query}")).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query = f"?limit=2&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 3
    other = await maas.get(f"{SPACE}/offers{query}")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/bad-cursor")
    unknown = await maas.get(f"{SPACE}/offers?status=lost")
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/unknown-code")


async def test_declining_a_request(asked, luik, maas, aken, world):
    """Who can't send says so, and everybody who plans with it sees it."""
    at, _ = asked
    answer = await luik.post(f"{at}/decline", json={"reason": "own_emergency"})
    assert answer.status_code == 200, answer.text
    for who in (maas, aken):
        (shown,) = (await who.get(f"{at}/responses")).json()["items"]
        assert (shown["member_id"], shown["reason"]) == (str(world.members["luik"]), "own_emergency")
    wrong = await aken.post(f"{at}/decline", json={"reason": "asleep"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/unknown-code")


# ---------------------------------------------------------------- agreements


async def test_an_agreement_from_draft_to_force(client, world):
    """Two cities sign over HTTP; a third sees it only once it is proposed."""
    luik, hasselt, aken = (client(member, "authorised_representative") for member in ("luik", "hasselt", "aken"))
    body = {
        "code": "luik-hasselt",
        "names": everywhere("Liège and Hasselt"),
        "lenders": [str(world.members["luik"])],
        "borrowers": [str(world.members["hasselt"])],
        "terms": {"hazards": ["flood"], "types": "*", "kinds": ["planned"], "cost": {"terms": "reimbursed"}},
        "effective_at": "2026-07-01T00:00:00+02:00",
    }
    drafted = await luik.post(f"{SPACE}/agreements", json=body)
    assert drafted.status_code == 201, drafted.text
    at = drafted.headers["Location"]
    again = await luik.post(f"{SPACE}/agreements", json=body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/duplicate")
    assert (await hasselt.get(at)).json()["status"] == "draft"
    assert (await aken.get(at)).status_code == 404
    assert (await aken.post(f"{at}/terminate", json={})).status_code == 404
    await luik.post(f"{at}/propose", json={})
    shown = (await aken.get(at)).json()
    assert set(shown["awaiting"]) == {str(world.members["luik"]), str(world.members["hasselt"])}
    assert (await aken.post(f"{at}/consent", json={})).json()["type"] == "/problems/wrong-side"
    for who in (luik, hasselt):
        assert (await who.post(f"{at}/consent", json={})).status_code == 200
    read = await aken.get(at)
    assert (read.json()["status"], read.json()["effective_at"]) == ("in_force", "2026-06-30T22:00:00Z")
    assert read.headers["ETag"] == '"3"'
    codes = lambda answer: [item["code"] for item in answer.json()["items"]]
    assert codes(await aken.get(f"{SPACE}/agreements?hazard=wildfire")) == ["maas-broad"]
    assert codes(await aken.get(f"{SPACE}/agreements?hazard=flood&type_code={PUMP}&status=in_force")) == [
        "luik-hasselt",
        "maas-broad",
    ]
    assert codes(await aken.get(f"{SPACE}/agreements?member={world.members['hasselt']}")) == ["luik-hasselt"]
    page = await aken.get(f"{SPACE}/agreements?limit=1")
    assert codes(await aken.get(f"{SPACE}/agreements?limit=1&cursor={page.json()['next']}")) == ["maas-broad"]
    assert (await luik.post(f"{at}/suspend", json={})).json()["type"] == "/problems/missing-field"
    assert (await luik.post(f"{at}/suspend", json={"reason": "Insurance"})).json()["subject"]["status"] == "suspended"
    assert (await luik.post(f"{at}/resume", json={})).json()["subject"]["status"] == "in_force"
    assert (await luik.post(f"{at}/terminate", json={})).json()["subject"]["status"] == "terminated"


async def test_a_case_is_tried_without_changing_anything(client, world, assert_fold):
    """A dispatcher asks what would be allowed before ringing the mayor."""
    viewer = client("maas", "viewer")
    case = {
        "hazard": "flood",
        "type_code": PUMP,
        "kind": "planned",
        "lender_id": str(world.members["luik"]),
        "borrower_id": str(world.members["maas"]),
        "quantity": 3,
    }
    refused = (await viewer.post(f"{SPACE}/agreements/try", json=case)).json()
    assert (refused["allowed"], refused["available"], refused["promised"]) == (False, 3, 0)
    (verdict,) = refused["verdicts"]
    assert verdict["only_reserve"] is True
    assert set(verdict["reasons"][0]["texts"]) == {"en", "de", "fr", "nl"}
    allowed = (await viewer.post(f"{SPACE}/agreements/try", json=case | {"quantity": 2})).json()
    assert (allowed["allowed"], allowed["chosen"]) == (True, str(world.agreements["maas-broad"]))
    assert allowed["not_asked"] == ["phases", "place", "crossing", "duration", "unit"]
    unsaid = next(reason for reason in allowed["reasons"] if reason["code"] == "not_asked")
    assert (unsaid["blocking"], unsaid["figures"]["what"]) == (False, allowed["not_asked"])
    assert "Stufe, Ort, Grenzübergang, Dauer, Einheit" in unsaid["texts"]["de"]
    asked = {"phases": {"NL": "grip_3"}, "place": {"type": "Point", "coordinates": [5.7, 50.78]}, "duration_h": 12}
    less = (await viewer.post(f"{SPACE}/agreements/try", json=case | asked | {"quantity": 2})).json()
    assert less["not_asked"] == ["crossing", "unit"]
    itself = case | {"borrower_id": case["lender_id"], "quantity": 1}
    own = (await viewer.post(f"{SPACE}/agreements/try", json=itself)).json()
    assert (own["allowed"], "same_member" in {reason["code"] for reason in own["reasons"]}) == (False, True)
    many = case | {"hazard": "locusts", "type_code": "pump.enormous", "phases": {"NL": "grip_9"}}
    named = (await viewer.post(f"{SPACE}/agreements/try", json=many)).json()
    assert [error["pointer"] for error in named["errors"]] == ["/hazard", "/type_code", "/phases/NL"]
    late = (await viewer.post(f"{SPACE}/agreements/try", json=case | {"at": "2031-01-01T00:00:00Z"})).json()
    assert {reason["code"] for reason in late["reasons"]} == {"expired", "reserve_floor", "not_asked"}
    wrong = await viewer.post(f"{SPACE}/agreements/try", json=case | {"hazard": "locusts"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/unknown-code")
    await assert_fold()
