"""`kill -9` of the application and of its database, in the middle of the demonstration, again and again.

What was acknowledged to a client is what people act on: after every crash it must be there, once, and the journal must be
as it was written. CONCORD_CRASHES says how often (3 unless set).
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.store.embedded import EmbeddedServer
from app.store.embedded_process import read_postmaster
from tests.acceptance.serving import LIVE, PATIENCE_S, ROOT, Place, empty_folder, environment

CRASHES = int(os.environ.get("CONCORD_CRASHES", "3"))
MODES = ("application", "database", "both")
ACKNOWLEDGED_BETWEEN = 40
"""Receipts between two crashes, at least: so that each crash comes in the middle of work."""
WAITING_S = 0.02

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(120 + 60 * CRASHES)]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until(what, why: str):
    """Wait for a condition of another process, which tells no event; return what it gave."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(WAITING_S)
    raise AssertionError(f"in vain: {why}")


def receipts(file):
    """What the client wrote down, but for a line that is just being written."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


class Demo:
    """The demonstration on one folder and one port, to be killed and started again."""

    def __init__(self, where: Place, port: int) -> None:
        self.where = where
        self.port = port
        self.data = EmbeddedServer(where.folder / "data").data
        self.server = None

    def start(self) -> None:
        self.server = self.where.start("demo", "--port", str(self.port), "--speed", "60")
        until(self.ready, "the demonstration gets ready")

    def ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.server.url}/health/ready", timeout=10).is_success
        return False

    def kill_database(self) -> None:
        """Kill the PostgreSQL of this very folder, by the id it wrote down itself, and wait until it is gone."""
        there = read_postmaster(self.data)
        assert there is not None
        os.kill(there.pid, signal.SIGKILL)
        until(lambda: not _alive(there.pid), "PostgreSQL ends")

    def kill_application(self) -> None:
        self.server.process.kill()
        self.server.process.wait(timeout=PATIENCE_S)

    def crash(self, mode: str) -> None:
        if mode in {"database", "both"}:
            self.kill_database()
        if mode == "database":
            assert httpx.get(f"{self.server.url}/health/live", timeout=10).is_success
            until(self.ready, "the service starts its database again")
        else:
            self.kill_application()
            self.start()


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def alive(client, where: Place) -> bool:
    """Whether the client still hammers; where it gave up, it and the service say why."""
    if client.poll() is not None:
        said = (where.folder / "stderr").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"{client.stderr.read().decode()}\n{said[said.find('request.failed') - 200 :][:12000]}")
    return True


def settled(where: Place, url: str) -> tuple[str, str]:
    """Let a client in, by the command line while the service runs; return its token, and an incident to write about."""
    args = ("--member", "nl-maastricht", "--role", "dispatcher", "--service")
    where.concord("user", "add", "hammer", *args)
    token = where.concord("token", "add", "hammer", "--label", "crash").strip()
    body = {"title": "Crash", "hazard": "other", "severity": 1, "area": {"type": "Point", "coordinates": [5.7, 50.78]}}
    made = httpx.post(f"{url}{LIVE}/incidents", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert made.is_success, made.text
    return token, made.json()["id"]


def test_what_was_acknowledged_survives_every_crash():
    """A city that was told "your pump is coming" would have been told so by a service that no longer knows of it."""
    chance = random.Random(20260714)
    with empty_folder() as folder:
        where, file = Place(folder, None), folder / "receipts.jsonl"
        demo = Demo(where, free_port())
        client = None
        try:
            demo.start()
            token, incident = settled(where, demo.server.url)
            client = subprocess.Popen(
                [sys.executable, "-m", "tests.acceptance.hammer", demo.server.url, token, incident, str(file)],
                cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            for crash in range(CRASHES):
                known = len(receipts(file))
                wanted = known + ACKNOWLEDGED_BETWEEN + chance.randrange(ACKNOWLEDGED_BETWEEN)
                until(lambda wanted=wanted: alive(client, where) and len(receipts(file)) >= wanted, "receipts come")
                print(f"crash {crash}: {MODES[crash % len(MODES)]} after {len(receipts(file))} receipts")
                demo.crash(MODES[crash % len(MODES)])
            known = len(receipts(file))
            wanted = known + ACKNOWLEDGED_BETWEEN
            until(lambda: alive(client, where) and len(receipts(file)) >= wanted, "receipts come after the last crash")
            _, said = client.communicate(b"", timeout=PATIENCE_S)
            assert client.returncode == 0, said.decode()
            assert demo.server.end() == 0
        finally:
            if client is not None and client.poll() is None:
                client.kill()
            if client is not None:
                client.communicate()
            if demo.server is not None:
                demo.server.end()
            with where.database():
                pass  # a server that outlived its application is found by this, and ended
        where.concord("journal", "verify")
        held(where, receipts(file))


def held(where: Place, acknowledged) -> None:
    """Check that every receipt's entry is in the journal at its place, its row in its table, and neither twice."""
    import asyncio

    async def look(dsn):
        connection = await asyncpg.connect(dsn, timeout=20)
        try:
            entries = await connection.fetch("SELECT seq, subject_id FROM journal_entry WHERE space_id = 'live'")
            logged = await connection.fetch("SELECT id, text AS key FROM incident_log")
            reported = await connection.fetch("SELECT id, title AS key FROM incident")
        finally:
            await connection.close()
        return {row["seq"]: str(row["subject_id"]) for row in entries}, [*logged, *reported]

    with where.database() as dsn:
        journal, rows = asyncio.run(look(dsn))
    ids = {str(row["id"]) for row in rows}
    times = Counter(row["key"] for row in rows)
    print(f"{len(acknowledged)} receipts over {CRASHES} crashes, {len(journal)} entries")
    assert len(acknowledged) >= ACKNOWLEDGED_BETWEEN * (CRASHES + 1)
    for receipt in acknowledged:
        assert journal.get(receipt["seq"]) == receipt["id"], receipt
        assert receipt["id"] in ids, receipt
        assert times[receipt["key"]] == 1, receipt
