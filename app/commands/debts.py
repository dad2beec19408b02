"""Debts: acts that a phone call ran ahead of. Each is owed by one member, and red for everybody until it is made good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.registry import Act, Command, handles
from app.commands.showing import Showing
from app.domain.errors import Conflict
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.store.tables import Call, Debt
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLED_KIND: Final = "immediate"
"""The kind of every request that a phone call makes."""

ACTS: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("open_request", "requester"),
    "accept": ("accept_offer", "requester"),
    "commit": ("commit_offer", "lender"),
    "ad_hoc": ("offer_ad_hoc", "lender"),
}
"""What a phone call takes ahead: the command that it stands for, and the side whose act that is."""


class MakeDebtGood(Act):
    """Do the act that a phone call ran ahead of: by somebody who may bind the member that owes it."""


class MarkDebtOverdue(Command):
    """The time to make a debt good has passed: by the service itself."""


@handles(MakeDebtGood)
async def make_debt_good(uow: UnitOfWork, _cmd: MakeDebtGood) -> None:
    """Record ``debt.made_good``. Locks the debt.

    Raises:
        TransitionNotAllowed: it was made good before.
    """
    debt = await uow.lock_target(Debt)
    uow.authorise({"owes": {debt.member_id}})
    _make_good(uow, debt)


@handles(MarkDebtOverdue)
async def mark_debt_overdue(uow: UnitOfWork, _cmd: MarkDebtOverdue) -> None:
    """Record ``debt.overdue``. Locks the debt. Refused, and so without effect, once it was made good.

    Raises:
        Conflict: its time has not passed.
    """
    debt = await uow.lock_target(Debt)
    uow.authorise()
    if debt.due_at > uow.now:
        message = "The debt's time has not passed."
        raise Conflict(message, extra={"current": debt.state()})
    debt.status = machine("debt").next(debt.status, "fall_overdue")
    uow.record("debt.overdue", debt)


def may(uow: UnitOfWork, act: str, call: Call, kind: str) -> bool:
    """Return whether the actor's own word is enough for the act, about a request of this kind."""
    command, _ = ACTS[act]
    sides = {"requester": {call.requester_id}, "lender": {call.lender_id}}
    return uow.may(command, sides, {"request_kind": kind})


def owe(uow: UnitOfWork, call: Call, kind: str, *, opened_before: bool, ad_hoc: bool) -> None:
    """Write down the acts that whoever recorded the call may not do; record ``debt.owed`` of each, for everybody.

    Nobody owes the opening of a request that was ``opened_before`` the call; that help runs under no agreement is the lender's act where
    it is ``ad_hoc``, and nobody's otherwise.
    """
    needless = {act for act, is_so in (("open", opened_before), ("ad_hoc", not ad_hoc)) if is_so}
    due_at = uow.now + uow.lasting(timedelta(minutes=uow.settings.debt_minutes))
    for act, (_, side) in ACTS.items():
        if act in needless or may(uow, act, call, kind):
            continue
        debt = uow.add(
            Debt(
                space_id=uow.space,
                id=new_id(),
                call_id=call.id,
                request_id=call.request_id,
                member_id=call.requester_id if side == "requester" else call.lender_id,
                act=act,
                status=machine("debt").initial,
                due_at=due_at,
            )
        )
        uow.later("mark_debt_overdue", due_at, debt.id)
        uow.record("debt.owed", debt)


async def settle_debts(uow: UnitOfWork, call: Call, kind: str) -> None:
    """Make good what is owed of a call and whoever confirms it may do; record ``debt.made_good`` of each. Locks the debts."""
    for debt in await uow.lock_where(Debt, col(Debt.call_id) == call.id):
        if not machine("debt").is_final(debt.status) and may(uow, debt.act, call, kind):
            _make_good(uow, debt)


def _make_good(uow: UnitOfWork, debt: Debt) -> None:
    with Showing(debt):
        debt.status = machine("debt").next(debt.status, "make_good")
    debt.made_good_at = uow.act.occurred_at
    debt.made_good_by_id = uow.actor.id
    uow.record("debt.made_good", debt)
