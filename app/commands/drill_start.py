"""Before a drill begins, and its beginning: READY players or the hold, a live incident that stands it down, the space that is made."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from app.commands.drill_alerts import LOOKS_AGAIN_AFTER, forbidden_by, incidents_of, sentence_of
from app.commands.drill_free import next_free, under_way_with
from app.commands.drill_hours import NO_NOTICE, said_recurrence, set_hour
from app.commands.drill_parts import Held, held, require_space, set_clock, step
from app.commands.drill_plans import require_planned
from app.commands.drill_shadows import copy_corridor, make_space
from app.commands.registry import Act, Command, handles
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.drills.clock import Clock
from app.domain.drills.schedule import Reason, holds_for, stands_down
from app.domain.drills.sides import UNDER_WAY
from app.domain.errors import Conflict, Duplicate
from app.domain.forms import Flag, Note
from app.domain.ids import new_id
from app.domain.short_codes import short_code
from app.store.drills import clock_of
from app.store.tables import Drill, DrillClock, DrillParticipant
from app.store.unit_of_work import UnitOfWork

EVERYBODY: Final = "all"


class AnswerReady(Act):
    """Say for your member that it is ready to play, or is not any more. After the beginning: it joins late."""

    ready: Flag = True


class GoAheadWithDrill(Act):
    """A director's word that the drill is held although a live incident concerns a player. All directors' are needed."""


class StartDrill(Act):
    """Begin now, without waiting for its hour."""


class BeginDrill(Command):
    """The hour of the drill has come: by the service itself."""


class StandDownDrill(Act):
    """It is not held."""

    reason: Note


@handles(AnswerReady)
async def answer_ready(uow: UnitOfWork, cmd: AnswerReady) -> None:
    """Record ``drill.ready`` or ``drill.not_ready``; ``drill.joined`` of who comes late. Locks the drill.

    A drill that is held begins with the last answer it waits for.

    Raises:
        TransitionNotAllowed: it is over; or has begun, and the member is not ready.
        Duplicate: it was said before.
    """
    found = await held(uow)
    drill = found.drill
    uow.authorise({"plays": found.sides["plays"]})
    (player,) = [each for each in found.players if each.member_id == uow.actor.member_id]
    if drill.status in UNDER_WAY and cmd.ready:
        await _join(uow, drill, player)
        return
    require_planned(drill)
    if cmd.ready is (player.ready_at is not None):
        said = "ready" if cmd.ready else "not ready"
        message = f"Your member is {said} already."
        raise Duplicate(message, extra={"current": player.state()}, hint="Nothing more is needed.")
    player.ready_at = uow.act.occurred_at if cmd.ready else None
    player.ready_by_id = uow.actor.id if cmd.ready else None
    uow.record("drill.ready" if cmd.ready else "drill.not_ready", player, drill_id=drill.id)
    if drill.status == "held":
        await _begin_or_hold(uow, found)


@handles(GoAheadWithDrill)
async def go_ahead_with_drill(uow: UnitOfWork, _cmd: GoAheadWithDrill) -> None:
    """Record ``drill.go_ahead_given``; a drill that is held begins with the last director's. Locks the drill."""
    found = await held(uow)
    uow.authorise(found.sides)
    require_planned(found.drill)
    country = found.country(uow)
    if country in found.drill.go_ahead:
        message = f"The director of {country} has said so already."
        raise Duplicate(
            message,
            extra={**because("go_ahead_given"), "current": found.drill.state()},
            hint="The other directors' words are needed.",
        )
    found.drill.go_ahead = sorted({*found.drill.go_ahead, country})
    uow.record("drill.go_ahead_given", found.drill, country=country)
    if found.drill.status == "held":
        await _begin_or_hold(uow, found)


