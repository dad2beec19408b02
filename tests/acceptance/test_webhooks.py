"""Dispatch systems that fail in every way, and a server that is killed: in the end each has every event, in order, at least once.

The real server, the receivers on loopback. While they fail, the server is killed with `kill -9` between the journal and its deliveries,
and begins again with its clock a day ahead.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import ssl
import subprocess
import time
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from aiohttp import web

from tests.acceptance.serving import LIVE, Person, in_thread, place
from tests.delivery.receiving import broken_off, receiving
from tests.until import until

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]

MAASTRICHT, LIEGE, AACHEN = "nl-maastricht", "be-liege", "de-aachen"
PUMP = "pump.high_capacity"
TOLERANCE_S = 300
"""How far apart Standard Webhooks lets the clocks of both sides be."""


@asynccontextmanager
async def city():
    """A place with the corridor loaded, from which webhooks reach loopback, and its server, which is yielded in a list to be replaced."""
    async with place() as where:
        where.settings = {"CONCORD_WEBHOOK_NETWORKS": "127.0.0.0/8", "CONCORD_WEBHOOK_TIMEOUT_S": "1"}
        servers = [await in_thread(where.start, "serve", "--port", "0")]
        try:
            await in_thread(where.concord, "corridor", "load", "meuse-rhine")
            yield where, servers
        finally:
            await in_thread(servers[-1].end)


async def person(where, http, code, *roles):
    """Make a user of a member by the command line."""
    login = f"{roles[0]}.{code}"
    named = [part for role in roles for part in ("--role", role)]
    await in_thread(where.concord, "user", "add", login, "--member", code, *named, "--service")
    return Person(http, (await in_thread(where.concord, "token", "add", login, "--label", "acceptance")).strip())


async def killed(server):
    server.process.send_signal(signal.SIGKILL)
    await in_thread(server.process.wait)


async def promise(maas, luik):
    """Maastricht asks for a pump, Liège sends one. Return the mission."""
    point = {"type": "Point", "coordinates": [5.7, 50.78]}
    incident = await maas.does("incidents", title="Flood", hazard="flood", severity=3, area=point)
    line = {
        "type_code": PUMP,
        "quantity": 1,
        "priority": "life_safety",
        "place": "Eijsden",
        "lon": 5.706,
        "lat": 50.779,
    }
    drafted = await maas.does("requests", incident_id=incident["id"], kind="immediate", lines=[line])
    request, wanted = drafted["id"], drafted["rows"]["request_line"][0]["id"]
    for step in ("submit", "open"):
        await maas.does(f"requests/{request}/{step}")
    offer = await luik.does(f"requests/{request}/offers", lines=[{"request_line_id": wanted, "quantity": 1}])
    await maas.does(f"offers/{offer['id']}/accept")
    unit = next(each for each in await luik.all("resources", type=PUMP) if each["call_sign"] == "HCP Liège 1")
    given = {"offer_line_id": offer["rows"]["offer_line"][0]["id"], "resource_id": unit["id"]}
    committed = await luik.does(f"offers/{offer['id']}/commit", units=[given])
    return incident["id"], committed["rows"]["mission"][0]["id"]


def encrypting_without_a_name(folder):
    """TLS with a certificate that nobody signed but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def slow(_request):
    """Answers after everybody has stopped waiting."""
    await asyncio.sleep(3)
    return web.Response(status=599)


async def elsewhere(request):
    """Points at another address of its own, where everything would be taken."""
    return web.Response(status=302, headers={"Location": f"{request.path}/elsewhere"})


async def ten_minutes_ahead(request):
    """Has a clock that is wrong, and so holds every signature for one of ten minutes ago."""
    off = time.time() + 600 - int(request.headers["webhook-timestamp"])
    return web.Response(status=401 if off > TOLERANCE_S else 204)


FAILING = {
    "500": [500],
    "302": [elsewhere],
    "410": [410],
    "slow": [slow],
    "closes midway": [broken_off],
    "clock ahead": [ten_minutes_ahead],
    "in the middle": [204, 204, 500],
}


