"""Webhooks to dispatch systems: a member's endpoints, how far each has come in each space, what was sent, and what was taken over.

An endpoint is journaled, without its address and its secrets. Lanes, deliveries, attempts and pulses are operational: they
follow from the journal, and no journal tells of them. A ``DispatchReceipt`` is a fact of the domain: a dispatch system
has taken something over, or it has not and somebody has to ring.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.store.tables.base import Journaled, Spaced, UtcTime, one_of, ref, state_of

PAUSED_WHY = ("by_hand", "failing")
DELIVERY_STATES = ("waiting", "delivered", "dropped")


class WebhookEndpoint(Journaled, table=True):
    """Where a member wants to hear of what happens: an address that is written to, or (without one) an outbox that is read.

    ``events`` are names of events, ``area.*`` or ``*``; the lists after it narrow them, and an empty one does not. ``space_kinds`` are
    ``live``, ``exercise``, ``integration``. ``source`` names the dispatch system's list of codes, ``receipts`` whether that system says
    what it has taken over, ``heartbeat_min`` how often both sides say that they are there. ``origin`` is the address without its path,
    which may hold a secret. ``old_secret`` counts beside ``secret`` until ``old_secret_until``.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        ForeignKeyConstraint(["member_space", "member_id"], ["member.space_id", "member.id"]),
        state_of("webhook_endpoint"),
        one_of("paused_why", PAUSED_WHY, null=True),
        CheckConstraint("member_space = 'live'", name="member_space"),
        CheckConstraint("(url IS NULL) = (origin IS NULL)", name="origin"),
        CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="old_secret"),
        CheckConstraint("(status = 'paused') = (paused_why IS NOT NULL)", name="paused"),
        CheckConstraint("heartbeat_min BETWEEN 1 AND 60", name="heartbeat_min"),
        CheckConstraint("(heartbeat_min IS NULL) = (watched_since IS NULL)", name="watched"),
        Index(None, "member_id", "id"),
    )
    KIND: ClassVar[str] = "webhook_endpoint"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"member_space", "label", "url", "secret", "old_secret"})

    id: UUID = Field(primary_key=True)
    member_space: str = "live"
    member_id: UUID
    label: str
    url: str | None = None
    origin: str | None = None
    events: list[str] = Field(sa_type=JSONB)
    incident_ids: list[str] = Field(sa_type=JSONB)
    type_codes: list[str] = Field(sa_type=JSONB)
    member_ids: list[str] = Field(sa_type=JSONB)
    space_kinds: list[str] = Field(sa_type=JSONB)
    source: str | None = None
    receipts: bool = False
    heartbeat_min: int | None = None
    watched_since: datetime | None = Field(default=None, sa_type=UtcTime)
    silent_since: datetime | None = Field(default=None, sa_type=UtcTime)
    status: str = "active"
    paused_why: str | None = None
    secret: str
    old_secret: str | None = None
    old_secret_until: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(sa_type=UtcTime)


