"""Planning a drill: from a scenario, changed until it is approved by somebody else, and given its hour."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, RootModel, WithJsonSchema

from app.commands.drill_free import require_free
from app.commands.drill_hours import ScheduleDrill, local_of, recurrence_of, set_hour
from app.commands.drill_parts import held, require_live, require_status, step
from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.drills import views
from app.domain.drills.scenario import ScenarioInvalid, parse_scenario
from app.domain.drills.schedule import instant, require_recurrence
from app.domain.drills.sides import BEFORE
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange
from app.domain.forms import WHOLE, text_schema
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
        raise Conflict(
            message,
            extra={**because("own_script"), "current": found.drill.state()},
            hint="Ask another director of this drill.",
        )
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
        Conflict: a member plays another drill at that time, or at one at which this comes again within a year; told which.
    """
    found = await held(uow)
    drill = found.drill
    uow.authorise(found.sides)
    starts_at = instant(local_of(cmd.start), cmd.time_zone, cmd.which)
    if starts_at <= uow.now:
        detail = f"{starts_at.isoformat()} is over; it is {uow.now.isoformat()} here."
        raise OutOfRange(detail, errors=[FieldError("/start", OutOfRange.slug, detail)])
    rule = recurrence_of(cmd)
    if rule is not None:
        require_recurrence(rule)
    step(drill, "schedule")
    set_hour(drill, starts_at, cmd.time_zone)
    drill.recurrence = None if rule is None else cmd.model_dump(mode="json", exclude={"occurred_at", "why"})
    await require_free(uow, found, rule)
    uow.later("begin_drill", starts_at, drill.id)
    uow.record("drill.scheduled", drill)


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


def require_planned(drill: Drill) -> None:
    """Refuse what is for a drill that has not begun."""
    require_status(drill, BEFORE, "be prepared any more")
