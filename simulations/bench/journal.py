"""``journal``: entries appended in a second, gap-free and hash-chained, beside a bare INSERT of the same payload.

Both sides write one row in a transaction of its own, over as many connections, in one process, and take the spaces in turns;
both are handed what they write ready made. Ours draws salt, hashes, writes header and payload in their canonical form and moves the head on.
"""

from __future__ import annotations

import itertools
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from app.domain.chain import Draft, canonical
from app.domain.ids import new_id
from app.store import journal
from app.store.migrate import migrate
from simulations.bench.measure import Effort, Figure, Goal, Report, database, paired, rate, run_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS: Final = 8
SPACES: Final = 16
BARE_TABLE: Final = """
CREATE TABLE bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, space_id text NOT NULL, at timestamptz NOT NULL, payload text NOT NULL
)
"""
BARE_INSERT: Final = "INSERT INTO bare (space_id, at, payload) VALUES ($1, $2, $3)"
GOAL: Final = Goal(">=", 0.5)


def measure(effort: Effort, report: Report) -> None:
    """Measure one space, which is printed, and sixteen, which have the goal."""
    with database(report) as dsn:
        run_loop(_measure(dsn, effort, report))


async def _measure(dsn: str, effort: Effort, report: Report) -> None:
    await migrate(dsn)
    async with AsyncExitStack() as opened:
        conns = []
        for _ in range(CLIENTS):
            conns.append(await asyncpg.connect(dsn, timeout=10))
            opened.push_async_callback(conns[-1].close)
        spaces = await _spaces(conns[0])
        for used, goal in ((1, None), (SPACES, GOAL)):
            case = f"{CLIENTS} clients, {used} space{'s' if used > 1 else ''}"
            report.tell(f"journal: {case}")
            turns = itertools.cycle(spaces[:used])
            appends = [partial(_append, conn, turns, _drafts()) for conn in conns]
            inserts = [partial(_insert, conn, turns, canonical(next(_drafts()).payload).decode()) for conn in conns]
            ours, theirs = await paired(partial(rate, appends), partial(rate, inserts), effort)
            report.add(Figure("journal", case, ours, "entries/s", "raw single-row insert", theirs, goal))
        await _check(conns[0], spaces)


async def _spaces(conn: asyncpg.Connection[Any]) -> list[str]:
    """Make the spaces and their journals, and the table that the other side writes to."""
    names = [f"drill-bench-{number}" for number in range(SPACES)]
    for name in names:
        await conn.execute("INSERT INTO space (id, kind, created_at) VALUES ($1, 'drill', now())", name)
        await journal.ensure_head(conn, name)
    await conn.execute(BARE_TABLE)
    return names


def _drafts() -> Iterator[Draft]:
    """Yield drafts of an entry like those of an opened request, over and over: making them up is not measured."""
    return itertools.cycle([_draft() for _ in range(100)])


def _draft() -> Draft:
    id_, at = new_id(), datetime.now(UTC)
    row = {
        "id": id_,
        "revision": 2,
        "ref": "R-7K3QX",
        "incident_id": new_id(),
        "member_id": new_id(),
        "kind": "planned",
        "status": "open",
        "note": "Vier Pumpen für den Deich bei Eijsden, bitte mit eigenem Kraftstoff.",
        "lon": 5.694,
        "lat": 50.781,
        "expires_at": at,
        "opened_at": at,
        "closed_at": None,
    }
    data = {"command": "open_request", "via": "console", "occurred_at": at, "member_id": new_id()}
    return Draft(
        type="request.opened",
        subject_kind="request",
        subject_id=id_,
        visibility="corridor",
        payload={"data": data, "rows": {"request": [row]}},
    )


_ACTOR: Final = f"user:{new_id()}"


async def _append(conn: asyncpg.Connection[Any], spaces: Iterator[str], drafts: Iterator[Draft]) -> None:
    at = datetime.now(UTC)
    await journal.append(conn, space=next(spaces), actor=_ACTOR, recorded_at=at, drafts=(next(drafts),))


async def _insert(conn: asyncpg.Connection[Any], spaces: Iterator[str], payload: str) -> None:
    await conn.execute(BARE_INSERT, next(spaces), datetime.now(UTC), payload)


async def _check(conn: asyncpg.Connection[Any], spaces: list[str]) -> None:
    """What was written so fast must also be right: every chain is verified.

    Raises:
        RuntimeError: it is not; the figures mean nothing then.
    """
    for space in spaces:
        found = await journal.verify(conn, space)
        if not found.ok:
            message = f"the journal of {space} does not verify: {'; '.join(found.sentences())}"
            raise RuntimeError(message)
