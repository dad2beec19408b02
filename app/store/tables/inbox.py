"""The inbox: whose dispatch systems may tell us something, how their messages are read, what came, and what waits for a person.

Sources and mappings belong to no space, and are journaled without secrets and tables. Messages are operational: their effects stand in the
journal, and they themselves go when their time is over. An ``InboxMatter`` is a fact of the domain: somebody has to see to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.store.tables.base import Journaled, Spaced, UtcTime, one_of, ref, state_of

OUTCOMES: Final = ("received", "applied", "history", "noted", "call", "quarantined", "discarded")
MATTERS: Final = ("quarantine", "call")
CALLS: Final = ("urgent", "speech")
REFUSED_WHY: Final = ("duplicate", "signature", "window", "key_reused", "too_many", "not_at_work", "too_large")
TOLD_OF: Final = ("unit", "incident")
JSONB_OR_NULL: Final[Any] = JSONB(none_as_null=True)


class InboxSource(Journaled, table=True):
    """A member's dispatch system that may tell us something. ``source`` is its list of codes among the external ids.

    ``space_kinds`` are those of ``live``, ``exercise``, ``integration`` that it acts in. ``mapping_version`` is the one in use: without one all is
    quarantined. ``old_secret`` counts beside ``secret`` until ``old_secret_until``.
    """

    __tablename__ = "inbox_source"
    __table_args__ = (
        ForeignKeyConstraint(["member_space", "member_id"], ["member.space_id", "member.id"]),
        state_of("inbox_source"),
        CheckConstraint("member_space = 'live'", name="member_space"),
        CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="old_secret"),
        CheckConstraint("per_minute BETWEEN 1 AND 60000", name="per_minute"),
        UniqueConstraint("id", "member_id"),
        Index(None, "member_id", "id"),
    )
    KIND: ClassVar[str] = "inbox_source"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"member_space", "label", "secret", "old_secret"})

    id: UUID = Field(primary_key=True)
    member_space: str = "live"
    member_id: UUID
    label: str
    source: str
    space_kinds: list[str] = Field(sa_type=JSONB)
    per_minute: int
    status: str = "active"
    mapping_version: int | None = None
    secret: str
    old_secret: str | None = None
    old_secret_until: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(sa_type=UtcTime)


class InboxMapping(Journaled, table=True):
    """One version of how a source's messages are read. ``content`` never changes; ``tried_at`` is when somebody first tried it on a message."""

    __tablename__ = "inbox_mapping"
    __table_args__ = (
        ForeignKeyConstraint(["source_id", "member_id"], ["inbox_source.id", "inbox_source.member_id"]),
        state_of("inbox_mapping"),
        UniqueConstraint("source_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )
    KIND: ClassVar[str] = "inbox_mapping"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"content", "note", "title", "tried_at"})

    id: UUID = Field(primary_key=True)
    source_id: UUID
    member_id: UUID
    version: int
    status: str
    title: str
    note: str | None = None
    digest: str
    """SHA-256 of the content, in hexadecimal."""
    content: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=UtcTime)
    created_by_id: UUID | None = None
    tried_at: datetime | None = Field(default=None, sa_type=UtcTime)
    turned_on_at: datetime | None = Field(default=None, sa_type=UtcTime)
    turned_on_by_id: UUID | None = None


class InboxMessage(SQLModel, table=True):
    """One message as it came, and what became of it. ``edited`` is what a person made of it; ``body`` stays as it was sent.

    ``at`` is its own time. ``because`` says why it is held back, or changed nothing; ``effects`` what it did.
    """

    __tablename__ = "inbox_message"
    __table_args__ = (
        UniqueConstraint("space_id", "source_id", "webhook_id"),
        one_of("outcome", OUTCOMES),
        CheckConstraint("(outcome = 'received') = (settled_at IS NULL)", name="settled"),
        Index(None, "source_id", "received_at"),
        Index("ix_inbox_message_list", "space_id", "source_id", "id"),
    )

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), primary_key=True))
    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    source_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("inbox_source.id"), nullable=False))
    webhook_id: str
    received_at: datetime = Field(sa_type=UtcTime)
    sent_at: datetime = Field(sa_type=UtcTime)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    edited: dict[str, Any] | None = Field(default=None, sa_type=JSONB_OR_NULL)
    outcome: str = "received"
    because: dict[str, Any] | None = Field(default=None, sa_type=JSONB_OR_NULL)
    detail: str | None = None
    at: datetime | None = Field(default=None, sa_type=UtcTime)
    kinds: list[str] = Field(sa_type=JSONB)
    effects: list[dict[str, Any]] = Field(sa_type=JSONB)
    resource_id: UUID | None = None
    mission_id: UUID | None = None
    incident_id: UUID | None = None
    mapping_version: int | None = None
    tries: int = 0
    settled_at: datetime | None = Field(default=None, sa_type=UtcTime)


class InboxRefusal(SQLModel, table=True):
    """How often in a minute a source's message was not kept, and why: it came before, was signed by another, stamped too far off our clock
    (``off_s``, the furthest, ahead is positive), … At least so often: under a flood not each is counted.
    """

    __tablename__ = "inbox_refusal"
    __table_args__ = (one_of("why", REFUSED_WHY), Index(None, "minute"))

    source_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("inbox_source.id"), primary_key=True))
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), primary_key=True))
    minute: datetime = Field(sa_type=UtcTime, primary_key=True)
    why: str = Field(sa_column=Column(Text, primary_key=True))
    count: int
    off_s: int | None = None


class InboxLast(SQLModel, table=True):
    """The time of the last thing that was told of a unit or an incident: what is older is history."""

    __tablename__ = "inbox_last"
    __table_args__ = (one_of("kind", TOLD_OF),)

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    about: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    at: datetime = Field(sa_type=UtcTime)
    code: str
    """As the dispatch system wrote it."""


class InboxMatter(Spaced, table=True):
    """A message that waits for a person: held back (``quarantine``), or a unit that calls its dispatcher (``call``). Its id is the message's."""

    __tablename__ = "inbox_matter"
    __table_args__ = (
        ref("member_id", "member"),
        ref("resource_id", "resource"),
        ref("mission_id", "mission"),
        ref("incident_id", "incident"),
        state_of("inbox_matter"),
        one_of("what", MATTERS),
        one_of("call", CALLS, null=True),
        CheckConstraint("(what = 'call') = (call IS NOT NULL)", name="call_of"),
        CheckConstraint("(what = 'quarantine') = (because IS NOT NULL)", name="because"),
        CheckConstraint("(status = 'held') = (settled_at IS NULL)", name="settled"),
        Index("ix_inbox_matter_held", "space_id", "member_id", "id", postgresql_where=text("status = 'held'")),
        Index(None, "space_id", "member_id", "id"),
    )
    KIND: ClassVar[str] = "inbox_matter"

    source_id: UUID = Field(foreign_key="inbox_source.id")
    member_id: UUID
    what: str
    status: str
    because: dict[str, Any] | None = Field(default=None, sa_type=JSONB_OR_NULL)
    call: str | None = None
    resource_id: UUID | None = None
    mission_id: UUID | None = None
    incident_id: UUID | None = None
    at: datetime | None = Field(default=None, sa_type=UtcTime)
    held_at: datetime = Field(sa_type=UtcTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcTime)
    settled_by_id: UUID | None = None
    tries: int = 1
