"""A message comes in: whose it is, whether it came before, kept before anything is done, worked on at once.

What it does is due work of its own transaction: a process that dies between keeping it and doing it leaves it to the next one.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from app.commands.due import one_due
from app.commands.inbox_refusals import count_refusal
from app.domain.because import because
from app.domain.errors import (
    Conflict,
    KeyReused,
    OutsideReplayWindow,
    SignatureWrong,
    SpaceFrozen,
    TooLarge,
    TooMany,
)
from app.domain.ids import new_id
from app.domain.inbox.signing import NOBODY, TOLERANCE, Signed
from app.domain.webhooks import SPACE_KINDS
from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from app.commands.execute import Door

WORK: Final = "work_inbox_message"
LOOKS: Final = 20
PAUSE_S: Final = 0.05
"""Where another process has the message in hand, its sender waits for a second in all."""

_SOURCE: Final = """
    SELECT s.status, s.space_kinds, s.per_minute, s.secret, s.old_secret, s.old_secret_until, p.kind, p.frozen_at
      FROM inbox_source s JOIN space p ON p.id = $2 WHERE s.id = $1 AND s.status <> 'removed'
"""
_LATELY: Final = """
    SELECT count(*) AS came, min(received_at) AS first FROM (
        SELECT received_at FROM inbox_message WHERE source_id = $1 AND received_at > $2::timestamptz - interval '1 minute'
        ORDER BY received_at DESC LIMIT $3) AS lately
"""
_KEEP: Final = """
    INSERT INTO inbox_message (space_id, id, source_id, webhook_id, received_at, sent_at, body, digest, outcome, kinds, effects, tries)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'received', '[]', '[]', 0)
    ON CONFLICT (space_id, source_id, webhook_id) DO NOTHING RETURNING id
"""
_LATER: Final = """
    INSERT INTO due_work (id, space_id, command, target, body, due_at, attempts) VALUES ($1, $2, $3, $4, '{}', $5, 0)
"""
_KNOWN: Final = "SELECT id, digest FROM inbox_message WHERE space_id = $1 AND source_id = $2 AND webhook_id = $3"
_ELSEWHERE: Final = """
    SELECT m.space_id FROM space p JOIN inbox_message m ON m.space_id = p.id AND m.source_id = $2 AND m.webhook_id = $3 WHERE p.id <> $1 LIMIT 1
"""
_BECAME: Final = "SELECT outcome, because, detail, effects FROM inbox_message WHERE space_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a sender is told."""

    message_id: UUID
    webhook_id: str
    outcome: str
    first_outcome: str | None
    because: dict[str, Any] | None
    detail: str
    effects: list[dict[str, Any]]


async def receive(door: Door, space: str, source_id: UUID, sent: Signed) -> Answered:
    """Keep a message, work on it, and return what became of it. What is not kept is counted.

    Raises:
        SignatureWrong: no source of that id has signed it, or there is none; which of it is not said.
        OutsideReplayWindow: it was signed too long ago, or its sender's clock is wrong.
        Conflict: the source is paused, does not act in such a space, or sent something else under that id.
        TooLarge, TooMany: beyond the limits.
    """
    try:
        answered = await _received(door, space, source_id, sent)
    except (SignatureWrong, OutsideReplayWindow, Conflict, TooLarge, TooMany) as refusal:
        await count_refusal(door, space, source_id, refusal)
        raise
    if answered.outcome == "duplicate":
        await count_refusal(door, space, source_id)
    return answered


async def _received(door: Door, space: str, source_id: UUID, sent: Signed) -> Answered:
    limit = door.settings.inbox_body_kb * 1024
    if len(sent.body) > limit:
        raise TooLarge(f"The body is larger than {limit // 1024} KiB.", extra={"limit_bytes": limit})
    now, digest = door.clock.now(), hashlib.sha256(sent.body).digest()
    async with operation(door.engine) as tx:
        row = await tx.raw.fetchrow(_SOURCE, source_id, space)
        sent_at = _require_signed(row, sent, now)
        assert row is not None
        _require_at_work(row)
        known = await tx.raw.fetchrow(_KNOWN, space, source_id, sent.id)
        first = known is None
        if known is None:
            await _require_told_here(tx.raw, space, source_id, sent.id)
            await _require_not_too_many(tx.raw, source_id, row["per_minute"], now)
            id_ = new_id()
            # The same one may come at the same time, and be a moment earlier.
            kept = await tx.raw.fetchval(_KEEP, space, id_, source_id, sent.id, now, sent_at, sent.body, digest)
            first = kept is not None
            if first:
                await tx.raw.execute(_LATER, new_id(), space, WORK, id_, now)
            known = await tx.raw.fetchrow(_KNOWN, space, source_id, sent.id)
        assert known is not None
    if known["digest"] != digest:
        hint = "Give each message an id of its own."
        raise KeyReused(f"Another message came before under the webhook-id {sent.id!r}.", hint=hint)
    async with door.place():
        await one_due(door, command=WORK, target=known["id"])
    return await _answer(door, space, known["id"], sent.id, first=first)


