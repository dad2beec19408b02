"""Drills as they stand in the calendar: what anybody may know of each, what its staff know beside that, and what the reader can do.

Whether somebody reads the script is decided here, for every route: ``known`` says whether the reader is staff, ``require_staff``
refuses those that are not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain import authority
from app.domain.drills.schedule import Seat, readiness
from app.domain.drills.sides import BEFORE, READS_SCRIPT, SIDES, TOLD, UNDER_WAY, commands_in, reads_script
from app.domain.errors import Conflict, NotFound, WrongSide
from app.queries.drill_clock import ClockStateView, clock_state
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row
from app.store.drills import clock_of, scenario_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from app.domain.authority import Actor
    from app.domain.drills.clock import Clock

_SELECT: Final = """
    SELECT d.*, (
        SELECT r.id FROM drill r WHERE r.space_id = d.space_id AND r.retests_id = d.id AND r.status <> 'stood_down'
        ORDER BY r.id DESC LIMIT 1
    ) AS retested_by_id, (
        SELECT e.actor_id FROM journal_entry e WHERE d.status = 'stopped' AND e.space_id = d.space_id
        AND e.subject_kind = 'drill' AND e.subject_id = d.id AND e.type = 'drill.stopped'
    ) AS stopped_by_id
    FROM drill d
"""
_PEOPLE: Final = """
    SELECT p.*, m.code, m.country FROM drill_participant p
    JOIN member m ON m.space_id = p.space_id AND m.id = p.member_id
    WHERE p.space_id = $1 AND p.drill_id = ANY($2) ORDER BY p.id
"""
_NOTICES: Final = """
    SELECT n.id, n.drill_id, n.kind, n.incident_id, n.given_at FROM drill_notice n
    LEFT JOIN incident i ON i.space_id = n.space_id AND i.id = n.incident_id
    WHERE n.space_id = $1 AND n.drill_id = ANY($2) AND n.member_id = $3 AND coalesce(i.status <> 'closed', NOT EXISTS (
        SELECT FROM drill_hot_wash w
        WHERE w.space_id = n.space_id AND w.drill_id = n.drill_id AND w.member_id = n.member_id
    )) ORDER BY n.id DESC
"""
_CLOCKS: Final = "SELECT * FROM drill_clock WHERE space_id = ANY($1)"
_OF_CLOCK: Final = ("paused_sites", "words", "site_words", "pause_reasons")
_JSON: Final = ("title", "handbook", "recurrence", "held_because", "go_ahead")
_STAFF_ALONE: Final = ("starts_at", "lasts_s", "virtual")


class DrillParticipantView(ReadModel):
    """What a member is in a drill. Whom the machine plays is in the handbook (`simulated`)."""

    id: UUID
    member_id: UUID
    role: str
    """`player`, or one of the staff's: `exercise_director`, `drill_controller`, `drill_evaluator`, `simcell`, `safety_officer`, `observer`."""
    count: int
    """How many people in that role."""
    site: str | None
    """Where a player plays."""
    ready_at: datetime | None
    """When a player answered READY."""
    joined_us: int | None
    """Drill time at which a player joined, in microseconds: 0 at the beginning. Of other members for the staff alone."""


class DrillNoticeView(ReadModel):
    """What your member is told of the drill by itself."""

    id: UUID
    kind: str
    """`live_incident`: a player leads or lends to it, for directors; `hot_wash_due`: your member has not written its own."""
    incident_id: UUID | None
    given_at: datetime


class CountryReadyView(ReadModel):
    """The players of one country."""

    country: str
    ready: int
    """How many are there: who said READY, and whom the machine plays."""
    of: int
    enough: bool
    """Somebody of its people said READY, or the machine alone plays for it."""


class ReadinessView(ReadModel):
    """Whether enough players are there for it to begin, as the service counts at its hour."""

    ready: int
    """Players that said READY, and those whom the machine plays."""
    needed: int
    """The quorum."""
    enough: bool
    """Of all, and of each country."""
    countries: tuple[CountryReadyView, ...]


class HeldReason(ReadModel):
    """One reason why a drill does not begin."""

    code: str
    """`drill_too_few_ready`, `drill_nobody_ready`, `drill_plays_another`, `drill_incident_asks` or `drill_incident_forbids`."""
    detail: str
    """In English."""
    figures: dict[str, Any]
    """What it names: players, countries, incidents."""


