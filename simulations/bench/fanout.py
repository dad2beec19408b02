"""``fanout``: from the commit of an entry until the last of N clients has it, beside servers that do nothing but tell everybody.

Ours is ``concord serve`` as it ships: the entry is appended to the journal by this process, committed, and hinted at; the
server hears the hint, reads the journal, and writes to everybody who may see it. The clock starts when the commit returns.
The bare servers are told the same bytes by a datagram, at which their clock starts. All clients are light and in other
processes; all servers keep theirs connected while the sides take turns. One of the bare ones does the system calls and
nothing else: no server that writes to each client is faster, and where even its share of the queue's time is beyond the
goal, so is ours.
"""

from __future__ import annotations

import asyncio
import importlib.util
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from app.commands.corridor import DefineCorridor
from app.commands.execute import Door
from app.commands.members import AddMember
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.delivery import wire
from app.delivery.wakes import CHANNEL
from app.domain.authority import SYSTEM
from app.domain.chain import Draft
from app.domain.ids import new_id
from app.settings import Settings
from app.store import journal
from app.store.engine import create_engine
from app.store.migrate import migrate
from simulations.bench.bare import bare_server
from simulations.bench.listeners import listening, many_files
from simulations.bench.measure import Effort, Figure, Goal, Report, database
from simulations.bench.server import served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from app.commands.registry import Command
    from simulations.bench.bare import Bare
    from simulations.bench.listeners import Remote

SIZES: Final = (100, 1_000, 5_000, 10_000)
WITH_GOAL: Final = 5_000
NEAR_BARE: Final = Goal("<=", 1.2)
QUEUE_GOAL: Final = Goal("<=", 0.25)
BARE: Final = {
    "picows": "picows",
    "broadcast": "websockets.broadcast",
    "queue": "queue per client",
    "send": "the system calls alone",
}
RIVALS: Final = frozenset({BARE["picows"], BARE["broadcast"]})
FILES_BESIDE: Final = 200
"""Open files that a process has beside its clients."""


@dataclass(slots=True)
class Side:
    """A server with its clients: ``tell`` starts one event and returns when, on the machine's clock."""

    name: str
    clients: Remote
    tell: Callable[[], int]

    def once(self) -> float:
        """Return how many ms pass until the last client has an event."""
        self.clients.expect()
        began = self.tell()
        return (self.clients.last_ns() - began) / 1e6


class Journal:
    """The writer of entries: an open connection, and drafts of about 600 bytes as a message."""

    def __init__(self, runner: asyncio.Runner, dsn: str) -> None:
        self._runner = runner
        self._conn = runner.run(_connect(dsn))
        self._id = new_id()

    def tell(self) -> int:
        """Commit an entry, have it hinted at, and return when the commit was done."""
        return self._runner.run(self._tell())

    async def _tell(self) -> int:
        async with self._conn.transaction():
            draft, at = _draft(self._id), datetime.now(UTC)
            done = await journal.append(self._conn, space="live", actor="system", recorded_at=at, drafts=[draft])
        committed = time.monotonic_ns()
        await self._conn.execute("SELECT pg_notify($1, $2)", CHANNEL, f"live:{done.last_seq}")
        return committed

    def message(self) -> bytes:
        """Return the message that an entry becomes, for the bare servers to tell."""
        return self._runner.run(self._message())

    async def _message(self) -> bytes:
        await self._tell()
        seq, _ = await journal.head_of(self._conn, "live")
        (entry,) = await journal.read(self._conn, "live", seq - 1, 1)
        return wire.entry(seq - 1, wire.entry_ending(entry))  # type: ignore[arg-type]  # read without a viewer: whole

    def close(self) -> None:
        """Let go of the connection."""
        self._runner.run(self._conn.close())


