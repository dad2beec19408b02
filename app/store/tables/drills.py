"""Drills: their plan and evaluation in the live space, their clock and what was delivered in the space of each.

No journal tells the script: players read the journal. What would give it away stands in ``HIDDEN`` columns.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

from app.store.tables.base import Spaced, UtcTime, one_of, ref, state_of

DRILL_TYPES: Final = ("seminar", "workshop", "tabletop", "game", "drill", "functional", "full_scale")
DRILL_ROLES: Final = (
    "player", "exercise_director", "drill_controller", "drill_evaluator", "simcell", "safety_officer", "observer",
)  # fmt: skip
RATED: Final = ("P", "S", "M", "U")


class Drill(Spaced, table=True):
    """A drill, in the live space. ``plays_in`` is the space of its own, once it has begun.

    ``handbook`` is what players may read of the script (``domain/drills/views.py``). Of a drill without notice they are told the
    window and not the hour: ``starts_at`` is hidden, and so is the rule of those that come again, which names it; ``announced_for``
    and the window are not. ``held_because`` are reasons
    with their codes (``domain/drills/schedule.py``), also of one that was stood down or stopped by itself.
    ``go_ahead`` are the countries whose directors said that it is held although a live incident concerns a player.
    """

    __tablename__ = "drill"
    __table_args__ = (
        UniqueConstraint("space_id", "code"),
        UniqueConstraint("plays_in"),
        ref("retests_id", "drill"),
        state_of("drill"),
        one_of("type", DRILL_TYPES),
        one_of("notice", ("announced", "no_notice")),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> written_by_id", name="two_people"),
        Index(None, "space_id", "status", "id"),
    )
    KIND: ClassVar[str] = "drill"
    HIDDEN: ClassVar[frozenset[str]] = frozenset(
        {"script", "script_digest", "starts_at", "lasts_s", "virtual", "recurrence"}
    )

    code: str
    title: dict[str, str] = Field(sa_type=JSONB)
    scenario: str
    scenario_version: int
    type: str
    status: str = "planned"
    notice: str
    handbook: dict[str, Any] = Field(sa_type=JSONB)
    script: str
    script_digest: bytes
    lasts_s: int
    written_by_id: UUID | None = None
    approved_by_id: UUID | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcTime)
    starts_at: datetime | None = Field(default=None, sa_type=UtcTime)
    announced_for: datetime | None = Field(default=None, sa_type=UtcTime)
    window_from: datetime | None = Field(default=None, sa_type=UtcTime)
    window_until: datetime | None = Field(default=None, sa_type=UtcTime)
    time_zone: str | None = None
    recurrence: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """The rule by which the next one is planned once this one has begun: as ``ScheduleDrill`` was sent it."""
    retests_id: UUID | None = None
    """The drill whose corrective actions this one tests again."""
    speed: int = 1
    virtual: str = "virtual"
    """Whom the machine plays: ``virtual`` players, or ``all``."""
    held_because: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    go_ahead: list[str] = Field(default_factory=list, sa_type=JSONB)
    plays_in: str | None = Field(default=None, foreign_key="space.id", max_length=64)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    hot_wash_due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    hot_wash: str | None = None
    reason: str | None = None
    """Why it was stood down or stopped."""


class DrillParticipant(Spaced, table=True):
    """What a member is in a drill: ``player`` at a site, or one of the staff roles. ``joined_us``: drill time, of a player.

    Who is played by the machine is hidden, and with it who plays without having said READY: players ask it as they ask anybody.
    """

    __tablename__ = "drill_participant"
    __table_args__ = (
        ref("drill_id", "drill"),
        ref("member_id", "member"),
        UniqueConstraint("space_id", "drill_id", "member_id", "role"),
        one_of("role", DRILL_ROLES),
        CheckConstraint("(role = 'player') = (site IS NOT NULL)", name="site"),
    )
    KIND: ClassVar[str] = "drill_participant"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"play", "joined_us"})

    drill_id: UUID
    member_id: UUID
    role: str
    count: int = 1
    site: str | None = None
    play: str | None = None
    ready_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ready_by_id: UUID | None = None
    joined_us: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class DrillClock(Spaced, table=True):
    """The clock of a drill, in the drill's own space, under the drill's id (``domain/drills/clock.py``).

    ``timeline`` holds every row that it ever was, as it was stored, the present one last.
    """

    __tablename__ = "drill_clock"
    __table_args__ = (
        one_of("status", ("ready", "running", "paused", "ended", "stopped")),
        CheckConstraint("speed BETWEEN 1 AND 60", name="speed"),
        CheckConstraint("anchor_us >= 0", name="anchor_us"),
    )
    KIND: ClassVar[str] = "drill_clock"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"timeline"})

    code: str
    title: dict[str, str] = Field(sa_type=JSONB)
    stop_words: dict[str, str] = Field(sa_type=JSONB)
    status: str
    anchor_utc: datetime = Field(sa_type=UtcTime)
    anchor_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    speed: int = 1
    paused_sites: list[str] = Field(default_factory=list, sa_type=JSONB)
    words: list[str] = Field(default_factory=list, sa_type=JSONB)
    site_words: list[list[str]] = Field(default_factory=list, sa_type=JSONB)
    timeline: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    reason: str | None = None
    """Why it was stopped."""
    pause_reasons: list[list[str]] = Field(default_factory=list, sa_type=JSONB)
    """Why it stands: site and reason, the site empty for everybody."""


class DrillDelivery(Spaced, table=True):
    """An inject that was delivered, in the drill's space; one for each inject. ``told`` is what its players get, marked as an exercise.

    ``at_us`` is the drill time that counts. Which inject it was, why it came and from which entries that followed is hidden.
    """

    __tablename__ = "drill_delivery"
    __table_args__ = (
        UniqueConstraint("space_id", "inject"),
        one_of("by", ("clock", "hand")),
        Index(None, "space_id", "at_us"),
    )
    KIND: ClassVar[str] = "drill_delivery"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"inject", "by", "reason", "evidence", "delivered_by_id"})

    inject: str
    by: str = "clock"
    reason: str
    evidence: list[int] = Field(default_factory=list, sa_type=JSONB)
    delivered_by_id: UUID | None = None
    at_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    delivered_at: datetime = Field(sa_type=UtcTime)
    to_member_ids: list[UUID] = Field(sa_type=ARRAY(PG_UUID(as_uuid=True)))
    told: dict[str, Any] = Field(sa_type=JSONB)


class DrillTask(SQLModel, table=True):
    """What a virtual player did, or could not do, in the drill's space; one for each key. Operational: its acts stand in the journal."""

    __tablename__ = "drill_task"

    space_id: str = Field(primary_key=True, foreign_key="space.id", max_length=64)
    key: str = Field(primary_key=True)
    at_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    done_at: datetime = Field(sa_type=UtcTime)
    outcome: str


