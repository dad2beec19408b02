"""What missions cost, from what was measured of them and the terms they went under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.agreement_cases import terms_of
from app.commands.relief_overlap import ended_early, hours_between, overlap
from app.domain.cost_terms import CLAIM_DAYS, Consumed, Cost, Effort, bill, read_cost, without_agreement
from app.domain.ids import new_id
from app.domain.money import ZERO, quantity
from app.store.tables import ClaimLine, ClaimMission, Mission, OfferLine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.cost_terms import BilledLine
    from app.store.unit_of_work import UnitOfWork

HOME_STATES: Final = ("returned", "closed")
"""Where a mission's measures are complete, and it can be claimed."""
_SPLIT_AT: Final = """
    SELECT subject_id, recorded_at FROM journal_entry
     WHERE space_id = $1 AND subject_kind = 'mission' AND subject_id = ANY($2) AND type = 'mission.split_off'
"""


@dataclass(frozen=True, slots=True)
class Billed:
    """A mission with its terms and what it comes to."""

    mission: Mission
    cost: Cost
    lines: tuple[BilledLine, ...]


def claimable(cost: Cost | None) -> bool:
    """Return whether the terms let anything be claimed at all."""
    return cost is not None and cost.terms != "free" and bool(cost.rates)


async def costs_of(uow: UnitOfWork, missions: Sequence[Mission]) -> dict[UUID, Cost | None]:
    """Return the terms that each mission's offer was accepted under; None where none were agreed.

    A mission under another paper than its offer's line (a relief, or what was committed without an agreement) costs what that paper
    says; without an agreement it has no rates.
    """
    ids = {mission.offer_line_id for mission in missions}
    lines = {line.id: line for line in await uow.find(OfferLine, col(OfferLine.id).in_(ids))}
    found: dict[UUID, Cost | None] = {}
    for mission in missions:
        line = lines[mission.offer_line_id]
        if (mission.agreement_id, mission.agreement_version) == (line.agreement_id, line.agreement_version):
            found[mission.id] = read_cost(line.cost) if line.cost else None
        else:
            terms = await terms_of(uow, mission.agreement_id, mission.agreement_version)
            found[mission.id] = None if terms is None else terms.cost
    return found


async def billed(uow: UnitOfWork, missions: Sequence[Mission], currency: str) -> list[Billed]:
    """Return what each mission comes to in ``currency``; missions without terms cost nothing."""
    costs = await costs_of(uow, missions)
    relieved_ids = {mission.relief_of_id for mission in missions if mission.relief_of_id is not None}
    relieved = (
        {row.id: row for row in await uow.find(Mission, col(Mission.id).in_(relieved_ids))} if relieved_ids else {}
    )
    alone = await _alone_since(uow, missions)
    ended = await ended_early(uow, {*relieved, *(each.id for each in missions if each.relief_of_id in relieved)})
    found: list[Billed] = []
    for mission in missions:
        cost = costs[mission.id] or Cost(terms="free")
        before = relieved.get(mission.relief_of_id) if mission.relief_of_id else None
        effort = effort_of(mission, overlap(mission, before, ended), alone_since=alone.get(mission.id))
        lines = bill(cost, mission.type_code, effort, currency)
        found.append(Billed(mission, cost, lines if mission.agreement_id is not None else without_agreement(lines)))
    return found


async def _alone_since(uow: UnitOfWork, missions: Sequence[Mission]) -> dict[UUID, datetime]:
    """Return when those that were split off a formation were, by the service's clock: the lender's word moves no money."""
    ids = [mission.id for mission in missions if mission.split_from_id is not None]
    if not ids:
        return {}
    return {row["subject_id"]: row["recorded_at"] for row in await uow.raw.fetch(_SPLIT_AT, uow.space, ids)}


def effort_of(mission: Mission, beside: Decimal = ZERO, *, alone_since: datetime | None = None) -> Effort:
    """Return what a mission took, as its row says: away from the alarm until home, and of that the handover: ``beside`` hours with the
    unit that it relieves, and those with one that it relieved before it was sent elsewhere.

    Until ``alone_since`` it was a part of a formation, whose mission bills the vehicle hours.
    """
    kilometres = None if mission.kilometres is None else quantity(mission.kilometres)
    return Effort(
        hours=hours_between(mission.mobilised_at, mission.home_at),
        crew=mission.crew_count,
        person_hours=None if mission.person_hours is None else quantity(mission.person_hours),
        kilometres=kilometres,
        kilometres_estimated=mission.kilometres_from == "estimate",
        consumables=tuple(
            Consumed(used["item"], quantity(float(used["quantity"])), used["unit"]) for used in mission.consumables
        ),
        overlap_hours=beside + Decimal(str(mission.overlap_hours or 0)),
        alone_hours=None if alone_since is None else hours_between(alone_since, mission.home_at),
    )


def claim_by(mission: Mission, cost: Cost) -> datetime | None:
    """Return until when a mission can be claimed; None while it is not home."""
    if mission.home_at is None:
        return None
    return mission.home_at + timedelta(days=cost.claim_within_days or CLAIM_DAYS)


def mission_rows(uow: UnitOfWork, claim_id: UUID, of: Sequence[Billed]) -> list[ClaimMission]:
    """Return a row for each mission of a claim, with the version of the agreement and the terms it went under."""
    return [
        uow.add(
            ClaimMission(
                space_id=uow.space,
                id=new_id(),
                claim_id=claim_id,
                mission_id=each.mission.id,
                agreement_id=each.mission.agreement_id,
                agreement_version=each.mission.agreement_version,
                cost=each.cost.stored(),
            )
        )
        for each in of
    ]


def line_rows(uow: UnitOfWork, claim_id: UUID, of: Sequence[Billed]) -> list[ClaimLine]:
    """Return the lines of a claim, mission by mission."""
    flat = [(each.mission.id, line) for each in of for line in each.lines]
    return [
        uow.add(
            ClaimLine(
                space_id=uow.space,
                id=new_id(),
                claim_id=claim_id,
                mission_id=mission_id,
                position=position,
                item=line.item,
                consumable=line.consumable,
                unit=line.unit,
                quantity=line.quantity,
                overlap=line.overlap,
                free=line.free,
                billable=line.billable,
                rate=line.rate,
                amount=line.amount,
                agreed=line.amount,
                why=[why.told() for why in line.why],
            )
        )
        for position, (mission_id, line) in enumerate(flat)
    ]
