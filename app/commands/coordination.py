"""The coordinator: the member whose turn it is to lead the corridor.

The rota turns by itself, sides alternate, and two members swap turns when both have said so. It gives nobody command over
anybody else's units: it says whom to ring about the corridor itself.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, MissingField, NotFound
from app.domain.forms import WHOLE, Flag, Note
from app.domain.ids import new_id
from app.domain.lifecycle import machine, not_allowed
from app.domain.rota import AHEAD, Period, Seat, next_change, order
from app.store.tables import CoordinationTurn, Member, Rota, TurnSwap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.store.unit_of_work import UnitOfWork

MOST_MEMBERS: Final = 200
REMEMBERED: Final = 400
"""Past turns that are looked at to find who has led least recently."""
BEFORE: Final = """
    SELECT member_id, until_at, status FROM coordination_turn
     WHERE space_id = $1 AND id <> ALL($2) ORDER BY from_at DESC LIMIT $3
"""


class SetRota(Act):
    """Say how the coordinator changes. What is planned is planned anew; the running turn goes on to its end."""

    period: Period = "monthly"
    hour_utc: Annotated[int, Field(strict=True, ge=0, le=23), WHOLE] = 8
    """At which hour of the day turns change, in UTC."""
    member_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_MEMBERS)] = ()
    """Who takes part, in the order to begin with; all members, by their codes, if nobody is named."""


class TurnCoordinator(Command):
    """The running turn is over: the next member leads."""


class ProposeTurnSwap(Act):
    """Offer your member's planned turn for another member's. It is swapped when that member agrees."""

    other_turn_id: UUID
    reason: Note


class AnswerTurnSwap(Act):
    """The other member's word."""

    agreed: Flag
    reason: Note | None = None
    """Why not; needed with a refusal."""


class WithdrawTurnSwap(Act):
    """Take back what was proposed and not answered."""


@handles(SetRota)
async def set_rota(uow: UnitOfWork, cmd: SetRota) -> None:
    """Record ``rota.set`` with the turns planned; open swaps lapse. Locks the rota, its planned turns, their swaps.

    Raises:
        NotFound: a member that there is not.
        Conflict: there is no member yet.
    """
    uow.authorise()
    members = {member.id: member for member in await uow.find(Member)}
    for wanted in cmd.member_ids:
        if wanted not in members:
            raise NotFound(Member.KIND, wanted)
    ordered = list(dict.fromkeys(cmd.member_ids)) or [
        each.id for each in sorted(members.values(), key=lambda member: member.code)
    ]
    if not ordered:
        message = "A rota needs members."
        raise Conflict(message, hint="Load the corridor's members first.")
    rota = next(iter(await uow.lock_where(Rota)), None)
    if rota is None:
        rota = uow.add(Rota(space_id=uow.space, id=new_id(), period=cmd.period, hour_utc=cmd.hour_utc, member_ids=[]))
    rota.period, rota.hour_utc, rota.member_ids = cmd.period, cmd.hour_utc, [str(each) for each in ordered]
    planned = sorted(await _turns(uow, "planned"), key=lambda turn: turn.from_at)
    if swapped := sum(turn.swapped for turn in planned):
        uow.warn("swaps_planned_anew", f"Swapped turns that were planned anew: {swapped}.", figures={"turns": swapped})
    lapsed = await _lapse(uow, [turn.id for turn in planned])
    made = await _plan(uow, rota, members, anew=planned)
    if not await _turns(uow, "current"):
        made[0].status = machine("coordination_turn").next(made[0].status, "begin")
        uow.later("turn_coordinator", made[0].until_at, made[0].id)
    uow.record("rota.set", rota, *lapsed, *made)


