"""Who follows a space in one process: its audiences, their readers, and writing to all of them.

An **audience** is everybody of one member: they see the same. What it was sent forms a chain: each message names the seq
sent before it, so that a reader notices a gap.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from app.delivery.crowd import Crowd
from app.domain.chain import Viewer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from app.delivery.fanout import Outlet
    from app.delivery.frames import Burst

TOO_SLOW: Final = 1013
"""Try again later (IANA's registry of closing codes): come back with the seq you have."""


@dataclass(slots=True, eq=False)
class Audience:
    """The readers of one member, and the last seq that those who have caught up were sent."""

    viewer: Viewer
    sent: int
    readers: Crowd = field(default_factory=Crowd)
    """Those who have caught up."""
    catching_up: set[Reader] = field(default_factory=set)
    """Those who are being sent what they missed."""
    attached: int = 0
    """How many there are, also those who are still catching up or were told to begin anew."""
    snapshot: tuple[float, int, Burst] | None = None
    """When it was made, as of which seq, and its messages."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def write(self, sent: Burst) -> None:
        """Send to all who have caught up. Who is too slow is closed: nobody waits for the slowest."""
        for reader in self.readers.write(sent):
            self.readers.discard(reader)
            reader.outlet.close(TOO_SLOW, "Too slow; come back with the seq you have.")


@dataclass(slots=True, eq=False)
class Reader:
    """One connection in an audience. It is among ``audience.readers`` while it has caught up."""

    outlet: Outlet
    audience: Audience
    behind: set[UUID] = field(default_factory=set)
    """Units whose last position was not sent, because too much was waiting, or something came first."""


class Audiences:
    """The audiences of a space, by their member."""

    def __init__(self) -> None:
        """Begin with none."""
        self._all: dict[UUID | None, Audience] = {}

    def __iter__(self) -> Iterator[Audience]:
        """Go through all there are now."""
        return iter(tuple(self._all.values()))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._all)

    def attach(self, member: UUID | None, outlet: Outlet, cursor: int) -> Reader:
        """Return a reader for a connection of this member, who hears nothing yet; the feed is at ``cursor``."""
        audience = self._all.get(member)
        if audience is None:
            audience = self._all[member] = Audience(Viewer(member), cursor)
        audience.attached += 1
        return Reader(outlet, audience)

    def detach(self, reader: Reader) -> None:
        """Let go of a reader whose connection has ended, once; the last one of its audience takes that along."""
        audience = reader.audience
        audience.readers.discard(reader)
        audience.catching_up.discard(reader)
        audience.attached -= 1
        if not audience.attached:
            del self._all[audience.viewer.member_id]

    def write(self, sent: Burst) -> None:
        """Send to everybody who has caught up."""
        for audience in self:
            audience.write(sent)

    def readers(self) -> list[Reader]:
        """Return everybody who has caught up."""
        return [reader for audience in self for reader in audience.readers]

    def catching_up(self) -> list[Reader]:
        """Return everybody who is being sent what they missed."""
        return [reader for audience in self for reader in audience.catching_up]
