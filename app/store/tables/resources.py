"""Resource types, depots and resources."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of


class ResourceType(SQLModel, table=True):
    """A typed capability. The rows are a copy of ``protocols/typing/resource_types.yaml``, made at each migration.

    ``parts`` are {type, quantity} of a composite type, whose code begins with ``formation.``; of any other, none.
    """

    __tablename__ = "resource_type"
    __table_args__ = (one_of("kind", ("team", "vehicle", "equipment", "facility", "supply", "person")),)

    code: str = Field(primary_key=True)
    kind: str
    unit: str
    names: dict[str, str] = Field(sa_type=JSONB)
    also: dict[str, list[str]] = Field(sa_type=JSONB)
    minimum: list[dict[str, Any]] = Field(sa_type=JSONB)
    parts: list[dict[str, Any]] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")})
    crosswalk: dict[str, Any] = Field(sa_type=JSONB)


class Depot(Spaced, table=True):
    """A place where a member's resources stand."""

    __tablename__ = "depot"
    __table_args__ = (
        ref("member_id", "member"),
        UniqueConstraint("space_id", "member_id", "code"),
        UniqueConstraint("space_id", "id", "member_id"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
    )
    KIND: ClassVar[str] = "depot"

    member_id: UUID
    code: str
    name: str
    address: str | None = None
    lon: float
    lat: float


class Resource(Spaced, table=True):
    """One thing of a type that a member owns. Where it is on its way is its mission's business, not its status'.

    A call sign is unique among a member's units in use, however it is written: on the radio nobody hears capitals. A
    retired unit leaves it to its successor.

    A formation is a unit of a composite type, and ``formation_id`` stands with its parts: units of the same member, that are taken
    and let go with it. Officers, NCOs and crew of a formation are those who belong to no part. The name and the telephone of its
    leader stand in the table alone.
    """

    __tablename__ = "resource"
    __table_args__ = (
        ref("member_id", "member"),
        ref("depot_id member_id", "depot"),
        ref("formation_id member_id", "resource"),
        CheckConstraint("formation_id <> id", name="formation"),
        UniqueConstraint("space_id", "id", "member_id"),
        state_of("resource"),
        CheckConstraint("(status = 'out_of_service') = (out_of_service_reason IS NOT NULL)", name="reason"),
        one_of(
            "out_of_service_reason", ("maintenance", "crew", "damage", "own_incident", "exercise", "other"), null=True
        ),
        CheckConstraint("officers >= 0 AND ncos >= 0 AND crew >= 0", name="strength"),
        CheckConstraint("mobilisation_min BETWEEN 0 AND 10080", name="mobilisation_min"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        Index(
            "uq_resource_call_sign",
            "space_id",
            "member_id",
            text("lower(call_sign)"),
            unique=True,
            postgresql_where=text("NOT retired"),
        ),
        Index(None, "space_id", "member_id", "type_code", "status"),
        Index(None, "space_id", "type_code", "status"),
        Index(None, "space_id", "lon", "lat"),
        Index(None, "space_id", "formation_id"),
    )
    KIND: ClassVar[str] = "resource"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"leader_name", "leader_phone"})

    member_id: UUID
    depot_id: UUID
    type_code: str = Field(foreign_key="resource_type.code")
    call_sign: str
    status: str = "available"
    out_of_service_reason: str | None = None
    lon: float
    lat: float
    position_at: datetime = Field(sa_type=UtcTime)
    officers: int = 0
    ncos: int = 0
    crew: int = 0
    mobilisation_min: int
    weight_t: float | None = None
    length_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    readiness: dict[str, Any] = Field(sa_type=JSONB)
    retired: bool = False
    formation_id: UUID | None = None
    talkgroup: str | None = None
    leader_name: str | None = None
    leader_phone: str | None = None
