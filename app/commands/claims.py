"""Claims on the lender's side: put together from missions that are home, and submitted. Only the two members see them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlmodel import col

from app.commands.claim_billing import HOME_STATES, billed, claim_by, claimable, costs_of, line_rows, mission_rows
from app.commands.rate_lookup import keep_rates, no_rate, rate_on
from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.cost_terms import PAY_DAYS, Cost, rate_at, rate_dates
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.money import ZERO, converted, rounded
from app.domain.short_codes import short_code
from app.store.tables import Claim, ClaimLine, ClaimMission, Corridor, Member, Mission

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from app.store.tables.base import Journaled
    from app.store.unit_of_work import UnitOfWork


class DraftClaim(Act):
    """Put a claim together for missions that are home, of one requester. Its lines are worked out by their cost terms."""

    mission_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]


class DiscardClaim(Act):
    """Throw a draft away. Its missions can be claimed anew."""


class SubmitClaim(Act):
    """Ask the requester to pay. The lines are worked out once more from what is measured by now, and then stay."""


@handles(DraftClaim)
async def draft_claim(uow: UnitOfWork, cmd: DraftClaim) -> None:
    """Record ``claim.drafted``, for the two members. Locks the missions.

    Raises:
        NotFound: a mission is not there, or another lender's.
        Conflict: one is not home, in a claim already, free, or from day to day.
        OutOfRange: they are not of one requester, not in one currency, or not converted by one day's rate.
    """
    missions = await _locked_missions(uow, cmd.mission_ids)
    lender, requester = missions[0].lender_id, missions[0].requester_id
    uow.authorise({"lender": {lender}, "requester": {requester}})
    await _require_unclaimed(uow, missions)
    costs = await costs_of(uow, missions)
    currency = await _one_currency(uow, missions, costs)
    (corridor,) = await uow.find(Corridor)
    counted = rate_dates(cost for cost in costs.values() if cost is not None)
    if currency != corridor.currency and len(counted) > 1:
        detail = f"{_mixed(counted)} Claim them apart."
        raise OutOfRange(
            detail, errors=[FieldError("/mission_ids", OutOfRange.slug, detail)], extra=because("claim_days_differ")
        )
    deadlines = [at for each in missions if (at := claim_by(each, costs[each.id] or Cost(terms="free"))) is not None]
    of = await billed(uow, missions, currency)
    total = rounded(sum((line.amount for each in of for line in each.lines), ZERO), currency)
    claim = uow.add(
        Claim(
            space_id=uow.space,
            id=new_id(),
            ref=short_code("C"),
            lender_id=lender,
            requester_id=requester,
            status=machine("claim").initial,
            currency=currency,
            total=total,
            agreed=total,
            ledger_currency=corridor.currency,
            claim_by=min(deadlines, default=uow.now),
        )
    )
    rows = [*mission_rows(uow, claim.id, of), *line_rows(uow, claim.id, of)]
    tell(uow, "claim.drafted", claim, *rows)
    _warn_late(uow, claim)


@handles(DiscardClaim)
async def discard_claim(uow: UnitOfWork, _cmd: DiscardClaim) -> None:
    """Record ``claim.discarded`` for the two members. Locks the claim.

    Raises:
        Conflict: it was submitted; it can be waived.
    """
    claim = await locked_claim(uow)
    uow.authorise({"lender": {claim.lender_id}})
    _require_draft(claim, "Waive it instead.")
    missions = await uow.lock_where(ClaimMission, col(ClaimMission.claim_id) == claim.id)
    rows: list[Journaled] = [*await locked_lines(uow, claim), *missions]
    for row in [*rows, claim]:
        await uow.remove(row)
    tell(uow, "claim.discarded", claim, *rows)


@handles(SubmitClaim)
async def submit_claim(uow: UnitOfWork, _cmd: SubmitClaim) -> None:
    """Record ``claim.submitted`` for the two members, with its lines as they are now. Locks its missions, the claim, its lines.

    The time to pay begins to run now, whenever the lender says that it asked: the payer did not hear of it before.

    Raises:
        Conflict: it comes to nothing, or no exchange rate into the corridor's currency is known.
    """
    known = await seen_claim(uow)
    taken = await uow.find(ClaimMission, col(ClaimMission.claim_id) == known.id)
    missions = await uow.lock_where(Mission, col(Mission.id).in_([row.mission_id for row in taken]))
    claim = await locked_claim(uow)
    uow.authorise({"lender": {claim.lender_id}})
    _require_draft(claim, "Read it again.")
    of = await billed(uow, missions, claim.currency)
    old = await locked_lines(uow, claim)
    for row in old:
        await uow.remove(row)
    await uow.flush()
    lines = line_rows(uow, claim.id, of)
    claim.total = claim.agreed = rounded(sum((line.amount for line in lines), ZERO), claim.currency)
    if claim.total == ZERO:
        detail = "The claim comes to nothing: everything in it is free, or can't be claimed."
        raise Conflict(detail, extra={**because("claim_of_nothing"), "current": claim.state()}, hint="Discard it.")
    claim.status = machine("claim").next(claim.status, "submit")
    claim.submitted_at = uow.now
    claim.pay_by = uow.now + timedelta(days=min(each.cost.pay_within_days or PAY_DAYS for each in of))
    await _convert(uow, claim, missions, [each.cost for each in of])
    uow.later("mark_claim_overdue", claim.pay_by, claim.id)
    tell(uow, "claim.submitted", claim, *lines, *taken, *old)
    _warn_late(uow, claim)


# ---------------------------------------------------------------- what the steps of a claim share


async def seen_claim(uow: UnitOfWork, id_: UUID | None = None) -> Claim:
    """Return the claim as it is before its lock; it is not there for a third member, nor a draft for who is to pay.

    Raises:
        NotFound: no such claim for these eyes.
    """
    claim = await uow.get(Claim, id_ or uow.require_target())
    to_payer = None if claim.submitted_at is None else claim.requester_id
    if not uow.sees(claim.lender_id, to_payer):
        raise NotFound(Claim.KIND, claim.id)
    return claim


async def locked_claim(uow: UnitOfWork) -> Claim:
    """Lock the claim the command is about."""
    await seen_claim(uow)
    return await uow.lock_target(Claim)


async def locked_lines(uow: UnitOfWork, claim: Claim) -> list[ClaimLine]:
    """Lock the lines of a claim; the caller holds the claim."""
    return await uow.lock_where(ClaimLine, col(ClaimLine.claim_id) == claim.id)


def tell(uow: UnitOfWork, what: str, claim: Claim, *rows: Journaled, **data: object) -> None:
    """Record something of a claim for its two members; of a draft for the lender alone."""
    parties = [claim.lender_id] if claim.submitted_at is None else [claim.lender_id, claim.requester_id]
    uow.record(what, claim, *rows, visibility="parties", parties=parties, **data)


def agree(claim: Claim, lines: Sequence[ClaimLine]) -> None:
    """Work out what is agreed from the lines, in the claim's currency and in the corridor's."""
    claim.agreed = rounded(sum((line.agreed for line in lines), ZERO), claim.currency)
    claim.ledger_total = _in_ledger(claim)


def _in_ledger(claim: Claim) -> Decimal:
    if claim.exchange_rate is None:
        return claim.agreed
    return converted(claim.agreed, claim.exchange_rate, claim.ledger_currency)


async def _convert(uow: UnitOfWork, claim: Claim, missions: Sequence[Mission], costs: Sequence[Cost]) -> None:
    if claim.currency != claim.ledger_currency:
        counted = rate_dates(costs)
        if len(counted) > 1:
            raise Conflict(
                _mixed(counted),
                extra={
                    **because("claim_days_differ"),
                    "current": claim.state(),
                },
                hint="Discard it, and claim them apart.",
            )
        day = await _rate_day(uow, claim, missions, counted[0])
        await keep_rates(uow)
        rate = await rate_on(uow, claim.currency, claim.ledger_currency, day)
        if rate is None:
            raise no_rate(claim.currency, claim.ledger_currency, day)
        claim.exchange_rate, claim.rate_date, claim.rate_source = rate.rate, rate.day, rate.source
        if rate.status == "contested":
            detail = f"The exchange rate {rate.rate} is contested: both have to agree on one before it is verified."
            uow.warn("rate_contested", detail, figures={"rate": str(rate.rate)})
    claim.ledger_total = _in_ledger(claim)


async def _rate_day(uow: UnitOfWork, claim: Claim, missions: Sequence[Mission], of: str) -> date:
    """Return the day whose exchange rate counts by the terms, on the lender's calendar."""
    left, home = ([each.mobilised_at for each in missions], [each.home_at for each in missions])
    at = rate_at(of, left, home, uow.now)
    lender = await uow.get(Member, claim.lender_id)
    return at.astimezone(ZoneInfo(lender.time_zone)).date()


