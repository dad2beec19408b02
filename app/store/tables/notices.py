"""Authorities that a member keeps informed: what each was to be told, and whether it has confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref


class AuthorityNotice(Spaced, table=True):
    """That an authority (a province, a governor, a national centre) is told of something. Never a gate: nothing waits for it.

    ``name``, ``kind`` and ``contact`` are as they were when it was told. ``event`` is a code of the vocabulary's
    ``inform_events``. ``agreement_id`` is the agreement that wants it told; without one it is the member's own wish.
    """

    __tablename__ = "authority_notice"
    __table_args__ = (
        ref("member_id", "member"),
        ref("incident_id", "incident"),
        ref("request_id", "request"),
        ref("mission_id", "mission"),
        ref("agreement_id", "agreement"),
        CheckConstraint("(agreement_id IS NULL) = (agreement_version IS NULL)", name="agreement"),
        CheckConstraint("confirmed_at IS NOT NULL OR confirmed_by_id IS NULL", name="confirmed"),
        Index(None, "space_id", "request_id", "id"),
        Index("ix_authority_notice_open", "space_id", "member_id", postgresql_where=text("confirmed_at IS NULL")),
    )
    KIND: ClassVar[str] = "authority_notice"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"confirmed_person"})

    member_id: UUID
    name: str
    kind: str
    contact: str | None = None
    event: str
    incident_id: UUID | None = None
    request_id: UUID | None = None
    mission_id: UUID | None = None
    agreement_id: UUID | None = None
    agreement_version: int | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    confirmed_by_id: UUID | None = None
    confirmed_person: str | None = None
