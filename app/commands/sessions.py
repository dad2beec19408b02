"""Sessions of the console: begun with a password, ended by their owner, by time, or with the user.

Sessions are operational and have no journal; no command of the domain stands here.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from app.commands.execute import Door

USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a session is known: a write for each request would cost more than it tells."""


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 under which a token or a session is kept; the secret has 256 bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()


async def note_use(door: Door, digest: bytes) -> None:
    """Write down that a session is in use, so that it does not end as idle."""
    now = door.clock.now()
    async with operation(door.engine) as tx:
        await tx.raw.execute(
            "UPDATE session SET last_used_at = $2 WHERE token_hash = $1 AND last_used_at <= $3",
            digest, now, now - USE_NOTED_EVERY,
        )  # fmt: skip
