"""Planning a drill: from a scenario, changed until it is approved by somebody else, and given its hour."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, RootModel, WithJsonSchema
from sqlmodel import col

from app.commands.drill_parts import UNDER_WAY, Held, held, require_live, require_status, step
from app.commands.registry import Act, handles
from app.domain.drills import views
from app.domain.drills.scenario import ScenarioInvalid, parse_scenario
from app.domain.drills.schedule import Booking, Monthly, Recurrence, Weekly, clashes, instant, require_recurrence
from app.domain.errors import Conflict, FieldError, MissingField, NotFound, OutOfRange
from app.domain.forms import WHOLE, Form, text_schema
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.short_codes import short_code
from app.store.drills import ground_of, scenario_of
from app.store.tables import Drill, DrillParticipant, Member
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.drills.model import Scenario

LONGEST_SCRIPT: Final = 300_000
Script = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_SCRIPT),
    WithJsonSchema(text_schema(1, LONGEST_SCRIPT, "id: small-flood\nversion: 1\n", lines=True)),
]
"""A scenario file as it is (YAML): see simulations/scenarios/README.md."""
Speed = Annotated[int, Field(strict=True, ge=1, le=60), WHOLE]
NO_NOTICE: Final = "no_notice"


class PlanDrill(Act):
    """Plan a drill from a scenario. Whatever is wrong in it is told with its line."""

    script: Script
    speed: Speed = 1
    """At which it begins; the directors can change it."""
    virtual: Literal["virtual", "all"] = "virtual"
    """Whom the machine plays: the players that the script names for it, or all of them."""
    retests_id: UUID | None = None
    """An earlier drill whose corrective actions this one tests again."""


class ChangeDrill(Act):
    """Change the plan. It has to be approved again, and the players asked again."""

    script: Script | None = None
    speed: Speed | None = None
    virtual: Literal["virtual", "all"] | None = None


class ApproveDrill(Act):
    """Approve the script: somebody else than who wrote it."""


class WeeklyRule(Form):
    """Each ``every`` weeks on a weekday (0: Monday)."""

    weekday: Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
    every: Annotated[int, Field(strict=True, ge=1, le=52), WHOLE] = 1


class MonthlyRule(Form):
    """Each ``every`` months on the ``nth`` weekday (-1: the last)."""

    nth: Annotated[int, Field(strict=True, ge=-1, le=5), WHOLE]
    weekday: Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
    every: Annotated[int, Field(strict=True, ge=1, le=12), WHOLE] = 1


class Repeats(Form):
    """How it comes again, at the same local hour."""

    weekly: WeeklyRule | None = None
    monthly: MonthlyRule | None = None
    until: date | None = None


class ScheduleDrill(Act):
    """Give the drill its hour, as a local time of a zone."""

    start: Annotated[str, Field(max_length=32), WithJsonSchema({"type": "string", "examples": ["2027-05-04T09:00"]})]
    """Local, without an offset: ``2027-05-04T09:00``."""
    time_zone: Annotated[str, Field(max_length=64)]
    """By its name in the IANA data: ``Europe/Brussels``."""
    which: Literal["first", "second"] | None = None
    """Of an hour that is there twice, when the clocks go back."""
    repeats: Repeats | None = None


@handles(PlanDrill)
async def plan_drill(uow: UnitOfWork, cmd: PlanDrill) -> None:
    """Record ``drill.planned`` with who takes part.

    Raises:
        Malformed: the script can't be played: ``faults`` by line.
    """
    uow.authorise()
    require_live(uow)
    scenario = await _read(uow, cmd.script)
    if cmd.retests_id is not None:
        _ = await uow.get(Drill, cmd.retests_id)
    drill = uow.add(
        Drill(
            space_id=uow.space,
            id=new_id(),
            code=short_code("D"),
            status=machine("drill").initial,
            written_by_id=uow.actor.id,
            speed=cmd.speed,
            virtual=cmd.virtual,
            retests_id=cmd.retests_id,
            **_columns(scenario, cmd.script),
        )
    )
    people = await _cast(uow, drill, scenario)
    uow.record("drill.planned", drill, *people)


@handles(ChangeDrill)
async def change_drill(uow: UnitOfWork, cmd: ChangeDrill) -> None:
    """Record ``drill.changed``. Locks the drill. Its approval and its hour are gone, and so are the answers of players.

    Raises:
        Malformed: the script can't be played.
        TransitionNotAllowed: it has begun, or is over.
    """
    found = await held(uow)
    drill = found.drill
    uow.authorise(found.sides)
    step(drill, "change")
    drill.approved_by_id = drill.approved_at = drill.starts_at = drill.announced_for = None
    drill.window_from = drill.window_until = drill.time_zone = drill.recurrence = None
    drill.held_because, drill.go_ahead = [], []
    drill.speed = cmd.speed or drill.speed
    drill.virtual = cmd.virtual or drill.virtual
    changed: list[DrillParticipant] = []
    if cmd.script is not None:
        for name, value in _columns(await _read(uow, cmd.script), cmd.script).items():
            setattr(drill, name, value)
        drill.written_by_id = uow.actor.id
        changed = await _cast(uow, drill, scenario_of(drill.script, drill.script_digest), found.people)
    for each in found.people:
        each.ready_at = each.ready_by_id = None
    uow.record("drill.changed", drill, *{id(each): each for each in [*found.people, *changed]}.values())


@handles(ApproveDrill)
async def approve_drill(uow: UnitOfWork, _cmd: ApproveDrill) -> None:
    """Record ``drill.approved``. Locks the drill.

    Raises:
        Conflict: by who wrote it.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    if uow.actor.id is not None and uow.actor.id == found.drill.written_by_id:
        message = "Who wrote the script does not approve it."
        raise Conflict(message, extra={"current": found.drill.state()}, hint="Ask another director of this drill.")
    step(found.drill, "approve")
    found.drill.approved_by_id, found.drill.approved_at = uow.actor.id, uow.now
    uow.record("drill.approved", found.drill)


