"""The help that follows from a phone call: request, offer and missions, each in the state it has once the units roll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.commands.agreement_cases import known_to, matter_of
from app.commands.costs import estimated, expected
from app.commands.fill import fill
from app.commands.mission_steps import bound_stay
from app.commands.missions import give_unit
from app.commands.occurred import keep_after
from app.commands.offer_check import set_aside
from app.domain.agreement_reasons import NO_AGREEMENT, Reason
from app.domain.agreements import within
from app.domain.because import because
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict, FieldError, NotFound, OverFilled
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.requests import STILL_ASKING
from app.domain.short_codes import short_code
from app.store.tables import Mission, Offer, OfferLine, Request, RequestLine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from app.commands.calls import AssistNow
    from app.domain.agreements import Verdict
    from app.store.tables import Resource
    from app.store.unit_of_work import UnitOfWork


class Help(Protocol):
    """What was agreed, on the telephone or long before: who sends whom what, and where to."""

    @property
    def requester_id(self) -> UUID: ...
    @property
    def lender_id(self) -> UUID: ...
    @property
    def incident_id(self) -> UUID | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def type_code(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def priority(self) -> str: ...
    @property
    def place(self) -> str | None: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def expected_hours(self) -> int | None: ...


async def asked_before(uow: UnitOfWork, cmd: AssistNow) -> tuple[Request, RequestLine] | None:
    """Lock and return the open request that the call is for and its line; None where the call makes one of its own.

    Raises:
        NotFound: there is no such line, or its request is not the requester's, not open to all, of another lender, or about something else.
        Conflict: nothing more is asked for.
        OverFilled: more was agreed than the line still lacks.
        OutOfOrder: it was not open yet then: leave the line out, and the call makes a request of its own.
    """
    if cmd.request_line_id is None:
        return None
    seen = await uow.get(RequestLine, cmd.request_line_id)
    request = await uow.lock(Request, seen.request_id)
    line = await uow.lock(RequestLine, seen.id)
    same = request.member_id == cmd.requester_id and request.incident_id == cmd.incident_id
    same = same and request.to_member_id in {None, cmd.lender_id}
    if request.opened_at is None or not same or line.type_code != cmd.type_code:
        raise NotFound(RequestLine.KIND, line.id)
    if request.status not in STILL_ASKING:
        detail = f"The request is “{machine('request').states[request.status].names['en']}”: nothing more is asked for."
        hint = "Leave `request_line_id` out: the call then makes a request of its own."
        raise Conflict(
            detail,
            extra={**because("request_not_asking", request_status=request.status), "current": request.state()},
            hint=hint,
        )
    keep_after(uow, cmd, request.opened_at, "The request was opened", request)
    filled = (await fill(uow, request.id))[line.id]
    if cmd.quantity > filled.lacking:
        detail = f"The request's line lacks {filled.lacking} of {filled.wanted}."
        hint = "Lower the quantity, or leave `request_line_id` out: the call then makes a request of its own."
        raise OverFilled(
            detail,
            errors=[FieldError("/quantity", OverFilled.slug, detail)],
            hint=hint,
            extra=because("request_lacks", n=filled.lacking, wanted=filled.wanted),
        )
    return request, line


async def ground(uow: UnitOfWork, cmd: AssistNow, kind: str) -> tuple[Verdict | None, tuple[Reason, ...]]:
    """Ask the agreements; return the one the help runs under (None: ``ad_hoc``) and every reason, none of which blocks.

    Each reason is a warning, with its figures. Locks as ``known_to``: who counts after this call counts it, too.
    """
    matter = await matter_of(
        uow, incident_id=cmd.incident_id, kind=kind, lender_id=cmd.lender_id, borrower_id=cmd.requester_id
    )
    allowed = matter.borrower.jurisdiction
    no_say = matter.hazard is not None and matter.hazard not in allowed["hazards"]
    if no_say or kind not in allowed["kinds"]:
        uow.warn("out_of_jurisdiction", f"{matter.borrower.code} may not ask for this; somebody who may should know.")
    known = await known_to(uow, cmd.lender_id, {cmd.type_code})
    named = cmd.resource_ids[0] if cmd.quantity == 1 and cmd.resource_ids else None
    effort = await expected(uow, cmd.lender_id, cmd, named, cmd.expected_hours)
    case = matter.case(
        cmd.type_code,
        cmd.quantity,
        uow.act.occurred_at,
        effort,
        place=(cmd.lon, cmd.lat),
        resource_id=named,
        duration_h=cmd.expected_hours,
    )
    verdict = known.chosen(case)
    if verdict is not None and not verdict.allowed:
        verdict = known.chosen(case, reserve_overridden=True)
    reasons = (NO_AGREEMENT,) if verdict is None else verdict.reasons
    for reason in reasons:
        uow.warn(reason.code, reason.detail, figures=dict(reason.figures))
    if verdict is None or not verdict.allowed:
        uow.warn("ad_hoc", f"No agreement: help is given under {uow.settings.treaty_in('en')}.")
        return None, set_aside(reasons)
    return verdict, reasons


async def open_request(uow: UnitOfWork, cmd: Help) -> tuple[Request, RequestLine]:
    """Write the request and its one line, open already."""
    steps = machine("request")
    request = uow.add(
        Request(
            space_id=uow.space,
            id=new_id(),
            ref=short_code("R"),
            incident_id=cmd.incident_id,
            member_id=cmd.requester_id,
            to_member_id=cmd.lender_id if cmd.kind == DAY_TO_DAY else None,
            kind=cmd.kind,
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
    cmd: Help,
    asked: RequestLine,
    verdict: Verdict | None,
    reasons: Sequence[Reason],
    units: Sequence[Resource],
) -> tuple[Offer, OfferLine]:
    """Write the offer and its one line, accepted and committed already."""
    steps = machine("offer")
    cost = verdict.terms.cost if verdict else None
    effort = await expected(uow, cmd.lender_id, asked, units[0].id if units else None, cmd.expected_hours)
    if verdict is not None:
        effort = within(verdict.terms, effort)
    offer = uow.add(
        Offer(
            space_id=uow.space,
            id=new_id(),
            request_id=asked.request_id,
            lender_id=cmd.lender_id,
            status=steps.next(steps.next(steps.initial, "offer"), "accept"),
            offered_at=uow.act.occurred_at,
            accepted_at=uow.act.occurred_at,
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
            cost=cost.stored() if cost else {},
            estimate=await estimated(uow, cmd.lender_id, cmd.type_code, cost, effort, cmd.quantity),
        )
    )
    await uow.flush()
    return offer, line


async def sent(uow: UnitOfWork, cmd: AssistNow, kind: str, line: OfferLine, unit: Resource | None) -> Mission:
    """Return the mission of one piece, on its way already; its unit may be named later."""
    mission = Mission(
        space_id=uow.space,
        id=new_id(),
        request_id=line.request_id,
        request_line_id=line.request_line_id,
        offer_id=line.offer_id,
        offer_line_id=line.id,
        incident_id=cmd.incident_id,
        kind=kind,
        lender_id=cmd.lender_id,
        requester_id=cmd.requester_id,
        type_code=cmd.type_code,
        agreement_id=line.agreement_id,
        agreement_version=line.agreement_version,
        status=machine("mission").next(machine("mission").initial, "mobilise"),
        status_at=uow.act.occurred_at,
        mobilised_at=uow.act.occurred_at,
        place=cmd.place,
        lon=cmd.lon,
        lat=cmd.lat,
    )
    if unit is not None:
        await give_unit(uow, mission, unit)
    await bound_stay(uow, mission)
    return uow.add(mission)
