"""Incidents and their logs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref, state_of


class Incident(Spaced, table=True):
    """What burns or floods. ``phases`` maps a country to its own word for how far it has gone (GRIP, federal …)."""

    __tablename__ = "incident"
    __table_args__ = (
        ref("lead_member_id", "member"),
        UniqueConstraint("space_id", "ref"),
        state_of("incident"),
        CheckConstraint("severity BETWEEN 1 AND 5", name="severity"),
        Index(None, "space_id", "status", "id"),
    )
    KIND: ClassVar[str] = "incident"

    ref: str
    title: str
    hazard: str
    severity: int
    area: dict[str, Any] = Field(sa_type=JSONB)
    west: float
    south: float
    east: float
    north: float
    status: str = "reported"
    phases: dict[str, str] = Field(sa_type=JSONB)
    lead_member_id: UUID
    reported_by_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)


class IncidentLogEntry(Spaced, table=True):
    """One line of an incident's log; lines are added, never changed."""

    __tablename__ = "incident_log"
    __table_args__ = (
        ref("incident_id", "incident"),
        ref("member_id", "member"),
        Index(None, "space_id", "incident_id", "id"),
    )
    KIND: ClassVar[str] = "incident_log"

    incident_id: UUID
    member_id: UUID
    author_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    recorded_at: datetime = Field(sa_type=UtcTime)
    language: str | None = None
    text: str
