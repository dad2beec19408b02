"""Versions of agreements over HTTP: drafted, compared, signed, tried before they count."""

from __future__ import annotations

import pytest

SPACE = "/api/v1/spaces/live"
PUMP = "pump.high_capacity"


@pytest.fixture
def words(world):
    """Makes the words of a version between luik, maas and aken."""

    def make(**terms):
        parties = [str(world.members[code]) for code in ("luik", "maas", "aken")]
        said = {"kinds": ["immediate", "planned"], "reserve": [{"type": PUMP, "keep": 1}]} | terms
        return {"lenders": parties, "borrowers": parties, "terms": said, "effective_at": "2026-07-01T00:00:00Z"}

    return make


async def test_a_new_version_from_draft_to_force(client, world, words):
    """The whole exchange as the agreements screens of three cities drive it."""
    luik, maas, aken = (client(member, "authorised_representative") for member in ("luik", "maas", "aken"))
    at = f"{SPACE}/agreements/{world.agreements['maas-broad']}"
    drafted = await luik.post(f"{at}/versions", json=words())
    assert drafted.status_code == 201, drafted.text
    stale = await luik.put(f"{at}/draft", json=words(), headers={"If-Match": '"99"'})
    assert stale.status_code == 409
    read = await luik.get(at)
    assert read.json()["coming"]["version"] == 2
    anew = words(caps={"units": [{"type": PUMP, "most": 2}]}, clauses={"customs": {"status": "open"}})
    changed = await luik.put(f"{at}/draft", json=anew, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    assert (await client("hasselt", "viewer").get(f"{at}/versions/2")).status_code == 404
    assert (await luik.post(f"{at}/propose", json={})).status_code == 200
    told = (await client("hasselt", "viewer").get(f"{at}/versions/2")).json()
    assert {party["code"] for party in told["parties"]} == {"luik", "maas", "aken"}
    assert (told["status"], len(told["awaiting"]), told["clauses_open"]) == ("proposed", 3, ["customs"])
    for each in (luik, maas):
        assert (await each.post(f"{at}/consent", json={"version": 2})).status_code == 200
    assert (await aken.post(f"{at}/consent", json={"version": 1})).status_code == 409
    listed = (await maas.get(f"{at}/versions")).json()["items"]
    assert [(row["version"], row["status"]) for row in listed] == [(2, "proposed"), (1, "in_force")]
    (waiting,) = [party for party in listed[0]["parties"] if party["consented_at"] is None]
    assert waiting["names"]["en"] == "Aachen"
    last = await aken.post(f"{at}/consent", json={"version": 2})
    assert (last.json()["subject"]["version"], last.json()["subject"]["status"]) == (2, "in_force")
    page = (await maas.get(f"{at}/versions", params={"limit": 1})).json()
    older = (await maas.get(f"{at}/versions", params={"limit": 1, "cursor": page["next"]})).json()
    assert [row["status"] for row in (*page["items"], *older["items"])] == ["in_force", "replaced"]


async def test_the_difference_of_two_versions(client, world, words):
    """What is new in it, path by path; and a version that is not there."""
    luik = client("luik", "authorised_representative")
    at = f"{SPACE}/agreements/{world.agreements['maas-broad']}"
    await luik.post(f"{at}/versions", json=words(hazards=["flood"]))
    asked = {"from_version": 1, "to_version": 2}
    found = (await luik.get(f"{at}/difference", params=asked)).json()["changes"]
    by_path = {change["path"]: change for change in found}
    assert (by_path["/terms/hazards"]["was"], by_path["/terms/hazards"]["now"]) == ("*", ["flood"])
    assert by_path["/expires_at"]["kind"] == "removed"
    assert (await client("hasselt", "viewer").get(f"{at}/difference", params=asked)).status_code == 404
    assert (await luik.get(f"{at}/difference", params=asked | {"to_version": 0})).status_code == 422


async def test_a_version_is_tried_before_it_counts(client, world, words):
    """Who is asked to sign wants to know what last year's flood would have looked like under the new words."""
    luik = client("luik", "authorised_representative")
    agreement = str(world.agreements["maas-broad"])
    at = f"{SPACE}/agreements/{agreement}"
    square = {"type": "Polygon", "coordinates": [[[5.6, 50.7], [5.8, 50.7], [5.8, 50.8], [5.6, 50.8], [5.6, 50.7]]]}
    said = words(
        area=square,
        crossings=["vaals"],
        phases={"NL": "grip_2"},
        caps={"units": [{"type": PUMP, "most": 1}], "longest_deployment_h": 24},
    )
    await luik.post(f"{at}/versions", json=said)
    case = {
        "hazard": "flood", "type_code": PUMP, "kind": "planned", "lender_id": str(world.members["luik"]),
        "borrower_id": str(world.members["maas"]), "quantity": 2, "place": {"type": "Point", "coordinates": [5.7, 50.9]},
        "crossing": "eijsden", "phases": {"NL": "grip_1"}, "duration_h": 30, "agreement_id": agreement,
    }  # fmt: skip
    now = (await luik.post(f"{SPACE}/agreements/try", json=case)).json()
    assert (now["allowed"], [verdict["version"] for verdict in now["verdicts"]]) == (True, [1])
    then = (await luik.post(f"{SPACE}/agreements/try", json=case | {"version": 2})).json()
    assert [reason["code"] for reason in then["reasons"] if reason["blocking"]] == [
        "phase_not_reached", "place_not_covered", "crossing_not_allowed", "cap_units", "longest_deployment",
    ]  # fmt: skip
    assert all(len(reason["texts"]) == 4 for reason in then["reasons"])
    assert "Eijsden" in then["reasons"][2]["texts"]["de"], "crossings by the names that people know"
    other = client("hasselt", "viewer")
    assert (await other.post(f"{SPACE}/agreements/try", json=case | {"version": 2})).status_code == 404
    for wrong in ({"phases": {"NL": "x"}}, {"version": 2, "agreement_id": None}, {"crossing": "No such"}):
        assert (await luik.post(f"{SPACE}/agreements/try", json=case | wrong)).status_code == 422, wrong


async def test_notice_and_review(client, world, words):
    """The dates that a screen shows beside an agreement."""
    luik = client("luik", "authorised_representative")
    body = words() | {"code": "short", "names": {"en": "Short"}, "notice_days": 30, "review_at": "2027-01-01T00:00:00Z"}
    at = (await luik.post(f"{SPACE}/agreements", json=body)).headers["Location"]
    proposed = await luik.post(f"{at}/propose", json={})
    (unsaid,) = proposed.json()["warnings"]
    assert unsaid["code"] == "clauses_unsaid"
    withdrawn = await luik.post(f"{at}/withdraw", json={"reason": "A word too many."})
    assert withdrawn.json()["subject"]["status"] == "draft"
    await luik.post(f"{at}/versions", json={name: said for name, said in body.items() if name not in {"code", "names"}})
    await luik.post(f"{at}/propose", json={})
    for member in ("luik", "maas", "aken"):
        await client(member, "authorised_representative").post(f"{at}/consent", json={})
    reviewed = await luik.post(f"{at}/review", json={"note": "Fine.", "next_review_at": "2028-01-01T00:00:00Z"})
    assert reviewed.status_code == 200, reviewed.text
    await luik.post(f"{at}/terminate", json={})
    read = (await luik.get(at)).json()
    assert (read["status"], read["version"], read["review_due"], read["notice_days"]) == ("in_force", 2, False, 30)
    assert read["review_at"].startswith("2028-01-01")
    assert read["terminates_at"].startswith("2026-08-13")
    assert read["notice_by_member_id"] == str(world.members["luik"])


@pytest.mark.parametrize(
    ("cost", "warned"),
    [
        ({"terms": "free"}, set()),
        ({"terms": "reimbursed"}, {"cost_unsaid", "currency_unsaid"}),
        ({"terms": "free_for_hours", "hours": 12, "currency": "EUR"}, {"cost_unsaid"}),
        ({"terms": "reimbursed", "rates": [{"item": "kilometres", "rate": "0.90"}]}, {"currency_unsaid"}),
    ],
)
async def test_paid_help_without_a_price_is_a_warning(client, words, cost, warned):
    """Two cities sign that help is paid for; a year later nobody can claim a euro."""
    luik = client("luik", "authorised_representative")
    body = words() | {"code": "paid", "names": {"en": "Paid"}}
    body["terms"] = body.get("terms", {}) | {"cost": cost}
    at = (await luik.post(f"{SPACE}/agreements", json=body)).headers["Location"]
    proposed = await luik.post(f"{at}/propose", json={})
    assert {each["code"] for each in proposed.json()["warnings"]} - {"clauses_unsaid"} == warned