class DrillMark(Spaced, table=True):
    """A controller's tick in the live space: an expected ``action`` was seen, or a side has reached a ``sync`` point.

    ``about`` is the inject's or the sync point's id, ``party`` a member's code or a side.
    """

    __tablename__ = "drill_mark"
    __table_args__ = (
        ref("drill_id", "drill"),
        UniqueConstraint("space_id", "drill_id", "kind", "about", "party"),
        one_of("kind", ("action", "sync")),
    )
    KIND: ClassVar[str] = "drill_mark"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"about", "party", "at_us", "note"})

    drill_id: UUID
    kind: str
    about: str
    party: str
    at_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    note: str | None = None
    marked_by_id: UUID | None = None


class DrillObservation(Spaced, table=True):
    """What an evaluator, controller or director saw, bound to an entry (``seq``) of the drill's journal if it is about one.

    Hidden from the journal while the drill is played, and after: it is read through the API by whom it is for.
    """

    __tablename__ = "drill_observation"
    __table_args__ = (
        ref("drill_id", "drill"),
        ref("member_id", "member"),
        one_of("kind", ("strength", "improvement", "note")),
        Index(None, "space_id", "drill_id", "id"),
    )
    KIND: ClassVar[str] = "drill_observation"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"kind", "objective", "text", "seq", "at_us", "author_id"})

    drill_id: UUID
    member_id: UUID
    author_id: UUID | None = None
    kind: str
    objective: str | None = None
    text: str
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    at_us: int = Field(sa_column=Column(BigInteger, nullable=False))
    observed_at: datetime = Field(sa_type=UtcTime)


