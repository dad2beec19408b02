"""Sessions of the console: begun with a password, ended by their owner, by time, or with the user.

Sessions are operational and have no journal; no command of the domain stands here.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from app.commands import throttle
from app.commands.passwords import fits
from app.domain.errors import BadCredentials, TooMany
from app.store.engine import reading
from app.store.unit_of_work import operation
from app.telemetry import REFUSED_LOGINS

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import SecretStr

    from app.commands.execute import Door

SECRET_BYTES: Final = 32
USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a session or a token is known: a write for each request would cost more than it tells."""

# The hash is compared once more, under a lock that a new password excludes: a session begun with the old one would
# otherwise outlive it. A service has no password, so its row has no hash.
_BEGIN: Final = """
    INSERT INTO session (token_hash, user_id, csrf_token, created_at, last_used_at, expires_at)
    SELECT $1, id, $2, $3, $3, $4 FROM user_account WHERE id = $5 AND active AND password_hash = $6 FOR SHARE
"""

_USED: Final = """
    INSERT INTO token_use (token_id, last_used_at) VALUES ($1, $2)
    ON CONFLICT (token_id) DO UPDATE SET last_used_at = excluded.last_used_at WHERE token_use.last_used_at <= $3
"""


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 under which a token or a session is kept; the secret has 256 bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()


async def sign_in(door: Door, login: str, password: SecretStr, *, address: str) -> str:
    """Begin a session and return its secret, the value of the cookie. Nobody learns from this which logins exist.

    Raises:
        BadCredentials: the two do not go together, or the user is no longer active.
        TooMany: too many failures for this account or from this address.
    """
    login = unicodedata.normalize("NFC", login).strip().lower()
    try:
        await throttle.admit(door, login, address)
    except TooMany:
        REFUSED_LOGINS.labels("throttled").inc()
        raise
    async with reading(door.engine) as conn:
        user = await conn.fetchrow("SELECT id, password_hash FROM user_account WHERE login = $1 AND active", login)
    right = await fits(password, None if user is None else user["password_hash"])
    if right and user is not None:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        if await _begin(door, secret, user["id"], user["password_hash"], login):
            return secret
    await throttle.count_address(door, address)
    REFUSED_LOGINS.labels("bad_credentials").inc()
    raise BadCredentials("No active user signs in with this name and this password.")


async def _begin(door: Door, secret: str, user_id: UUID, kept: str, login: str) -> bool:
    now = door.clock.now()
    until = now + timedelta(hours=door.settings.session_hours)
    csrf_token = secrets.token_urlsafe(SECRET_BYTES)
    async with operation(door.engine) as tx:
        done = await tx.raw.execute(_BEGIN, digest_of(secret), csrf_token, now, until, user_id, kept)
        if not done.endswith(" 1"):
            return False
        await throttle.forgive(tx.raw, login)
    return True


async def sign_out(door: Door, secret: str) -> None:
    """End the session of this cookie, and what was opened with it."""
    async with operation(door.engine) as tx:
        user = await tx.raw.fetchval("DELETE FROM session WHERE token_hash = $1 RETURNING user_id", digest_of(secret))
    if user is not None:
        door.on_doubt(user)


async def note_token_use(door: Door, token_id: UUID) -> None:
    """Write down that a token is in use, so that an admin sees which of them nobody misses."""
    now = door.clock.now()
    async with operation(door.engine) as tx:
        await tx.raw.execute(_USED, token_id, now, now - USE_NOTED_EVERY)


async def note_use(door: Door, digest: bytes) -> None:
    """Write down that a session is in use, so that it does not end as idle."""
    now = door.clock.now()
    async with operation(door.engine) as tx:
        await tx.raw.execute(
            "UPDATE session SET last_used_at = $2 WHERE token_hash = $1 AND last_used_at <= $3",
            digest, now, now - USE_NOTED_EVERY,
        )  # fmt: skip
