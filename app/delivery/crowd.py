"""Those who have caught up, and the one loop that every entry's way to thousands of screens goes through.

What a reader costs in it is the system call, and the memory that is touched on the way to that. So a crowd keeps, beside
its readers, a flat row for each: where nothing waits in a reader's transport, the frame is written to its socket, past
the outlet and the transport's own bookkeeping; where something waits, it goes the outlet's way, behind that.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from app.delivery.fanout import MOST_WAITING

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import Iterator

    from app.delivery.audiences import Reader
    from app.delivery.frames import Burst

_Way: TypeAlias = "tuple[int, Transport, Reader]"


class Crowd:
    """A set of readers that can be written to."""

    __slots__ = ("_others", "_packed", "_plain")

    def __init__(self) -> None:
        """Begin with nobody."""
        self._plain: dict[Reader, _Way] = {}
        self._packed: dict[Reader, _Way] = {}
        self._others: dict[Reader, None] = {}

    def __contains__(self, reader: object) -> bool:
        """Return whether the reader is one of them."""
        return reader in self._plain or reader in self._packed or reader in self._others

    def __iter__(self) -> Iterator[Reader]:
        """Go through them; they must stay the same meanwhile."""
        yield from self._plain
        yield from self._packed
        yield from self._others

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self._plain) + len(self._packed) + len(self._others)

    def add(self, reader: Reader) -> None:
        """Have the reader written to from now on. Whoever closes its connection takes it out."""
        direct = reader.outlet.direct
        if direct is None:
            self._others[reader] = None
        else:
            ways = self._packed if direct.packed else self._plain
            ways[reader] = (direct.fd, direct.transport, reader)

    def discard(self, reader: Reader) -> None:
        """Write to the reader no more."""
        self._plain.pop(reader, None)
        self._packed.pop(reader, None)
        self._others.pop(reader, None)

    def write(self, sent: Burst) -> list[Reader]:
        """Send to all; return those for whom too much waits already, who were not sent it."""
        late = list(self._others)
        if self._plain:
            late += _written(self._plain, sent.plain)
        if self._packed:
            late += _written(self._packed, sent.packed)
        return [reader for reader in late if not reader.outlet.offer(sent, MOST_WAITING)]


def _written(ways: dict[Reader, _Way], data: bytes) -> list[Reader]:
    """Write to every socket before whose transport nothing waits; return the readers of the others."""
    late: list[Reader] = []
    write, size = os.write, len(data)
    for way in ways.values():
        transport = way[1]
        if transport.is_closing():
            continue  # its socket may be another's by now
        if transport.get_write_buffer_size():
            late.append(way[2])
            continue
        try:
            done = write(way[0], data)
        except OSError:  # full, or gone: the transport waits, or finds out
            done = 0
        if done != size:
            transport.write(data[done:])
    return late
