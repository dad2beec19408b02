"""A dispatch system of public packages alone, at the real server: it hears of a commitment, answers, and tells of its unit until it is home.

The other story is told by the command line's own system, against one that is not well: each fault once, and the mission moves all the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from standardwebhooks import Webhook

from tests.acceptance.serving import LIVE, ROOT, in_thread, place
from tests.acceptance.test_webhooks import LIEGE, MAASTRICHT, person, promise
from tests.delivery.receiving import receiving
from tests.until import until

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]

ANOTHER = "whsec_" + "QUJD" * 8
ROLES = ("dispatcher", "authorised_representative", "admin")


@pytest.fixture
async def city():
    """A corridor that is served, with a client of it."""
    async with place() as where:
        where.settings = {"CONCORD_WEBHOOK_NETWORKS": "127.0.0.0/8"}
        server = await in_thread(where.start, "serve", "--port", "0")
        try:
            await in_thread(where.concord, "corridor", "load", "meuse-rhine")
            async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
                yield where, http
        finally:
            await in_thread(server.end)


class Telling:
    """The sending end of a dispatch system, which speaks FMS."""

    def __init__(self, http, source_id, secret):
        self.http, self.path, self.secret = http, f"{LIVE}/inbox/{source_id}", secret

    async def tells(self, unit, status, *, id_=None, secret=None, at=None, true_s_ago=0.0, signed_s_ago=0.0):
        """Send a status; return the HTTP status and the outcome."""
        now = datetime.now(UTC)
        body = {"issi": unit, "status": status, "time": ((at or now) - timedelta(seconds=true_s_ago)).isoformat()}
        text, signed, id_ = json.dumps(body), now - timedelta(seconds=signed_s_ago), id_ or str(uuid.uuid4())
        headers = {
            "webhook-id": id_,
            "webhook-timestamp": str(int(signed.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(id_, signed, text),
        }
        answer = await self.http.post(self.path, content=text, headers=headers)
        told = answer.json()
        return answer.status_code, told.get("outcome") or told["type"].rpartition("/")[2]


async def test_the_mission_moves_by_what_the_dispatch_system_tells(city):
    """The dispatcher who has to type each status into a second screen types none of them."""
    where, http = city
    maas = await person(where, http, MAASTRICHT, *ROLES[:2])
    luik = await person(where, http, LIEGE, *ROLES)
    unit = next(each for each in await luik.all("resources") if each["call_sign"] == "HCP Liège 1")
    await luik.does("external-ids", source="cad-liege", kind="resource", code="4711", subject_id=unit["id"])
    async with receiving() as receiver:
        hook = await luik.does(
            "/api/v1/webhooks", label="CAD", url=receiver.url, events=["mission.*"], receipts=True, source="cad-liege"
        )
        receiver.secret = hook["once"]["secret"]
        made = await luik.does("/api/v1/inbox-sources", label="CAD", source="cad-liege", space_kinds=["live"])
        source = f"/api/v1/inbox-sources/{made['id']}"
        cad = Telling(http, made["id"], made["once"]["secret"])
        shipped = {each["name"]: each["mapping"] for each in (await luik.get("/api/v1/inbox-mappings"))["items"]}
        version = (await luik.does(f"{source}/mappings", mapping=shipped["fms-de"]))["subject"]["version"]
        trial = {"issi": "4711", "status": "3", "time": datetime.now(UTC).isoformat()}
        tried = await luik.does(f"{source}/try", space="live", version=version, message=json.dumps(trial))
        assert tried["unit"]["call_sign"] == "HCP Liège 1"
        await luik.does(f"{source}/mappings/{version}/turn-on")

        # ---- it hears of the commitment, verifies it, and says under which number it has it
        _incident, mission = await promise(maas, luik)
        await until(lambda: receiver.taken, patience_s=60)
        (committed,) = receiver.taken
        assert committed["type"] == "mission.committed"
        assert committed["data"]["rows"]["mission"][0]["resource_id"] == unit["id"]
        assert {each["code"] for each in committed["data"]["external_ids"] if each["kind"] == "resource"} == {"4711"}
        await luik.does(f"webhooks/{hook['id']}/receipts", seq=committed["data"]["seq"], number="L-2026-77")

        # ---- the unit rolls: once, twice, late, out of order, by a stranger, of nobody, in no table
        async def stands():
            return (await maas.get(f"missions/{mission}"))["status"]

        rolled, when = str(uuid.uuid4()), datetime.now(UTC)
        assert await cad.tells("4711", "3", id_=rolled, at=when) == (200, "applied")
        assert await cad.tells("4711", "3", id_=rolled, at=when) == (200, "duplicate")
        assert await stands() == "in_transit"
        assert await cad.tells("4711", "4", secret=ANOTHER) == (401, "signature-wrong")
        assert await cad.tells("4711", "4", signed_s_ago=600) == (401, "outside-replay-window")
        assert await cad.tells("9999", "4") == (202, "quarantined")
        assert await cad.tells("4711", "x") == (202, "quarantined")
        assert await stands() == "in_transit"
        assert await cad.tells("4711", "4") == (200, "applied")
        assert await cad.tells("4711", "3", true_s_ago=2) == (200, "history")
        assert await stands() == "on_scene"
        await maas.does(f"missions/{mission}/release")
        for status, state in (("1", "returning"), ("2", "returned")):
            assert await cad.tells("4711", status) == (200, "applied")
            assert await stands() == state
        steps = (await maas.get(f"missions/{mission}/steps"))["items"]
        assert [each["state"] for each in steps] == [
            "committed", "mobilising", "in_transit", "on_scene", "released", "returning", "returned",
        ]  # fmt: skip

        # ---- what it told comes back to it, each event once, in order, under its number
        home = ["committed", "mobilising", "in_transit", "on_scene", "released", "returning", "returned"]
        await until(lambda: [each["type"].partition(".")[2] for each in receiver.taken] == home, patience_s=60)
        assert receiver.seqs == sorted(set(receiver.seqs))
        numbers = receiver.taken[-1]["data"]["incident"]["numbers"]
        assert [(each["source"], each["code"]) for each in numbers] == [("cad-liege", "L-2026-77")]

        # ---- and stands in the report
        out = await luik.get(f"/api/v1/webhooks/{hook['id']}/conformance")
        assert (out["conforms"], out["asked"], out["taken"], out["missed"]) == (True, len(home), len(home), 0)
        assert out["receipts"]["missing"] == 0
        told = await luik.get(f"{source}/conformance")
        assert (told["received"], told["outcomes"]) == (7, {"applied": 4, "history": 1, "quarantined": 2})
        assert (told["wrongly_signed"], told["outside_window"], told["untold"]) == (1, 1, 0)


@asynccontextmanager
async def running(*args, **environment):
    """Run a command of the command line; it is ended with Ctrl-C where it goes on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", *args, cwd=ROOT, env=os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"} | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await process.wait()


