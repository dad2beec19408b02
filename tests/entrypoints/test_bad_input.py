"""Bad input at the front door: each kind is told as a problem of its own type, and nothing at all has changed after it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from app.store.tables import JOURNALED
from tests.world import box, flood

INCIDENTS = "/api/v1/spaces/live/incidents"
REQUESTS = "/api/v1/spaces/live/requests"
RESOURCES = "/api/v1/spaces/live/resources"
JSON = {"Content-Type": "application/json"}

UNTOUCHED = ("idempotency", "due_work", *sorted(table.__tablename__ for table in JOURNALED.values()))


@pytest.fixture
def everything(engine):
    """Returns the journal's heads, and a digest of every table that a refusal must leave alone."""

    async def of() -> dict:
        found = {}
        async with engine.connect() as connection:
            heads = await connection.execute(text("SELECT space_id, seq, encode(hash, 'hex') FROM journal_head"))
            found["heads"] = {row[0]: tuple(row[1:]) for row in heads}
            found["entries"] = (await connection.execute(text("SELECT count(*) FROM journal_entry"))).scalar_one()
            for table in UNTOUCHED:
                columns = "to_jsonb(t) - 'last_used_at'"
                counted = text(
                    f"SELECT count(*), md5(string_agg(({columns})::text, '|' ORDER BY ({columns})::text)) FROM \"{table}\" t"
                )
                found[table] = tuple((await connection.execute(counted)).one())
        return found

    return of


def written(**other) -> bytes:
    return json.dumps(flood(**other)).encode()


def with_raw(field: str, raw: str) -> bytes:
    """The incident's body with ``raw`` put in for the field's value, as it stands."""
    return json.dumps(flood(**{field: "@@"})).replace('"@@"', raw).encode()


def line(**other):
    return {
        "type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78
    } | other  # fmt: skip


BOWTIE = {"type": "Polygon", "coordinates": [[[5.7, 50.8], [5.8, 50.9], [5.8, 50.8], [5.7, 50.9], [5.7, 50.8]]]}

FORM = {
    "unknown field": (written(hazrad="flood"), 422, "unknown-field", "/hazrad"),
    "wrong type": (written(severity="4"), 422, "wrong-type", "/severity"),
    "a boolean is no number": (written(severity=True), 422, "wrong-type", "/severity"),
    "missing field": (json.dumps({"title": "x", "hazard": "flood", "severity": 1}).encode(), 422, "missing-field", "/area"),
    "out of range": (written(severity=6), 422, "out-of-range", "/severity"),
    "text too long": (written(title="x" * 201), 422, "out-of-range", "/title"),
    "NaN": (with_raw("severity", "NaN"), 422, "not-finite", None),
    "infinity": (with_raw("severity", "-Infinity"), 422, "not-finite", None),
    "a float beyond all floats": (with_raw("severity", "1e999"), 422, "not-finite", None),
    "64-bit overflow": (with_raw("severity", str(2**63)), 422, "integer-overflow", None),
    "NUL": (written(title="a\u0000b"), 422, "forbidden-character", "/title"),
    "lone surrogate": (with_raw("title", r'"\ud83d"'), 422, "lone-surrogate", None),
    "invalid UTF-8": (with_raw("title", '"@"').replace(b'"@"', b'"\xff\xfe"'), 422, "invalid-utf8", None),
    "half a JSON": (written()[:-1], 422, "malformed-json", None),
    "a list is no command": (b"[]", 422, "wrong-type", None),
    "naive time": (written(occurred_at="2026-07-14T11:00:00"), 422, "naive-time", "/occurred_at"),
    "a time yet to come": (written(occurred_at="2026-07-14T13:00:00Z"), 422, "out-of-range", "/occurred_at"),
    "a polygon that crosses itself": (written(area=BOWTIE), 422, "invalid-geometry", "/area"),
    "a polygon that leaves the world": (written(area=box(179, 50, 181, 51)), 422, "outside-world", "/area"),
    "latitude and longitude swapped, beyond the pole": (written(area=box(5, 90, 6, 91)), 422, "outside-world", "/area"),
    "a place outside the corridor": (written(area=box(2.2, 48.8, 2.4, 48.9)), 422, "outside-corridor", "/area"),
    "unknown code": (written(hazard="floood"), 422, "unknown-code", "/hazard"),
    "unknown phase": (written(phases={"NL": "grip_9"}), 422, "unknown-code", "/phases/NL"),
    "an id that is none": (written(lead_member_id="Maastricht"), 422, "wrong-format", "/lead_member_id"),
    "10 MB": (written(title="x" * 10_000_000), 413, "body-too-large", None),
}  # fmt: skip


