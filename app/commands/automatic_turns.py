"""Automatic aid, one lender after the other: who is next, what is written for it, and what becomes of its missions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.agreement_cases import locked_pairs, matter_of
from app.commands.called_help import accepted_offer
from app.commands.costs import expected
from app.commands.crossing_choice import choose_way, put_way
from app.commands.mission_steps import step_to
from app.commands.response_commitments import begin_own_answers, begin_turn_out
from app.domain.agreement_reasons import RESERVES
from app.domain.agreements import UNUSED
from app.domain.automatic_aid import ANSWER_WITHIN
from app.domain.automatic_order import KIND, Means, Other, Wanted, against, best, said, turns
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import parts_of_type
from app.store.agreements import agreed, stock_of, uses_of
from app.store.tables import AutomaticAid, AutomaticAlarm, Mission

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.domain.agreement_terms import Terms
    from app.domain.agreements import AgreementFacts
    from app.domain.automatic_order import Turn
    from app.store.tables import Crossing, OfferLine, Request, RequestLine
    from app.store.unit_of_work import UnitOfWork

NEVER_SENT: Final = "closed"
"""Where a mission ends of which no unit was ever on its way."""

_OUT: Final = """
    SELECT count(*) FROM mission m JOIN automatic_alarm a ON a.space_id = m.space_id AND a.offer_id = m.offer_id
     WHERE m.space_id = $1 AND a.lender_id = $2 AND a.agreement_id = $3 AND m.type_code = $4
       AND m.status NOT IN ('returned', 'closed')
"""


@dataclass(frozen=True, slots=True)
class Help:
    """What one lender is alarmed for, as the offer that it stands for says it."""

    requester_id: UUID
    lender_id: UUID
    incident_id: UUID | None
    type_code: str
    quantity: int
    lon: float
    lat: float
    place: str | None
    priority: str = "life_safety"
    kind: str = KIND
    expected_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Who can be alarmed, in their order; the agreements, their caps and what each has of the type are locked."""

    turns: dict[UUID, list[Turn]]
    known: Sequence[tuple[AgreementFacts, Terms]]
    """All agreements, for what is kept at home by them."""


async def order_of(uow: UnitOfWork, aid: AutomaticAid, line: RequestLine) -> Order:
    """Return who is next, without those that were alarmed before. Locks as ``locked_pairs``.

    A lender that was passed over is looked at again: it may have a unit by now.
    """
    wanted = Wanted(aid.requester_id, aid.type_code, line.lon, line.lat)
    pairs: Sequence[tuple[AgreementFacts, Terms]] = await agreed(uow.raw, uow.space, lock=True)
    if lenders := turns(pairs, wanted):
        pairs = await locked_pairs(uow, lenders, {aid.type_code})
    found = turns(pairs, wanted)
    alarmed = {each.lender_id for each in await uow.find(AutomaticAlarm, col(AutomaticAlarm.aid_id) == aid.id)}
    return Order({lender: own for lender, own in found.items() if lender not in alarmed}, pairs)


async def alarm_next(
    uow: UnitOfWork, aid: AutomaticAid, request: Request, line: RequestLine, order: Order
) -> AutomaticAlarm | None:
    """Alarm the first lender that can send any, for as many as it can; tell of those before it why not. None where nobody is left.

    The caller holds the request's lock, the order's and the aid's, and has set how many are lacking. Records
    ``offer.accepted`` and ``automatic_alarm.raised`` for the two members and ``mission.committed`` for the corridor.
    """
    passed = {each["lender_id"]: each for each in aid.passed_over}
    for lender, own in order.turns.items():
        means = await _means(uow, aid, line, own, order.known)
        turn, quantity = best(own, means)
        if quantity:
            passed.pop(str(lender), None)
            _set_passed(aid, passed)
            return await _alarm(uow, aid, request, line, turn, quantity, means[turn.agreement.id])
        passed[str(lender)] = {
            "lender_id": str(lender),
            "agreement_id": str(turn.agreement.id),
            "agreement_code": turn.agreement.code,
            "reasons": [each.told() for each in against(turn, means[turn.agreement.id])],
        }
    _set_passed(aid, passed)
    return None


async def end_unsent(uow: UnitOfWork, mission: Mission, how: str) -> None:
    """End a mission that no unit rolled for: ``aborted`` by its lender's word or silence, ``stood_down`` by the requester.

    Record ``mission.closed``.
    """
    mission.status = step_to(mission, NEVER_SENT, by=uow.act.command)
    mission.status_at, mission.ended_by = uow.act.occurred_at, how
    uow.record("mission.closed", mission, state=NEVER_SENT)


def _set_passed(aid: AutomaticAid, passed: dict[str, dict[str, Any]]) -> None:
    if (now := list(passed.values())) != aid.passed_over:
        aid.passed_over = now


