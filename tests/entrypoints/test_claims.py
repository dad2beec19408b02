"""Claims and statements over HTTP: as two treasurers' programs would drive them, and as a third city would not."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.due import run_due
from app.domain.authority import SYSTEM
from tests.world import everywhere, flood

SPACE = "/api/v1/spaces/live"
RATES = [{"item": "vehicle_hours", "rate": "60.00"}, {"item": "kilometres", "rate": "1.20"}]


@pytest.fixture
async def priced(door, world):
    """Help is reimbursed between everybody."""
    parties = [world.members[code] for code in ("maas", "luik", "aken", "hasselt")]
    terms = {"kinds": ["immediate", "day_to_day"], "cost": {"terms": "reimbursed", "currency": "EUR", "rates": RATES}}
    body = {"code": "priced", "names": everywhere("Priced"), "lenders": parties, "borrowers": parties, "terms": terms}
    body |= {"effective_at": "2026-01-01T00:00:00Z", "precedence": 10}

    async def does(model, target=None, **said):
        return await door.execute(model.model_validate(said), actor=SYSTEM, space="live", target=target)

    drafted = await does(DraftAgreement, **body)
    await does(ProposeAgreement, drafted.id)
    for party in parties:
        await does(ConsentToAgreement, drafted.id, on_behalf_of=party)


@pytest.fixture
async def mission(client, world, clock, priced):
    """The id of a mission of luik's pump for maas that has worked for five hours and is home."""
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    incident = (await maas.post(f"{SPACE}/incidents", json=flood())).json()["id"]
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    body = {"incident_id": incident, "kind": "immediate", "lines": [line], "then": "open"}
    asked = (await maas.post(f"{SPACE}/requests", json=body)).json()
    unit = str(world.resources["luik-pump-1"])
    offered = [{"request_line_id": asked["rows"]["request_line"][0]["id"], "resource_id": unit}]
    offer = await luik.post(f"{SPACE}/requests/{asked['id']}/offers", json={"lines": offered})
    assert (await maas.get(offer.headers["Location"])).json()["lines"][0]["estimate"]["currency"] == "EUR"
    await maas.post(f"{SPACE}/offers/{offer.json()['id']}/accept", json={})
    committed = (await luik.post(f"{SPACE}/offers/{offer.json()['id']}/commit", json={})).json()
    id_ = committed["rows"]["mission"][0]["id"]
    for state in ("mobilising", "in_transit", "on_scene"):
        await luik.post(f"{SPACE}/missions/{id_}/advance", json={"to": state})
    clock.move(hours=5)
    await maas.post(f"{SPACE}/missions/{id_}/release", json={})
    for state in ("returning", "returned"):
        assert (await luik.post(f"{SPACE}/missions/{id_}/advance", json={"to": state})).status_code == 200
    return id_


