"""Agreements, their immutable versions and the consent of each party."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, ref, state_of


class Agreement(Spaced, table=True):
    """An agreement; ``version`` is the one that counts (or the newest, until one is in force).

    ``suspended_by`` are the parties whose word sets it aside: it counts again once each has taken its own back. ``suspended_reason`` is
    what the last of them said. ``terminates_at`` is when it ends, or ended, because a party, ``notice_by_member_id``, gave notice or ended it at once. ``review_at`` is when the parties
    look at it again, ``review_due`` that the day has come and nobody has.

    Until ``proposed_at`` it is there for its parties alone, also when it is terminated without ever being proposed.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        ref("drafted_by_member_id", "member"),
        ref("notice_by_member_id", "member"),
        UniqueConstraint("space_id", "code"),
        state_of("agreement"),
    )
    KIND: ClassVar[str] = "agreement"

    code: str
    names: dict[str, str] = Field(sa_type=JSONB)
    status: str = "draft"
    version: int = 1
    drafted_by_member_id: UUID
    suspended_reason: str | None = None
    suspended_by: list[UUID] = Field(default_factory=list, sa_type=ARRAY(PG_UUID(as_uuid=True)))
    suspended_reasons: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    proposed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    terminates_at: datetime | None = Field(default=None, sa_type=UtcTime)
    notice_by_member_id: UUID | None = None
    review_at: datetime | None = Field(default=None, sa_type=UtcTime)
    review_due: bool = False


class AgreementVersion(Spaced, table=True):
    """The terms of one version. Immutable once proposed: a change is a new version.

    ``terms`` is read by ``domain/agreement_terms.py``. At most one version is on its way at a time. ``lenders`` and ``borrowers`` are members' ids; whoever is in either list is a party.
    """

    __tablename__ = "agreement_version"
    __table_args__ = (
        ref("agreement_id", "agreement"),
        ref("drafted_by_member_id", "member"),
        UniqueConstraint("space_id", "agreement_id", "version"),
        CheckConstraint("expires_at IS NULL OR expires_at > effective_at", name="validity"),
        CheckConstraint("notice_days BETWEEN 0 AND 3650", name="notice_days"),
        state_of("agreement_version"),
        Index(
            "uq_agreement_version_on_its_way",
            "space_id",
            "agreement_id",
            unique=True,
            postgresql_where=text("status IN ('draft', 'proposed', 'agreed')"),
        ),
    )
    KIND: ClassVar[str] = "agreement_version"

    agreement_id: UUID
    version: int
    status: str = "draft"
    drafted_by_member_id: UUID
    lenders: list[UUID] = Field(sa_type=ARRAY(PG_UUID(as_uuid=True)))
    borrowers: list[UUID] = Field(sa_type=ARRAY(PG_UUID(as_uuid=True)))
    precedence: int = 100
    terms: dict[str, Any] = Field(sa_type=JSONB)
    effective_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime)
    review_at: datetime | None = Field(default=None, sa_type=UtcTime)
    notice_days: int = 0
    proposed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    in_force_at: datetime | None = Field(default=None, sa_type=UtcTime)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcTime)


class AgreementConsent(Spaced, table=True):
    """A party's consent to one version, for itself."""

    __tablename__ = "agreement_consent"
    __table_args__ = (
        ref("agreement_id", "agreement"),
        ref("member_id", "member"),
        UniqueConstraint("space_id", "agreement_id", "version", "member_id"),
    )
    KIND: ClassVar[str] = "agreement_consent"

    agreement_id: UUID
    version: int
    member_id: UUID
    user_id: UUID | None = None
    occurred_at: datetime = Field(sa_type=UtcTime)
