"""Protocols (playbooks) at work: what a member does otherwise, which one applies to an incident, and its checklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref


class ProtocolOverlay(Spaced, table=True):
    """What a member does otherwise than the shared protocol ``code``, written against its ``base_version``, and why."""

    __tablename__ = "protocol_overlay"
    __table_args__ = (
        ref("member_id", "member"),
        UniqueConstraint("space_id", "member_id", "code"),
        CheckConstraint("base_version >= 1", name="base_version"),
    )
    KIND: ClassVar[str] = "protocol_overlay"

    member_id: UUID
    code: str
    base_version: int
    operations: list[dict[str, Any]] = Field(sa_type=JSONB)


class IncidentProtocol(Spaced, table=True):
    """That a protocol applies to an incident: as it was for ``member_id``, who led it, at ``applied_at``.

    ``overlay_revision`` is of the member's overlay, where it had one. What follows from it stands here as it was then.
    """

    __tablename__ = "incident_protocol"
    __table_args__ = (
        ref("incident_id", "incident"),
        ref("member_id", "member"),
        Index(None, "space_id", "incident_id"),
        Index(
            "ix_incident_protocol_current",
            "space_id",
            "incident_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )
    KIND: ClassVar[str] = "incident_protocol"

    incident_id: UUID
    member_id: UUID
    code: str
    version: int
    overlay_revision: int | None = None
    names: dict[str, str] = Field(sa_type=JSONB)
    package: list[dict[str, Any]] = Field(sa_type=JSONB)
    notify: list[str] = Field(sa_type=JSONB)
    radio_plan: dict[str, str] = Field(sa_type=JSONB)
    rendezvous_kinds: list[str] = Field(sa_type=JSONB)
    applied_at: datetime = Field(sa_type=UtcTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ChecklistItem(Spaced, table=True):
    """One thing to do for an incident: open, done, or superseded by another protocol before it was done."""

    __tablename__ = "checklist_item"
    __table_args__ = (
        ref("incident_id", "incident"),
        ref("incident_protocol_id", "incident_protocol"),
        ref("done_by_member_id", "member"),
        CheckConstraint("done_at IS NULL OR superseded_at IS NULL", name="done_stays"),
        CheckConstraint("done_at IS NOT NULL OR (done_by_id IS NULL AND done_by_member_id IS NULL)", name="done"),
        Index(None, "space_id", "incident_id"),
    )
    KIND: ClassVar[str] = "checklist_item"

    incident_id: UUID
    incident_protocol_id: UUID
    code: str
    texts: dict[str, str] = Field(sa_type=JSONB)
    due_at: datetime = Field(sa_type=UtcTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
    done_by_id: UUID | None = None
    done_by_member_id: UUID | None = None
    superseded_at: datetime | None = Field(default=None, sa_type=UtcTime)
