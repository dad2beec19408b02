"""``webhooks``: deliveries in a second to a receiver on loopback, signed, in each endpoint's order, beside bare loops of httpx and aiohttp.

Ours is the worker as it ships, from entries of the journal to what is written down of each try: reading, filtering, rows, texts,
signatures, sending, the log. A bare loop signs a text that is ready and sends it, one after the other for each endpoint, and keeps nothing.
The receiver is in a process of its own. All three send the same number of the same size.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import aiohttp
import asyncpg
import httpx

from app.commands.execute import Door
from app.commands.webhooks import AddWebhook
from app.delivery.webhook_messages import Messages
from app.delivery.webhook_sender import signed
from app.delivery.webhooks import Webhooks
from app.domain.authority import SYSTEM
from app.domain.chain import Draft
from app.domain.ids import new_id
from app.domain.webhooks import new_secret
from app.settings import Settings
from app.store import journal
from app.store.engine import create_engine, reading
from simulations.bench.fanout import ground
from simulations.bench.measure import Effort, Figure, Goal, Report, database, paired, run_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from app.delivery.webhook_messages import Message

ENDPOINTS: Final[dict[int, Goal | None]] = {1: None, 8: Goal(">=", 2 / 3)}
LEAST: Final = 300
"""Entries in a round, at least."""
AT_ONCE: Final = 500
"""Entries appended in one statement."""
RIVALS: Final = {"bare aiohttp loop": "aiohttp", "bare httpx loop": "httpx"}

_REMOVE: Final = "UPDATE webhook_endpoint SET status = 'removed'"


def measure(effort: Effort, report: Report) -> None:
    """Measure one endpoint, which is printed, and eight, which have the goal: against the quicker of the two."""
    with database(report) as dsn, _sink() as port:
        run_loop(_measure(dsn, port, effort, report))


async def _measure(dsn: str, port: int, effort: Effort, report: Report) -> None:
    await ground(dsn)
    engine = create_engine(dsn, pool_size=4)
    door = Door(engine, Settings(webhook_networks="127.0.0.0/8"))
    conn = await asyncpg.connect(dsn, timeout=10)
    try:
        for count, goal in ENDPOINTS.items():
            case = f"{count} endpoint{'s' if count > 1 else ''}"
            ours = await _Ours.made(door, conn, port, count)
            sample = await ours.sample()
            gc.collect()
            gc.freeze()  # as the service does after its start
            got = {}
            for name, library in RIVALS.items():
                report.tell(f"webhooks: {case}, {name}")
                got[name] = await paired(ours, partial(_BARE[library], sample, port, count), effort)
            best = max(got, key=lambda name: got[name][1])
            for name, (mine, theirs) in got.items():
                report.add(Figure("webhooks", case, mine, "deliveries/s", name, theirs, goal if name == best else None))
            await conn.execute(_REMOVE)
            await ours.worker.close()
    finally:
        await conn.close()
        await engine.dispose()


class _Ours:
    """The worker, with so many endpoints. Called, it appends entries and returns how many it delivered in a second."""

    def __init__(self, door: Door, conn: asyncpg.Connection[Any], member: UUID, endpoints: int) -> None:
        self.worker = Webhooks(door.engine, door)
        self._door = door
        self._conn = conn
        self._member = member
        self._endpoints = endpoints
        self._rate = 1000.0

    @classmethod
    async def made(cls, door: Door, conn: asyncpg.Connection[Any], port: int, endpoints: int) -> _Ours:
        """Add the endpoints."""
        member = await conn.fetchval("SELECT id FROM member WHERE space_id = 'live'")
        for number in range(endpoints):
            url = f"http://127.0.0.1:{port}/{number}"
            body = {"member_id": member, "label": f"bench {number}", "url": url, "events": ["mission.*"]}
            await door.execute(AddWebhook.model_validate(body), actor=SYSTEM, space="live")
        return cls(door, conn, member, endpoints)

    async def sample(self) -> Message:
        """Return a message as it is sent."""
        await self._append(1)
        async with reading(self._door.engine) as conn:
            seq = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")
            (made,) = await Messages("").made(conn, "live", "live", self._member, [(seq, False, None)])
        return made

    async def __call__(self, seconds: float) -> float:
        entries = max(LEAST, int(self._rate * seconds / self._endpoints))
        await self._append(entries)
        before = await self._delivered()
        started = time.perf_counter()
        while await self.worker.turn():
            pass
        took = time.perf_counter() - started
        done = await self._delivered() - before
        if done < entries * self._endpoints:
            message = f"of {entries} entries for {self._endpoints} endpoints {done} were delivered"
            raise RuntimeError(message)
        self._rate = done / took
        return self._rate

    async def _append(self, entries: int) -> None:
        for first in range(0, entries, AT_ONCE):
            drafts = [_draft(self._member) for _ in range(min(AT_ONCE, entries - first))]
            await journal.append(self._conn, space="live", actor="system", recorded_at=datetime.now(UTC), drafts=drafts)

    async def _delivered(self) -> int:
        return int(await self._conn.fetchval("SELECT count(*) FROM webhook_attempt WHERE answer = 204"))


def _draft(member: UUID) -> Draft:
    id_, at = new_id(), datetime.now(UTC)
    row = {
        "id": id_, "revision": 3, "request_id": new_id(), "incident_id": None, "lender_id": member, "status": "in_transit",
        "status_at": at, "type_code": "pump.high_capacity", "place": "Eijsden, Bat", "lon": 5.694, "lat": 50.781,
    }  # fmt: skip
    data = {"command": "advance_mission", "via": "dispatch_system", "occurred_at": at, "member_id": member}
    return Draft(
        type="mission.in_transit",
        subject_kind="mission",
        subject_id=id_,
        visibility="corridor",
        payload={"data": data, "rows": {"mission": [row]}},
    )


# ---------------------------------------------------------------- the other side


async def _go_on(
    send: Callable[[int, dict[str, str]], Awaitable[int]], sample: Message, count: int, seconds: float
) -> float:
    """Return how many a second were taken: for each endpoint one after the other, each signed for its try."""
    secrets = [new_secret() for _ in range(count)]
    started = time.perf_counter()
    end = started + seconds
    done = 0

    async def one(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            if await send(number, signed(sample.id, sample.body.text, [secrets[number]])) != httpx.codes.NO_CONTENT:
                raise RuntimeError("the receiver did not take it")
            done += 1

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))
    return done / (time.perf_counter() - started)


async def _by_aiohttp(sample: Message, port: int, count: int, seconds: float) -> float:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(number: int, headers: dict[str, str]) -> int:
            async with session.post(
                f"http://127.0.0.1:{port}/{number}", data=sample.body.raw, headers=headers
            ) as answer:
                await answer.read()
                return answer.status

        return await _go_on(send, sample, count, seconds)


async def _by_httpx(sample: Message, port: int, count: int, seconds: float) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def send(number: int, headers: dict[str, str]) -> int:
            answer = await client.post(f"http://127.0.0.1:{port}/{number}", content=sample.body.raw, headers=headers)
            return answer.status_code

        return await _go_on(send, sample, count, seconds)


_BARE: Final[dict[str, Callable[[Message, int, int, float], Awaitable[float]]]] = {
    "aiohttp": _by_aiohttp,
    "httpx": _by_httpx,
}


@contextmanager
def _sink() -> Iterator[int]:
    """Run the receiver; yield its port."""
    command = [sys.executable, "-m", "simulations.bench.sink"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
