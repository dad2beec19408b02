"""The inbox over HTTP: signed by the public library, answered so that a dispatch system knows whether to send again."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import hmac_data

from app.commands import inbox_trial, inbox_work
from app.commands.external_ids import AddExternalId
from app.domain.authority import SYSTEM
from app.domain.inbox.mapping import shipped
from tests.domain.test_inbox import MESSAGES

ADMIN, DISPATCHER = ("luik", "admin"), ("luik", "dispatcher")
NUMBERS = count()


def headers(secret, clock, body, *, id_=None, seconds=0):
    """The headers of Standard Webhooks; bytes, which the public library does not sign, by its own HMAC."""
    id_, at = id_ or f"msg_{next(NUMBERS)}", clock.now() + timedelta(seconds=seconds)
    stamp = str(int(at.timestamp()))
    if isinstance(body, bytes):
        told = hmac_data(base64.b64decode(secret.removeprefix("whsec_")), f"{id_}.{stamp}.".encode() + body)
        signature = f"v1,{base64.b64encode(told).decode()}"
    else:
        signature = Webhook(secret).sign(id_, at, body)
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": signature,
    }


@pytest.fixture
async def source(client, door, world):
    """A source of luik's with the generic mapping in use: its id and secret."""
    admin = client(*ADMIN)
    made = (
        await admin.post("/api/v1/inbox-sources", json={"label": "CAD", "source": "cad-luik", "per_minute": 60000})
    ).json()
    base = f"/api/v1/inbox-sources/{made['id']}"
    mapping = shipped()["generic"].model_dump(mode="json", by_alias=True, exclude_none=True)
    version = (await admin.post(f"{base}/mappings", json={"mapping": mapping})).json()["subject"]["version"]
    code = {"source": "cad-luik", "kind": "resource", "code": "P1", "subject_id": world.resources["luik-pump-1"]}
    body = AddExternalId.model_validate(code | {"occurred_at": "2026-01-01T00:00:00Z"})
    await door.execute(body, actor=SYSTEM, space="live")
    message = {"kind": "unit_status", "unit": "P1", "status": "on_scene", "at": "2026-07-14T12:00:00Z"}
    for told, outcome in (
        (None, None),
        ({}, "quarantined"),
        (message | {"unit": "P9"}, "quarantined"),
        (message, "applied"),
    ):
        if told is not None:
            tried = await admin.post(f"{base}/try", json={"version": version, "message": json.dumps(told)})
            assert tried.json()["outcome"] == outcome
        turned_on = await admin.post(f"{base}/mappings/{version}/turn-on", json={})
        if outcome != "applied":  # nobody knows yet whether it reads anything
            refused = turned_on.json()
            assert (turned_on.status_code, refused["reasons"][0]["code"]) == (409, "inbox_not_tried")
            assert refused["current"]["status"] == "draft"
    assert turned_on.status_code == 200
    return made["id"], made["once"]["secret"]


@pytest.fixture
def tell(anonymous, source, clock):
    """Sends a message to luik's inbox, without any token; returns the answer."""

    async def tells(message, *, space="live", **how):
        id_, secret = source
        body = message if isinstance(message, str | bytes) else json.dumps({"at": clock.now().isoformat()} | message)
        sent = headers(how.pop("secret", secret), clock, body, **how)
        return await anonymous.post(f"/api/v1/spaces/{space}/inbox/{id_}", content=body, headers=sent)

    return tells


async def test_a_message_is_taken_without_a_token_and_shown_to_its_member(tell, source, client):
    """An integrator sees in one answer what became of it, and in the console the same."""
    answer = await tell({"kind": "unit_status", "unit": "P1", "status": "out_of_service"})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied")
    assert [each["event"] for each in answer.json()["effects"]] == ["resource.status_set"]
    http = client(*DISPATCHER)
    page = (await http.get(f"/api/v1/spaces/live/inbox/{source[0]}/messages")).json()
    assert [each["outcome"] for each in page["items"]] == ["applied"]
    detail = (await http.get(f"/api/v1/spaces/live/inbox/{source[0]}/messages/{answer.json()['message_id']}")).json()
    assert detail["body"]["unit"] == "P1"
    health = (await http.get(f"/api/v1/inbox-sources/{source[0]}/health")).json()
    assert (health["today"], health["held"]) == ({"applied": 1}, 0)
    other = client("maas", "dispatcher")
    for path in (
        f"spaces/live/inbox/{source[0]}/messages",
        f"inbox-sources/{source[0]}",
        f"inbox-sources/{source[0]}/mappings",
    ):
        assert (await other.get(f"/api/v1/{path}")).status_code == 404


