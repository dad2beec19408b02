"""After and beside the play: what evaluators saw, a rating they overrule, the hot wash, and what has to become better."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.drill_control import Word
from app.commands.drill_parts import held, require_live, require_status, step
from app.commands.registry import Act, QuietAct, handles
from app.domain.because import because
from app.domain.drills.sides import AFTER, PLAYED, UNDER_WAY, WASHING
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange, StaleRevision
from app.domain.forms import Integer, Note
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.short_codes import short_code
from app.store.drills import playing
from app.store.tables import (
    CorrectiveAction,
    Drill,
    DrillHotWash,
    DrillObservation,
    DrillRating,
    Member,
)
from app.store.unit_of_work import UnitOfWork

Seq = Annotated[Integer, Field(ge=1)]


class ObserveDrill(QuietAct):
    """Write down what was seen."""

    kind: Literal["strength", "improvement", "note"] = "note"
    text: Note
    objective: Word | None = None
    seq: Seq | None = None
    """The entry of the drill's journal that it is about."""


class OverruleRating(Act):
    """Put an evaluator's rating in place of the computed one, which stays beside it."""

    CONFIDES = True

    objective: Word
    rating: Literal["P", "S", "M", "U"]
    reason: Note
    seq: Seq | None = None
    revision: Seq | None = None
    """The rating's, as it was read: needed to put another word in place of somebody else's."""


class WriteHotWash(Act):
    """Write your member's form of the hot wash; a second one replaces the first."""

    went_well: Note
    to_improve: Note
    to_change: Note | None = None


class HoldHotWash(Act):
    """The hot wash was held: what it came to, in the directors' words."""

    summary: Note


class AddCorrectiveAction(Act):
    """Say what has to become better, by whose hand and until when."""

    text: Note
    owner_member_id: UUID
    due_on: date
    objective: Word | None = None
    retest_drill_id: UUID | None = None
    """The drill that will show whether it has."""


class ChangeCorrectiveAction(Act):
    """Move an action on, or give it another day, owner or retest."""

    status: Literal["open", "done", "retested", "dropped"] | None = None
    due_on: date | None = None
    owner_member_id: UUID | None = None
    retest_drill_id: UUID | None = None
    note: Note | None = None


class CloseDrill(Act):
    """The report is done."""


@handles(ObserveDrill)
async def observe_drill(uow: UnitOfWork, cmd: ObserveDrill) -> None:
    """Record ``drill.observed``, without what was seen: players read the journal. Locks the drill.

    Raises:
        NotFound: no such objective, or no such entry in the drill's journal.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    drill = found.drill
    require_status(drill, (*UNDER_WAY, *AFTER), "be observed")
    if cmd.objective is not None and cmd.objective not in {each.id for each in found.scenario.objectives}:
        raise NotFound("objective", cmd.objective)
    await _require_entry(uow, drill, cmd.seq)
    clock = (await playing(uow.raw, drill.__dict__)).clock
    member_id = uow.actor.member_id
    if member_id is None:
        message = "the service itself sees nothing"
        raise RuntimeError(message)
    seen = uow.add(
        DrillObservation(
            space_id=uow.space,
            id=new_id(),
            drill_id=drill.id,
            member_id=member_id,
            author_id=uow.actor.id,
            kind=cmd.kind,
            objective=cmd.objective,
            text=cmd.text,
            seq=cmd.seq,
            at_us=clock.at_us(uow.act.occurred_at),
            observed_at=uow.act.occurred_at,
        )
    )
    uow.record("drill.observed", seen)


@handles(OverruleRating)
async def overrule_rating(uow: UnitOfWork, cmd: OverruleRating) -> None:
    """Record ``drill.rating_overruled``. Locks the drill, then the rating.

    Raises:
        TransitionNotAllowed: the drill has not ended, or its report is done.
        NotFound: no such objective, or no such entry in the drill's journal.
        StaleRevision: another evaluator has overruled it, and ``revision`` is not that of the rating as it stands.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, PLAYED, "have a rating overruled")
    of_it = (col(DrillRating.drill_id) == found.drill.id, col(DrillRating.objective) == cmd.objective)
    rows = await uow.lock_where(DrillRating, *of_it)
    if not rows:
        raise NotFound("objective", cmd.objective)
    await _require_entry(uow, found.drill, cmd.seq)
    (rating,) = rows
    others = rating.overruled is not None and rating.overruled_by_id != uow.actor.id
    if (others or cmd.revision is not None) and cmd.revision != rating.revision:
        raise StaleRevision(rating.KIND, cmd.revision or 0, rating.state())
    rating.overruled, rating.reason, rating.seq, rating.overruled_by_id = cmd.rating, cmd.reason, cmd.seq, uow.actor.id
    uow.revise(rating)
    uow.record("drill.rating_overruled", rating)


