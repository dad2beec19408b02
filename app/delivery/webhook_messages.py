"""From seqs of the journal to the texts that are sent: read through the eyes of the endpoint's member, as everything that leaves."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from app.delivery.webhook_sender import Body
from app.domain.chain import Entry, Viewer
from app.domain.webhooks import mentions
from app.interop.cloud_events import Context, Sent, event_id, message
from app.queries.webhook_contexts import languages, told_beside
from app.store import journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from app.domain.chain import Visibility

KEPT_S: Final = 3.0
"""For how long a text is sent to others as it was made: a code that comes meanwhile is on the next one."""
MOST_KEPT: Final = 2000
"""Beyond so many, those that are older are let go of."""

_Key: TypeAlias = "tuple[str, int, bool, datetime | None]"


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is sent."""

    seq: int
    id: str
    body: Body
    visibility: Visibility
    parties: tuple[UUID, ...]


class Messages:
    """Makes messages. An entry that goes to many endpoints is made once: who may see it is asked for each, the text is the same."""

    def __init__(self, base: str) -> None:
        """Keep the address of this service."""
        self._base = base
        self._kept: dict[_Key, tuple[float, Message]] = {}
        """With the time at which each was made."""
        self._making = asyncio.Lock()
        """Lanes that come to an entry at one time have it made once."""

    async def made(
        self,
        conn: asyncpg.Connection[Any],
        space: str,
        space_kind: str,
        member: UUID,
        waiting: Sequence[tuple[int, bool, datetime | None]],
    ) -> list[Message]:
        """Return the messages of deliveries, each as (seq, whether once more, by when a receipt is awaited), in their order."""
        viewer = Viewer(member)
        keys: list[_Key] = [(space, seq, replayed, by) for seq, replayed, by in waiting]
        found = self._at_hand(keys)
        if len(found) < len(keys):
            async with self._making:
                found = self._at_hand(keys)
                if new := {key[1]: key for key in keys if key not in found}:
                    entries = await journal.these(conn, space, list(new), viewer)
                    made = await self._make(conn, space, space_kind, entries, [new[entry.seq] for entry in entries])
                    self._keep(made)
                    found |= made
        return [each for key in keys if (each := found.get(key)) and viewer.sees(each.visibility, each.parties)]

    def _at_hand(self, keys: Sequence[_Key]) -> dict[_Key, Message]:
        since = time.monotonic() - KEPT_S
        return {key: kept[1] for key in keys if (kept := self._kept.get(key)) and kept[0] >= since}

    def _keep(self, made: Mapping[_Key, Message]) -> None:
        now = time.monotonic()
        if len(self._kept) > MOST_KEPT:
            self._kept = {key: kept for key, kept in self._kept.items() if kept[0] >= now - KEPT_S}
        self._kept |= {key: (now, each) for key, each in made.items()}

    async def _make(
        self,
        conn: asyncpg.Connection[Any],
        space: str,
        space_kind: str,
        entries: Sequence[Entry],
        keys: Sequence[_Key],
    ) -> dict[_Key, Message]:
        bodies = [entry.body() for entry in entries]
        beside = await told_beside(conn, space, [mentions((body or {}).get("rows") or {}) for body in bodies])
        sent = Sent(self._base, space, space_kind, await languages(conn) if space_kind == "exercise" else ())
        made: dict[_Key, Message] = {}
        for key, entry, body, (incident, codes) in zip(keys, entries, bodies, beside, strict=True):
            context = Context(incident, codes)
            text = message(entry, body, context, sent, replayed=key[2], receipt_by=key[3])
            made[key] = Message(entry.seq, event_id(space, entry), Body(text), entry.visibility, entry.parties)
        return made


def rows_of(entry: Entry) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that an entry tells; none once it has been erased."""
    return (entry.body() or {}).get("rows") or {}
