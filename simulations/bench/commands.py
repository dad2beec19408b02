"""``commands``: durable commands in a second through HTTP, the whole stack, beside the same statements by bare asyncpg.

A client asks for one unit, has it offered, accepted and committed, moves its mission there and home, and closes both; each
call is a command of its own under an idempotency key, and is acknowledged once it is on disk. The server is ``concord serve``
as it ships, in a process of its own; the clients are in another one. The bare side holds one connection for each client and
sends, for each command, the statements that were recorded from it, in one transaction, to a copy of the database.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import httpx
import orjson

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.incidents import ReportIncident
from app.commands.load_corridor import load_corridor
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain.authority import SYSTEM
from app.domain.ids import new_id
from app.main import create_app
from app.settings import Settings
from app.store.engine import reading
from app.store.migrate import migrate
from simulations.bench.errand import Errand, calls
from simulations.bench.measure import Effort, Figure, Goal, Report, database, paired, rate, run_loop
from simulations.bench.recorded import Again, Recorded, Recorder, recording
from simulations.bench.server import served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from app.commands.execute import Door
    from app.commands.receipt import Receipt
    from app.commands.registry import Command

AT_ONCE: Final[dict[int, Goal | None]] = {1: None, 8: Goal(">=", 0.5), 32: None}
CORRIDOR: Final = "meuse-rhine"
ASKS: Final = "nl-maastricht"
COPY: Final = "bare"
ROLES: Final = ["dispatcher", "authorised_representative"]
QUICKEST_PER_S: Final = 400
"""What one client of the bare side may reach: so much is made ready for it before it is measured."""

UNITS: Final = """
SELECT id, type_code, member FROM (
    SELECT r.id, r.type_code, m.code AS member, count(*) OVER (PARTITION BY r.member_id, r.type_code) AS stock,
           row_number() OVER (PARTITION BY r.member_id, r.type_code ORDER BY r.id) AS nth
    FROM resource r JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
    WHERE r.space_id = 'live' AND r.status = 'available' AND NOT r.retired
) AS lent WHERE nth <= stock - 2 ORDER BY nth, member, type_code
"""
"""First one unit of each type of each member: clients meet at a member's stock only where there are not enough. Two stay at home: no
agreement of the corridor keeps more."""


def measure(effort: Effort, report: Report) -> None:
    """Measure one client at a time, eight, which have the goal, and thirty-two."""
    with database(report) as dsn:
        report.tell("commands: a corridor, and what each command sends to the database")
        errands, recorded = run_loop(_prepare(dsn))
        with served(["serve", "--port", "0"], CONCORD_DATABASE_URL=dsn) as url:
            run_loop(_measure(dsn, url, errands, recorded, effort, report))


async def _prepare(dsn: str) -> tuple[list[Errand], list[Recorded]]:
    """Fill the database, record each client's errand, and leave a copy of it all for the bare side."""
    await migrate(dsn)
    made = create_app(Settings(), dsn, background=False)
    recorder = Recorder()
    recorder.attach(made.state.door.engine)
    async with made.router.lifespan_context(made):
        errands = await _ground(made.state.door, max(AT_ONCE))
        transport = httpx.ASGITransport(app=made)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
            recorded = [await _record(client, recorder, errand) for errand in errands]
    conn = await asyncpg.connect(_beside(dsn, "postgres"), timeout=10)
    await conn.execute(f"CREATE DATABASE {COPY} TEMPLATE {dsn.rsplit('/', 1)[1]}")
    await conn.close()
    return errands, recorded


async def _record(client: httpx.AsyncClient, recorder: Recorder, errand: Errand) -> Recorded:
    """Run one errand, and return what each of its commands sent to the database.

    Raises:
        RuntimeError: a command was refused, or was not one transaction.
    """
    for token in (
        errand.requester,
        errand.lender,
    ):  # that a token is used is noted once in a while, and is no part of a command
        who = {"Authorization": f"Bearer {token}"}
        (await client.get("/api/v1/spaces/live/incidents", params={"limit": 1}, headers=who)).raise_for_status()
    began = time.time()
    with recording(recorder) as transactions:
        steps = calls(errand)
        call, made = next(steps), 0
        while True:
            headers = {"Authorization": f"Bearer {call.token}", "Idempotency-Key": str(new_id())}
            answer = await client.post(call.path, json=call.body, headers=headers)
            made += 1
            if answer.is_error or len(transactions) != made:
                message = (
                    f"{call.path}: {answer.status_code}, {len(transactions) - made + 1} transactions, {answer.text}"
                )
                raise RuntimeError(message)
            try:
                call = steps.send(answer.json())
            except StopIteration:
                return Recorded(began, transactions)


# ---------------------------------------------------------------- the ground


