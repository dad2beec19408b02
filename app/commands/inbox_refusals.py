"""What the inbox did not keep is counted by the minute: an integrator sees in the report that his signatures are wrong, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import ConcordError, KeyReused, OutsideReplayWindow, SignatureWrong, TooLarge, TooMany
from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from uuid import UUID

    from app.commands.execute import Door

_WHY: Final[tuple[tuple[type[ConcordError], str], ...]] = (
    (SignatureWrong, "signature"),
    (OutsideReplayWindow, "window"),
    (KeyReused, "key_reused"),
    (TooMany, "too_many"),
    (TooLarge, "too_large"),
)
# Nobody waits for another's count: who comes while one is written is not counted. What nobody has signed can't hold anything up so.
_TURN: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('inbox_refusal' || $1::text, 0))"
_COUNT: Final = """
    INSERT INTO inbox_refusal (source_id, space_id, minute, why, count, off_s)
    SELECT s.id, p.id, date_trunc('minute', $3::timestamptz), $4, 1, $5 FROM inbox_source s, space p
    WHERE s.id = $1 AND p.id = $2 AND s.status <> 'removed'
    ON CONFLICT (source_id, space_id, minute, why) DO UPDATE
    SET count = inbox_refusal.count + 1,
        off_s = CASE WHEN abs(excluded.off_s) < abs(inbox_refusal.off_s) THEN inbox_refusal.off_s ELSE excluded.off_s END
"""


async def count_refusal(door: Door, space: str, source_id: UUID, refusal: ConcordError | None = None) -> None:
    """Count a message that was refused, or (without a refusal) one that came before. Of a source that there is not, nothing."""
    why = (
        "duplicate"
        if refusal is None
        else next((name for kind, name in _WHY if isinstance(refusal, kind)), "not_at_work")
    )
    off_s = None if refusal is None else refusal.extra.get("seconds_off")
    async with operation(door.engine) as tx:
        await tx.raw.execute("SET LOCAL synchronous_commit = off")
        if await tx.raw.fetchval(_TURN, str(source_id)):
            await tx.raw.execute(_COUNT, source_id, space, door.clock.now(), why, off_s)
