"""The simulated dispatch system: what it plans to tell, how it receives, and what it finds in a receiver that is not as it should be."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.inbox.mapping import shipped
from simulations.client import Refused
from simulations.dispatch.conversation import CannotPlay, Conversation
from simulations.dispatch.probing import probe
from simulations.dispatch.receiving import Receiver, listening
from simulations.dispatch.statuses import FAULTS, LANGUAGES, NO_STATUS, NOBODY, plan

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"
BEGAN = datetime(2026, 7, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_its_words_stand_in_the_mapping_that_ships(language):
    """It would be held back from the first word on."""
    mapping = shipped()[language.mapping].model_dump(mode="json", by_alias=True, exclude_none=True)
    for table in mapping["unit_status"]["tables"]:
        assert {*language.out, *language.home} <= table["statuses"].keys()


def test_without_faults_each_status_is_told_once_in_its_order_when_it_is_true():
    """The conversation that an integrator sees first has to be the plain one."""
    sent = plan("4711", ("3", "4"), Random(1), pause_s=10)
    assert [(each.status, each.wait_s, each.true_at_s, each.signing) for each in sent] == [
        ("3", 10, 10, "right"),
        ("4", 10, 20, "right"),
    ]
    assert sent[1].body(LANGUAGES["fms"], BEGAN) == {
        "issi": "4711",
        "status": "4",
        "time": (BEGAN + timedelta(seconds=20)).isoformat(),
    }


@pytest.mark.parametrize("seed", range(50))
def test_every_fault_is_there_once_and_the_rest_is_untouched(seed):
    """A fault that never comes is never tried; one that swallows a status makes the mission stand still."""
    sent = plan("4711", ("3", "4"), Random(seed), pause_s=10, faults=FAULTS, late_s=5)
    assert sent == plan("4711", ("3", "4"), Random(seed), pause_s=10, faults=FAULTS, late_s=5)
    faults = Counter(each.fault for each in sent if each.fault)
    # Who is late may be overtaken as well.
    assert set(FAULTS) - {"late"} <= set(faults)
    assert max(faults.values()) == 1
    plain = [each for each in sent if each.fault in {None, "late", "order"}]
    assert {each.status for each in plain} == {"3", "4"}
    assert sum(each.wait_s for each in sent) == 25
    now = 0.0
    for each in sent:
        now += each.wait_s
        assert each.true_at_s <= now, "nothing is told before it is true"
    ids = Counter(each.id for each in sent)
    assert sorted(ids.values(), reverse=True)[:2] in ([2, 2], [3, 1])
    for fault, expected in (("twice", "duplicate"), ("changed", "409"), ("signature", "401"), ("unit", "quarantined")):
        assert next(each.expects for each in sent if each.fault == fault) == {expected}
    assert {each.unit for each in sent if each.fault == "unit"} == {NOBODY}
    assert {each.status for each in sent if each.fault == "code"} == {NO_STATUS}
    assert {each.signing for each in sent if each.fault in {"signature", "skew"}} == {"wrong", "stale"}


async def test_it_keeps_each_event_once_and_counts_what_is_not_as_it_should_be():
    """The figures that an integrator compares his own with would be wrong."""
    taken = []
    receiver = Receiver(taken.append)
    receiver.begin(SECRET)

    def event(seq, **more):
        data = {"seq": seq, "space": "integration", "incident": None, "receipt": None, "external_ids": [], "rows": {}}
        return {"id": f"integration:{seq}:x", "type": "mission.in_transit", "data": data} | more

    async def sends(http, url, message, secret=SECRET, text=None):
        body, at = text or json.dumps(message), datetime.now(UTC)
        signature = Webhook(secret).sign("id", at, body)
        headers = {"webhook-id": "id", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        return (await http.post(url, content=body, headers=headers)).status_code

    async with listening(receiver, 0) as url, httpx.AsyncClient() as http:
        for message in (event(1), event(2), event(2), event(4), event(3), event(1, id="x", replayed=True)):
            assert await sends(http, url, message) == 204
        assert await sends(http, url, {"id": "h", "type": "concord.heartbeat", "data": {}}) == 204
        assert await sends(http, url, event(5), secret="whsec_" + "QUJD" * 8) == 401
        assert await sends(http, url, {}, text="no JSON") == 400
    count = receiver.count
    assert (count.kept, count.duplicates, count.heartbeats, count.wrongly_signed) == (5, 1, 1, 1)
    assert (count.out_of_order, count.replayed) == (1, 1)
    assert [each.seq for each in taken] == [1, 2, 4, 3, 1, None]


async def probed(url):
    async with httpx.AsyncClient() as http:
        return {each.trial.name: each.well async for each in probe(http, url, SECRET)}


async def test_a_receiver_that_is_as_it_should_be_passes():
    """Who has done everything right would look for a fault that there is not."""
    receiver = Receiver(lambda _event: None)
    receiver.begin(SECRET)
    async with listening(receiver, 0) as url:
        assert set((await probed(url)).values()) == {True}


@asynccontextmanager
async def answering(handler):
    """Run a receiver of a handler of one's own; yields its address."""
    application = web.Application()
    application.router.add_post("/", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_a_receiver_that_verifies_nothing_is_found_out():
    """It passes every trial with real events, and takes whatever a stranger sends."""

    async def takes_all(_request):
        return web.Response(status=204)

    async with answering(takes_all) as url:
        told = await probed(url)
    assert [name for name, well in told.items() if not well] == [
        "another secret's signature",
        "no signature",
        "a body that was changed after it was signed",
        "a good signature of ten minutes ago",
        "a good signature of ten minutes from now",
    ]


async def test_a_receiver_that_refuses_repeats_and_what_it_does_not_know_is_found_out():
    """It works until the first retry, or until a release brings a new event; then it holds up everything behind."""
    seen = set()

    async def strict(request):
        text = await request.text()
        try:
            event = Webhook(SECRET).verify(text, dict(request.headers))
        except WebhookVerificationError:
            return web.Response(status=401)
        known = event["type"].startswith(("mission.", "incident."))
        if event["id"] in seen or not known:
            return web.Response(status=409)
        seen.add(event["id"])
        return web.Response(status=204)

    async with answering(strict) as url:
        told = await probed(url)
    assert [name for name, well in told.items() if not well] == [
        "the same event once more",
        "an event of an unknown type, with a new attribute",
        "a heartbeat",
    ]


async def test_nobody_there_is_no_pass():
    """A wrong port would look like a receiver that refuses well."""
    assert set((await probed("http://127.0.0.1:9/")).values()) == {False}


class Side:
    """A member's token in a service that lets none of some types go: what it was asked, and what it refuses."""

    def __init__(self, units, *, keeps=(), fails=None):
        self.units, self.keeps, self.fails, self.posted, self.wanted = units, keeps, fails, [], {}

    async def get(self, path, **_params):
        if path.endswith("/session"):
            return {"user": {"member": {"id": "own", "country": "BE", "code": "own"}}}
        return {"status": "returned", "request_id": "r"}

    async def all(self, path, **_params):
        return self.units if path.endswith("/resources") else [{"id": "other", "code": "other", "country": "NL"}]

    async def post(self, path, body=None):
        path = path.removeprefix("/api/v1/spaces/integration/")
        self.posted.append(path)
        if path == "requests":
            self.wanted["type"] = body["lines"][0]["type_code"]
        if path == self.fails:
            raise Refused(403, {"type": "/problems/role-missing"})
        if path.endswith("/offers") and self.wanted["type"] in self.keeps:
            raise Refused(409, {"type": "/problems/agreement-refused", "detail": "Luik keeps one."})
        rows = {kind: [{"id": kind}] for kind in ("mission", "request_line", "offer_line")}
        return {"id": path.partition("/")[0], "seq": 1, "rows": rows}


def units(*types):
    return [{"id": each, "call_sign": each, "type_code": each, "status": "available"} for each in types]


async def test_what_the_lender_keeps_is_not_played_and_its_request_is_taken_back():
    """The second run would end at a refusal and leave an open request behind, which rings in the space where others try things, too."""
    own = Side(units("pump.high_capacity", "engine.pumper"), keeps={"pump.high_capacity"})
    said = []
    checks = await Conversation(own, own, "integration", said.append, moves=True).play()
    assert (own.wanted["type"], checks) == ("engine.pumper", [])
    assert own.posted.count("requests/requests/cancel") == 1
    assert own.posted.index("requests/requests/cancel") < own.posted.index("missions/mission/close")


async def test_where_nothing_can_be_given_it_says_how_to_go_on_and_leaves_nothing_open():
    """An integrator would have to read the code to learn that another type may go."""
    own = Side(units("pump.high_capacity", "engine.pumper"), keeps={"pump.high_capacity", "engine.pumper"})
    with pytest.raises(CannotPlay, match="--type"):
        await Conversation(own, own, "integration", lambda _line: None, moves=True).play()
    assert own.posted.count("requests/requests/cancel") == own.posted.count("incidents/incidents/close") == 2


async def test_what_ends_it_midway_leaves_nothing_open():
    """A token without the role of the next step: the request that it opened would stay with everybody."""
    own = Side(units("pump.high_capacity"), fails="offers/requests/accept")
    with pytest.raises(Refused):
        await Conversation(own, own, "integration", lambda _line: None, moves=True).play()
    assert {"requests/requests/cancel", "incidents/incidents/close"} <= set(own.posted)