class DrillView(Row):
    """A drill, with what the reader may know of it and can do."""

    code: str
    title: dict[str, str]
    scenario: str
    scenario_version: int
    type: str
    """`seminar`, `workshop`, `tabletop`, `game`, `drill`, `functional` or `full_scale`."""
    status: str
    notice: str
    """`announced` or `no_notice`."""
    handbook: dict[str, Any]
    """What players may read of the plan: directive, extent of play, situation, communications, sites, roles, stop words."""
    starts_at: datetime | None
    """For its staff; null for others."""
    announced_for: datetime | None
    """When it begins, as everybody is told; null without notice."""
    window_from: datetime | None
    window_until: datetime | None
    """Without notice: the window within which it begins."""
    time_zone: str | None
    recurrence: dict[str, Any] | None
    """How it comes again, as it was sent; without notice for its staff alone, for it names the hour."""
    lasts_s: int | None
    """How long it is planned to last, in seconds of drill time; for its staff."""
    speed: int
    virtual: str | None
    """Whom the machine plays: `virtual` players, or `all`; for its staff."""
    held_because: list[HeldReason]
    """Why it waits, or was stood down or stopped by itself."""
    go_ahead: list[str]
    """Countries whose directors said that it is held although a live incident concerns a player."""
    plays_in: str | None
    """Its own space, once it has begun."""
    started_at: datetime | None
    ended_at: datetime | None
    hot_wash_due_at: datetime | None
    hot_wash: str | None
    """What the hot wash came to, in the directors' words."""
    reason: str | None
    """Why it was stood down or stopped."""
    approved_at: datetime | None
    retests_id: UUID | None
    """The drill whose corrective actions it tests again."""
    retested_by_id: UUID | None
    """The latest drill that tests those of this one."""
    written_by_me: bool
    """You wrote its script, and can't approve it."""
    participants: tuple[DrillParticipantView, ...]
    readiness: ReadinessView | None
    """Before it begins: who is there, of how many that are needed."""
    clock: ClockStateView | None
    """While it is under way, for those who take part."""
    notices: tuple[DrillNoticeView, ...]
    """For your member, newest first: open live incidents that concern players, and a hot wash that is due."""
    staff: bool
    """You read its script."""
    may: tuple[str, ...]
    """Commands that your roles and its state allow now."""


class ScriptView(ReadModel):
    """A drill's script."""

    script: str
    """YAML, as it was planned."""
    digest: str
    """Its SHA-256."""


@dataclass(frozen=True, slots=True)
class Known:
    """A drill's row and who takes part, as one reader stands to it."""

    row: Mapping[str, Any]
    people: Sequence[Mapping[str, Any]]
    notices: Sequence[Mapping[str, Any]]
    actor: Actor
    clock: Clock | None = None
    """While it is under way."""

    @property
    def sides(self) -> dict[str, frozenset[UUID]]:
        """Return the members on each side."""
        found = {side: set[UUID]() for side in SIDES.values()}
        for each in self.people:
            found[SIDES[each["role"]]].add(each["member_id"])
        return {side: frozenset(members) for side, members in found.items()}

    @property
    def staff(self) -> bool:
        """Return whether the reader reads the script."""
        return self.actor.kind == "system" or reads_script(self.actor.member_id, self.actor.roles, self.sides)

    @property
    def took_part(self) -> bool:
        """Return whether the reader's member takes part, in whatever role."""
        return any(each["member_id"] == self.actor.member_id for each in self.people)

    @property
    def codes(self) -> dict[UUID, str]:
        """Return the codes of those who take part."""
        return {each["member_id"]: each["code"] for each in self.people}

    def require_staff(self, reading: str) -> None:
        """Refuse who does not read the script; ``reading`` names what is wanted.

        Raises:
            RoleMissing: with the roles that do.
        """
        if not self.staff:
            roles = (role for roles in READS_SCRIPT.values() for role in sorted(roles))
            raise authority.role_missing(
                reading, roles, "staff", "A member whose people lead, play or judge the drill."
            )

    def require_told(self, reading: str) -> None:
        """Refuse who reads what was written about the drill before everybody who took part does, or took no part.

        Raises:
            RoleMissing: it is for the staff yet.
            WrongSide: it is for those who took part.
        """
        if not self.staff and not self.took_part:
            raise WrongSide(reading, {}, "takes_part", "A member with any part in the drill.")
        if self.row["status"] not in TOLD:
            self.require_staff(reading)

    def require_over(self) -> None:
        """Refuse what there is once a drill is over.

        Raises:
            Conflict: it has not ended.
        """
        if self.row["ended_at"] is None:
            message = f"The drill is {self.row['status'].replace('_', ' ')}; there is nothing to report yet."
            raise Conflict(message, hint="Ask again once it has ended.")


