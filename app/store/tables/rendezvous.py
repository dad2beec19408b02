"""Rendezvous: where a unit from the other side is met, waits or is received."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.store.tables.base import Spaced, one_of, ref

RENDEZVOUS_KINDS = ("guide_post", "staging_area", "reception_departure_centre")


class Rendezvous(Spaced, table=True):
    """A place on a member's ground, with what is there. ``capacity`` counts units that are there or on their way to it.

    ``guide_code`` is what drivers are told on the radio (a letter or two and a number: ``M3``); no two places share one.
    """

    __tablename__ = "rendezvous"
    __table_args__ = (
        ref("member_id", "member"),
        UniqueConstraint("space_id", "code"),
        UniqueConstraint("space_id", "guide_code"),
        one_of("kind", RENDEZVOUS_KINDS),
        one_of("status", ("open", "closed")),
        CheckConstraint("capacity BETWEEN 1 AND 10000", name="capacity"),
        CheckConstraint("beds BETWEEN 0 AND 10000", name="beds"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        Index(None, "space_id", "member_id"),
    )
    KIND: ClassVar[str] = "rendezvous"

    member_id: UUID
    code: str
    guide_code: str
    names: dict[str, str] = Field(sa_type=JSONB)
    kind: str
    status: str = "open"
    lon: float
    lat: float
    capacity: int
    guide: bool = False
    fuel: bool = False
    launch_ramp: bool = False
    food: bool = False
    beds: int = 0
    talkgroup: str | None = None
    note: str | None = None