async def test_claimed_disputed_and_paid(client, mission):
    """Two towns settle a bill without a letter."""
    luik, maas = client("luik", "finance"), client("maas", "finance")
    waiting = (await luik.get(f"{SPACE}/unclaimed-missions")).json()["items"]
    assert [row["id"] for row in waiting] == [mission]
    assert (await maas.get(f"{SPACE}/unclaimed-missions")).json()["items"] == []
    drafted = await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})
    assert drafted.status_code == 201, drafted.text
    at = drafted.headers["Location"]
    assert (await luik.get(f"{SPACE}/unclaimed-missions")).json()["items"] == []
    assert (await maas.get(at)).status_code == 404, "a draft is the lender's"
    assert (await luik.post(f"{at}/submit", json={})).status_code == 200
    claim = (await maas.get(at)).json()
    assert [(line["item"], line["quantity"], line["amount"]) for line in claim["lines"]][:2] == [
        ("vehicle_hours", "5.00", "300.00"), ("person_hours", "20.00", "0.00"),
    ]  # fmt: skip
    assert claim["missions"][0]["call_sign"] == "luik pump 1"
    assert claim["missions"][0]["agreement_code"] == "priced"
    assert "estimated" in [why["code"] for why in claim["lines"][2]["why"]]
    line = f"{SPACE}/claim-lines/{claim['lines'][0]['id']}"
    disputed = await maas.post(f"{line}/dispute", json={"reason": "Four hours.", "counter_amount": "240.00"})
    assert disputed.json()["subject"]["status"] == "disputed", disputed.text
    assert (await maas.get(f"{SPACE}/claims", params={"status": "disputed"})).json()["items"][0]["open_disputes"] == 1
    answered = await luik.post(f"{line}/answer", json={"amount": "270.00", "answer": "Until half past four."})
    assert answered.status_code == 200, answered.text
    assert (await maas.post(f"{line}/withdraw", json={})).json()["subject"]["status"] == "submitted"
    assert (await maas.post(f"{at}/verify", json={})).status_code == 200
    paid = await maas.post(f"{at}/pay", json={"reference": "2026-118"})
    assert Decimal(paid.json()["subject"]["agreed"]) == Decimal(claim["total"]) - 30
    assert (await luik.post(f"{at}/close", json={})).json()["subject"]["status"] == "closed"


async def test_an_amount_is_a_text(client, mission):
    """A number is a float to most programs, and a float has no cents."""
    luik, maas = client("luik", "finance"), client("maas", "finance")
    at = (await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})).headers["Location"]
    await luik.post(f"{at}/submit", json={})
    line = (await maas.get(at)).json()["lines"][0]["id"]
    body = {"reason": "x", "counter_amount": 240.1}
    refused = await maas.post(f"{SPACE}/claim-lines/{line}/dispute", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/counter_amount")


async def test_nobody_else_sees_any_of_it(client, mission, anonymous):
    """What two towns owe each other is read in no third one: not in lists, not by id, not in the journal."""
    luik, maas, aken = client("luik", "finance"), client("maas", "finance"), client("aken", "finance")
    drafted = (await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})).json()
    at = f"{SPACE}/claims/{drafted['id']}"
    await luik.post(f"{at}/submit", json={})
    for address in (at, f"{at}/lines.csv"):
        assert (await aken.get(address)).status_code == 404
        assert (await anonymous.get(address)).status_code == 401
    assert (await aken.post(f"{at}/verify", json={})).status_code == 404
    line = drafted["rows"]["claim_line"][0]["id"]
    for step, body in (("dispute", {"reason": "x", "counter_amount": "1"}), ("withdraw", {})):
        assert (await aken.post(f"{SPACE}/claim-lines/{line}/{step}", json=body)).status_code == 404
    for who, count in ((aken, 0), (maas, 1), (luik, 1)):
        assert len((await who.get(f"{SPACE}/claims")).json()["items"]) == count
        assert len((await who.get(f"{SPACE}/claims.csv")).text.splitlines()) == 1 + count
        told, after, head = [], 0, 1
        while after < head:
            page = (await who.get(f"{SPACE}/journal", params={"after": after, "limit": 200})).json()
            told += [entry for entry in page["entries"] if (entry["type"] or "").startswith("claim.")]
            after, head = page["after"], page["head"]
        assert len(told) == count + int(who is luik), "the draft is the lender's alone"


async def test_lists_and_files(client, mission):
    """The accounts are done in a spreadsheet in the end."""
    luik, maas = client("luik", "finance"), client("maas", "finance")
    at = (await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})).headers["Location"]
    await luik.post(f"{at}/submit", json={})
    for query, count in (
        ({"side": "requester"}, 1),
        ({"side": "lender"}, 0),
        ({"status": "paid"}, 0),
        ({"mission": mission}, 1),
        ({"overdue": "true"}, 0),
        ({"since": "2026-07-14T00:00:00Z", "until": "2026-07-15T00:00:00Z"}, 1),
    ):
        assert len((await maas.get(f"{SPACE}/claims", params=query)).json()["items"]) == count, query
    assert (await maas.get(f"{SPACE}/claims", params={"status": "lost"})).status_code == 422
    told = await maas.get(f"{at}/lines.csv")
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(told.text)))
    assert [row["item"] for row in rows] == ["vehicle_hours", "person_hours", "kilometres"]
    assert (rows[0]["amount"], rows[1]["rate"], rows[0]["waived"]) == ("300.00", "", "false")