async def known(conn: asyncpg.Connection[Any], space: str, id_: UUID, actor: Actor) -> Known:
    """Return one drill as the reader stands to it.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_SELECT} WHERE d.space_id = $1 AND d.id = $2", space, id_)
    if row is None:
        raise NotFound("drill", id_)
    return (await _known_all(conn, space, [row], actor))[0]


async def _known_all(
    conn: asyncpg.Connection[Any], space: str, rows: Sequence[asyncpg.Record], actor: Actor
) -> list[Known]:
    ids = [row["id"] for row in rows]
    people = await conn.fetch(_PEOPLE, space, ids)
    notices = await conn.fetch(_NOTICES, space, ids, actor.member_id)
    clocks = await conn.fetch(_CLOCKS, [row["plays_in"] for row in rows if row["status"] in UNDER_WAY])
    by_drill = {row["id"]: clock_of(decoded(row, *_OF_CLOCK)) for row in clocks}
    return [
        Known(
            decoded(row, *_JSON),
            [each for each in people if each["drill_id"] == row["id"]],
            [each for each in notices if each["drill_id"] == row["id"]],
            actor,
            by_drill.get(row["id"]),
        )
        for row in rows
    ]


async def drill(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, actor: Actor) -> DrillView:
    """Return one drill.

    Raises:
        NotFound: there is none of that id in the space.
    """
    return view_of(await known(conn, space, id_, actor))


async def drills(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    actor: Actor,
    status: Sequence[str] = (),
    member: UUID | None = None,
    before: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[DrillView]:
    """Return drills, newest first; ``member`` keeps those in which it takes part."""
    where = Where().add("d.space_id = {}", space).add_if(list(status), "d.status = ANY({})")
    where.add_if(
        member,
        "d.id IN (SELECT p.drill_id FROM drill_participant p WHERE p.space_id = d.space_id AND p.member_id = {})",
    )
    if before is not None:
        where.add("d.id < {}", before[0])
    rows = await fetch(conn, _SELECT, where, order="d.id DESC", limit=limit)
    return [view_of(each) for each in await _known_all(conn, space, rows, actor)]


async def over(conn: asyncpg.Connection[Any], space: str, *, actor: Actor) -> list[Known]:
    """Return all drills that were played to their end, or stopped, as the reader stands to each."""
    rows = await conn.fetch(f"{_SELECT} WHERE d.space_id = $1 AND d.ended_at IS NOT NULL ORDER BY d.id", space)
    return await _known_all(conn, space, rows, actor)


async def script(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, actor: Actor) -> ScriptView:
    """Return the script.

    Raises:
        NotFound: there is no such drill.
        RoleMissing: the reader is not of its staff.
    """
    found = await known(conn, space, id_, actor)
    found.require_staff("reading the script")
    return ScriptView(script=found.row["script"], digest=found.row["script_digest"].hex())


def view_of(found: Known) -> DrillView:
    """Return the drill as its reader may see it."""
    told = dict(found.row)
    staff = found.staff
    if not staff:
        told |= dict.fromkeys(_STAFF_ALONE)
        if told["notice"] == "no_notice":
            told["recurrence"] = None
    told |= {
        "written_by_me": found.actor.id is not None and found.actor.id == told["written_by_id"],
        "participants": [_participant(each, found, staff=staff) for each in found.people],
        "readiness": _readiness(found),
        "clock": None if found.clock is None or not found.took_part else clock_state(found.clock),
        "notices": [DrillNoticeView.model_validate(dict(each)) for each in found.notices],
        "staff": staff,
        "may": _may(found),
    }
    return DrillView.model_validate(told)


def _readiness(found: Known) -> ReadinessView | None:
    if found.row["status"] not in BEFORE:
        return None
    players = [each for each in found.people if each["role"] == "player"]
    seats = [Seat(each["country"], each["play"] != "virtual", each["ready_at"] is not None) for each in players]
    quorum = found.row["handbook"].get("quorum")
    if quorum is None:  # planned before handbooks told it
        quorum = scenario_of(found.row["script"], found.row["script_digest"]).quorum
    counted = readiness(quorum, seats)
    return ReadinessView(
        ready=counted.ready,
        needed=counted.needed,
        enough=counted.enough,
        countries=tuple(CountryReadyView(**asdict(each)) for each in counted.countries),
    )


def _participant(row: Mapping[str, Any], found: Known, *, staff: bool) -> DrillParticipantView:
    told = dict(row)
    if not staff and row["member_id"] != found.actor.member_id:
        told["joined_us"] = None
    return DrillParticipantView.model_validate(told)


def _may(found: Known) -> tuple[str, ...]:
    actor, row = found.actor, found.row
    stopper = row["stopped_by_id"]
    sides = found.sides | {"self": frozenset() if stopper is None else frozenset({stopper})}
    allowed = [name for name in commands_in(row["status"]) if authority.may(name, actor, sides)]
    own = [each for each in found.people if each["member_id"] == actor.member_id]
    without = set()
    if actor.id is not None and actor.id == row["written_by_id"]:
        without.add("approve_drill")
    if own and own[0]["country"] in row["go_ahead"]:
        without.add("go_ahead_with_drill")
    if any(each["role"] == "player" and each["joined_us"] is not None for each in own):
        without.add("answer_ready")
    return tuple(name for name in allowed if name not in without)
