"""Who is behind a token or a session, and what an admin sees of the member's users and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    from collections.abc import Collection

    import asyncpg

_HOLDER = (
    "u.id AS user_id, u.member_id, u.kind, u.login, u.display_name, u.language, u.roles, u.active,"
    " m.code AS member_code, m.country AS member_country, m.names AS member_names"
)
_LAST_USE = "(SELECT last_used_at FROM token_use WHERE token_id = t.id) AS last_used_at"
_TOKENS = f"SELECT t.*, {_LAST_USE} FROM api_token t"  # noqa: S608 - constants
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

    id: UUID
    """Of the token."""
    scopes: list[str]
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""


class SessionHolder(Holder):
    """The user behind a session."""

    csrf_token: str
    last_used_at: datetime


async def token_holder(conn: asyncpg.Connection[Any], digest: bytes) -> TokenHolder | None:
    """Return who holds the token with this SHA-256, also when it no longer counts; None for one that is not ours."""
    row = await conn.fetchrow(
        f"SELECT t.id, t.scopes, t.expires_at, t.revoked_at, {_LAST_USE}, {_HOLDER} FROM api_token t {_OF_USER}",  # noqa: S608 - constants
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


# ---------------------------------------------------------------- what an admin sees


class UserView(Row):
    """A user, as the member's admins and the user itself see it."""

    member_id: UUID
    kind: str
    """`person` or `service`."""
    login: str
    display_name: str
    language: str
    roles: list[str]
    active: bool
    erased_at: datetime | None
    """When the person's data was erased; the names are gone then."""


class ColleagueView(ReadModel):
    """Somebody of one's own member who holds a role: whom to turn to."""

    id: UUID
    display_name: str


class TokenView(Row):
    """A token without its text, which was shown once."""

    user_id: UUID
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute; null: never."""


async def user(conn: asyncpg.Connection[Any], id_: UUID) -> UserView:
    """Return one user.

    Raises:
        NotFound: there is none of that id.
    """
    row = await conn.fetchrow("SELECT * FROM user_account WHERE id = $1", id_)
    if row is None:
        raise NotFound("user", id_)
    return _user(row)


async def users(
    conn: asyncpg.Connection[Any],
    member: UUID,
    *,
    active: bool | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[UserView]:
    """Return a member's users, newest first."""
    where = Where().add("member_id = {}", member).add_if(active, "active = {}")
    if before is not None:
        where.add("id < {}", before[0])
    return [_user(row) for row in await fetch(conn, "SELECT * FROM user_account", where, order="id DESC", limit=limit)]


async def holders(
    conn: asyncpg.Connection[Any],
    member: UUID | None,
    role: str,
    *,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[ColleagueView]:
    """Return the people of a member who hold a role and may sign in, by name."""
    where = Where().add("member_id = {}", member).add("active AND kind = 'person'").add("roles ? {}", role)
    if after is not None:
        where.add("(display_name, id) > ({}, {})", *after)
    rows = await fetch(conn, "SELECT id, display_name FROM user_account", where, order="display_name, id", limit=limit)
    return [ColleagueView.model_validate(dict(row)) for row in rows]


async def token(conn: asyncpg.Connection[Any], id_: UUID) -> TokenView:
    """Return one token.

    Raises:
        NotFound: there is none of that id.
    """
    row = await conn.fetchrow(f"{_TOKENS} WHERE id = $1", id_)
    if row is None:
        raise NotFound("token", id_)
    return _token(row)


async def tokens(
    conn: asyncpg.Connection[Any], user_id: UUID, *, before: tuple[UUID] | None = None, limit: int = 50
) -> list[TokenView]:
    """Return a user's tokens, also those that no longer count, newest first."""
    where = Where().add("user_id = {}", user_id)
    if before is not None:
        where.add("id < {}", before[0])
    return [_token(row) for row in await fetch(conn, _TOKENS, where, order="id DESC", limit=limit)]


def _user(row: asyncpg.Record) -> UserView:
    return UserView.model_validate(decoded(row, "roles"))


def _token(row: asyncpg.Record) -> TokenView:
    return TokenView.model_validate(decoded(row, "scopes"))


# ---------------------------------------------------------------- who is still signed in

_STANDING = """
    SELECT t.token_hash AS digest, u.member_id, u.roles, t.scopes FROM (
        SELECT token_hash, user_id, NULL::jsonb AS scopes FROM session
         WHERE token_hash = ANY($1) AND expires_at > $2 AND last_used_at > $3
        UNION ALL
        SELECT token_hash, user_id, scopes FROM api_token
         WHERE token_hash = ANY($1) AND expires_at > $2 AND revoked_at IS NULL
    ) t JOIN user_account u ON u.id = t.user_id WHERE u.active
"""


class Standing(ReadModel):
    """What a credential still allows: whom it stands for, in which roles, and (a token) for what it was made."""

    member_id: UUID
    roles: frozenset[str]
    scopes: frozenset[str] | None


async def standings(
    conn: asyncpg.Connection[Any], digests: Collection[bytes], *, now: datetime, idle_since: datetime
) -> dict[bytes, Standing]:
    """Return, by its SHA-256, each of these sessions and tokens that still counts; ``idle_since`` ends sessions left alone."""
    rows = await conn.fetch(_STANDING, list(digests), now, idle_since)
    return {row["digest"]: Standing.model_validate(decoded(row, "roles", "scopes")) for row in rows}
