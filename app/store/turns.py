"""Giving others their turn: long work on the event loop pauses after a few milliseconds, so that nobody waits behind all of it."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_S: Final = 0.01
"""How long work goes on before others have their turn: less than anybody notices, and far more than a turn costs."""


class Turns:
    """The turns of one piece of work. ``await turns.due()`` as often as you like: it pauses only when time is up."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        """Begin now."""
        self._since = time.perf_counter()

    async def due(self) -> None:
        """Let others go on, if this has held the loop for long enough."""
        if time.perf_counter() - self._since > LONGEST_S:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


_uncollected = 0
"""Pieces of work that are at it and want no full collection."""


@contextmanager
def without_full_collections() -> Iterator[None]:
    """Keep Python from looking for cycles among all objects while work makes hundreds of thousands that it needs.

    One such look stops every request for as long as it takes: a second, where an import of ten thousand rows is under way. What is
    not needed any more goes by its count meanwhile, and young cycles are still looked for.
    """
    global _uncollected  # noqa: PLW0603 - the collector is the process's
    young, middle, _ = _USUAL
    _uncollected += 1
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        _uncollected -= 1
        if not _uncollected:
            gc.set_threshold(*_USUAL)


_USUAL: Final = gc.get_threshold()
_NEVER: Final = 1_000_000_000
"""Collections of the middle generation before one of everything."""
