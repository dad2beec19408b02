"""The script and the virtual players by themselves: what is due of a drill, one step in each transaction, in the order of its time.

``advance_drill`` is due work. It falls due when the drill begins, after each command in the drill's space, after each step on the
clock, and when the next thing is known to come; it carries out one step and leaves the next to be found by the same means. Any
number of processes may do this: the drill is locked, and the claim of the work, the step and the mark are one commit.

An inject comes before what players do at the same moment. Each is looked for as of the next moment at which something is due, and
not as of now: a process that comes late to several things finds them in the order in which they should have happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.commands.drill_clock import conclude
from app.commands.drill_control import deliver
from app.commands.drill_parts import Held, held, require_space
from app.commands.drill_start import EVERYBODY
from app.commands.registry import Command, handles
from app.commands.virtual_players import carry_out
from app.domain.drills.injects import look
from app.domain.drills.tasks import Task, tasks
from app.domain.drills.virtual import virtual_players
from app.store.drills import Playing, playing
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from app.domain.drills.injects import Due
    from app.domain.drills.virtual import VirtualPlayer

_SPARE: Final = """
    UPDATE due_work SET done_at = $2, outcome = 'done with another'
    WHERE id IN (
        SELECT id FROM due_work WHERE command = 'advance_drill' AND target = $1 AND done_at IS NULL AND due_at <= $2
        FOR UPDATE SKIP LOCKED
    )
"""
"""Of several that wait for one drill, one is enough; those that another process has taken up are left to it."""
_DONE: Final = "SELECT key FROM drill_task WHERE space_id = $1"
_DID: Final = "INSERT INTO drill_task (space_id, key, at_us, done_at, outcome) VALUES ($1, $2, $3, $4, $5)"


class AdvanceDrill(Command):
    """Something of the drill may be due."""


@handles(AdvanceDrill)
async def advance_drill(uow: UnitOfWork, _cmd: AdvanceDrill) -> None:
    """Take the drill's next step, if one is due: an inject, as ``inject.delivered`` in the drill's space, or an act of a virtual player.

    With the end of the exercise the drill ends. Locks the drill, then as the act does.
    """
    found = await held(uow)
    uow.authorise()
    drill = found.drill
    await uow.raw.execute(_SPARE, drill.id, uow.now)
    if drill.status != "running":
        return
    at = await playing(uow.raw, drill.__dict__)
    players = virtual_players(at.play.scenario, everybody=drill.virtual == EVERYBODY)
    task = await _next_task(uow, at, players)
    moment = uow.now if task is None else min(uow.now, at.clock.due_at(task.at_us) or uow.now)
    seen = look(at.play, at.clock, moment)
    if seen.due:
        await _deliver(uow, found, at, seen.due[0])
        return
    if task is not None and task.at_us <= at.clock.at_us(uow.now):
        outcome = await carry_out(uow, drill.id, at, task, players[task.member], moment)
        await uow.raw.execute(_DID, at.space, task.key, task.at_us, uow.now, outcome)
        uow.later("advance_drill", uow.now, drill.id)
        return
    wakes = [seen.wake_at, None if task is None else at.clock.due_at(task.at_us)]
    if known := [each for each in wakes if each is not None]:
        uow.later("advance_drill", min(known), drill.id)


async def _next_task(uow: UnitOfWork, at: Playing, players: dict[str, VirtualPlayer]) -> Task | None:
    """Return what a virtual player has to do next, now or later; those at a site that stands wait."""
    if not players:
        return None
    done = {row["key"] for row in await uow.raw.fetch(_DONE, at.space)}
    paused = at.clock.paused_sites
    return next(
        (each for each in tasks(at.play, players) if each.key not in done and at.play.site(each.member) not in paused),
        None,
    )


async def _deliver(uow: UnitOfWork, found: Held, at: Playing, due: Due) -> None:
    drill = found.drill
    inject = at.play.scenario.inject(due.inject)
    there = uow.beside(require_space(drill))
    await deliver(uow, there, found, inject, at_us=due.at_us, reason=due.reason, due=due)
    if inject.kind == "end_of_exercise":
        await conclude(uow, found, at_us=due.at_us)
    else:
        uow.later("advance_drill", uow.now, drill.id)
