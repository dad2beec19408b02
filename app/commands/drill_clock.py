"""The clock of a drill, led by its directors: paused by any of them or a safety officer, resumed by all, faster, on to the next event.

What is done to it is told in live and in the drill's own space. ``REAL EMERGENCY`` is anybody's word, and stops it for ever.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from sqlmodel import col

from app.commands.drill_deadlines import as_it_ran, follow, stood
from app.commands.drill_parts import (
    Held,
    clock_row,
    held,
    locked_clock,
    require_space,
    require_status,
    set_clock,
    step,
    tell,
)
from app.commands.drill_plans import Speed
from app.commands.frozen import freeze
from app.commands.registry import Act, handles
from app.domain.drills.expectations import awaited
from app.domain.drills.injects import look
from app.domain.drills.rating import rate
from app.domain.drills.sides import UNDER_WAY
from app.domain.errors import NotFound
from app.domain.forms import LongText, ShortText
from app.domain.ids import new_id
from app.store.drills import playing
from app.store.tables import Drill, DrillClock, DrillMark, DrillRating
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.drills.clock import Clock
    from app.domain.drills.play import Play

HOT_WASH: Final = timedelta(minutes=30)
REMINDS_AFTER: Final = timedelta(minutes=15)
"""After the end, of a hot wash that is not written yet."""
_STOPPED_BY: Final = """
    SELECT actor_id FROM journal_entry
    WHERE space_id = $1 AND subject_kind = 'drill' AND subject_id = $2 AND type = 'drill.stopped'
"""
Site = Annotated[str, Field(min_length=1, max_length=64)]


class PauseDrill(Act):
    """Have the time stand: for everybody, or at one site alone."""

    site: Site | None = None
    reason: ShortText | None = None


class ResumeDrill(Act):
    """A director's word that it goes on; with the last director's it does."""

    site: Site | None = None


class SetDrillSpeed(Act):
    """Have the drill's time run so many times as fast as the wall's."""

    speed: Speed


class JumpDrill(Act):
    """Go straight to the next event of the script; not while people are still at work on one."""

    CONFIDES = True


class EndDrill(Act):
    """End the exercise."""


class StopDrill(Act):
    """REAL EMERGENCY: stop the drill."""

    reason: LongText | None = None


class ExplainStop(Act):
    """Say why a drill was stopped, or say it anew; what was said before stays in the report."""

    reason: LongText


@handles(PauseDrill)
async def pause_drill(uow: UnitOfWork, cmd: PauseDrill) -> None:
    """Record ``drill.paused``, or ``drill.site_paused``, in live and in the drill's space. Locks the drill, then its clock.

    Raises:
        NotFound: no such site.
        Conflict: it stands already; with the clock in ``current``.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    there, row, clock = await _clock(uow, found)
    if cmd.site is None:
        changed = clock.pause(uow.now, cmd.reason)
        step(found.drill, "pause")
        event = "drill.paused"
    else:
        _require_site(found, cmd.site)
        changed = clock.pause_site(uow.now, cmd.site, cmd.reason)
        event = "drill.site_paused"
    _ = set_clock(row, changed)
    tell(uow, there, event, found.drill, row, site=cmd.site, reason=cmd.reason)


@handles(ResumeDrill)
async def resume_drill(uow: UnitOfWork, cmd: ResumeDrill) -> None:
    """Record ``drill.resume_asked`` with each director's word, and ``drill.resumed`` (``drill.site_resumed``) with the last.

    Locks the drill, then its clock.

    Raises:
        Conflict: it does not stand, or the word of that country was given.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    there, row, clock = await _clock(uow, found)
    country, needed = found.country(uow), found.directors
    if cmd.site is None:
        changed = clock.resume(uow.now, country, needed)
        resumed = changed.state == "running"
        if resumed:
            step(found.drill, "resume")
    else:
        _require_site(found, cmd.site)
        changed = clock.resume_site(uow.now, cmd.site, country, needed)
        resumed = cmd.site not in changed.paused_sites
    if resumed and cmd.site is None:
        await follow(there, *as_it_ran(row), changed, stood=stood(row))
    _ = set_clock(row, changed)
    words = "site_resumed" if cmd.site else "resumed"
    event = f"drill.{words}" if resumed else "drill.resume_asked"
    tell(uow, there, event, found.drill, row, site=cmd.site, country=country)
    if resumed:
        uow.later("advance_drill", uow.now, found.drill.id)


@handles(SetDrillSpeed)
async def set_drill_speed(uow: UnitOfWork, cmd: SetDrillSpeed) -> None:
    """Record ``drill.speed_set``. Locks the drill, then its clock."""
    found = await held(uow)
    uow.authorise(found.sides)
    there, row, clock = await _clock(uow, found)
    changed = clock.set_speed(uow.now, cmd.speed)
    await _follow(there, uow.now, clock, changed)
    _ = set_clock(row, changed)
    tell(uow, there, "drill.speed_set", found.drill, row, speed=cmd.speed)
    uow.later("advance_drill", uow.now, found.drill.id)


@handles(JumpDrill)
async def jump_drill(uow: UnitOfWork, _cmd: JumpDrill) -> None:
    """Record ``drill.jumped``. Locks the drill, then its clock.

    Raises:
        Conflict: people are still at work on something (``awaited``), or nothing is known to come.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    there, row, clock = await _clock(uow, found)
    play = await play_of(uow, found.drill)
    to_us = look(play, clock, uow.now).next_us
    of_it = (col(DrillMark.drill_id) == found.drill.id, col(DrillMark.kind) == "action")
    ticked = {(each.about, each.party) for each in await uow.find(DrillMark, *of_it)}
    changed = clock.jump(uow.now, to_us, awaited(play, clock.at_us(uow.now), ticked))
    await _follow(there, uow.now, clock, changed)
    _ = set_clock(row, changed)
    tell(uow, there, "drill.jumped", found.drill, row, to_us=to_us)
    uow.later("advance_drill", uow.now, found.drill.id)


