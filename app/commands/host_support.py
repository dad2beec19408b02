"""Host support: fuel, food, beds and repairs for a unit on the other side; the lender asks, and the requester sees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.commands.mission_steps import HOME, authorise, locked_mission, not_now
from app.commands.registry import Act, handles
from app.commands.showing import Showing
from app.commands.times import require_ahead
from app.domain.forms import Instant, Note, Quantity, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.store.tables import HostSupport, Mission

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class AskHostSupport(Act):
    """Say what the unit needs over there."""

    kind: Literal["fuel", "food", "beds", "repair"]
    quantity: Quantity
    """Litres of fuel, meals, beds; repairs are counted in units."""
    needed_by: Instant | None = None
    note: Note | None = None
    """What else one has to know: diesel or petrol, what is broken."""


class ConfirmHostSupport(Act):
    """The requester sees to it."""

    place: ShortText
    """Where it is to be had."""
    ready_at: Instant | None = None
    """From when on; now, if nothing is said."""
    note: Note | None = None


class DeclineHostSupport(Act):
    """The requester can't: the lender has to see to it itself."""

    reason: Note


@handles(AskHostSupport)
async def ask_host_support(uow: UnitOfWork, cmd: AskHostSupport) -> None:
    """Record ``host_support.asked``. Locks the mission.

    Raises:
        TransitionNotAllowed: the unit is home.
        OutOfRange: it was needed at a time that has passed.
    """
    mission = await locked_mission(uow)
    authorise(uow, mission)
    if mission.status == HOME or machine("mission").is_final(mission.status):
        raise not_now(mission, "be supported")
    require_ahead(uow, cmd.needed_by, "/needed_by")
    support = uow.add(
        HostSupport(
            space_id=uow.space,
            id=new_id(),
            mission_id=mission.id,
            request_id=mission.request_id,
            status=machine("host_support").initial,
            kind=cmd.kind,
            quantity=cmd.quantity,
            needed_by=cmd.needed_by,
            note=cmd.note,
            asked_by_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("host_support.asked", support)


@handles(ConfirmHostSupport)
async def confirm_host_support(uow: UnitOfWork, cmd: ConfirmHostSupport) -> None:
    """Record ``host_support.confirmed``. Locks what was asked.

    Raises:
        TransitionNotAllowed: it was answered, or has lapsed.
        OutOfRange: it would be ready at a time that has passed.
    """
    support = await _answered(uow, "confirm", cmd.note)
    require_ahead(uow, cmd.ready_at, "/ready_at")
    support.place, support.ready_at = cmd.place, cmd.ready_at or uow.act.occurred_at
    uow.record("host_support.confirmed", support)


@handles(DeclineHostSupport)
async def decline_host_support(uow: UnitOfWork, cmd: DeclineHostSupport) -> None:
    """Record ``host_support.declined``. Locks what was asked.

    Raises:
        TransitionNotAllowed: it was answered, or has lapsed.
    """
    support = await _answered(uow, "decline", cmd.reason)
    uow.record("host_support.declined", support)


async def _answered(uow: UnitOfWork, step: str, text: str | None) -> HostSupport:
    support = await uow.lock_target(HostSupport)
    mission = await uow.get(Mission, support.mission_id)
    authorise(uow, mission)
    with Showing(support):
        support.status = machine("host_support").next(support.status, step)
    support.answer, support.answered_at, support.answered_by_id = text, uow.act.occurred_at, uow.actor.id
    return support