async def _ground(door: Door, clients: int) -> list[Errand]:
    """Load the demonstration corridor, sign an agreement of all with all, and give each client a unit of its own."""
    with as_file(files("simulations") / "corridors" / CORRIDOR) as folder:
        await load_corridor(door, folder, lambda _line: None)
    async with reading(door.engine) as conn:
        members = {row["code"]: row for row in await conn.fetch("SELECT id, code, lon, lat FROM member")}
        units = await conn.fetch(UNITS)
    await _agreement(door, [row["id"] for row in members.values()])
    tokens = {code: await _token(door, row["id"], code) for code, row in members.items()}
    asks = members[ASKS]
    lon, lat = asks["lon"], asks["lat"]
    ring = [[lon - 0.01, lat - 0.01], [lon + 0.01, lat - 0.01], [lon + 0.01, lat + 0.01], [lon - 0.01, lat - 0.01]]
    area = {"type": "Polygon", "coordinates": [ring]}
    body = {"title": "The bench", "hazard": "flood", "severity": 3, "area": area, "lead_member_id": asks["id"]}
    incident = await _does(door, ReportIncident.model_validate(body))
    lent = [row for row in units if row["member"] != ASKS][:clients]
    return [
        Errand(str(incident.id), str(row["id"]), row["type_code"], tokens[ASKS], tokens[row["member"]], lon, lat)
        for row in lent
    ]


async def _agreement(door: Door, members: Sequence[UUID]) -> None:
    now = datetime.now(UTC)
    drafted = await _does(
        door,
        DraftAgreement.model_validate(
            {
                "code": "bench",
                "names": dict.fromkeys(("en", "de", "fr", "nl"), "The bench"),
                "lenders": list(members),
                "borrowers": list(members),
                "terms": {"hazards": "*", "types": "*", "kinds": ["planned"], "reserve": [], "cost": {"terms": "free"}},
                "effective_at": now - timedelta(days=1),
                "expires_at": now + timedelta(days=1),
                "precedence": 1,
            }
        ),
    )
    await _does(door, ProposeAgreement(), target=drafted.id)
    for member in members:
        await _does(door, ConsentToAgreement(on_behalf_of=member), target=drafted.id)


async def _token(door: Door, member: UUID, code: str) -> str:
    user = await _does(
        door, AddUser(member_id=member, login=f"bench@{code}", display_name="The bench", roles=ROLES)
    )  # fmt: skip
    made = await _does(door, AddToken(user_id=user.id, label="bench", scopes=["write"], days=1))
    return str((made.once or {})["token"])


async def _does(door: Door, command: Command, target: UUID | None = None) -> Receipt:
    return await door.execute(command, actor=SYSTEM, space="live", target=target)


# ---------------------------------------------------------------- the two sides


async def _measure(
    dsn: str,
    url: str,
    errands: Sequence[Errand],
    recorded: Sequence[Recorded],
    effort: Effort,
    report: Report,
) -> None:
    async with AsyncExitStack() as opened:
        load = await _load(url, errands)
        opened.push_async_callback(_end, load)
        again: list[Again] = []
        for number, errand in enumerate(recorded):
            conn = await asyncpg.connect(_beside(dsn, COPY), timeout=10, statement_cache_size=1000)
            opened.push_async_callback(conn.close)
            again.append(Again(conn, errand, f"R-{number}"))
        for at_once, goal in AT_ONCE.items():
            case = f"{at_once} at once"
            report.tell(f"commands: {case}")
            ours, theirs = await paired(partial(_through_http, load, at_once), partial(_bare, again[:at_once]), effort)
            report.add(Figure("commands", case, ours, "commands/s", "raw asyncpg, same statements", theirs, goal))


async def _load(url: str, errands: Sequence[Errand]) -> asyncio.subprocess.Process:
    """Start the clients."""
    load = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulations.bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    where = httpx.URL(url)
    assert load.stdin is not None
    load.stdin.write(
        orjson.dumps({"host": where.host, "port": where.port, "errands": [list(errand) for errand in errands]}) + b"\n"
    )
    return load


async def _through_http(load: asyncio.subprocess.Process, at_once: int, seconds: float) -> float:
    assert load.stdin is not None
    assert load.stdout is not None
    load.stdin.write(f"{at_once} {seconds}\n".encode())
    return float(await load.stdout.readline())


async def _end(load: asyncio.subprocess.Process) -> None:
    assert load.stdin is not None
    load.stdin.close()
    await load.wait()


async def _bare(again: Sequence[Again], seconds: float) -> float:
    for each in again:
        each.make_ready(int(seconds * QUICKEST_PER_S))
    steps: list[Callable[[], Any]] = [each.step for each in again]
    return await rate(steps, seconds)


def _beside(dsn: str, name: str) -> str:
    return f"{dsn.rsplit('/', 1)[0]}/{name}"
