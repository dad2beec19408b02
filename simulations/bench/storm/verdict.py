"""What is looked at when the storm is over: the server's own counts, the chain, the fold, the invariants."""

from __future__ import annotations

import re
from typing import Final

import asyncpg

from app.store import journal
from app.store.engine import create_engine
from app.store.folded import differences, folded_and_tables
from app.store.invariants import broken_invariants

_RETRIES: Final = re.compile(r"^concord_command_retries_total ([\d.e+]+)$", re.MULTILINE)
_DUE_FAILED: Final = re.compile(r'^concord_due_work_total\{kind="(\w+)",outcome="failed"\} ([\d.e+]+)$', re.MULTILINE)


class OfTheServer:
    """What the server counted itself (Prometheus' text format)."""

    def __init__(self, metrics: str) -> None:
        found = _RETRIES.search(metrics)
        self.retries = int(float(found[1])) if found else 0
        self.faults = [f"due work {kind} failed {float(times):g} times" for kind, times in _DUE_FAILED.findall(metrics)]


async def faults_after(dsn: str) -> tuple[list[str], int, int]:
    """Return everything that does not hold, the last seq, and how many deadlocks the database broke up."""
    conn = await asyncpg.connect(dsn, timeout=10)
    engine = create_engine(dsn, pool_size=2)
    try:
        report = await journal.verify(conn, "live")
        faults = [] if report.ok else [f"journal verify: {sentence}" for sentence in report.sentences()]
        faults += [f"fold: {line}" for line in differences(*await folded_and_tables(engine))]
        faults += [str(broken) for broken in await broken_invariants(conn)]
        deadlocks = await conn.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return faults, report.head[0], deadlocks
    finally:
        await engine.dispose()
        await conn.close()