@pytest.mark.parametrize("case", FORM)
async def test_a_message_of_bad_form_is_told_and_forgotten(client, everything, case):
    """A dispatch system with a defect would write rubbish into the journal of two cities, or be left to guess why not."""
    body, status, slug, pointer = FORM[case]
    before = await everything()
    answer = await client("maas", "dispatcher").post(INCIDENTS, content=body, headers=JSON)
    problem = told(answer, status, slug)
    if pointer is not None:
        assert pointer in {each["pointer"][: len(pointer)] for each in problem["errors"]}, problem
    assert await everything() == before


async def test_forms_of_other_subjects_are_as_strict(client, world, everything):
    """The strictness of one subject alone would leave the others open."""
    dispatcher = client("maas", "dispatcher")
    report = (await dispatcher.post(INCIDENTS, json=flood())).json()
    asked = {"incident_id": report["id"], "kind": "immediate", "lines": [line()]}
    before = await everything()
    for body, slug in (
        (asked | {"lines": [line(quantity=0)]}, "out-of-range"),
        (asked | {"lines": [line(quantity=2**31)]}, "out-of-range"),
        (asked | {"lines": [line(lon=2.3, lat=48.9)]}, "outside-corridor"),
        (asked | {"lines": [line(lon=500)]}, "outside-world"),
        (asked | {"lines": [line(type_code="pump.enormous")]}, "unknown-code"),
        (asked | {"lines": [line(colour="red")]}, "unknown-field"),
        (asked | {"lines": []}, "out-of-range"),
        (asked | {"kind": "yesterday"}, "unknown-code"),
    ):
        told(await dispatcher.post(REQUESTS, json=body), 422, slug)
    unit = {
        "depot_id": str(world.depots["maas"]),
        "type_code": "engine.pumper",
        "call_sign": "x",
        "mobilisation_min": -1,
    }
    told(await dispatcher.post(RESOURCES, json=unit), 422, "out-of-range")
    assert await everything() == before


async def test_what_is_wrong_in_a_list_is_told_once(client):
    """Who asked for no pumps is told of the number, and not that the list of what is asked for is empty, which it is not."""
    maas = client("maas", "dispatcher")
    incident = (await maas.post(INCIDENTS, json=flood())).json()["id"]
    body = {"incident_id": incident, "kind": "immediate", "lines": [line(quantity=0)]}
    problem = told(await maas.post("/api/v1/spaces/live/requests", json=body), 422, "out-of-range")
    assert [each["pointer"] for each in problem["errors"]] == ["/lines/0/quantity"]
    empty = told(await maas.post("/api/v1/spaces/live/requests", json=body | {"lines": []}), 422, "out-of-range")
    assert [each["pointer"] for each in empty["errors"]] == ["/lines"]


async def test_a_call_sign_is_not_given_twice(client, world, everything):
    """Two units under one call sign would answer the same call."""
    dispatcher = client("maas", "dispatcher")
    unit = {
        "depot_id": str(world.depots["maas"]),
        "type_code": "engine.pumper",
        "call_sign": "TS 1",
        "mobilisation_min": 5,
    }
    assert (await dispatcher.post(RESOURCES, json=unit)).status_code == 201
    before = await everything()
    told(await dispatcher.post(RESOURCES, json=unit), 409, "duplicate-call-sign")
    assert await everything() == before


async def test_a_stale_revision_is_told_with_the_present_state(client, everything):
    """Of two dispatchers who edit at once, the second would wipe out what the first wrote."""
    dispatcher = client("maas", "dispatcher")
    made = await dispatcher.post(INCIDENTS, json=flood())
    where = made.headers["Location"]
    assert (await dispatcher.patch(where, json={"severity": 5}, headers={"If-Match": made.headers["ETag"]})).is_success
    before = await everything()
    problem = told(
        await dispatcher.patch(where, json={"severity": 1}, headers={"If-Match": made.headers["ETag"]}),
        409,
        "stale-revision",
    )
    assert problem["current"]["severity"] == 5
    assert problem["current"]["revision"] == 2
    told(await dispatcher.patch(where, json={"severity": 1}), 428, "revision-required")
    told(await dispatcher.patch(where, json={"severity": 1}, headers={"If-Match": "2"}), 422, "wrong-format")
    assert await everything() == before


