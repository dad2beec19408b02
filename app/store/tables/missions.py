"""Missions: accepted offer lines on their way, one unit each."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of


class Mission(Spaced, table=True):
    """A unit on its way. ``resource_id`` is empty only after a phone call, until the lender names the unit.

    ``has_control`` is fixed when the crossing is chosen: whether this mission passes through the border states.
    ``ended_by`` says why it did not run to its end: ``stood_down`` (requester), ``recalled`` or ``aborted`` (lender).
    """

    __tablename__ = "mission"
    __table_args__ = (
        ref("request_id", "request"),
        ref("request_line_id request_id", "request_line"),
        ref("offer_id request_id", "offer"),
        ref("offer_line_id offer_id", "offer_line"),
        ref("incident_id", "incident"),
        ref("lender_id", "member"),
        ref("requester_id", "member"),
        ref("resource_id", "resource"),
        ref("crossing_id", "crossing"),
        ref("agreement_id", "agreement"),
        state_of("mission"),
        one_of("ended_by", ("stood_down", "recalled", "aborted"), null=True),
        CheckConstraint("(agreement_id IS NULL) = (agreement_version IS NULL)", name="agreement"),
        CheckConstraint("lender_id <> requester_id", name="two_members"),
        Index(
            "uq_mission_resource_busy",
            "space_id",
            "resource_id",
            unique=True,
            postgresql_where=text("resource_id IS NOT NULL AND status NOT IN ('returned', 'closed')"),
        ),
        Index(None, "space_id", "request_line_id"),
        Index(None, "space_id", "request_id"),
        Index(None, "space_id", "status", "id"),
        Index(None, "space_id", "lender_id", "type_code"),
    )
    KIND: ClassVar[str] = "mission"

    request_id: UUID
    request_line_id: UUID
    offer_id: UUID
    offer_line_id: UUID
    incident_id: UUID
    lender_id: UUID
    requester_id: UUID
    type_code: str = Field(foreign_key="resource_type.code")
    resource_id: UUID | None = None
    agreement_id: UUID | None = None
    agreement_version: int | None = None
    status: str = "committed"
    status_at: datetime = Field(sa_type=UtcTime)
    ended_by: str | None = None
    crossing_id: UUID | None = None
    has_control: bool = False
    place: str | None = None
    lon: float
    lat: float
    talkgroup: str | None = None
    relieve_by: datetime | None = Field(default=None, sa_type=UtcTime)
