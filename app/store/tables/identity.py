"""Users, sessions, tokens and throttles: free of spaces. Names and secrets never leave these tables."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.store.tables.base import Journaled, UtcTime, one_of


class User(Journaled, table=True):
    """A person or a machine (``service``) of a member. The member is the one of the live space."""

    __tablename__ = "user_account"
    __table_args__ = (
        ForeignKeyConstraint(["member_space", "member_id"], ["member.space_id", "member.id"]),
        UniqueConstraint("login"),
        one_of("kind", ("person", "service")),
        CheckConstraint("member_space = 'live'", name="member_space"),
        CheckConstraint("login = lower(login)", name="login"),
    )
    KIND: ClassVar[str] = "user"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"login", "display_name", "password_hash", "member_space"})

    id: UUID = Field(primary_key=True)
    member_space: str = "live"
    member_id: UUID
    kind: str = "person"
    login: str
    display_name: str
    password_hash: str | None = None
    language: str = "en"
    roles: list[str] = Field(sa_type=JSONB)
    active: bool = True
    erased_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When the person's data was erased; the row stays, for acts and keys point at it."""


class Token(Journaled, table=True):
    """A bearer token: only its SHA-256 is kept. ``scopes`` limits it beneath its user's roles."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_hash"), Index(None, "user_id"))
    KIND: ClassVar[str] = "token"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"token_hash", "label"})

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id")
    token_hash: bytes
    label: str
    scopes: list[str] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcTime)


class TokenUse(SQLModel, table=True):
    """When a token was last used, to the minute. Operational: it is no state of the token, and no journal tells of it."""

    __tablename__ = "token_use"

    token_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True))
    last_used_at: datetime = Field(sa_type=UtcTime)


class Session(SQLModel, table=True):
    """A signed-in browser. Operational: no journal. The cookie's value is known to the browser alone."""

    __tablename__ = "session"

    token_hash: bytes = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    csrf_token: str
    created_at: datetime = Field(sa_type=UtcTime)
    last_used_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)


class LoginThrottle(SQLModel, table=True):
    """Failed sign-ins for one account name or one address (both as digests)."""

    __tablename__ = "login_throttle"

    subject: bytes = Field(primary_key=True)
    failures: int = 0
    blocked_until: datetime | None = Field(default=None, sa_type=UtcTime)
    last_failure_at: datetime = Field(sa_type=UtcTime)