async def test_every_dispatch_system_has_every_event_in_the_end_whatever_became_of_it(tmp_path):
    """The one that failed at night would never learn of the unit that was promised, or learn it in the wrong order."""
    async with city() as (where, servers), AsyncExitStack() as open_:
        http = await open_.enter_async_context(httpx.AsyncClient(base_url=servers[0].url, timeout=30))
        maas = await person(where, http, MAASTRICHT, "dispatcher", "authorised_representative")
        luik = await person(where, http, LIEGE, "dispatcher", "authorised_representative", "admin")
        aken = await person(where, http, AACHEN, "dispatcher", "admin")

        receivers, ids, begins = {}, {}, {}

        async def adds(name, who, *, tls=None, answers=(204,), **body):
            receiver = await open_.enter_async_context(receiving(tls=tls, answers=list(answers)))
            added = await who.does("/api/v1/webhooks", **({"label": name, "url": receiver.url, "events": ["*"]} | body))
            receivers[name], ids[name], begins[name] = receiver, added["id"], added["seq"]
            receiver.secret = added["once"]["secret"]
            return receiver

        for name, answers in FAILING.items():
            await adds(name, luik, answers=answers)
        tls = encrypting_without_a_name(tmp_path)
        untrusted = await adds("untrusted", luik, tls=tls)
        closed = open_.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        away = await adds("nobody listens", luik, url=f"http://127.0.0.1:{closed.getsockname()[1]}/in")
        well = await adds("well", luik, receipts=True, source="cad-liege")
        narrow = await adds("narrow", luik, events=["mission.*"], type_codes=[PUMP])
        nothing = await adds("nothing", luik, space_kinds=["integration"])
        await adds("other city", aken)

        # ---- a unit is promised; what has to be acted on is taken into dispatch, under that system's number
        incident, mission = await promise(maas, luik)
        await until(lambda: "mission.committed" in {each["type"] for each in well.taken}, patience_s=60)
        wanted = next(each["data"] for each in well.taken if each["data"]["receipt"])
        body = {"seq": wanted["seq"], "number": "L-2026-77"}
        await luik.does(f"webhooks/{ids['well']}/receipts", **body)
        for to in ("mobilising", "in_transit"):
            await luik.does(f"missions/{mission}/advance", to=to)
        told = ["mission.committed", "mission.mobilising", "mission.in_transit"]
        await until(lambda: [each["type"] for each in narrow.taken] == told, patience_s=60)
        numbers = narrow.taken[-1]["data"]["incident"]["numbers"]
        assert [(each["source"], each["code"]) for each in numbers] == [("cad-liege", "L-2026-77")]

        # ---- none that failed was overtaken, followed elsewhere or sent to unencrypted
        failures = {name: await luik.get(f"/api/v1/webhooks/{id_}/deliveries", failed=True) for name, id_ in ids.items() if name != "other city"}  # fmt: skip
        seen = {name: {each["answer"] or each["error"] for each in page["items"]} for name, page in failures.items()}
        assert seen == {
            "500": {500}, "302": {302}, "410": {410}, "slow": {"timeout"}, "closes midway": {"closed"}, "clock ahead": {401},
            "in the middle": {500}, "untrusted": {"tls"}, "nobody listens": {"no_connection"}, "well": set(), "narrow": set(), "nothing": set(),
        }  # fmt: skip
        for name in FAILING.keys() - {"in the middle"}:
            assert {each["data"]["seq"] for each in receivers[name].came} == {begins[name]}, name
            assert receivers[name].taken == [], name
        assert untrusted.hosts == away.hosts == []
        assert (await luik.get(f"/api/v1/webhooks/{ids['410']}"))["status"] == "disabled"

        # ---- secrets change while nobody is reached; the server is killed between the journal and its deliveries
        rotated = await luik.does(f"/api/v1/webhooks/{ids['500']}/rotate-secret", old_counts_hours=1)
        await luik.does(f"/api/v1/webhooks/{ids['302']}/rotate-secret", old_counts_hours=72)
        receivers["500"].secret = rotated["once"]["secret"]
        over = asyncio.Event()

        async def hangs(_request):
            await over.wait()
            return web.Response(status=204)

        came = len(well.came)
        well.answers = [204, hangs]
        for number in range(10):
            await luik.does(f"incidents/{incident}/log", text=f"line {number}")
        await until(lambda: len(well.came) >= came + 2, patience_s=60)
        await killed(servers[0])
        over.set()

        # ---- a day later all are well again
        for receiver in receivers.values():
            receiver.answers = [204]
        servers.append(await in_thread(where.start, "serve", "--port", "0", hours_ahead=25))
        http = await open_.enter_async_context(httpx.AsyncClient(base_url=servers[-1].url, timeout=30))
        maas.http = luik.http = aken.http = http
        await luik.does(f"/api/v1/webhooks/{ids['410']}/resume")
        for name in ("untrusted", "nobody listens"):
            elsewhere_now = await open_.enter_async_context(receiving(secret=receivers[name].secret))
            receivers[name], url = elsewhere_now, {"url": elsewhere_now.url}
            there = await luik.get(f"/api/v1/webhooks/{ids[name]}")
            await luik.does(f"/api/v1/webhooks/{ids[name]}", method="PATCH", revision=there["revision"], **url)
        await maas.does(f"incidents/{incident}/log", text="the last line")
        last = (await luik.get("journal", after=0, limit=1))["head"]

        async def visible(name, who, takes=""):
            """The seqs of what an endpoint asks for and its member sees, from its own beginning on."""
            entries = [
                each for each in await who.journal() if begins[name] <= each["seq"] <= last and not each["hidden"]
            ]
            return [each["seq"] for each in entries if each["type"].startswith(takes)]

        asked = {name: await visible(name, luik) for name in receivers} | {
            "narrow": await visible("narrow", luik, "mission."),
            "nothing": [],
            "other city": await visible("other city", aken),
        }
        assert len(asked["well"]) > 20
        assert 0 < len(asked["other city"]) < len(asked["well"])
        for name, seqs in asked.items():
            receiver = receivers[name]
            await until(lambda: set(seqs) <= set(receiver.seqs), patience_s=90)  # noqa: B023 - waited for here
            assert [seq for seq in dict.fromkeys(receiver.seqs) if seq <= last] == seqs, name
            assert receiver.forged == 0, name
        assert (nothing.came, untrusted.hosts, away.hosts) == ([], [], [])
        assert {each["spacekind"] for receiver in receivers.values() for each in receiver.taken} == {"live"}
        again = [seq for seq in set(well.seqs) if well.seqs.count(seq) > 1]
        assert again, "what was in hand when the server was killed came once more"
        receipts = await luik.get(f"{LIVE}/dispatch-receipts")
        assert {(each["status"], each["number"]) for each in receipts["items"]} >= {("taken", "L-2026-77")}
        assert ("missing", "mission.mobilising") in {(each["status"], each["event"]) for each in receipts["items"]}
