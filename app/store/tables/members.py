"""Members: the cities, regions, control rooms and agencies of the corridor."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced


class Member(Spaced, table=True):
    """A member with its coordination centre (``lon``, ``lat``), phone and talkgroup.

    ``informed_authorities`` are told of the events in ``inform_on``, and of those that an agreement names, and never asked.
    """

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("space_id", "code"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
    )
    KIND: ClassVar[str] = "member"

    code: str
    country: str = Field(max_length=2)
    names: dict[str, str] = Field(sa_type=JSONB)
    other_names: list[str] = Field(sa_type=JSONB)
    area: dict[str, Any] = Field(sa_type=JSONB)
    lon: float
    lat: float
    time_zone: str
    languages: list[str] = Field(sa_type=JSONB)
    currency: str = Field(max_length=3)
    phone: str
    talkgroup: str | None = None
    jurisdiction: dict[str, Any] = Field(sa_type=JSONB)
    informed_authorities: list[dict[str, Any]] = Field(sa_type=JSONB)
    inform_on: list[str] = Field(default_factory=list, sa_type=JSONB)
