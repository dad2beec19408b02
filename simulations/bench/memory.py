"""``memory``: what an idle client of the feed costs the server, beside one of picows; and the process with 100,000 resources.

Resident memory of the server's process, before and after so many clients, divided by their number. The service keeps no
resources: they are read from the database for whom they are asked by.
"""

from __future__ import annotations

import asyncio
import importlib.util
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
import httpx

from simulations.bench.bare import bare_server
from simulations.bench.fanout import FILES_BESIDE, ground
from simulations.bench.listeners import listening, many_files
from simulations.bench.measure import Effort, Figure, Goal, Report, database
from simulations.bench.server import served

if TYPE_CHECKING:
    from simulations.bench.listeners import Remote

CLIENTS: Final = 5_000
WARM: Final = 200
"""Clients that come before the first look: pools and caches fill with them."""
RESOURCES: Final = 100_000
SETTLE_S: Final = 1.0
GOAL: Final = Goal("<=", 1.3)

_RESOURCES: Final = """
    WITH depot_made AS (
        INSERT INTO depot (revision, space_id, id, member_id, code, name, lon, lat)
        SELECT 1, 'live', gen_random_uuid(), id, 'bench', 'Bench', 5.5, 50.5 FROM member RETURNING id, member_id
    )
    INSERT INTO resource (revision, space_id, id, member_id, depot_id, type_code, call_sign, status, lon, lat, position_at,
                          officers, ncos, crew, mobilisation_min, readiness, retired)
    SELECT 1, 'live', gen_random_uuid(), member_id, id, 'engine.pumper', 'Bench ' || n, 'available', 5.5, 50.5, now(),
           0, 1, 5, 5, '{"papers": true, "couplings": true, "radios": true, "languages": ["en"]}', false
    FROM depot_made, generate_series(1, $1) AS n
"""


def measure(effort: Effort, report: Report) -> None:
    """Measure clients, which have the goal, and the process."""
    count = min(CLIENTS, many_files() - FILES_BESIDE - WARM)
    with database(report) as dsn, ExitStack() as opened:
        token = asyncio.run(_ground(dsn))
        pids_before = _children()
        url = opened.enter_context(served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn))
        (server,) = _children() - pids_before
        feed = f"{url.replace('http', 'ws', 1)}/api/v1/spaces/live/feed"
        report.tell(f"memory: {count} idle clients on each server")
        ours = _per_client(server, opened.enter_context(listening(feed, token)), count)
        theirs = None
        if importlib.util.find_spec("picows"):
            bare = opened.enter_context(bare_server("picows"))
            theirs = _per_client(bare.pid, opened.enter_context(listening(bare.url)), count)
        report.add(Figure("memory", f"idle client, n={count}", ours, "B", "picows", theirs, GOAL))
    with database(report) as dsn, ExitStack() as opened:
        token = asyncio.run(_ground(dsn, RESOURCES))
        pids_before = _children()
        url = opened.enter_context(served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn))
        (server,) = _children() - pids_before
        report.tell(f"memory: a process on {RESOURCES} resources")
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{url}/api/v1/spaces/live", headers=headers, timeout=30) as client:
            for _ in range(effort.rounds):
                client.get("/resources", params={"limit": 200}).raise_for_status()
        report.add(Figure("memory", f"process, {RESOURCES} resources", _resident(server) / 2**20, "MiB"))


def _per_client(pid: int, clients: Remote, count: int) -> float:
    clients.connect(WARM)
    time.sleep(SETTLE_S)
    before = _resident(pid)
    clients.connect(count)
    time.sleep(SETTLE_S)
    return (_resident(pid) - before) / count


def _resident(pid: int) -> int:
    """Return a process' resident bytes (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    message = f"the kernel tells no memory of process {pid}"
    raise RuntimeError(message)


def _children() -> set[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text(encoding="ascii").split()}


async def _ground(dsn: str, resources: int = 0) -> str:
    token = await ground(dsn)
    if resources:
        conn = await asyncpg.connect(dsn, timeout=10)
        await conn.execute(_RESOURCES, resources)
        await conn.close()
    return token