def measure(effort: Effort, report: Report) -> None:
    """Measure all sizes that this machine's limit on open files allows."""
    limit = many_files() - FILES_BESIDE
    kinds = [kind for kind in BARE if kind != "picows" or importlib.util.find_spec("picows")]
    if len(kinds) < len(BARE):
        report.tell("fanout: picows is not installed (it is in requirements-dev.lock); left out")
    with database(report) as dsn, ExitStack() as opened:
        runner = opened.enter_context(asyncio.Runner())
        token = runner.run(ground(dsn))
        url = opened.enter_context(served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn))
        writer = Journal(runner, dsn)
        opened.callback(writer.close)
        feed = f"{url.replace('http', 'ws', 1)}/api/v1/spaces/live/feed"
        ours = Side("concord", opened.enter_context(listening(feed, token)), writer.tell)
        text = writer.message()
        theirs = [_bare_side(kind, text, opened) for kind in kinds]
        connected = 0
        for size in SIZES:
            if size > limit:
                report.tell(f"fanout: {size} clients want more open files than {limit + FILES_BESIDE}; left out")
                continue
            report.tell(f"fanout: {size} clients on each of {len(theirs) + 1} servers, {len(text)} bytes")
            for side in (ours, *theirs):
                began = time.monotonic()
                side.clients.connect(size - connected)
                each_ms = (time.monotonic() - began) * 1000 / (size - connected)
                report.tell(f"fanout: {side.name} took {each_ms:.2f} ms for each handshake")
            connected = size
            _compare(size, ours, theirs, effort, report)


def _bare_side(kind: str, text: bytes, opened: ExitStack) -> Side:
    server: Bare = opened.enter_context(bare_server(kind))
    clients = opened.enter_context(listening(server.url))

    def tell() -> int:
        began = time.monotonic_ns()
        server.tell(text)
        return began

    return Side(BARE[kind], clients, tell)


def _compare(size: int, ours: Side, theirs: Sequence[Side], effort: Effort, report: Report) -> None:
    """Let all sides take turns, each going first as often as the others, and tell the medians."""
    sides = [ours, *theirs]
    got: dict[str, list[float]] = {side.name: [] for side in sides}
    for side in sides:
        side.once()
    for number in range(3 * effort.rounds):
        first = number % len(sides)
        for side in (*sides[first:], *sides[:first]):
            got[side.name].append(side.once())
    medians = {name: statistics.median(figures) for name, figures in got.items()}
    best = min((side.name for side in theirs if side.name in RIVALS), key=lambda name: medians[name])
    for side in theirs:
        goal = None
        if size == WITH_GOAL:
            goal = QUEUE_GOAL if side.name == BARE["queue"] else NEAR_BARE if side.name == best else None
        report.add(Figure("fanout", f"n={size}", medians[ours.name], "ms", side.name, medians[side.name], goal))


# ---------------------------------------------------------------- the ground


async def ground(dsn: str) -> str:
    """Make a corridor of one member, and return the token of a user of it."""
    await migrate(dsn)
    engine = create_engine(dsn, pool_size=2)
    door = Door(engine, Settings())

    async def does(model: type[Command], target: UUID | None = None, **body: Any) -> Any:
        return await door.execute(model.model_validate(body), actor=SYSTEM, space="live", target=target)

    names = dict.fromkeys(("en", "de", "fr", "nl"), "Bench")
    ring = [[5.0, 50.0], [6.0, 50.0], [6.0, 51.0], [5.0, 51.0], [5.0, 50.0]]
    area = {"type": "Polygon", "coordinates": [ring]}
    await does(DefineCorridor, code="bench", names=names, area=area, languages=["en", "de", "fr", "nl"], currency="EUR")
    member = await does(
        AddMember, code="bench", country="NL", names=names, area=area, lon=5.5, lat=50.5, time_zone="Europe/Amsterdam",
        languages=["nl"], currency="EUR", phone="+31 00 000 0900",
        jurisdiction={"hazards": ["flood"], "kinds": ["immediate"]},
    )  # fmt: skip
    user = await does(
        AddUser, member_id=member.id, kind="service", login="bench", display_name="Bench", roles=["viewer"],
        language="en",
    )  # fmt: skip
    token = await does(AddToken, user.id, user_id=user.id, label="bench", scopes=["read"], days=1)
    await engine.dispose()
    text: str = token.once["token"]
    return text


async def _connect(dsn: str) -> asyncpg.Connection[Any]:
    return await asyncpg.connect(dsn, timeout=10)


def _draft(id_: UUID) -> Draft:
    at = datetime.now(UTC)
    row = {
        "id": id_,
        "revision": 7,
        "status": "in_transit",
        "status_at": at,
        "place": "Eijsden",
        "relieve_by": at + timedelta(hours=8),
    }
    data = {"command": "advance_mission", "via": "dispatch_system", "occurred_at": at, "member_id": id_}
    return Draft(
        type="resource.status_set",
        subject_kind="resource",
        subject_id=id_,
        visibility="corridor",
        payload={"data": data, "rows": {"resource": [row]}},
    )