async def _locked_missions(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Mission]:
    missions = await uow.lock_where(Mission, col(Mission.id).in_(set(ids)))
    by_id = {mission.id: mission for mission in missions}
    for index, id_ in enumerate(ids):
        mission = by_id.get(id_)
        if mission is None or not uow.sees(mission.lender_id, mission.requester_id):
            raise NotFound(Mission.KIND, id_)
        if (mission.lender_id, mission.requester_id) != (missions[0].lender_id, missions[0].requester_id):
            detail = "A claim is for missions of one lender for one requester."
            raise OutOfRange(
                detail,
                errors=[FieldError(f"/mission_ids/{index}", OutOfRange.slug, detail)],
                extra=because("claim_of_one_pair"),
            )
    return missions


async def _require_unclaimed(uow: UnitOfWork, missions: Sequence[Mission]) -> None:
    """Refuse missions that can't be in a new claim; the caller holds their locks, so that there is no second one."""
    for mission in missions:
        detail, told = "", {}
        if mission.kind == DAY_TO_DAY:
            detail, told = "Help from day to day is settled by the monthly statement.", because("settled_by_statement")
        elif mission.status not in HOME_STATES:
            detail = f"The unit is not home: the mission is “{machine('mission').states[mission.status].names['en']}”."
            told = because("not_home", mission_status=mission.status)
        elif mission.home_at is None:
            detail, told = "No unit was ever on its way for it.", because("never_sent")
        if detail:
            raise Conflict(detail, extra={"current": mission.state(), **told})
    taken = await uow.find(ClaimMission, col(ClaimMission.mission_id).in_([mission.id for mission in missions]))
    if taken:
        detail = f"Of these missions in a claim already: {len(taken)}."
        extra = {"claim_id": taken[0].claim_id, "mission_ids": [row.mission_id for row in taken]}
        raise Conflict(
            detail, extra={**extra, **because("in_a_claim", n=len(taken))}, hint="Look at the claim they are in."
        )


