"""One server process as far as due work goes: its scheduler takes up what is due until somebody ends it. Run as ``python -m``, with a DSN."""

from __future__ import annotations

import asyncio
import sys

import app.commands.catalogue  # noqa: F401 - enters every handler at the door
from app.commands.execute import Door
from app.entrypoints.scheduler import scheduler
from app.settings import Settings
from app.store.engine import create_engine


async def work(dsn: str) -> None:
    """Work, and say first that it begins."""
    door = Door(create_engine(dsn, pool_size=2), Settings())
    scheduler(door).start()
    print("works", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
