"""Response commitments: what one lender promised about one request, and whether it was kept."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.domain.response_commitments import STEPS
from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of

BINDINGS = ("best_effort", "obligatory")


class ResponseCommitment(Spaced, table=True):
    """One step of one lender about one request: due ``within_min`` after ``since``, done at ``done_at`` or not yet.

    ``turn_out`` is of one mission. A broken one gets its ``done_at`` all the same, when it is done at last.
    """

    __tablename__ = "response_commitment"
    __table_args__ = (
        ref("request_id", "request"),
        ref("requester_id", "member"),
        ref("lender_id", "member"),
        ref("agreement_id", "agreement"),
        ref("mission_id", "mission"),
        state_of("response_commitment"),
        one_of("step", STEPS),
        one_of("binding", BINDINGS),
        CheckConstraint("(step = 'turn_out') = (mission_id IS NOT NULL)", name="mission"),
        CheckConstraint("within_min >= 1 AND due_at > since", name="due"),
        Index(
            "uq_response_commitment_request",
            "space_id",
            "request_id",
            "lender_id",
            "step",
            unique=True,
            postgresql_where=text("mission_id IS NULL"),
        ),
        Index(
            "uq_response_commitment_mission",
            "space_id",
            "mission_id",
            unique=True,
            postgresql_where=text("mission_id IS NOT NULL"),
        ),
        Index(None, "space_id", "lender_id", "id"),
        Index(None, "space_id", "request_id"),
    )
    KIND: ClassVar[str] = "response_commitment"

    request_id: UUID
    requester_id: UUID
    lender_id: UUID
    agreement_id: UUID
    agreement_version: int
    mission_id: UUID | None = None
    step: str
    binding: str
    within_min: int
    since: datetime = Field(sa_type=UtcTime)
    due_at: datetime = Field(sa_type=UtcTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
    status: str = "running"
