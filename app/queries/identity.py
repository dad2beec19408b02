"""Who is behind a token or a session, and what an admin sees of the member's users, tokens and refusals."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.queries.lists import decoded
from app.queries.models import ReadModel

if TYPE_CHECKING:
    import asyncpg

_HOLDER = (
    "u.id AS user_id, u.member_id, u.kind, u.login, u.display_name, u.language, u.roles, u.active,"
    " m.code AS member_code, m.country AS member_country, m.names AS member_names"
)
_OF_USER = (
    "JOIN user_account u ON u.id = t.user_id JOIN member m ON m.space_id = u.member_space AND m.id = u.member_id"
    " WHERE t.token_hash = $1"
)


class Holder(ReadModel):
    """The user behind a credential, as of this instant: roles and activity are never taken from an earlier look."""

    user_id: UUID
    member_id: UUID
    kind: str
    login: str
    display_name: str
    language: str
    roles: list[str]
    active: bool
    member_code: str
    member_country: str
    member_names: dict[str, str]
    expires_at: datetime


class TokenHolder(Holder):
    """The user behind a bearer token, and what the token was made for."""

    scopes: list[str]
    revoked_at: datetime | None


class SessionHolder(Holder):
    """The user behind a session."""

    csrf_token: str
    last_used_at: datetime


async def token_holder(conn: asyncpg.Connection[Any], digest: bytes) -> TokenHolder | None:
    """Return who holds the token with this SHA-256, also when it no longer counts; None for one that is not ours."""
    row = await conn.fetchrow(
        f"SELECT t.scopes, t.expires_at, t.revoked_at, {_HOLDER} FROM api_token t {_OF_USER}",  # noqa: S608 - constants
        digest,
    )
    return None if row is None else TokenHolder.model_validate(decoded(row, "scopes", "roles", "member_names"))


async def session_holder(conn: asyncpg.Connection[Any], digest: bytes) -> SessionHolder | None:
    """Return who holds the session whose cookie has this SHA-256, also when its time is over; None without one."""
    row = await conn.fetchrow(
        f"SELECT t.csrf_token, t.expires_at, t.last_used_at, {_HOLDER} FROM session t {_OF_USER}",  # noqa: S608 - constants
        digest,
    )
    return None if row is None else SessionHolder.model_validate(decoded(row, "roles", "member_names"))
