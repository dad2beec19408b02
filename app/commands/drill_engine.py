"""The script by itself: what is due of a drill, one step in each transaction, in the order of the drill's time.

``advance_drill`` is due work. It falls due when the drill begins, after each command in the drill's space, after each step on the
clock, and when the next thing is known to come; it carries out one step and leaves the next to be found by the same means. Any
number of processes may do this: the drill is locked, and the claim of the work, the delivery and the mark are one commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.commands.drill_clock import conclude
from app.commands.drill_control import deliver
from app.commands.drill_parts import held, require_space
from app.commands.registry import Command, handles
from app.domain.drills.injects import look
from app.store.drills import playing
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from uuid import UUID

_SPARE: Final = """
    UPDATE due_work SET done_at = $2, outcome = 'done with another'
    WHERE id IN (
        SELECT id FROM due_work WHERE command = 'advance_drill' AND target = $1 AND done_at IS NULL AND due_at <= $2
        FOR UPDATE SKIP LOCKED
    )
"""
"""Of several that wait for one drill, one is enough; those that another process has taken up are left to it."""


class AdvanceDrill(Command):
    """Something of the drill may be due."""


@handles(AdvanceDrill)
async def advance_drill(uow: UnitOfWork, _cmd: AdvanceDrill) -> None:
    """Deliver the next inject that is due, as ``inject.delivered`` in the drill's space; with the last one, end. Locks the drill."""
    found = await held(uow)
    uow.authorise()
    drill = found.drill
    await _take_others(uow, drill.id)
    if drill.status != "running":
        return
    at = await playing(uow.raw, drill.__dict__)
    seen = look(at.play, at.clock, uow.now)
    if not seen.due:
        if seen.wake_at is not None:
            uow.later("advance_drill", seen.wake_at, drill.id)
        return
    due = seen.due[0]
    inject = at.play.scenario.inject(due.inject)
    there = uow.beside(require_space(drill))
    await deliver(uow, there, found, inject, at_us=due.at_us, reason=due.reason, due=due)
    if inject.kind == "end_of_exercise":
        await uow.flush()
        await conclude(uow, found, at_us=due.at_us)
        return
    uow.later("advance_drill", uow.now, drill.id)


async def _take_others(uow: UnitOfWork, drill_id: UUID) -> None:
    await uow.raw.execute(_SPARE, drill_id, uow.now)