@handles(TurnCoordinator)
async def turn_coordinator(uow: UnitOfWork, _cmd: TurnCoordinator) -> None:
    """Record ``coordination.turned`` for each turn that began meanwhile; swaps of what has begun lapse, further turns are planned.

    Locks the rota and its turns. Does nothing where the turn that was to end has ended already.
    """
    uow.authorise()
    rota = next(iter(await uow.lock_where(Rota)), None)
    running = next(iter(await _turns(uow, "current")), None)
    if rota is None or running is None or running.id != uow.target or running.until_at > uow.now:
        return
    planned = sorted(await _turns(uow, "planned"), key=lambda turn: turn.from_at)
    members = {member.id: member for member in await uow.find(Member)}
    steps = machine("coordination_turn")
    while running.until_at <= uow.now:
        if not planned:
            planned = await _plan(uow, rota, members)
        following = planned.pop(0)
        running.status = steps.next(running.status, "end")
        await uow.flush()  # one turn at most is the running one: the old one ends first
        following.status = steps.next(following.status, "begin")
        uow.record("coordination.turned", following, running, was=str(running.member_id))
        for swap in await _lapse(uow, [following.id]):
            uow.record("turn_swap.lapsed", swap)
        running = following
    for turn in await _plan(uow, rota, members):
        uow.record("coordination.planned", turn)
    uow.later("turn_coordinator", running.until_at, running.id)


