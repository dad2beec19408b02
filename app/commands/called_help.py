"""The help that follows from a phone call: request, offer and missions, each in the state it has once the units roll."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.commands.debts import CALLED_KIND
from app.commands.missions import give_unit
from app.domain.agreements import NO_AGREEMENT, Case, Reason, Verdict, check, choose
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.short_codes import short_code
from app.store.agreements import agreed, stock_of
from app.store.tables import Member, Mission, Offer, OfferLine, Request, RequestLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.commands.calls import AssistNow
    from app.store.tables import Incident, Resource
    from app.store.unit_of_work import UnitOfWork


async def ground(uow: UnitOfWork, cmd: AssistNow, incident: Incident) -> tuple[Verdict | None, tuple[Reason, ...]]:
    """Ask the agreements; return the one the help runs under (None: ``ad_hoc``) and every reason, none of which blocks."""
    requester = await uow.get(Member, cmd.requester_id)
    if incident.hazard not in requester.jurisdiction["hazards"] or CALLED_KIND not in requester.jurisdiction["kinds"]:
        uow.warn("out_of_jurisdiction", f"{requester.code} may not ask for this; somebody who may should know.")
    known = await agreed(uow.raw, uow.space, lock=True)
    await uow.lock_stock(cmd.lender_id, cmd.type_code)
    stock = await stock_of(uow.raw, uow.space, cmd.lender_id, cmd.type_code)
    case = Case(
        incident.hazard, cmd.type_code, CALLED_KIND, cmd.lender_id, cmd.requester_id, cmd.quantity, uow.act.occurred_at
    )
    verdict = choose(check(facts, terms, case, stock) for facts, terms in known)
    if verdict is not None and not verdict.allowed:
        verdict = choose(check(facts, terms, case, stock, reserve_overridden=True) for facts, terms in known)
    reasons = (NO_AGREEMENT,) if verdict is None else verdict.reasons
    for reason in reasons:
        uow.warn(reason.code, reason.detail, figures=dict(reason.figures))
    if verdict is None or not verdict.allowed:
        uow.warn("ad_hoc", f"No agreement: help is given under {uow.settings.treaty}.")
        return None, tuple(replace(reason, blocking=False) for reason in reasons)
    return verdict, reasons


async def open_request(uow: UnitOfWork, cmd: AssistNow) -> tuple[Request, RequestLine]:
    """Write the request and its one line, open already."""
    steps = machine("request")
    request = uow.add(
        Request(
            space_id=uow.space,
            id=new_id(),
            ref=short_code("R"),
            incident_id=cmd.incident_id,
            member_id=cmd.requester_id,
            kind=CALLED_KIND,
            status=steps.next(steps.next(steps.initial, "submit"), "open"),
            opened_at=uow.act.occurred_at,
        )
    )
    line = uow.add(
        RequestLine(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            position=0,
            type_code=cmd.type_code,
            quantity=cmd.quantity,
            priority=cmd.priority,
            place=cmd.place,
            lon=cmd.lon,
            lat=cmd.lat,
        )
    )
    await uow.flush()
    return request, line


async def accepted_offer(
    uow: UnitOfWork,
    cmd: AssistNow,
    asked: RequestLine,
    verdict: Verdict | None,
    reasons: Sequence[Reason],
    units: Sequence[Resource],
) -> tuple[Offer, OfferLine]:
    """Write the offer and its one line, accepted and committed already."""
    steps = machine("offer")
    offer = uow.add(
        Offer(
            space_id=uow.space,
            id=new_id(),
            request_id=asked.request_id,
            lender_id=cmd.lender_id,
            status=steps.next(steps.next(steps.initial, "offer"), "accept"),
            offered_at=uow.act.occurred_at,
        )
    )
    line = uow.add(
        OfferLine(
            space_id=uow.space,
            id=new_id(),
            offer_id=offer.id,
            request_id=asked.request_id,
            request_line_id=asked.id,
            type_code=cmd.type_code,
            resource_id=units[0].id if units and cmd.quantity == 1 else None,
            quantity=cmd.quantity,
            accepted_quantity=cmd.quantity,
            committed=True,
            agreement_id=verdict.agreement.id if verdict else None,
            agreement_version=verdict.agreement.version if verdict else None,
            findings=[reason.told() for reason in reasons],
            cost=verdict.terms.cost.model_dump(mode="json", exclude_none=True) if verdict else {},
        )
    )
    await uow.flush()
    return offer, line


async def sent(uow: UnitOfWork, cmd: AssistNow, line: OfferLine, unit: Resource | None) -> Mission:
    """Return the mission of one piece, on its way already; its unit may be named later."""
    mission = Mission(
        space_id=uow.space,
        id=new_id(),
        request_id=line.request_id,
        request_line_id=line.request_line_id,
        offer_id=line.offer_id,
        offer_line_id=line.id,
        incident_id=cmd.incident_id,
        lender_id=cmd.lender_id,
        requester_id=cmd.requester_id,
        type_code=cmd.type_code,
        agreement_id=line.agreement_id,
        agreement_version=line.agreement_version,
        status=machine("mission").next(machine("mission").initial, "mobilise"),
        status_at=uow.act.occurred_at,
        place=cmd.place,
        lon=cmd.lon,
        lat=cmd.lat,
    )
    if unit is not None:
        await give_unit(uow, mission, unit)
    return uow.add(mission)