@pytest.mark.parametrize("way", [[], ["--pull", "--speech", "generic"]], ids=["push", "pull"])
async def test_the_simulator_plays_both_ends_with_everything_that_can_go_wrong(city, way):
    """An integrator would have nothing to compare his own system with, or a simulator that tells him wrong."""
    where, http = city
    maas = await person(where, http, MAASTRICHT, *ROLES[:2])
    luik = await person(where, http, LIEGE, *ROLES)
    before = (await luik.get("journal", after=0, limit=1))["head"]
    ours = {"CONCORD_URL": str(http.base_url), "CONCORD_TOKEN": luik.headers["Authorization"].partition(" ")[2]}
    faults = ("--fault", "all", "--seed", "7", "--pause", "1", "--late", "1")
    async with running("dispatch-sim", "receive", "--connect", *faults, *way, **ours) as system:
        begun = (await system.stdout.readline()).decode()
        assert "integration" in begun, (await system.stderr.read()).decode()
        theirs = maas.headers["Authorization"].partition(" ")[2]
        async with running("dispatch-sim", "play", "--patience", "60", **ours, CONCORD_NEIGHBOUR_TOKEN=theirs) as play:
            printed, lines = await play.communicate()
            system.send_signal(signal.SIGINT)
            said, told = await system.communicate()
        assert system.returncode == 0, said.decode() + told.decode()
        printed = printed.decode()
        assert printed.count("✓") == 2, printed + lines.decode()
        told = told.decode()
    for fault, outcome in {
        "twice": "duplicate", "signature": "401", "skew": "401", "unit": "quarantined", "code": "quarantined", "changed": "409",
    }.items():  # fmt: skip
        assert re.search(rf"\[{fault}\]: {outcome}", told), told
    assert "✗" not in told
    assert "mission.on_scene" in told
    for code in ("unknown_unit (1)", "unknown_code (1)", "wrongly_signed (1)", "clock_off (1)", "id_used_again (1)"):
        assert code in printed, printed
    live = await luik.journal()
    assert {each["type"].partition(".")[0] for each in live if each["seq"] > before and not each["hidden"]} <= {
        "webhook_endpoint", "inbox_source", "inbox_mapping",
    }, "live is told of the connection alone"  # fmt: skip
    assert (await luik.get("/api/v1/webhooks"))["items"] == (await luik.get("/api/v1/inbox-sources"))["items"] == []
