"""The tail: the journal after a cursor, for as long as somebody wants it. Everything that leaves the house reads here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.delivery.wakes import POLL_S, Wakes
from app.store import journal
from app.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.domain.chain import Entry, Stub, Viewer

BATCH: Final = 500


async def tail(
    engine: AsyncEngine, wakes: Wakes, space: str, after: int, viewer: Viewer | None, *, poll_s: float = POLL_S
) -> AsyncGenerator[Sequence[Entry | Stub]]:
    """Yield what comes after seq ``after``, in order and without a gap, in batches, until closed or the process ends.

    A hint wakes it; without one it looks every ``poll_s`` seconds. The cursor moves only over what was yielded, so a
    reader that fails goes on where it was. What the viewer may not see comes as a stub.
    """
    cursor = after
    with wakes.listening(space) as ear:
        while not wakes.ending:
            ear.begin()
            async with reading(engine) as conn:
                batch = await journal.read(conn, space, cursor, BATCH, viewer)
            if batch:
                yield batch
                cursor = batch[-1].seq
            if len(batch) < BATCH:
                await ear.wait(cursor, timeout_s=poll_s)