async def test_what_waits_is_answered_202_and_seen_to(tell, source, client, world):
    """202, and not an error: a sender that tries again for three days helps nobody."""
    answer = await tell({"kind": "unit_status", "unit": "P2", "status": "out_of_service"})
    assert (answer.status_code, answer.json()["because"]["code"]) == (202, "inbox_unknown_unit")
    http = client(*DISPATCHER)
    (waiting,) = (await http.get("/api/v1/spaces/live/quarantine")).json()["items"]
    assert waiting["because"]["figures"] == {"source": "cad-luik", "value": "P2"}
    assert (await client("maas", "dispatcher").get("/api/v1/spaces/live/quarantine")).json()["items"] == []
    code = {"source": "cad-luik", "kind": "resource", "code": "P2", "subject_id": str(world.resources["luik-pump-2"])}
    assert (await http.post("/api/v1/spaces/live/external-ids", json=code)).status_code == 201
    ran = await http.post("/api/v1/spaces/live/quarantine/run-all", json={"source_id": source[0]})
    assert ran.json() == {"run": 1, "outcomes": {"applied": 1}, "waiting": False, "next": None}
    assert (await http.get("/api/v1/spaces/live/quarantine")).json()["items"] == []


async def run_all(http, path="run-all", **body):
    """Run (or discard) what waits, call by call until nothing is left; returns how many each call took, and the outcomes of all."""
    cursor, took, outcomes = None, [], Counter()
    while True:
        answer = await http.post(
            f"/api/v1/spaces/live/quarantine/{path}", json=body | ({"cursor": cursor} if cursor else {})
        )
        assert answer.status_code == 200, answer.text
        did = answer.json()
        took.append(did["run"])
        outcomes.update(did["outcomes"])
        assert did["waiting"] == (did["next"] is not None)
        if did["next"] is None:
            return took, outcomes
        cursor = did["next"]


async def test_all_that_waits_is_run_however_much_waits_before_it(tell, source, client, clock, world):
    """A unit without a code sends its position every ten seconds: what another unit told before somebody mended its code must not wait behind."""
    at = [{"at": (clock.now() - timedelta(minutes=9 - n)).isoformat()} for n in range(9)]
    for told in at[:4]:
        await tell({"kind": "unit_status", "unit": "P9", "status": "on_scene"} | told)
    for told in at[4:6]:
        await tell({"kind": "unit_status", "unit": "P2", "status": "out_of_service"} | told)
    await tell({"kind": "unit_status", "unit": "P1", "status": "dreaming"} | at[8])
    for _ in range(2):
        await tell("no JSON, and no time of its own")
    http = client(*DISPATCHER)
    code = {"source": "cad-luik", "kind": "resource", "code": "P2", "subject_id": str(world.resources["luik-pump-2"])}
    assert (await http.post("/api/v1/spaces/live/external-ids", json=code)).status_code == 201
    assert (await http.get("/api/v1/spaces/live/quarantine/reasons")).json() == {
        "waiting": 9,
        "reasons": [
            {"source_id": source[0], "code": code, "count": count}
            for code, count in (("inbox_unknown_unit", 6), ("inbox_not_json", 2), ("inbox_unknown_code", 1))
        ],
    }
    took, outcomes = await run_all(http, source_id=source[0], most=2)
    assert (took, outcomes["quarantined"]) == ([2, 2, 2, 2, 1], 7)
    assert outcomes.total() == 9
    # for one reason alone, listed, run and discarded
    page = await http.get("/api/v1/spaces/live/quarantine", params={"because": "inbox_not_json", "limit": 1})
    assert page.json()["next"]
    assert [each["because"]["code"] for each in page.json()["items"]] == ["inbox_not_json"]
    assert (await run_all(http, source_id=source[0], because="inbox_unknown_code"))[0] == [1]
    gone = await run_all(
        http, "discard-all", source_id=source[0], because="inbox_unknown_unit", why="No unit of ours.", most=3
    )
    assert gone == ([3, 1], {"discarded": 4})
    left = (await http.get("/api/v1/spaces/live/quarantine")).json()["items"]
    assert sorted(each["because"]["code"] for each in left) == [
        "inbox_not_json",
        "inbox_not_json",
        "inbox_unknown_code",
    ]
    path = "/api/v1/spaces/live/quarantine/{}"
    unsaid = await http.post(path.format("discard-all"), json={"source_id": source[0]})
    assert (unsaid.status_code, unsaid.json()["errors"][0]["pointer"]) == (422, "/why")
    lost = await http.post(path.format("run-all"), json={"source_id": source[0], "cursor": "lost"})
    assert (lost.status_code, lost.json()["errors"][0]["pointer"]) == (422, "/cursor")
    for name, body in (("run-all", {}), ("discard-all", {"why": "Theirs."})):
        theirs = await client("maas", "dispatcher").post(path.format(name), json={"source_id": source[0]} | body)
        assert theirs.status_code == 404
    assert (await client("maas", "dispatcher").get(path.format("reasons"))).json() == {"waiting": 0, "reasons": []}