@handles(ScheduleDrill)
async def schedule_drill(uow: UnitOfWork, cmd: ScheduleDrill) -> None:
    """Record ``drill.scheduled``; it begins by itself at its hour. Locks the drill.

    Of a drill without notice the window alone is told.

    Raises:
        Malformed: a local hour that is none, or is there twice.
        UnknownCode: no such zone.
        OutOfRange: it is over.
        Conflict: a member plays another drill at that time.
    """
    found = await held(uow)
    drill = found.drill
    uow.authorise(found.sides)
    starts_at = instant(local_of(cmd.start), cmd.time_zone, cmd.which)
    if starts_at <= uow.now:
        _wrong("/start", f"{starts_at.isoformat()} is over; it is {uow.now.isoformat()} here.")
    rule = recurrence_of(cmd)
    if rule is not None:
        require_recurrence(rule)
    step(drill, "schedule")
    set_hour(drill, starts_at, cmd.time_zone)
    drill.recurrence = None if rule is None else cmd.model_dump(mode="json", exclude={"occurred_at", "why"})
    await _require_free(uow, found)
    uow.later("begin_drill", starts_at, drill.id)
    uow.record("drill.scheduled", drill)


def set_hour(drill: Drill, starts_at: datetime, zone: str) -> None:
    """Give the drill its hour; players of one without notice learn of a window around it, and no more."""
    drill.starts_at, drill.time_zone = starts_at, zone
    drill.held_because, drill.go_ahead = [], []
    drill.announced_for = drill.window_from = drill.window_until = None
    if drill.notice != NO_NOTICE:
        drill.announced_for = starts_at
        return
    hours: int = drill.handbook["notice"]["window_h"]
    # The window begins at a midnight (UTC) and is as long as the script says, or one day longer: its ends tell nothing of the hour.
    drill.window_from = starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    drill.window_until = drill.window_from + timedelta(hours=hours)
    while drill.window_until <= starts_at:
        drill.window_until += timedelta(days=1)