async def _one_currency(uow: UnitOfWork, missions: Sequence[Mission], costs: dict[UUID, Cost | None]) -> str:
    if not any(claimable(cost) for cost in costs.values()):
        detail = "Nothing can be claimed for these missions: they were free, or their terms name no rates."
        raise Conflict(
            detail, hint="What is to be paid stands in the agreement's cost terms.", extra=because("nothing_to_claim")
        )
    lender = await uow.get(Member, missions[0].lender_id)
    currencies = {cost.currency or lender.currency for cost in costs.values() if cost is not None and claimable(cost)}
    if len(currencies) > 1:
        detail = f"The missions are paid in {' and '.join(sorted(currencies))}: claim them apart."
        told = because("claim_currencies_differ", currencies=sorted(currencies))
        raise OutOfRange(detail, errors=[FieldError("/mission_ids", OutOfRange.slug, detail)], extra=told)
    return currencies.pop()


def _mixed(counted: Sequence[str]) -> str:
    days = {"home": "the last return", "mobilised": "the first departure", "submitted": "the claim"}
    told = " and ".join(days[each] for each in counted)
    return f"By their terms, the missions are converted at the exchange rates of different days: {told}."


def _require_draft(claim: Claim, hint: str) -> None:
    if claim.status != machine("claim").initial:
        detail = f"The claim is {claim.status}, and no draft any more."
        raise Conflict(
            detail, extra={**because("claim_no_draft", claim_status=claim.status), "current": claim.state()}, hint=hint
        )


def _warn_late(uow: UnitOfWork, claim: Claim) -> None:
    if uow.now > claim.claim_by:
        detail = f"The time to claim was over on {claim.claim_by.date().isoformat()}; the requester may refuse."
        uow.warn("claim_late", detail, figures={"claim_by": claim.claim_by.date().isoformat()})