class DrillRating(Spaced, table=True):
    """An objective as it was measured when the drill ended, and the evaluator's word against it, if there is one.

    ``figure`` in seconds for times, 0 to 1 for shares; ``computed`` is empty where nothing was measured.
    """

    __tablename__ = "drill_rating"
    __table_args__ = (
        ref("drill_id", "drill"),
        UniqueConstraint("space_id", "drill_id", "objective"),
        one_of("computed", RATED, null=True),
        one_of("overruled", RATED, null=True),
        CheckConstraint("(overruled IS NULL) = (reason IS NULL)", name="reason"),
    )
    KIND: ClassVar[str] = "drill_rating"

    drill_id: UUID
    objective: str
    position: int
    names: dict[str, str] = Field(sa_type=JSONB)
    metric: str
    figure: float | None = None
    n: int = 0
    hits: int | None = None
    interval: list[float] | None = Field(default=None, sa_type=JSONB)
    not_assessed: int = 0
    never: bool = False
    evidence: list[int] = Field(default_factory=list, sa_type=JSONB)
    computed: str | None = None
    overruled: str | None = None
    reason: str | None = None
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    overruled_by_id: UUID | None = None


class DrillHotWash(Spaced, table=True):
    """A member's form of the hot wash: what went well, what did not, what to change. One a member; it can be written again.

    What it says is hidden from the journal: other members read it once the hot wash was held.
    """

    __tablename__ = "drill_hot_wash"
    __table_args__ = (
        ref("drill_id", "drill"),
        ref("member_id", "member"),
        UniqueConstraint("space_id", "drill_id", "member_id"),
    )
    KIND: ClassVar[str] = "drill_hot_wash"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"went_well", "to_improve", "to_change"})

    drill_id: UUID
    member_id: UUID
    went_well: str
    to_improve: str
    to_change: str | None = None
    written_by_id: UUID | None = None
    written_at: datetime = Field(sa_type=UtcTime)
    late: bool = False


class DrillNotice(Spaced, table=True):
    """That a member is told something of a drill by itself: its directors of a live incident, who played that the hot wash is due."""

    __tablename__ = "drill_notice"
    __table_args__ = (
        ref("drill_id", "drill"),
        ref("member_id", "member"),
        ref("incident_id", "incident"),
        one_of("kind", ("live_incident", "hot_wash_due")),
        CheckConstraint("(kind = 'live_incident') = (incident_id IS NOT NULL)", name="incident"),
        Index(None, "space_id", "drill_id", "member_id"),
    )
    KIND: ClassVar[str] = "drill_notice"

    drill_id: UUID
    member_id: UUID
    kind: str
    incident_id: UUID | None = None
    given_at: datetime = Field(sa_type=UtcTime)


class CorrectiveAction(Spaced, table=True):
    """What has to become better, by whose hand, until when, and which drill tests it again."""

    __tablename__ = "corrective_action"
    __table_args__ = (
        ref("drill_id", "drill"),
        ref("owner_member_id", "member"),
        ref("retest_drill_id", "drill"),
        UniqueConstraint("space_id", "ref"),
        state_of("corrective_action"),
        CheckConstraint("retest_drill_id <> drill_id", name="another_drill"),
        Index(None, "space_id", "status", "due_on"),
        Index(None, "space_id", "drill_id"),
    )
    KIND: ClassVar[str] = "corrective_action"

    ref: str
    drill_id: UUID
    objective: str | None = None
    text: str
    owner_member_id: UUID
    status: str = "open"
    due_on: date
    retest_drill_id: UUID | None = None
    note: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
