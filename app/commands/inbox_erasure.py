"""Names in what dispatch systems told: blacked out in the kept messages, and in the notes on how they are read.

Neither stands in a journal. Messages go by retention besides (``app/commands/retention.py``); these are the ones still kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from app.commands.blacking_out import BLACK, blacked
from app.domain.inbox.depth import text_of, told_in
from app.store.personal import naming_in_texts, says

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

AT_ONCE: Final = 500

_MESSAGES: Final = """
    SELECT m.id, m.body, m.edited, m.because, m.detail, m.effects FROM inbox_message m JOIN inbox_source s ON s.id = m.source_id
    WHERE m.space_id = $1 AND s.member_id = $2 AND m.id > $3 ORDER BY m.id LIMIT $4 FOR UPDATE OF m
"""
_BLACKED: Final = """
    UPDATE inbox_message SET body = $3, edited = $4::jsonb, because = $5::jsonb, detail = $6, effects = $7::jsonb
    WHERE space_id = $1 AND id = $2
"""
_NOTES: Final = """
    SELECT id, title, note FROM inbox_mapping WHERE member_id = $1 ORDER BY id FOR UPDATE
"""
_FIRST: Final = "00000000-0000-0000-0000-000000000000"


async def black_out_messages(uow: UnitOfWork, member: UUID, names: Sequence[str]) -> int:
    """Take ``names`` out of the messages that the member's dispatch systems sent to this space; return out of how many.

    A message sent again under its id is still known as the same: what it is held against is the digest of what came.
    """
    pattern = naming_in_texts(names)
    blackened, after = 0, _FIRST
    while rows := await uow.raw.fetch(_MESSAGES, uow.space, member, after, AT_ONCE):
        for row in rows:
            body = _body(row["body"], pattern)
            others = (row["edited"], row["because"], row["effects"])
            if body is None and not any(says(each, pattern) for each in (*others, row["detail"])):
                continue
            edited, because, effects = (None if each is None else _json(blacked(each, pattern)) for each in others)
            told = row["body"] if body is None else body
            detail = blacked(row["detail"], pattern)
            await uow.raw.execute(_BLACKED, uow.space, row["id"], told, edited, because, detail, effects)
            blackened += 1
        after = rows[-1]["id"]
    return blackened


async def black_out_notes(uow: UnitOfWork, member: UUID, names: Sequence[str]) -> None:
    """Take ``names`` out of what the member's admins wrote about the mappings of their dispatch systems."""
    pattern = naming_in_texts(names)
    for row in await uow.raw.fetch(_NOTES, member):
        if says([row["title"], row["note"]], pattern):
            await uow.raw.execute(
                "UPDATE inbox_mapping SET title = $2, note = $3 WHERE id = $1",
                row["id"],
                blacked(row["title"], pattern),
                blacked(row["note"], pattern),
            )


def _body(body: bytes, pattern: re.Pattern[str]) -> bytes | None:
    """Return a message without the names; None where there are none. What is no JSON is gone through as text."""
    try:
        told = told_in(body)
    except ValueError:
        text = text_of(body)
        return pattern.sub(BLACK, text).encode() if pattern.search(text) else None
    return orjson.dumps(blacked(told, pattern)) if says(told, pattern) else None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