async def test_no_cell_is_a_formula(client, mission):
    """A reason that begins with an equals sign would be carried out on the treasurer's computer."""
    luik, maas = client("luik", "finance"), client("maas", "finance")
    at = (await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})).headers["Location"]
    await luik.post(f"{at}/submit", json={})
    line = (await maas.get(at)).json()["lines"][0]["id"]
    body = {"reason": "=cmd|' /C calc'!A0", "counter_amount": "1.00"}
    await maas.post(f"{SPACE}/claim-lines/{line}/dispute", json=body)
    rows = list(csv.DictReader(io.StringIO((await luik.get(f"{at}/lines.csv")).text)))
    assert rows[0]["dispute_reason"].startswith("'=cmd")


async def test_exchange_rates(client):
    """A rate is nobody's secret, and only finance types one in."""
    body = {"base": "CHF", "quote": "EUR", "rate": "1.0432", "day": "2026-07-13", "source": "ECB reference rate"}
    assert (await client("luik", "dispatcher").post(f"{SPACE}/exchange-rates", json=body)).status_code == 403
    entered = await client("luik", "finance").post(f"{SPACE}/exchange-rates", json=body)
    assert entered.status_code == 201, entered.text
    listed = (await client("aken", "viewer").get(f"{SPACE}/exchange-rates", params={"base": "CHF"})).json()["items"]
    assert [(row["rate"], row["day"]) for row in listed] == [("1.0432", "2026-07-13")]
    assert (await client("aken", "viewer").get(f"{SPACE}/exchange-rates", params={"base": "USD"})).json()["items"] == []


def _can_be_checked(line, row):
    """See that a treasurer can work out the line: whose unit, under which paper, each rate, and the sum of the items."""
    assert (line["lender_code"], line["requester_code"], line["call_sign"]) == ("luik", "maas", "luik ambulance 1")
    assert (row["lender_name"], row["requester_code"]) == ("Liège", "maas")
    assert line["agreement_code"] == row["agreement_code"]
    assert line["agreement_code"]
    items = {each["item"]: each for each in line["items"]}
    assert Decimal(row["vehicle_hours_rate"]) == Decimal(items["vehicle_hours"]["rate"])
    assert sum(Decimal(each["amount"]) for each in line["items"]) == Decimal(line["amount"]) > 0
    for each in line["items"]:
        assert Decimal(each["billable"]) * Decimal(each["rate"] or 0) == Decimal(each["amount"])
    assert not [name for name in row if name.endswith("_id") and name != "mission_id"]