@handles(EndDrill)
async def end_drill(uow: UnitOfWork, _cmd: EndDrill) -> None:
    """Record ``drill.ended`` with the ratings, in live and in the drill's space, which is frozen. Locks the drill, its clock, its space."""
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, UNDER_WAY, "end")
    await conclude(uow, found)


async def conclude(uow: UnitOfWork, found: Held, *, at_us: int | None = None) -> None:
    """End the exercise: its clock, its space, its ratings. ``at_us``: the drill time of its end, where that is known."""
    drill = found.drill
    there, row, clock = await _clock(uow, found)
    play = await play_of(uow, drill)
    step(drill, "end")
    at_us = clock.at_us(uow.now) if at_us is None else at_us
    _ = set_clock(row, replace(clock.end(uow.now), anchor_us=max(clock.anchor_us, at_us)))
    drill.ended_at, drill.hot_wash_due_at = uow.now, uow.now + HOT_WASH
    ratings = [uow.add(each) for each in _ratings(drill, play, at_us)]
    uow.record("drill.ended", drill, *ratings)
    uow.later("remind_of_hot_wash", uow.now + REMINDS_AFTER, drill.id)
    there.record("drill.ended", row, drill_id=drill.id)
    await freeze(uow, there.space, "ended")


@handles(StopDrill)
async def stop_drill(uow: UnitOfWork, cmd: StopDrill) -> None:
    """Record ``drill.stopped`` in live and in the drill's space, which is frozen at once and for ever. Locks the drill, its clock, its space.

    Nobody is asked why before it is stopped: ``explain_stop`` says so afterwards. A second stop changes nothing, and is told again.
    Raises ``TransitionNotAllowed`` for a drill that is not played.
    """
    found = await held(uow)
    uow.authorise()
    if found.drill.status == "stopped":
        uow.record("drill.stop_repeated", found.drill)
        return
    await stop(uow, found, cmd.reason)


@handles(ExplainStop)
async def explain_stop(uow: UnitOfWork, cmd: ExplainStop) -> None:
    """Record ``drill.stop_explained``: the word of who stopped it, or of its staff. Locks the drill.

    Raises ``TransitionNotAllowed`` for a drill that was not stopped.
    """
    found = await held(uow)
    stopped_by = await uow.raw.fetchval(_STOPPED_BY, uow.space, found.drill.id)
    uow.authorise(found.sides | {"self": set() if stopped_by is None else {stopped_by}})
    require_status(found.drill, ("stopped",), "have its stop explained")
    found.drill.reason = cmd.reason
    uow.revise(found.drill)
    uow.record("drill.stop_explained", found.drill)


async def stop(uow: UnitOfWork, found: Held, reason: str | None) -> None:
    """Stop the drill for a real emergency: its clock and its space, for ever."""
    drill = found.drill
    there, row, clock = await _clock(uow, found)
    step(drill, "stop")
    _ = set_clock(row, clock.stop(uow.now))
    drill.ended_at, drill.reason, row.reason = uow.now, reason, reason
    tell(uow, there, "drill.stopped", drill, row, reason=reason)
    await freeze(uow, there.space, "stopped")


# ---------------------------------------------------------------- what they share


async def play_of(uow: UnitOfWork, drill: Drill) -> Play:
    """Return the drill as the rules look at it."""
    return (await playing(uow.raw, drill.__dict__)).play


async def _clock(uow: UnitOfWork, found: Held) -> tuple[UnitOfWork, DrillClock, Clock]:
    require_status(found.drill, UNDER_WAY, "be led")
    there = uow.beside(require_space(found.drill))
    row = await locked_clock(there, found.drill)
    return there, row, clock_row(row)


async def _follow(there: UnitOfWork, now: datetime, before: Clock, after: Clock) -> None:
    """Have deadlines follow a step of a clock that runs; of one that stands they follow when it goes on."""
    if before.state == "running":
        await follow(there, before, now, after)


def _require_site(found: Held, site: str) -> None:
    if site not in {each.id for each in found.scenario.sites}:
        raise NotFound("site", site)


def _ratings(drill: Drill, play: Play, at_us: int) -> list[DrillRating]:
    made = []
    for position, rated in enumerate(rate(play, at_us, ended=True)):
        objective, measured = play.scenario.objective(rated.objective), rated.measured
        made.append(
            DrillRating(
                space_id=drill.space_id,
                id=new_id(),
                drill_id=drill.id,
                objective=rated.objective,
                position=position,
                names=objective.name.root,
                metric=objective.measure.metric,
                figure=measured.figure,
                n=measured.n,
                hits=measured.hits,
                interval=None if measured.interval is None else list(measured.interval),
                not_assessed=measured.not_assessed,
                never=measured.never,
                evidence=list(measured.evidence),
                computed=rated.computed,
            )
        )
    return made