class WebhookLane(SQLModel, table=True):
    """One endpoint's way through the journal of one space: its cursor, and when it is tried again.

    What comes after ``seq`` has not been looked at. ``replay_after`` to ``replay_to`` is looked at once more. ``lease`` is the process that
    works on it, until ``leased_until`` by the database's clock: whoever is killed is followed by another then.
    """

    __tablename__ = "webhook_lane"
    __table_args__ = (
        CheckConstraint("seq >= 0", name="seq"),
        CheckConstraint("(replay_after IS NULL) = (replay_to IS NULL)", name="replay"),
        CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="lease"),
    )

    space_id: str = Field(sa_column=Column(Text, ForeignKey("journal_head.space_id"), primary_key=True))
    endpoint_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("webhook_endpoint.id"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    replay_after: int | None = Field(default=None, sa_column=Column(BigInteger))
    replay_to: int | None = Field(default=None, sa_column=Column(BigInteger))
    failures: int = 0
    """In a row."""
    failing_since: datetime | None = Field(default=None, sa_type=UtcTime)
    next_at: datetime = Field(sa_type=UtcTime)
    lease: UUID | None = None
    leased_until: datetime | None = Field(default=None, sa_type=UtcTime)


class WebhookDelivery(SQLModel, table=True):
    """One entry for one endpoint. What is sent is made from the journal anew each time: no copy of it stands here.

    ``replayed`` ones go behind those that are new. ``receipt_by`` is set while the dispatch system's word is awaited.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        ForeignKeyConstraint(["space_id", "seq"], ["journal_entry.space_id", "journal_entry.seq"]),
        one_of("status", DELIVERY_STATES),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        Index(
            "ix_webhook_delivery_waiting",
            "endpoint_id",
            "space_id",
            "replayed",
            "seq",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(None, "endpoint_id", "made_at"),
    )

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), primary_key=True))
    endpoint_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("webhook_endpoint.id"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event: str
    made_at: datetime = Field(sa_type=UtcTime)
    status: str = "waiting"
    replayed: bool = False
    tries: int = 0
    tried_at: datetime | None = Field(default=None, sa_type=UtcTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    receipt_by: datetime | None = Field(default=None, sa_type=UtcTime)


class WebhookAttempt(SQLModel, table=True):
    """One try of a delivery. ``answer`` is the HTTP status, ``error`` why there was none; ``digest`` is the SHA-256 of what was sent."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["space_id", "endpoint_id", "seq"],
            ["webhook_delivery.space_id", "webhook_delivery.endpoint_id", "webhook_delivery.seq"],
            ondelete="CASCADE",
        ),
        CheckConstraint("answer IS NULL OR error IS NULL", name="outcome"),
        Index(None, "endpoint_id", "at"),
    )

    space_id: str = Field(sa_column=Column(Text, primary_key=True))
    endpoint_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    number: int = Field(primary_key=True)
    """Counts from 1."""
    at: datetime = Field(sa_type=UtcTime)
    answer: int | None = None
    error: str | None = None
    latency_ms: float
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WebhookPulse(SQLModel, table=True):
    """When each side last said that it is there. ``beat_at`` is when ours is next."""

    __tablename__ = "webhook_pulse"
    __table_args__ = (Index("ix_webhook_pulse_beat_at", "beat_at"),)

    endpoint_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("webhook_endpoint.id"), primary_key=True))
    heard_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """The dispatch system's last heartbeat, outbox read or receipt."""
    reached_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When it last took what we sent, a heartbeat or an event."""
    missed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    """When our last heartbeat failed; none since it was taken."""
    beat_at: datetime | None = Field(default=None, sa_type=UtcTime)


class DispatchReceipt(Spaced, table=True):
    """That a dispatch system has taken an entry over, under its own number; or has not, in time, so that somebody has to ring."""

    __tablename__ = "dispatch_receipt"
    __table_args__ = (
        ref("member_id", "member"),
        ref("incident_id", "incident"),
        ref("mission_id", "mission"),
        state_of("dispatch_receipt"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("(status = 'taken') = (taken_at IS NOT NULL)", name="taken"),
        Index("uq_dispatch_receipt_entry", "space_id", "endpoint_id", "seq", unique=True),
        Index(None, "space_id", "member_id", "id"),
    )
    KIND: ClassVar[str] = "dispatch_receipt"

    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id")
    member_id: UUID
    seq: int = Field(sa_type=BigInteger)
    """Which entry of this space's journal."""
    event: str
    incident_id: UUID | None = None
    mission_id: UUID | None = None
    status: str
    number: str | None = None
    """The dispatch system's own, of the incident."""
    asked_at: datetime = Field(sa_type=UtcTime)
    rung_at: datetime | None = Field(default=None, sa_type=UtcTime)
    taken_at: datetime | None = Field(default=None, sa_type=UtcTime)
    taken_by_id: UUID | None = None