def local_of(text: str) -> datetime:
    """Return a local time as it was sent.

    Raises:
        OutOfRange: it is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        _wrong("/start", f"{text!r} is no local time such as 2027-05-04T09:00.")
        raise


def recurrence_of(cmd: ScheduleDrill) -> Recurrence | None:
    """Return the rule by which it comes again, if it does.

    Raises:
        MissingField: neither weekly nor monthly.
    """
    if cmd.repeats is None:
        return None
    week, month = cmd.repeats.weekly, cmd.repeats.monthly
    if (week is None) is (month is None):
        detail = "It comes again either weekly or monthly."
        raise MissingField(detail, errors=[FieldError("/repeats", MissingField.slug, detail)])
    local = local_of(cmd.start)
    rule = Weekly(week.weekday, week.every) if week else Monthly(month.nth, month.weekday, month.every)  # type: ignore[union-attr]  # one of the two
    at = time(local.hour, local.minute, local.second)
    return Recurrence(rule, local.date(), at, cmd.time_zone, cmd.repeats.until, cmd.which)


# ---------------------------------------------------------------- what they share


class _Plain(RootModel[Any]):
    """Makes plain data of dataclasses with models in them."""


async def _read(uow: UnitOfWork, script: str) -> Scenario:
    try:
        return parse_scenario(script, await ground_of(uow.raw, uow.space), name="script")
    except ScenarioInvalid as error:
        raise error.refusal() from error


def _columns(scenario: Scenario, script: str) -> dict[str, Any]:
    handbook = views.handbook(scenario)
    return {
        "title": scenario.title.root,
        "scenario": scenario.id,
        "scenario_version": scenario.version,
        "type": scenario.type,
        "notice": scenario.notice.kind,
        "handbook": _Plain(asdict(handbook)).model_dump(mode="json"),
        "script": script,
        "script_digest": hashlib.sha256(script.encode()).digest(),
        "lasts_s": scenario.duration,
    }


async def _cast(
    uow: UnitOfWork, drill: Drill, scenario: Scenario, before: Sequence[DrillParticipant] = ()
) -> list[DrillParticipant]:
    """Return who takes part by the script: new, changed and removed rows."""
    members = {each.code: each.id for each in await uow.find(Member)}
    known = {(each.member_id, each.role): each for each in before}
    wanted: dict[tuple[UUID, str], dict[str, Any]] = {}
    for player in scenario.players:
        wanted[members[player.member], "player"] = {"site": player.site, "play": player.play, "count": 1}
    for role in scenario.roles:
        if role.member not in members:
            raise NotFound(Member.KIND, role.member)
        row = wanted.setdefault((members[role.member], role.role), {"site": None, "play": None, "count": 0})
        row["count"] += role.count
    touched: list[DrillParticipant] = []
    for (member_id, role_name), values in wanted.items():
        each = known.pop((member_id, role_name), None)
        if each is None:
            each = uow.add(
                DrillParticipant(
                    space_id=uow.space, id=new_id(), drill_id=drill.id, member_id=member_id, role=role_name, **values
                )
            )
        else:
            for name, value in values.items():
                setattr(each, name, value)
        touched.append(each)
    for gone in known.values():
        await uow.remove(gone)
        touched.append(gone)
    return touched


async def _require_free(uow: UnitOfWork, found: Held) -> None:
    """Refuse two drills at one time for a member.

    Raises:
        Conflict: with which drill.
    """
    others = await uow.find(
        Drill, col(Drill.id) != found.drill.id, col(Drill.status).in_(["scheduled", "held", *UNDER_WAY])
    )
    bookings = [await _booking(uow, each) for each in [found.drill, *others] if each.starts_at is not None]
    for member, a, b in clashes(bookings):
        if found.drill.code in {a, b}:
            other = b if a == found.drill.code else a
            message = f"{member} plays {other} at that time."
            raise Conflict(message, extra={"current": found.drill.state()}, hint="Choose another hour.")


async def _booking(uow: UnitOfWork, drill: Drill) -> Booking:
    members = {each.id: each.code for each in await uow.find(Member)}
    where = (col(DrillParticipant.drill_id) == drill.id, col(DrillParticipant.role) == "player")
    people = await uow.find(DrillParticipant, *where)
    assert drill.starts_at is not None
    # A drill without notice takes its members' whole window.
    start = drill.window_from or drill.starts_at
    lasts = drill.window_until - start if drill.window_until else timedelta(seconds=drill.lasts_s / drill.speed)
    return Booking(drill.code, start, lasts, frozenset(members[each.member_id] for each in people))


def require_planned(drill: Drill) -> None:
    """Refuse what is for a drill that has not begun."""
    require_status(drill, ("planned", "approved", "scheduled", "held"), "be prepared any more")


def _wrong(pointer: str, detail: str) -> None:
    raise OutOfRange(detail, errors=[FieldError(pointer, OutOfRange.slug, detail)])
