"""The clocks that start when a unit is home: the time to claim, and the month in whose statement it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col

from app.commands.claim_billing import claim_by, claimable, costs_of
from app.commands.registry import Command, handles
from app.commands.statements import expect_statement
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict
from app.store.tables import Claim, ClaimMission, Mission

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class TellClaimTimeOver(Command):
    """The time to claim for a mission is over, and nobody has claimed: by the service itself."""


async def start_clock(uow: UnitOfWork, mission: Mission) -> None:
    """Have somebody told when the time to claim for the mission is over; help from day to day waits for its month's end."""
    if mission.kind == DAY_TO_DAY:
        await expect_statement(uow, mission)
        return
    cost = (await costs_of(uow, [mission]))[mission.id]
    if cost is not None and claimable(cost) and (at := claim_by(mission, cost)) is not None:
        uow.later("tell_claim_time_over", at, mission.id)


@handles(TellClaimTimeOver)
async def tell_claim_time_over(uow: UnitOfWork, _cmd: TellClaimTimeOver) -> None:
    """Record ``mission.claim_time_over``, for the lender. Locks the mission.

    Raises:
        Conflict: it was claimed.
    """
    mission = await uow.lock_target(Mission)
    uow.authorise()
    for taken in await uow.find(ClaimMission, col(ClaimMission.mission_id) == mission.id):
        claim = await uow.get(Claim, taken.claim_id)
        if claim.submitted_at is not None:
            raise Conflict("The mission was claimed.", extra={"current": claim.state()})
    uow.record("mission.claim_time_over", mission, visibility="parties", parties=[mission.lender_id])