def _require_signed(row: asyncpg.Record | None, sent: Signed, now: datetime) -> datetime:
    secrets = [NOBODY] if row is None else [row["secret"]]
    if row is not None and row["old_secret"] is not None and now < row["old_secret_until"]:
        secrets.append(row["old_secret"])
    signed, sent_at = sent.by_one_of(secrets), sent.sent_at
    if row is None or not signed or sent_at is None:
        raise SignatureWrong("No source at this address has signed this message.")
    if abs(off := sent_at - now) > TOLERANCE:
        seconds = int(off.total_seconds())
        raise OutsideReplayWindow(
            f"The message's timestamp is {abs(seconds)} s {'behind' if seconds < 0 else 'ahead of'} our clock.",
            extra={"seconds_off": seconds},
        )
    return sent_at


def _require_at_work(row: asyncpg.Record) -> None:
    kinds, kind = row["space_kinds"], SPACE_KINDS[row["kind"]]
    if kind not in (orjson.loads(kinds) if isinstance(kinds, str | bytes) else kinds):
        raise Conflict(
            f"This source does not act in a space of the kind {kind}.",
            extra=because("inbox_space_kind", space_kind=kind),
            hint="Send it to the space that it is for, or have an admin add this kind to the source.",
        )
    if row["frozen_at"] is not None:
        raise SpaceFrozen(f"The drill is over since {row['frozen_at']:%Y-%m-%d %H:%M:%S}Z.")
    if row["status"] == "paused":
        raise Conflict("This source is paused.", extra=because("inbox_paused"), hint="Send it again later.")


async def _require_told_here(conn: asyncpg.Connection[Any], space: str, source: UUID, webhook_id: str) -> None:
    """Refuse what was told in another space: the signature does not name the space, and whoever saw it there could tell it here."""
    elsewhere = await conn.fetchval(_ELSEWHERE, space, source, webhook_id)
    if elsewhere is not None:
        hint = "Sign what you tell in each space under an id of its own."
        raise KeyReused(f"The webhook-id {webhook_id!r} was used in the space {elsewhere}.", hint=hint)


async def _require_not_too_many(conn: asyncpg.Connection[Any], source: UUID, most: int, now: datetime) -> None:
    lately = await conn.fetchrow(_LATELY, source, now, most)
    assert lately is not None
    if lately["came"] >= most:
        wait_s = 60 - int((now - lately["first"]).total_seconds())
        raise TooMany(f"This source may send {most} messages in a minute.", retry_after_s=min(max(wait_s, 1), 60))


async def _answer(door: Door, space: str, id_: UUID, webhook_id: str, *, first: bool) -> Answered:
    row = await _became(door, space, id_)
    for _ in range(LOOKS):
        if row is None or row["outcome"] != "received":
            break
        await asyncio.sleep(PAUSE_S)
        row = await _became(door, space, id_)
    if row is None:  # its time was over just now
        return Answered(id_, webhook_id, "duplicate", None, None, "", [])
    outcome = row["outcome"] if first else "duplicate"
    return Answered(
        id_, webhook_id, outcome, None if first else row["outcome"], row["because"], row["detail"] or "", row["effects"]
    )  # fmt: skip


async def _became(door: Door, space: str, id_: UUID) -> dict[str, Any] | None:
    async with operation(door.engine) as tx:
        row = await tx.raw.fetchrow(_BECAME, space, id_)
    if row is None:
        return None
    lists = {name: row[name] for name in ("because", "effects")}
    return dict(row) | {
        name: orjson.loads(each) if isinstance(each, str | bytes) else each for name, each in lists.items()
    }
