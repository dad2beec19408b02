"""Guessing passwords is made slow, for one account and from one address, in the database: it counts over all processes.

A try at an account is counted before the password is looked at, so that many at once are no way around; whoever turns out
right is forgiven. An address is counted only when a try went wrong: a control room's whole shift signs in from one. An
account that does not exist is counted like any other, so that this tells nothing either.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from app.domain.errors import TooMany
from app.store.unit_of_work import operation

if TYPE_CHECKING:
    import asyncpg

    from app.commands.execute import Door

FREE: Final = 5
"""Failures after which each further try has to wait: 1 s, 2 s, 4 s …"""
LONGEST_S: Final = 15 * 60
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""Without a failure for so long, counting starts again."""

_COUNT: Final = f"""
    INSERT INTO login_throttle AS t (subject, failures, last_failure_at) VALUES ($1, 1, $2)
    ON CONFLICT (subject) DO UPDATE SET
        failures = CASE WHEN t.last_failure_at <= $3 THEN 1 ELSE t.failures + 1 END,
        last_failure_at = $2,
        blocked_until = CASE WHEN t.last_failure_at > $3 AND t.failures + 1 >= {FREE} THEN
            $2 + make_interval(secs => least({LONGEST_S}, 2 ^ least(t.failures + 1 - {FREE}, 20))) END
"""  # noqa: S608 - figures of this module
_COUNT_UNLESS_BLOCKED: Final = _COUNT + " WHERE t.blocked_until IS NULL OR t.blocked_until <= $2 RETURNING t.failures"
_BLOCKED: Final = "SELECT blocked_until FROM login_throttle WHERE subject = $1 AND blocked_until > $2"


async def admit(door: Door, login: str, address: str) -> None:
    """Let one try at ``login`` from ``address`` through, counted against the account.

    Raises:
        TooMany: the account or the address has to wait.
    """
    now = door.clock.now()
    async with operation(door.engine) as tx:
        await _refuse_blocked(tx.raw, _address(address), now)
        admitted = await tx.raw.fetchval(_COUNT_UNLESS_BLOCKED, _account(login), now, now - FORGOTTEN_AFTER)
        if admitted is None:
            await _refuse_blocked(tx.raw, _account(login), now)


async def count_address(door: Door, address: str) -> None:
    """Count a try that went wrong against the address that it came from."""
    now = door.clock.now()
    async with operation(door.engine) as tx:
        await tx.raw.execute(_COUNT, _address(address), now, now - FORGOTTEN_AFTER)


async def forgive(conn: asyncpg.Connection[Any], login: str) -> None:
    """Forget the account's failures: its owner is here."""
    await conn.execute("DELETE FROM login_throttle WHERE subject = $1", _account(login))


async def _refuse_blocked(conn: asyncpg.Connection[Any], subject: bytes, now: datetime) -> None:
    until = await conn.fetchval(_BLOCKED, subject, now)
    if until is not None:
        wait_s = max(1, math.ceil((until - now).total_seconds()))
        raise TooMany("There were too many tries to sign in.", retry_after_s=wait_s)


def _account(login: str) -> bytes:
    return hashlib.sha256(f"account:{login}".encode()).digest()


def _address(address: str) -> bytes:
    """Return the digest of an address; of IPv6 the /64, which is what one line is given (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        pass
    else:
        if parsed.version == 6:  # noqa: PLR2004 - IPv6
            address = str(ipaddress.ip_network((parsed, 64), strict=False))
    return hashlib.sha256(f"address:{address}".encode()).digest()