@handles(StartDrill)
async def start_drill(uow: UnitOfWork, _cmd: StartDrill) -> None:
    """Record ``drill.started`` in live and in the drill's space, after its copies. Locks the drill.

    Raises:
        Conflict: too few are ready, a player plays another drill, or a live incident concerns one; with ``reasons``.
        TransitionNotAllowed: it is not approved, or has begun.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    verdict, reasons = await _verdict(uow, found)
    if verdict != "begin" and found.drill.status in {"approved", "scheduled", "held"}:
        hint = "Have the players answer READY; where an incident is the reason, every director says to go ahead, or stand it down."
        extra = {"current": found.drill.state(), "reasons": [each.told() for each in reasons]}
        raise Conflict(_sentences(reasons), extra=extra, hint=hint)
    await begin(uow, found)


@handles(BeginDrill)
async def begin_drill(uow: UnitOfWork, _cmd: BeginDrill) -> None:
    """Record ``drill.started``, ``drill.held`` with the reasons, or ``drill.stood_down``. Locks the drill.

    Raises:
        Conflict: it was given another hour, or has begun.
    """
    found = await held(uow)
    uow.authorise()
    drill = found.drill
    if drill.status != "scheduled" or drill.starts_at is None or drill.starts_at > uow.now:
        message = "The drill's hour has not come, or it has begun."
        raise Conflict(message, extra={"current": drill.state()})
    await _begin_or_hold(uow, found)


@handles(StandDownDrill)
async def stand_down_drill(uow: UnitOfWork, cmd: StandDownDrill) -> None:
    """Record ``drill.stood_down``. Locks the drill."""
    found = await held(uow)
    uow.authorise(found.sides)
    await _stand_down(uow, found, cmd.reason)


# ---------------------------------------------------------------- may it begin


async def _verdict(uow: UnitOfWork, found: Held) -> tuple[Literal["begin", "hold", "stand_down"], list[Reason]]:
    """Return whether it may begin, and what speaks against it."""
    players = {each.member_id for each in found.players}
    concerning = await incidents_of(uow, players)
    incidents = [(row["severity"], {row["lead_member_id"], *row["lenders"]}) for row in concerning]
    means = stands_down(players, incidents)  # type: ignore[arg-type]  # members by their ids: any names will do
    if means == "stand_down":
        return "stand_down", [forbidden_by(concerning)]
    reasons = await under_way_with(uow, found)
    if means == "ask" and not found.directors <= set(found.drill.go_ahead):
        lacking = sorted(found.directors - set(found.drill.go_ahead))
        refs = [row["ref"] for row in concerning]
        said = f"{sentence_of(concerning)} The directors of {', '.join(lacking)} have not said to go ahead."
        reasons.append(Reason("drill_incident_asks", said, {"refs": refs, "country": lacking}))
    if found.drill.virtual != EVERYBODY:
        ready = {found.codes[each.member_id] for each in found.players if each.ready_at is not None}
        countries = {found.codes[each]: country for each, country in found.countries.items()}
        reasons += holds_for(found.scenario, ready, countries)
    return ("hold" if reasons else "begin"), reasons


async def _begin_or_hold(uow: UnitOfWork, found: Held) -> None:
    verdict, reasons = await _verdict(uow, found)
    told = [each.told() for each in reasons]
    if verdict == "stand_down":
        found.drill.held_because = told
        await _stand_down(uow, found, _sentences(reasons))
    elif verdict == "begin":
        await begin(uow, found)
    elif found.drill.held_because != told or found.drill.status != "held":
        if found.drill.status != "held":
            step(found.drill, "hold")
        found.drill.held_because = told
        uow.record("drill.held", found.drill, reasons=told)


def _sentences(reasons: list[Reason]) -> str:
    return " ".join(each.detail for each in reasons)


async def _stand_down(uow: UnitOfWork, found: Held, reason: str) -> None:
    step(found.drill, "stand_down")
    found.drill.reason = reason
    uow.record("drill.stood_down", found.drill, reason=reason)
    await _plan_next(uow, found)


# ---------------------------------------------------------------- it begins


async def begin(uow: UnitOfWork, found: Held) -> None:
    """Begin: make the space with its copies and its clock at zero, and wake the script."""
    drill, scenario = found.drill, found.scenario
    step(drill, "start")
    there, space = await make_space(uow, found)
    drill.plays_in, drill.started_at, drill.held_because = space, uow.now, []
    clock = DrillClock(
        space_id=space,
        id=drill.id,
        code=drill.code,
        title=drill.title,
        stop_words=scenario.stop_words.root,
        status="ready",
        anchor_utc=uow.now,
        anchor_us=0,
    )
    _ = set_clock(clock, Clock(anchor_utc=uow.now).start(uow.now, speed=drill.speed))
    there.add(clock)
    await copy_corridor(uow, there, clock)
    there.record("drill.started", clock, drill_id=drill.id)
    # All players are told again, so that nobody sees who plays without having said READY: the machine.
    for each in found.players:
        each.joined_us = 0 if _is_there(drill, each) else None
        uow.revise(each)
    uow.record("drill.started", drill, *found.players, space=space)
    uow.later("advance_drill", uow.now, drill.id)
    uow.later("heed_live_incidents", uow.now + LOOKS_AGAIN_AFTER, drill.id, {"small": False})
    await _plan_next(uow, found)


def _is_there(drill: Drill, player: DrillParticipant) -> bool:
    return drill.virtual == EVERYBODY or player.play == "virtual" or player.ready_at is not None


async def _join(uow: UnitOfWork, drill: Drill, player: DrillParticipant) -> None:
    if player.joined_us is not None:
        message = "Your member plays already."
        raise Duplicate(
            message, extra={**because("plays_already"), "current": player.state()}, hint="Nothing more is needed."
        )
    space = require_space(drill)
    row = await uow.raw.fetchrow("SELECT * FROM drill_clock WHERE space_id = $1 AND id = $2", space, drill.id)
    assert row is not None
    player.joined_us = clock_of(row).at_us(uow.now)
    uow.record("drill.joined", player, drill_id=drill.id)


async def _plan_next(uow: UnitOfWork, found: Held) -> None:
    """Put the next occurrence of a drill that comes again on the calendar, approved as this one is. Records ``drill.scheduled``.

    Hours at which a player has another drill are passed over: ``skipped`` tells which, of a drill without notice how many alone.
    """
    drill = found.drill
    if drill.recurrence is None or drill.starts_at is None:
        return
    rule = said_recurrence(drill)
    assert rule is not None
    free = await next_free(uow, found, rule, max(drill.starts_at, uow.now))
    at = free.at
    if at is None:
        return
    kept = {name: getattr(drill, name) for name in _KEPT}
    following = uow.add(
        Drill(space_id=uow.space, id=new_id(), code=short_code("D"), status="scheduled", recurrence=drill.recurrence, **kept)
    )  # fmt: skip
    set_hour(following, at, rule.zone)
    people = [uow.add(_again(each, following.id)) for each in found.people]
    drill.recurrence = None
    uow.later("begin_drill", at, following.id)
    uow.record("drill.scheduled", following, drill, *people, follows_id=drill.id, **_told(drill, free.skipped))


def _told(drill: Drill, skipped: list[dict[str, Any]]) -> dict[str, Any]:
    if not skipped:
        return {}
    return {
        "skipped": len(skipped)
        if drill.notice == NO_NOTICE
        else [{**each, "at": stamp(each["at"])} for each in skipped]
    }


_KEPT: Final = (
    "title", "scenario", "scenario_version", "type", "notice", "handbook", "script", "script_digest", "lasts_s", "written_by_id",
    "approved_by_id", "approved_at", "speed", "virtual",
)  # fmt: skip


def _again(each: DrillParticipant, drill_id: UUID) -> DrillParticipant:
    values: dict[str, Any] = {
        name: getattr(each, name) for name in ("space_id", "member_id", "role", "count", "site", "play")
    }
    return DrillParticipant(id=new_id(), drill_id=drill_id, **values)
