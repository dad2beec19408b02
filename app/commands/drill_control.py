"""What controllers do: deliver an inject by hand, tick that an expected action was seen, say that a side has reached a sync point.

``deliver`` is also the script's own way: one row an inject, told to the members it goes to and to nobody else.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, RootModel
from sqlmodel import col

from app.commands.drill_parts import Held, clock_row, held, locked_clock, require_space, require_status
from app.commands.registry import QuietAct, handles
from app.domain.authority import SYSTEM
from app.domain.because import because
from app.domain.drills import views
from app.domain.drills.sides import UNDER_WAY
from app.domain.drills.texts import marked
from app.domain.errors import Conflict, Duplicate, NotFound
from app.domain.forms import Note
from app.domain.ids import new_id
from app.store.drills import playing
from app.store.tables import Corridor, DrillDelivery, DrillMark
from app.store.unit_of_work import Act, UnitOfWork

if TYPE_CHECKING:
    from app.domain.drills.injects import Due
    from app.domain.drills.model import Inject

ADVANCE: Final = "advance_drill"
"""The command by which the script goes on by itself."""

Word = Annotated[str, Field(min_length=1, max_length=64)]
"""The id of an inject, an objective or a sync point, as the script has it."""


class DeliverInject(QuietAct):
    """Deliver an inject now, by hand: one that waits for it, or one before its time."""

    inject: Word


class TickExpectation(QuietAct):
    """An expected action that the journal does not show was seen."""

    inject: Word
    member: Word
    """The code of the member that did it."""
    note: Note | None = None


class ReachSyncPoint(QuietAct):
    """A side has reached a sync point that its controllers decide on."""

    point: Word
    side: Word
    """As the sync point names it: a member's code, or a country."""


@handles(DeliverInject)
async def deliver_inject(uow: UnitOfWork, cmd: DeliverInject) -> None:
    """Record ``inject.delivered`` in the drill's space, for those it goes to. Locks the drill, then its clock.

    Raises:
        NotFound: the script has no such inject.
        Duplicate: it was delivered before.
        Conflict: the clock stands.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, ("running",), "deliver an inject")
    inject = _named(found, "injects", cmd.inject)
    # In the drill's space it is told as if the script had brought it: players read who acts there, and why.
    there = uow.beside(require_space(found.drill), actor=SYSTEM, act=Act(ADVANCE, SYSTEM.via, uow.act.occurred_at))
    clock = clock_row(await locked_clock(there, found.drill))
    if await there.find(DrillDelivery, col(DrillDelivery.inject) == inject.id):
        message = f"{inject.id} was delivered before."
        raise Duplicate(
            message,
            extra={**because("inject_delivered"), "current": found.drill.state()},
            hint="Each inject is delivered once.",
        )
    if inject.kind == "end_of_exercise":
        message = "The end of the exercise is not delivered early."
        raise Conflict(
            message, extra={**because("end_not_early"), "current": found.drill.state()}, hint="End the drill instead."
        )
    await deliver(uow, there, found, inject, at_us=clock.at_us(uow.act.occurred_at), reason="hand")
    uow.record("drill.led", found.drill)
    uow.later("advance_drill", uow.now, found.drill.id)


async def deliver(
    uow: UnitOfWork, there: UnitOfWork, found: Held, inject: Inject, *, at_us: int, reason: str, due: Due | None = None
) -> None:
    """Write a delivery down and tell it to those it goes to; ``at_us`` is the drill time that counts."""
    codes = {code: id_ for id_, code in found.codes.items()}
    wanted = set(inject.to)
    players = [found.codes[each.member_id] for each in found.players]
    countries = {found.codes[id_]: country for id_, country in found.countries.items()}
    to = [codes[each] for each in players if not {"all", each, countries.get(each)}.isdisjoint(wanted)]
    corridor = (await uow.find(Corridor))[0]
    row = there.add(
        DrillDelivery(
            space_id=there.space,
            id=new_id(),
            inject=inject.id,
            by="clock" if due is not None else "hand",
            reason=reason,
            evidence=[] if due is None else list(due.evidence),
            delivered_by_id=uow.actor.id,
            at_us=at_us,
            delivered_at=uow.now,
            to_member_ids=to,
            told=_told(found, inject, corridor.languages),
        )
    )
    there.record("inject.delivered", row, visibility="parties", parties=to, drill_id=found.drill.id)


class _Plain(RootModel[Any]):
    """Makes plain data of dataclasses with models in them."""


def _told(found: Held, inject: Inject, languages: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = _Plain(asdict(views.told(found.scenario, inject))).model_dump(mode="json")
    told["text"] = {language: marked(text, languages) for language, text in told["text"].items()}
    return told


@handles(TickExpectation)
async def tick_expectation(uow: UnitOfWork, cmd: TickExpectation) -> None:
    """Record ``drill.marked``, without saying what. Locks the drill.

    Raises:
        NotFound: no such inject, or it expects nothing of that member.
        Duplicate: it is ticked.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, (*UNDER_WAY, "ended"), "tick an action")
    inject: Inject = _named(found, "injects", cmd.inject)
    play = (await playing(uow.raw, found.drill.__dict__)).play
    if inject.expect is None or cmd.member not in play.members(inject.expect.by):
        raise NotFound("expected action", f"{cmd.inject} of {cmd.member}")
    await _mark(uow, found, "action", inject.id, cmd.member, note=cmd.note)


@handles(ReachSyncPoint)
async def reach_sync_point(uow: UnitOfWork, cmd: ReachSyncPoint) -> None:
    """Record ``drill.marked``, without saying what. Locks the drill.

    Raises:
        NotFound: no such sync point, or not of that side, or it is not reached by hand.
        Duplicate: it was said before.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, UNDER_WAY, "reach a sync point")
    point = _named(found, "sync_points", cmd.point)
    if cmd.side not in point.sides or not point.by_hand:
        raise NotFound("sync point by hand", f"{cmd.point} of {cmd.side}")
    await _mark(uow, found, "sync", point.id, cmd.side)
    uow.later("advance_drill", uow.now, found.drill.id)


async def _mark(
    uow: UnitOfWork, found: Held, kind: str, about: str, party: str, *, note: str | None = None
) -> None:  # fmt: skip
    same = (
        col(DrillMark.drill_id) == found.drill.id,
        col(DrillMark.kind) == kind,
        col(DrillMark.about) == about,
        col(DrillMark.party) == party,
    )
    if before := await uow.find(DrillMark, *same):
        message = f"{about} is ticked for {party} already."
        raise Duplicate(message, extra={"current": before[0].state()}, hint="Once is enough.")
    clock = (await playing(uow.raw, found.drill.__dict__)).clock
    mark = uow.add(
        DrillMark(
            space_id=uow.space,
            id=new_id(),
            drill_id=found.drill.id,
            kind=kind,
            about=about,
            party=party,
            at_us=clock.at_us(uow.act.occurred_at),
            note=note,
            marked_by_id=uow.actor.id,
        )
    )
    uow.record("drill.marked", mark)


def _named(found: Held, what: str, id_: str) -> Any:
    for each in getattr(found.scenario, what):
        if each.id == id_:
            return each
    raise NotFound(what.removesuffix("s").replace("_", " "), id_)
