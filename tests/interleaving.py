"""Two commands that meet, in an order that is forced and not left to chance."""

from __future__ import annotations

import asyncio
from functools import wraps

from app.store.unit_of_work import UnitOfWork

FIRST = "the first of two commands"
LOCKS = ("lock_where", "lock_cap", "lock_stock")
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def overlapping(monkeypatch, connection, first, second, *, at):
    """Hold ``first`` at its stop number ``at`` until ``second`` has ended or waits for a lock; return both answers.

    A command stops right after each lock that it takes, and before it writes what it has decided. An answer is a receipt or the error that
    was raised. A command with fewer stops has ended before the other begins. ``connection`` is one of asyncpg's to the
    same database, and looks whether anybody waits.
    """
    held, go_on = asyncio.Event(), asyncio.Event()
    stops = 0

    async def stop():
        nonlocal stops
        task = asyncio.current_task()
        if task is not None and task.get_name() == FIRST:
            stops += 1
            if stops == at:
                held.set()
                await go_on.wait()

    def stopping(method, *, before=False):
        @wraps(method)
        async def with_stop(*args, **named):
            if before:
                await stop()
            answer = await method(*args, **named)
            if not before:
                await stop()
            return answer

        return with_stop

    with monkeypatch.context() as patch:
        for name in LOCKS:
            patch.setattr(UnitOfWork, name, stopping(getattr(UnitOfWork, name)))
        patch.setattr(UnitOfWork, "finish", stopping(UnitOfWork.finish, before=True))
        one = asyncio.create_task(first, name=FIRST)
        holding = asyncio.create_task(held.wait())
        await asyncio.wait({one, holding}, return_when=asyncio.FIRST_COMPLETED)
        other = asyncio.create_task(second)
        waiting = 0
        while not other.done() and not waiting:
            waiting = await connection.fetchval(WAITING)
        go_on.set()
        answers = await asyncio.gather(one, other, return_exceptions=True)
        held.set()
        await holding
    return answers
