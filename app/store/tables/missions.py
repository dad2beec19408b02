"""Missions: accepted offer lines on their way, one unit each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of
from app.store.tables.requests import REQUEST_KINDS

ENDS = ("stood_down", "recalled", "aborted", "relieved", "reassigned", "taken_back")
ALARMS = ("staged_without_task", "relief_due")
"""What a mission can raise: staged for 30 minutes without a task; an hour before its relief is due, nobody is on the way."""


class Mission(Spaced, table=True):
    """A unit on its way. ``resource_id`` is empty only after a phone call or an automatic alarm, until the lender names the unit.

    ``crossing_id`` is where it leaves its country, ``via_crossing_ids`` what it passes after that, on a way through a country between; once it is
    sent another way abroad, what is ahead of it from there. ``has_control``
    is fixed when the way is chosen: whether this mission passes through the border states, once for all of its crossings. ``crossings_behind`` is how many of
    them are behind it by people's word, kept when they gave it; empty where a mission is older than this column.
    ``ended_by`` says why it fills its line no more: ``stood_down`` (requester), ``recalled`` or ``aborted`` (lender),
    ``relieved`` (another took over), ``reassigned`` (it does other work now), ``taken_back`` (a phone call that was written down by mistake: there
    never was such a unit on its way). ``relief_of_id`` is the mission that this one
    relieves; ``stands_for_id`` the one whose place in the line it has taken, so that both count once while they overlap.
    ``split_from_id`` is the mission of the formation that this one was a part of, until it went on alone.
    ``overlap_hours`` is for how long it worked beside one that it was to relieve, until either was sent elsewhere.
    ``kind`` is the request's. ``alarms`` are the codes of what somebody has to see to now (``ALARMS``).

    For the money: ``mobilised_at`` to ``home_at`` is how long it was away (``left_at``: from its depot), ``kilometres`` how far it drove
    there and back, ``crew_count`` how many people went, ``person_hours`` theirs where somebody counted them. ``consumables``
    are {item, quantity, unit}.

    ``manifest`` is {officers, ncos, crew, vehicles, items: [{item, quantity, weight_kg}]}: no names. Those of the liaison officer
    and the guide stand in the table alone.
    """

    __tablename__ = "mission"
    __table_args__ = (
        ref("request_id", "request"),
        ref("request_line_id request_id", "request_line"),
        ref("offer_id", "offer"),
        ref("offer_line_id offer_id", "offer_line"),
        ref("incident_id", "incident"),
        ref("lender_id", "member"),
        ref("requester_id", "member"),
        ref("resource_id", "resource"),
        ref("crossing_id", "crossing"),
        ref("rendezvous_id", "rendezvous"),
        ref("agreement_id", "agreement"),
        state_of("mission"),
        ref("relief_of_id", "mission"),
        ref("stands_for_id", "mission"),
        ref("split_from_id", "mission"),
        one_of("kind", REQUEST_KINDS),
        one_of("ended_by", ENDS, null=True),
        one_of("kilometres_from", ("odometer", "estimate"), null=True),
        CheckConstraint("crossing_id IS NOT NULL OR via_crossing_ids = '{}'", name="way"),
        CheckConstraint("crossings_behind >= 0", name="crossings_behind"),
        CheckConstraint("incident_id IS NOT NULL OR kind = 'day_to_day'", name="incident"),
        CheckConstraint("relief_of_id <> id AND stands_for_id <> id", name="relief"),
        CheckConstraint("split_from_id <> id", name="split"),
        CheckConstraint("(kilometres IS NULL) = (kilometres_from IS NULL) AND kilometres >= 0", name="kilometres"),
        CheckConstraint("crew_count >= 0 AND person_hours >= 0", name="people"),
        CheckConstraint("overlap_hours >= 0", name="overlap_hours"),
        CheckConstraint("(destination_lon IS NULL) = (destination_lat IS NULL)", name="destination"),
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
        Index(None, "space_id", "rendezvous_id"),
        Index(None, "space_id", "agreement_id"),
        Index(None, "space_id", "split_from_id"),
        Index(
            "ix_mission_day_to_day",
            "space_id",
            "lender_id",
            "requester_id",
            "home_at",
            postgresql_where=text("kind = 'day_to_day'"),
        ),
    )
    KIND: ClassVar[str] = "mission"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"liaison_name", "liaison_phone", "guide_name", "guide_phone"})

    request_id: UUID
    request_line_id: UUID
    offer_id: UUID
    offer_line_id: UUID
    incident_id: UUID | None = None
    kind: str
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
    via_crossing_ids: list[UUID] = Field(default_factory=list, sa_type=ARRAY(PG_UUID(as_uuid=True)))
    has_control: bool = False
    crossings_behind: int | None = 0
    rendezvous_id: UUID | None = None
    place: str | None = None
    lon: float
    lat: float
    talkgroup: str | None = None
    relieve_by: datetime | None = Field(default=None, sa_type=UtcTime)
    relief_of_id: UUID | None = None
    stands_for_id: UUID | None = None
    split_from_id: UUID | None = None
    overlap_hours: float | None = None
    alarms: list[str] = Field(default_factory=list, sa_type=JSONB)
    destination: str | None = None
    destination_lon: float | None = None
    destination_lat: float | None = None
    liaison_user_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    liaison_name: str | None = None
    liaison_phone: str | None = None
    liaison_at: datetime | None = Field(default=None, sa_type=UtcTime)
    guide_name: str | None = None
    guide_phone: str | None = None
    guide_at: datetime | None = Field(default=None, sa_type=UtcTime)
    manifest: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    mobilised_at: datetime | None = Field(default=None, sa_type=UtcTime)
    left_at: datetime | None = Field(default=None, sa_type=UtcTime)
    on_scene_at: datetime | None = Field(default=None, sa_type=UtcTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcTime)
    home_at: datetime | None = Field(default=None, sa_type=UtcTime)
    kilometres: float | None = None
    kilometres_from: str | None = None
    crew_count: int | None = None
    person_hours: float | None = None
    consumables: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