async def _means(
    uow: UnitOfWork,
    aid: AutomaticAid,
    line: RequestLine,
    own: Sequence[Turn],
    known: Sequence[tuple[AgreementFacts, Terms]],
) -> dict[UUID, Means]:
    """Return how a lender stands, by the agreement that each of its turns is under, after what this transaction did."""
    await uow.flush()
    lender = own[0].lender
    matter = await matter_of(
        uow, incident_id=aid.incident_id, kind=KIND, lender_id=lender, borrower_id=aid.requester_id
    )
    effort = await expected(uow, lender, line, None, None)
    case = matter.case(aid.type_code, aid.lacking, uow.now, effort, place=(line.lon, line.lat))
    stock = await stock_of(uow.raw, uow.space, lender, aid.type_code)
    uses = await uses_of(uow.raw, uow.space, aid.type_code)
    parts = parts_of_type(aid.type_code)
    stocks = {code: await stock_of(uow.raw, uow.space, lender, code) for code in parts}
    uses_of_parts = {code: await uses_of(uow.raw, uow.space, code) for code in parts}
    all_uses = {aid.type_code: uses, **uses_of_parts}
    others = [
        Other(facts, terms, {code: each.get(facts.id, UNUSED) for code, each in all_uses.items()})
        for facts, terms in known
    ]
    found: dict[UUID, Means] = {}
    for turn in own:
        out = await uow.raw.fetchval(_OUT, uow.space, lender, turn.agreement.id, aid.type_code)
        of_parts = {code: each.get(turn.agreement.id, UNUSED) for code, each in uses_of_parts.items()}
        use = uses.get(turn.agreement.id, UNUSED)
        found[turn.agreement.id] = Means(case, stock, use, out, stocks, of_parts, others)
    return found


async def _alarm(
    uow: UnitOfWork, aid: AutomaticAid, request: Request, line: RequestLine, turn: Turn, quantity: int, means: Means
) -> AutomaticAlarm:
    """Write the offer, the missions and the alarm of one lender, and have its silence noticed.

    Where the lender's own word sets its reserve aside, the offer cites it, and all are told (``reserve.overridden``).
    """
    help_ = Help(
        aid.requester_id, turn.lender, aid.incident_id, aid.type_code, quantity, line.lon, line.lat, line.place
    )
    verdict = said(turn, replace(means, case=replace(means.case, quantity=quantity)))
    offer, offer_line = await accepted_offer(uow, help_, line, verdict, verdict.reasons, ())
    below = next((reason for reason in verdict.reasons if reason.code in RESERVES), None)
    word = means.word if below is not None else None
    offer_line.reserve_override = None if word is None else word.act()
    alarm = uow.add(
        AutomaticAlarm(
            space_id=uow.space,
            id=new_id(),
            aid_id=aid.id,
            request_id=request.id,
            offer_id=offer.id,
            incident_id=aid.incident_id,
            requester_id=aid.requester_id,
            lender_id=turn.lender,
            agreement_id=turn.agreement.id,
            agreement_version=turn.agreement.version,
            type_code=aid.type_code,
            quantity=quantity,
            turn=len(await uow.find(AutomaticAlarm, col(AutomaticAlarm.aid_id) == aid.id)) + 1,
            status=machine("automatic_alarm").initial,
            alarmed_at=uow.now,
            answer_by=uow.now + uow.lasting(ANSWER_WITHIN),
        )
    )
    uow.later("pass_automatic_alarm", alarm.answer_by, alarm.id)
    both = [aid.requester_id, turn.lender]
    uow.record("automatic_alarm.raised", alarm, visibility="parties", parties=both)
    uow.record("offer.accepted", offer, offer_line, visibility="parties", parties=both)
    if below is not None and word is not None:
        uow.record(
            "reserve.overridden",
            request,
            lender_id=turn.lender,
            type_code=aid.type_code,
            reason=word.note,
            figures=dict(below.figures),
        )
    await begin_own_answers(uow, request, turn.lender, (turn.agreement, turn.terms.response), aid.type_code)
    way = await choose_way(
        uow, lender_id=turn.lender, requester_id=aid.requester_id, lon=line.lon, lat=line.lat, terms=turn.terms
    )
    for _ in range(quantity):
        mission = uow.add(_mission(uow, request, offer_line, turn, line, way))
        uow.record("mission.committed", mission)
        await begin_turn_out(uow, request, mission)
    return alarm


def _mission(
    uow: UnitOfWork, request: Request, offered: OfferLine, turn: Turn, line: RequestLine, way: Sequence[Crossing]
) -> Mission:
    mission = Mission(
        space_id=uow.space,
        id=new_id(),
        request_id=request.id,
        request_line_id=line.id,
        offer_id=offered.offer_id,
        offer_line_id=offered.id,
        incident_id=request.incident_id,
        kind=request.kind,
        lender_id=turn.lender,
        requester_id=request.member_id,
        type_code=line.type_code,
        agreement_id=turn.agreement.id,
        agreement_version=turn.agreement.version,
        status=machine("mission").initial,
        status_at=uow.act.occurred_at,
        place=line.place,
        lon=line.lon,
        lat=line.lat,
    )
    put_way(mission, way)
    return mission