async def test_what_is_held_back_while_all_is_run_is_of_the_next_time(tell, source, client, clock):
    """Who runs all again comes to an end, also while a unit without a code goes on sending."""
    for _ in range(2):
        await tell({"kind": "unit_status", "unit": "P9", "status": "on_scene"})
    http, path = client(*DISPATCHER), "/api/v1/spaces/live/quarantine/run-all"
    did = (await http.post(path, json={"source_id": source[0], "most": 1})).json()
    clock.move(seconds=10)
    await tell({"kind": "unit_status", "unit": "P9", "status": "on_scene"})
    last = (await http.post(path, json={"source_id": source[0], "most": 1, "cursor": did["next"]})).json()
    assert (last["run"], last["next"]) == (1, None)


async def test_what_is_nested_too_deeply_is_shown_as_it_came(tell, source, client):
    """A message that nobody can open is one that nobody can discard."""
    deep = '{"at": ' + "[" * 1000 + "]" * 1000 + "}"
    answer = await tell(deep)
    assert (answer.status_code, answer.json()["because"]["code"]) == (202, "inbox_too_deep")
    path = f"/api/v1/spaces/live/inbox/{source[0]}/messages/{answer.json()['message_id']}"
    detail = (await client(*DISPATCHER).get(path)).json()
    assert (detail["text"], detail["body"]) == (deep, None)


async def test_what_is_no_utf_8_is_its_senders_all_the_same_and_waits(tell, source, client):
    """An old system that writes Latin-1 is told what is wrong; "wrongly signed" would send its keeper after the secret for days."""
    old = '{"kind": "unit_status", "unit": "Lüttich 1", "status": "on_scene"}'.encode("latin-1")
    answer = await tell(old, id_="old")
    assert (answer.status_code, answer.json()["because"]["code"]) == (202, "inbox_not_json")
    assert "UTF-8" in answer.json()["detail"]
    path = f"/api/v1/spaces/live/inbox/{source[0]}/messages/{answer.json()['message_id']}"
    detail = (await client(*DISPATCHER).get(path)).json()
    assert (detail["text"], detail["body"]) == (old.decode("latin-1"), None)
    assert (await tell(old, id_="old")).json()["outcome"] == "duplicate"
    assert (await tell(old.replace(b"\xfc", b"\xe9"), id_="old")).status_code == 409
    wrong = await tell(old, secret="whsec_" + "QUJD" * 8)
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/signature-wrong")


