"""The receivers in ``docs/receivers`` as an integrator runs them: processes of their own, sent to by the worker, answering to the API."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from app.commands.webhooks import AddWebhook
from app.delivery.webhook_sender import Body, Sender
from app.delivery.webhooks import Webhooks
from app.domain.webhook_addresses import networks
from app.settings import Settings

RECEIVERS = Path(__file__).parents[2] / "docs" / "receivers"
MODULES = os.environ.get("CONCORD_TEST_NODE_MODULES")
"""Where npm has put `standardwebhooks`; without it JavaScript is left out."""
LUIK = ("luik", "admin")


@pytest.fixture
def settings():
    return Settings(webhook_networks="127.0.0.0/8")


@asynccontextmanager
async def answering():
    """Run the API's end of receipts on loopback, away at first, where another incident has the number then; yields its address and what was
    posted, and an event for the third.
    """
    posted, came = [], asyncio.Event()

    async def take(request):
        posted.append((request.path, request.headers["Authorization"], await request.json()))
        if len(posted) == 1:
            return web.json_response({}, status=503)
        if len(posted) == 2:
            return web.json_response({"type": "/problems/duplicate", "status": 409}, status=409)
        came.set()
        return web.json_response({})

    application = web.Application()
    application.router.add_post("/{any:.*}", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", posted, came
    finally:
        await runner.cleanup()


def python(_folder):
    return [sys.executable, str(RECEIVERS / "receiver.py")]


def javascript(folder):
    if MODULES is None or shutil.which("node") is None:
        pytest.skip("no node, or no standardwebhooks of npm's (CONCORD_TEST_NODE_MODULES)")
    shutil.copy(RECEIVERS / "receiver.mjs", folder)
    (folder / "node_modules").symlink_to(MODULES)
    return ["node", str(folder / "receiver.mjs")]


def kept(store):
    """Return the ids of the events that a receiver has kept, in their order."""
    if store.suffix == ".sqlite":
        connection = sqlite3.connect(store)
        rows = [row for (row,) in connection.execute("SELECT body FROM event ORDER BY rowid")]
        connection.close()
    else:
        rows = store.read_text("utf-8").splitlines()
    return [json.loads(row)["data"]["seq"] for row in rows]


@pytest.mark.parametrize(("language", "ending"), [(python, "sqlite"), (javascript, "jsonl")])
async def test_receiver_keeps_each_event_once_and_says_what_it_took(
    language, ending, tmp_path, act, sent, door, engine, conn
):
    """The example is what an integrator copies; its faults would be every city's."""
    command = language(tmp_path)
    sender = Sender(networks("127.0.0.0/8"), timeout_s=20)
    async with answering() as (url, posted, came):
        made = await act(
            AddWebhook, who=LUIK, label="CAD", events=["mission.*", "offer.*"], receipts=True, source="cad-luik"
        )
        store = tmp_path / f"received.{ending}"
        ours = {"CONCORD_WEBHOOK_SECRET": made.once["secret"], "CONCORD_URL": url, "CONCORD_TOKEN": "concord_x"}
        ours |= {"CONCORD_WEBHOOK": str(made.id), "PORT": "0", "STORE": str(store)}
        process = await asyncio.create_subprocess_exec(*command, env=os.environ | ours, stdout=asyncio.subprocess.PIPE)
        try:
            port = int((await process.stdout.readline()).split()[-1])
            address = f"http://127.0.0.1:{port}/"
            await conn.execute("UPDATE webhook_endpoint SET url = $1, origin = $1", address)
            worker = Webhooks(engine, door, sender=sender)
            await sent("luik-pump-1")
            while await worker.turn():
                pass
            seqs = [row["seq"] for row in await conn.fetch("SELECT seq FROM webhook_delivery ORDER BY seq")]
            await conn.execute("UPDATE webhook_delivery SET status = 'waiting', delivered_at = NULL")
            while await worker.turn():
                pass
            assert await conn.fetchval("SELECT count(*) FROM webhook_attempt WHERE answer = 204") == 2 * len(seqs)
            assert kept(store) == seqs
            async with asyncio.timeout(20):
                await came.wait()
            forged = await sender.post(
                address, "live:1:x", Body(b'{"id": "live:1:x"}'), ["whsec_c2VjcmV0c2VjcmV0c2VjcmV0"]
            )
            assert (forged.status, len(kept(store))) == (401, len(seqs))
        finally:
            process.kill()
            await process.wait()
            await sender.close()
    (path, bearer, body), again, without = posted
    assert (again, without) == ((path, bearer, body), (path, bearer, body | {"number": None}))
    assert path == f"/api/v1/spaces/live/webhooks/{made.id}/receipts"
    assert (bearer, body["seq"], body["number"][:4]) == ("Bearer concord_x", seqs[-1], "P-I-")


async def test_a_connection_that_breaks_off_midway_holds_up_no_other(tmp_path):
    """One scanner of ports would silence a control room that has copied the example."""
    ours = {"CONCORD_WEBHOOK_SECRET": "whsec_c2VjcmV0c2VjcmV0c2VjcmV0", "PORT": "0", "TIMEOUT_S": "1"}
    ours |= {"STORE": str(tmp_path / "received.sqlite"), "CONCORD_WEBHOOK": "x"}
    process = await asyncio.create_subprocess_exec(
        *python(tmp_path), env=os.environ | ours, stdout=asyncio.subprocess.PIPE
    )
    sender = Sender(networks("127.0.0.0/8"), timeout_s=20)
    try:
        port = int((await process.stdout.readline()).split()[-1])
        answers, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        body = Body(b'{"id": "live:1:x", "type": "mission.committed", "data": {}}')
        taken = await sender.post(f"http://127.0.0.1:{port}/", "live:1:x", body, [ours["CONCORD_WEBHOOK_SECRET"]])
        assert (taken.status, taken.error) == (204, None)
        async with asyncio.timeout(20):
            assert await answers.read() == b""
        writer.close()
    finally:
        process.kill()
        await process.wait()
        await sender.close()
