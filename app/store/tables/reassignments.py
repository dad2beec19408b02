"""Reassignments: another incident or place for a unit, proposed by the requester and agreed by the lender's leader."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref, state_of


class Reassignment(Spaced, table=True):
    """Where a unit is to go instead. ``request_line_id`` is the line it is to fill there, if it is to fill one.

    ``findings`` are the reasons of the agreement's check: in what its place lies outside the paper that the unit runs under; once agreed,
    what the lender has said it goes all the same for. ``worked_off_line_id`` is the line whose work the unit had done when it was sent on.
    """

    __tablename__ = "reassignment"
    __table_args__ = (
        ref("mission_id", "mission"),
        ref("request_id", "request"),
        ref("incident_id", "incident"),
        ref("request_line_id", "request_line"),
        ref("worked_off_line_id", "request_line"),
        state_of("reassignment"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        Index(None, "space_id", "mission_id", "id"),
        Index(None, "space_id", "request_id"),
        Index(
            "ix_reassignment_worked_off",
            "space_id",
            "worked_off_line_id",
            postgresql_where=text("worked_off_line_id IS NOT NULL"),
        ),
    )
    KIND: ClassVar[str] = "reassignment"

    mission_id: UUID
    request_id: UUID
    status: str = "proposed"
    incident_id: UUID
    request_line_id: UUID | None = None
    place: str | None = None
    lon: float
    lat: float
    reason: str
    proposed_by_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    answer: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    answered_by_id: UUID | None = None
    findings: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    worked_off_line_id: UUID | None = None