async def test_a_monthly_statement(client, world, priced, clock, application):
    """What an ambulance cost, at the end of the month, without where it drove."""
    maas, luik = client("maas", "dispatcher"), client("luik", "dispatcher")
    line = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    body = {"kind": "day_to_day", "to_member_id": str(world.members["luik"]), "lines": [line], "then": "open"}
    asked = (await maas.post(f"{SPACE}/requests", json=body)).json()["id"]
    unit = {"resource_id": str(world.resources["luik-ambulance-1"])}
    sent = (await luik.post(f"{SPACE}/requests/{asked}/send", json=unit)).json()["id"]
    for state in ("in_transit", "on_scene"):
        await luik.post(f"{SPACE}/missions/{sent}/advance", json={"to": state})
    clock.move(hours=2)
    await maas.post(f"{SPACE}/missions/{sent}/release", json={})
    for state in ("returning", "returned"):
        assert (await luik.post(f"{SPACE}/missions/{sent}/advance", json={"to": state})).status_code == 200
    clock.move(days=31)
    await run_due(application.state.door)
    payer = client("maas", "finance")
    (listed,) = (await payer.get(f"{SPACE}/statements", params={"month": "2026-07-01"})).json()["items"]
    at = f"{SPACE}/statements/{listed['id']}"
    found = (await payer.get(at)).json()
    assert (found["status"], found["payer_id"], found["line_count"]) == ("issued", str(world.members["maas"]), 1)
    assert found["lines"][0]["hours"] == "2.00"
    assert not {"place", "lon", "lat", "destination"} & set(found["lines"][0])
    rows = list(csv.DictReader(io.StringIO((await payer.get(f"{at}/lines.csv")).text)))
    assert rows[0]["amount"] == found["lines"][0]["amount"] == found["net"]
    _can_be_checked(found["lines"][0], rows[0])
    assert (await client("aken", "finance").get(at)).status_code == 404
    assert (await client("aken", "finance").get(f"{SPACE}/statements")).json()["items"] == []
    wrong = {"reason": "wrong_hours", "mission_id": sent}
    assert (await payer.post(f"{at}/dispute", json=wrong)).json()["subject"]["status"] == "disputed"
    assert (await payer.post(f"{at}/acknowledge", json={})).status_code == 200
    done = await client("luik", "finance").post(f"{at}/acknowledge", json={})
    assert done.json()["subject"]["status"] == "acknowledged"


async def test_what_is_overdue_about_money(client, mission, door, clock):
    """What nobody pays, answers or claims in time would stand in the journal, where no treasurer looks."""
    luik, maas, aken = client("luik", "finance"), client("maas", "finance"), client("aken", "finance")

    async def due(who):
        await run_due(door)
        return [
            (row["kind"], row["claim_id"], row["mission_id"])
            for row in (await who.get(f"{SPACE}/money-due")).json()["items"]
        ]

    assert await due(luik) == []
    clock.move(days=91)
    assert await due(luik) == [("claim_time_over", None, mission)]
    assert await due(maas) == [], "that nobody claims is no business of who would pay"
    claim = (await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})).json()
    assert await due(luik) == [("claim_time_over", claim["id"], None)]
    at = f"{SPACE}/claims/{claim['id']}"
    await luik.post(f"{at}/submit", json={})
    assert await due(luik) == []
    clock.move(days=61)
    for who in (luik, maas):
        assert await due(who) == [("payment_overdue", claim["id"], None)]
    (row,) = (await maas.get(f"{SPACE}/money-due")).json()["items"]
    told = (await maas.get(at)).json()
    assert (row["by_member_id"], row["ref"], row["amount"]) == (told["requester_id"], told["ref"], told["agreed"])
    assert await due(aken) == []
    page = (await maas.get(f"{SPACE}/money-due", params={"limit": 1})).json()
    assert page["next"] is None


async def test_a_draft_says_which_rate_is_missing(client, mission, conn_of_claims):
    """Who presses *submit* would be told only then, and not who can help."""
    luik = client("luik", "finance")
    at = (await luik.post(f"{SPACE}/claims", json={"mission_ids": [mission]})).headers["Location"]
    assert (await luik.get(at)).json()["no_rate"] is None
    await conn_of_claims.execute("UPDATE claim SET ledger_currency = 'CHF'")
    assert (await luik.get(at)).json()["no_rate"] == {"base": "EUR", "quote": "CHF", "day": "2026-07-14"}
    body = {"base": "EUR", "quote": "CHF", "rate": "0.95", "day": "2026-07-13", "source": "ECB"}
    assert (await client("aken", "finance").post(f"{SPACE}/exchange-rates", json=body)).status_code == 201
    assert (await luik.get(at)).json()["no_rate"] is None
    assert (await luik.post(f"{at}/submit", json={})).json()["subject"]["exchange_rate"] == "0.95"


@pytest.fixture
async def conn_of_claims(pg):
    """A connection beside the service's."""
    return await pg()