async def test_what_is_tried_or_run_again_takes_one_connection_at_a_time(tell, source, client, monkeypatch):
    """A shift that runs two hundred messages again, with one connection for it and one for each, keeps the alarms from theirs."""
    await tell({"kind": "unit_status", "unit": "P2", "status": "out_of_service"})
    held = []

    def noting(name, does):
        def notes(uow, *args, **more):
            held.append((name, uow.connection.engine.pool.checkedout()))
            return does(uow, *args, **more)

        return notes

    monkeypatch.setattr(inbox_trial, "taken", noting("tried", inbox_trial.taken))
    monkeypatch.setattr(inbox_work, "taken", noting("run", inbox_work.taken))
    http = client(*DISPATCHER)
    tried = await http.post(f"/api/v1/inbox-sources/{source[0]}/try", json={"space": "live", "message": "{}"})
    assert tried.status_code == 200
    ran = await http.post("/api/v1/spaces/live/quarantine/run-all", json={"source_id": source[0]})
    assert ran.json()["run"] == 1
    assert held == [("tried", 1), ("run", 1)]


async def test_the_reader_of_answers_is_told_no_more_than_it_needs(tell, anonymous, clock, source):
    """Whoever guesses addresses learns from no answer which sources there are."""
    wrong = await tell({}, secret="whsec_" + "QUJD" * 8)
    body = "{}"
    nowhere = [
        f"/api/v1/spaces/live/inbox/{'0' * 8}-0000-7000-8000-{'0' * 12}", "/api/v1/spaces/live/inbox/nobody",
        f"/api/v1/spaces/nowhere/inbox/{source[0]}",
    ]  # fmt: skip
    answers = [await anonymous.post(path, content=body, headers=headers(source[1], clock, body)) for path in nowhere]
    bare = await anonymous.post(f"/api/v1/spaces/live/inbox/{source[0]}", content=body)
    for each in (wrong, *answers, bare):
        told = each.json()
        assert (each.status_code, told["type"]) == (401, "/problems/signature-wrong")
        assert told["detail"] == wrong.json()["detail"]
    late = await tell({}, seconds=-301)
    assert (late.status_code, late.json()["seconds_off"]) == (401, -301)


async def test_limits_are_problems(tell, source, client):
    """A system that is put off has to be told for how long; and who looks after it, that it is."""
    large = await tell({"x": "y" * 70_000})
    assert (large.status_code, large.json()["type"]) == (413, "/problems/body-too-large")
    report = (await client(*DISPATCHER).get(f"/api/v1/inbox-sources/{source[0]}/conformance")).json()
    found = [(each["code"], each["weight"], each["count"]) for each in report["findings"]]
    assert (report["too_large"], found) == (1, [("too_large", "fault", 1)])
    long = await tell({}, id_="i" * 201)
    assert (long.status_code, long.json()["type"]) == (422, "/problems/out-of-range")
    assert "200" in long.json()["detail"]
    http = client(*ADMIN)
    etag = (await http.get(f"/api/v1/inbox-sources/{source[0]}")).headers["etag"]
    await http.patch(f"/api/v1/inbox-sources/{source[0]}", json={"per_minute": 1}, headers={"If-Match": etag})
    await tell({})
    many = await tell({})
    assert (many.status_code, many.json()["type"]) == (429, "/problems/too-many")
    assert 1 <= int(many.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"unit_status": {"path": "length(status)", "tables": []}}, "/mapping/unit_status/path"),
        ({"at": {"path": "at || `now`", "written": "rfc3339"}}, "/mapping/at/path"),
        ({"kind": {"path": "kind", "codes": {"x": ["weather"]}}}, "/mapping/kind/codes/x/0"),
        ({"surprise": 1}, "/mapping/surprise"),
    ],
)
async def test_what_is_wrong_in_a_mapping_is_named_by_its_place(client, source, change, pointer):
    """A table of two hundred lines with one slip is mended in a minute, or in an hour."""
    mapping = shipped()["generic"].model_dump(mode="json", by_alias=True, exclude_none=True) | change
    answer = await client(*ADMIN).post(f"/api/v1/inbox-sources/{source[0]}/mappings", json={"mapping": mapping})
    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in answer.json()["errors"]]