@handles(ProposeTurnSwap)
async def propose_turn_swap(uow: UnitOfWork, cmd: ProposeTurnSwap) -> None:
    """Record ``turn_swap.proposed``. Locks both turns, by id.

    Raises:
        Conflict: both turns are one member's, or the same swap is open already.
        TransitionNotAllowed: one of them has begun.
    """
    mine, theirs = await _two(uow, uow.require_target(), cmd.other_turn_id)
    uow.authorise({"member": {mine.member_id}})
    uow.expect_revision(mine)
    for turn in (mine, theirs):
        if turn.status != machine("coordination_turn").initial:
            raise not_allowed(turn.KIND, turn.status, "be swapped", [], words="be swapped", current=turn.state())
    if mine.member_id == theirs.member_id:
        detail = "Both turns are the same member's."
        raise Conflict(
            detail,
            errors=[FieldError("/other_turn_id", Conflict.slug, detail)],
            hint="Name a turn of another member.",
            extra=because("same_members_turns"),
        )
    open_now = await uow.find(
        TurnSwap, col(TurnSwap.status) == "proposed", col(TurnSwap.turn_id).in_([mine.id, theirs.id])
    )
    for swap in open_now:
        if {swap.turn_id, swap.other_turn_id} == {mine.id, theirs.id}:
            message = "This very swap is proposed already, and not answered."
            raise Conflict(
                message, extra={**because("swap_proposed"), "current": swap.state()}, hint="Answer it, or withdraw it."
            )
    swap = uow.add(
        TurnSwap(
            space_id=uow.space,
            id=new_id(),
            turn_id=mine.id,
            other_turn_id=theirs.id,
            member_id=mine.member_id,
            other_member_id=theirs.member_id,
            status=machine("turn_swap").initial,
            reason=cmd.reason,
            proposed_by_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("turn_swap.proposed", swap)


@handles(AnswerTurnSwap)
async def answer_turn_swap(uow: UnitOfWork, cmd: AnswerTurnSwap) -> None:
    """Record ``turn_swap.agreed`` with both turns, or ``turn_swap.declined``; other swaps of these turns then lapse.

    Warns where two turns of one side now follow each other. Locks both turns by id, then the swap.

    Raises:
        TransitionNotAllowed: it was answered, withdrawn, or has lapsed.
        MissingField: a refusal without its reason.
    """
    known = await uow.get(TurnSwap, uow.require_target())
    mine, theirs = await _two(uow, known.turn_id, known.other_turn_id)
    swap = await uow.lock_target(TurnSwap)
    uow.authorise({"member": {swap.other_member_id}})
    if not cmd.agreed and cmd.reason is None:
        detail = "Say why you keep your turn."
        raise MissingField(detail, errors=[FieldError("/reason", MissingField.slug, detail)])
    _step(swap, "agree" if cmd.agreed else "decline")
    swap.answer, swap.answered_at, swap.answered_by_id = cmd.reason, uow.act.occurred_at, uow.actor.id
    if not cmd.agreed:
        uow.record("turn_swap.declined", swap)
        return
    mine.member_id, theirs.member_id = theirs.member_id, mine.member_id
    mine.swapped = theirs.swapped = True
    uow.record("turn_swap.agreed", swap, mine, theirs)
    for other in await _lapse(uow, [mine.id, theirs.id]):
        uow.record("turn_swap.lapsed", other)
    await _warn_of_sides(uow, {mine.id, theirs.id})


@handles(WithdrawTurnSwap)
async def withdraw_turn_swap(uow: UnitOfWork, _cmd: WithdrawTurnSwap) -> None:
    """Record ``turn_swap.withdrawn``. Locks the swap.

    Raises:
        TransitionNotAllowed: it was answered, withdrawn, or has lapsed.
    """
    swap = await uow.lock_target(TurnSwap)
    uow.authorise({"member": {swap.member_id}})
    _step(swap, "withdraw")
    uow.record("turn_swap.withdrawn", swap)


def _step(swap: TurnSwap, transition: str) -> None:
    with Showing(swap):
        swap.status = machine("turn_swap").next(swap.status, transition)


async def _two(uow: UnitOfWork, mine: UUID, theirs: UUID) -> tuple[CoordinationTurn, CoordinationTurn]:
    """Return both turns, locked in the order of their ids.

    Raises:
        NotFound: one of them is not there.
    """
    found = {
        turn.id: turn for turn in await uow.lock_where(CoordinationTurn, col(CoordinationTurn.id).in_([mine, theirs]))
    }
    for wanted in (mine, theirs):
        if wanted not in found:
            raise NotFound(CoordinationTurn.KIND, wanted)
    return found[mine], found[theirs]


async def _turns(uow: UnitOfWork, status: str) -> list[CoordinationTurn]:
    return await uow.lock_where(CoordinationTurn, col(CoordinationTurn.status) == status)


async def _lapse(uow: UnitOfWork, turns: Sequence[UUID]) -> list[TurnSwap]:
    """Have every open swap of these turns lapse, and return them."""
    if not turns:
        return []
    touching = col(TurnSwap.turn_id).in_(turns) | col(TurnSwap.other_turn_id).in_(turns)
    found = await uow.lock_where(TurnSwap, col(TurnSwap.status) == "proposed", touching)
    for swap in found:
        swap.status = machine("turn_swap").next(swap.status, "lapse")
    return found


async def _plan(
    uow: UnitOfWork, rota: Rota, members: dict[UUID, Member], *, anew: Sequence[CoordinationTurn] = ()
) -> list[CoordinationTurn]:
    """Give the turns of ``anew`` (in their order) other members and times, add turns until ``AHEAD`` are planned, and return all these."""
    await uow.flush()
    told = await uow.raw.fetch(BEFORE, uow.space, [turn.id for turn in anew], REMEMBERED)
    planned = sum(row["status"] == "planned" for row in told)
    wanted = max(0, AHEAD + (not told) - planned)
    from_at: datetime = told[0]["until_at"] if told else uow.now
    seats = [Seat(id_, members[id_].country) for id_ in map(UUID, rota.member_ids) if id_ in members]
    made = []
    for number, member_id in enumerate(order(seats, [row["member_id"] for row in reversed(told)], wanted)):
        until_at = next_change(from_at, rota.period, rota.hour_utc)
        if number < len(anew):
            turn = anew[number]
            turn.member_id, turn.from_at, turn.until_at, turn.swapped = member_id, from_at, until_at, False
        else:
            turn = uow.add(
                CoordinationTurn(
                    space_id=uow.space, id=new_id(), member_id=member_id, from_at=from_at, until_at=until_at,
                    status=machine("coordination_turn").initial,
                )
            )  # fmt: skip
        made.append(turn)
        from_at = until_at
    return made


async def _warn_of_sides(uow: UnitOfWork, changed: set[UUID]) -> None:
    turns = sorted(
        await uow.find(CoordinationTurn, col(CoordinationTurn.status) != "past"), key=lambda turn: turn.from_at
    )
    country = {member.id: member.country for member in await uow.find(Member)}
    for before, after in pairwise(turns):
        if {before.id, after.id} & changed and country[before.member_id] == country[after.member_id]:
            detail = f"Two turns of {country[after.member_id]} now follow each other, from {before.from_at:%Y-%m-%d}."
            uow.warn("sides_do_not_alternate", detail, figures={"country": country[after.member_id]})
            return
