"""What the door keeps beside the domain: keys it has seen, refusals, and work that falls due."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.store.tables.base import UtcTime


class Idempotency(SQLModel, table=True):
    """A key that was used, the digest of the message under it, and the receipt that was given."""

    __tablename__ = "idempotency"
    __table_args__ = (Index(None, "created_at"),)

    space_id: str = Field(primary_key=True, foreign_key="space.id")
    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: bytes
    receipt: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=UtcTime)


class Audit(SQLModel, table=True):
    """A refusal: who tried what, and why it was refused. Never part of the journal; kept for the admin."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"), Index(None, "member_id", "id"))

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_type=UtcTime)
    space_id: str
    actor: str
    member_id: UUID | None = None
    command: str
    target: UUID | None = None
    slug: str
    detail: str


class DueWork(SQLModel, table=True):
    """A command that falls due. Claimed with SKIP LOCKED; its effect is in the same transaction as ``done_at``."""

    __tablename__ = "due_work"
    __table_args__ = (Index("ix_due_work_open", "due_at", postgresql_where=text("done_at IS NULL")),)

    id: UUID = Field(primary_key=True)
    space_id: str = Field(foreign_key="space.id")
    command: str
    target: UUID | None = None
    body: dict[str, Any] = Field(sa_type=JSONB)
    due_at: datetime = Field(sa_type=UtcTime)
    attempts: int = 0
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
    outcome: str | None = None
    made_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When a command put it down; null of what the service keeps by itself, and of what is older than this column."""