async def test_incidents_are_opened_and_kept_up_to_date(tell, client, clock):
    """The neighbour sees the fire when the dispatch system knows of it, under the number that its people say on the radio."""
    told = {
        "kind": "incident",
        "number": "2026-77",
        "title": "Quay",
        "hazard": "flood",
        "severity": 3,
        "lon": 5.7,
        "lat": 50.8,
    }
    opened = (await tell(told)).json()
    assert opened["effects"][0]["event"] == "incident.reported"
    clock.move(minutes=5)
    assert (await tell(told)).json()["outcome"] == "noted"
    clock.move(minutes=5)
    worse = (await tell({"kind": "incident", "number": "2026-77", "severity": 4, "status": "active"})).json()
    assert (worse["outcome"], worse["effects"][0]["event"]) == ("applied", "incident.changed")
    late = {
        "kind": "incident",
        "number": "2026-77",
        "severity": 2,
        "at": (clock.now() - timedelta(minutes=3)).isoformat(),
    }
    assert (await tell(late)).json()["outcome"] == "history"
    http = client(*DISPATCHER)
    found = (await http.get("/api/v1/spaces/live/incidents", params={"external": "cad-luik:2026-77"})).json()["items"]
    assert [(each["severity"], each["status"]) for each in found] == [(4, "active")]
    new = (await tell({"kind": "incident", "number": "2026-78", "severity": 2})).json()
    assert new["because"] == {"code": "inbox_path_missing", "figures": {"path": "title"}}


async def test_positions(tell, client, clock, world):
    """A unit on the map of both cities, without anybody typing; an older report moves nothing."""
    assert (await tell({"kind": "position", "unit": "P1", "lon": 5.61, "lat": 50.63})).json()["outcome"] == "applied"
    late = (clock.now() - timedelta(minutes=1)).isoformat()
    older = await tell({"kind": "position", "unit": "P1", "lon": 5.1, "lat": 50.1, "at": late})
    assert older.json()["outcome"] == "history"


WORLD = """
    SELECT md5(string_agg(t, '' ORDER BY t)) FROM (
        SELECT r::text AS t FROM resource r UNION ALL SELECT m::text FROM mission m UNION ALL SELECT i::text FROM incident i
        UNION ALL SELECT p::text FROM position p UNION ALL SELECT x::text FROM external_id x UNION ALL SELECT l::text FROM inbox_last l
    ) AS world
"""
BODIES = (
    MESSAGES.map(json.dumps)
    | st.text(max_size=60)
    | st.binary(max_size=60)
    | MESSAGES.map(lambda told: json.dumps(told, ensure_ascii=False).encode("latin-1", "ignore"))
    | st.sampled_from(["[" * 5000, "{", '{"a":1,"a":2}', "1e999", "null", '"x"'])
)
IDS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=220)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES, id_=IDS, signed=st.booleans(), stamp=st.sampled_from(["", "now", "x", "-1", "1" * 30]),
    signature=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
)  # fmt: skip
async def test_whatever_comes_is_answered_and_what_is_bad_changes_nothing(
    anonymous, source, clock, pg, body, id_, signed, stamp, signature
):
    """A dispatch system that is updated on a Friday sends what nobody has seen before: no error of ours, and no unit that moves."""
    clock.move(seconds=10)
    conn = await pg()
    try:
        before = await conn.fetchval(WORLD)
        sent = headers(source[1], clock, body, id_=id_)
        if not signed:
            sent |= {
                "webhook-timestamp": str(int(clock.now().timestamp())) if stamp == "now" else stamp,
                "webhook-signature": signature,
            }
        answer = await anonymous.post(f"/api/v1/spaces/live/inbox/{source[0]}", content=body, headers=sent)
        assert answer.status_code < 500, answer.text
        if not signed:
            assert answer.status_code in {401, 413}
        if answer.status_code != 200 or answer.json()["outcome"] not in {"applied", "noted"}:
            assert await conn.fetchval(WORLD) == before
    finally:
        await conn.close()