@handles(WriteHotWash)
async def write_hot_wash(uow: UnitOfWork, cmd: WriteHotWash) -> None:
    """Record ``drill.hot_wash_written``; one that comes later than 30 minutes after the end says so. Locks the drill.

    Raises:
        TransitionNotAllowed: the drill has not ended, or its hot wash was held.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, WASHING, "have a hot wash written")
    member_id = uow.actor.member_id
    if member_id is None:
        message = "the service itself has no hot wash"
        raise RuntimeError(message)
    of_member = (col(DrillHotWash.drill_id) == found.drill.id, col(DrillHotWash.member_id) == member_id)
    before = await uow.lock_where(DrillHotWash, *of_member)
    due = found.drill.hot_wash_due_at
    if before:
        (form,) = before
        uow.revise(form)
    else:
        form = uow.add(
            DrillHotWash(
                space_id=uow.space, id=new_id(), drill_id=found.drill.id, member_id=member_id, went_well="", to_improve="",
                written_at=uow.now, late=due is not None and uow.now > due,
            )
        )  # fmt: skip
    form.went_well, form.to_improve, form.to_change = cmd.went_well, cmd.to_improve, cmd.to_change
    form.written_by_id, form.written_at = uow.actor.id, uow.now
    uow.record("drill.hot_wash_written", form)


@handles(HoldHotWash)
async def hold_hot_wash(uow: UnitOfWork, cmd: HoldHotWash) -> None:
    """Record ``drill.reviewed``. Locks the drill."""
    found = await held(uow)
    uow.authorise(found.sides)
    step(found.drill, "review")
    found.drill.hot_wash = cmd.summary
    uow.record("drill.reviewed", found.drill)


@handles(AddCorrectiveAction)
async def add_corrective_action(uow: UnitOfWork, cmd: AddCorrectiveAction) -> None:
    """Record ``corrective_action.added``. Locks the drill.

    Raises:
        NotFound: no such owner, objective or drill.
        OutOfRange: a day that is over; the drill itself as its retest.
    """
    found = await held(uow)
    uow.authorise(found.sides)
    require_status(found.drill, AFTER, "have a corrective action")
    if cmd.objective is not None and cmd.objective not in {each.id for each in found.scenario.objectives}:
        raise NotFound("objective", cmd.objective)
    owner = await uow.get(Member, cmd.owner_member_id)
    await _require_retest(uow, found.drill.id, cmd.retest_drill_id)
    _require_ahead(uow, cmd.due_on)
    action = uow.add(
        CorrectiveAction(
            space_id=uow.space,
            id=new_id(),
            ref=short_code("A"),
            drill_id=found.drill.id,
            objective=cmd.objective,
            text=cmd.text,
            owner_member_id=owner.id,
            status=machine("corrective_action").initial,
            due_on=cmd.due_on,
            retest_drill_id=cmd.retest_drill_id,
        )
    )
    uow.record("corrective_action.added", action)


@handles(ChangeCorrectiveAction)
async def change_corrective_action(uow: UnitOfWork, cmd: ChangeCorrectiveAction) -> None:
    """Record ``corrective_action.changed``. Locks the drill that it came from, then the action.

    Raises:
        NotFound: no such action, owner or drill.
        TransitionNotAllowed: not from the state it is in.
        OutOfRange: a day that is over.
        Conflict: retested, and no drill is named that did.
    """
    require_live(uow)
    seen = await uow.get(CorrectiveAction, uow.require_target())
    found = await held(uow, seen.drill_id)
    action = await uow.lock_target(CorrectiveAction)
    uow.authorise(found.sides | {"owner": {action.owner_member_id}})
    if cmd.owner_member_id is not None:
        action.owner_member_id = (await uow.get(Member, cmd.owner_member_id)).id
    if cmd.due_on is not None:
        _require_ahead(uow, cmd.due_on)
        action.due_on = cmd.due_on
    await _require_retest(uow, action.drill_id, cmd.retest_drill_id)
    action.retest_drill_id = cmd.retest_drill_id or action.retest_drill_id
    action.note = cmd.note or action.note
    if cmd.status is not None and cmd.status != action.status:
        try:
            action.status = machine("corrective_action").to(action.status, cmd.status, by=uow.act.command).to
        except Conflict as refusal:
            refusal.extra["current"] = action.state()
            raise
        if action.status == "retested" and action.retest_drill_id is None:
            message = "Say which drill has retested it."
            raise Conflict(
                message,
                extra={**because("name_retest"), "current": action.state()},
                hint="Send its retest_drill_id with it.",
            )
        action.done_at = action.done_at or uow.now if action.status != "open" else None
    uow.revise(action)
    uow.record("corrective_action.changed", action)


@handles(CloseDrill)
async def close_drill(uow: UnitOfWork, _cmd: CloseDrill) -> None:
    """Record ``drill.closed``. Locks the drill. Its corrective actions go on."""
    found = await held(uow)
    uow.authorise(found.sides)
    step(found.drill, "close")
    uow.record("drill.closed", found.drill)


async def _require_entry(uow: UnitOfWork, drill: Drill, seq: int | None) -> None:
    if seq is None:
        return
    there = "SELECT true FROM journal_entry WHERE space_id = $1 AND seq = $2"
    if not await uow.raw.fetchval(there, drill.plays_in, seq):
        raise NotFound("entry", f"{drill.plays_in}:{seq}")


async def _require_retest(uow: UnitOfWork, drill_id: UUID, retest: UUID | None) -> None:
    if retest is None:
        return
    if retest == drill_id:
        detail = "A drill does not retest itself."
        raise OutOfRange(
            detail, errors=[FieldError("/retest_drill_id", OutOfRange.slug, detail)], extra=because("own_retest")
        )
    _ = await uow.get(Drill, retest)


def _require_ahead(uow: UnitOfWork, day: date) -> None:
    if day < uow.now.date():
        detail = f"{day.isoformat()} is over."
        raise OutOfRange(detail, errors=[FieldError("/due_on", OutOfRange.slug, detail)])