async def test_a_key_is_for_one_message(client, everything):
    """A client that uses one key for two messages would believe that the second was carried out."""
    dispatcher = client("maas", "dispatcher")
    key = {"Idempotency-Key": "one"}
    first = await dispatcher.post(INCIDENTS, json=flood(), headers=key)
    before = await everything()
    told(await dispatcher.post(INCIDENTS, json=flood(severity=2), headers=key), 409, "idempotency-key-reused")
    again = await dispatcher.post(INCIDENTS, json=flood(), headers=key)
    assert again.json() == first.json()
    assert await everything() == before


async def test_an_expired_token_opens_nothing(client, clock, everything):
    """A token that was left lying about would work for ever."""
    dispatcher = client("maas", "dispatcher")
    before = await everything()
    clock.move(days=366)
    told(await dispatcher.post(INCIDENTS, json=flood()), 401, "token-expired")
    assert await everything() == before


async def test_nobody_and_the_wrong_role_change_nothing(anonymous, client, everything):
    """The journal would hold acts of people who may not act."""
    made = (await client("maas", "dispatcher").post(INCIDENTS, json=flood())).headers["Location"]
    before = await everything()
    told(await anonymous.post(INCIDENTS, json=flood()), 401, "not-signed-in")
    refused = told(await client("maas", "viewer").post(INCIDENTS, json=flood()), 403, "role-missing")
    assert refused["roles"] == ["dispatcher"]
    told(await client("luik", "authorised_representative").post(f"{made}/close", json={}), 403, "wrong-side")
    unknown = {"Authorization": "Bearer concord_nonsense"}
    told(await anonymous.post(INCIDENTS, json=flood(), headers=unknown), 401, "token-invalid")
    assert await everything() == before


async def test_a_step_that_is_not_possible_is_told_with_those_that_are(client, everything):
    """A mission, a request or an incident would be in a state that nobody can explain."""
    dispatcher = client("maas", "dispatcher")
    made = await dispatcher.post(INCIDENTS, json=flood())
    where = made.headers["Location"]
    before = await everything()
    problem = told(
        await dispatcher.patch(where, json={"status": "contained"}, headers={"If-Match": made.headers["ETag"]}),
        409,
        "transition-not-allowed",
    )
    assert "activate" in problem["allowed"]
    assert await everything() == before


async def test_what_is_not_there_or_not_meant_for_this_address(client, everything):
    """A mistake in the address would come back as an empty answer, or as ours."""
    dispatcher = client("maas", "dispatcher")
    before = await everything()
    nowhere = f"{INCIDENTS}/0197a1b2-0000-7000-8000-000000000000"
    told(await dispatcher.get(nowhere), 404, "not-found")
    told(await dispatcher.post(f"{nowhere}/log", json={"text": "x"}), 404, "not-found")
    told(await dispatcher.get(f"{INCIDENTS}/not-an-id"), 422, "wrong-format")
    told(await dispatcher.get(INCIDENTS, params={"cursor": "bm9uc2Vuc2U"}), 422, "bad-cursor")
    told(await dispatcher.get(INCIDENTS, params={"bbox": "1,2,3"}), 422, None)
    told(await dispatcher.get(INCIDENTS, params={"limit": 100_000}), 422, "out-of-range")
    told(await dispatcher.get(INCIDENTS, params={"since": "2026-07-14T03:00:00"}), 422, "naive-time")
    told(await dispatcher.post("/api/v1/spaces/drill-9/incidents", json=flood()), 404, "not-found")
    told(
        await dispatcher.post(INCIDENTS, content=written(), headers={"Content-Type": "text/xml"}),
        415,
        "unsupported-media-type",
    )
    told(await dispatcher.delete(INCIDENTS), 405, None)
    assert await everything() == before


def told(answer, status: int, slug: str | None) -> dict:
    """Check that the answer is a problem of that type that says what to do next; return it."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    if slug is not None:
        assert problem["type"] == f"/problems/{slug}", problem
    assert problem["title"]
    assert problem["detail"]
    assert problem["hint"]
    return problem
