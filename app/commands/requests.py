"""Requests: drafted, submitted, opened across the border, answered, and ended.

A draft is the requester's own. From the moment it is opened every member sees it, with all its lines, and of help from day to
day the member that it is asked of; nothing of it changes any more but its state, which follows from the missions (``fill.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlmodel import col

from app.commands.fill import fill, mission_facts
from app.commands.letting_go import end_offers
from app.commands.occurred import keep_after
from app.commands.registry import Act, Command, handles
from app.commands.request_lines import (
    Lines,
    hazard_of,
    locked_lines,
    require_asked_of,
    require_one,
    require_seen,
    write_lines,
)
from app.commands.response_commitments import answered, begin_answers
from app.commands.showing import Showing
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.day_to_day import require_asked, require_incident
from app.domain.errors import Conflict, Duplicate, FieldError, OutOfJurisdiction, OutOfRange
from app.domain.forms import Instant, LongText
from app.domain.ids import new_id
from app.domain.lifecycle import machine, not_allowed
from app.domain.short_codes import short_code
from app.store.tables import Acknowledgement, Incident, Member, Request, RequestLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork, Visibility

Kind = Literal["immediate", "planned", "day_to_day"]


class DraftRequest(Act):
    """Write down what is needed; with ``then``, submit and open it in the same breath."""

    incident_id: UUID | None = None
    """What it is for; help from day to day needs none."""
    kind: Kind
    to_member_id: UUID | None = None
    """Whom help from day to day is asked of: that member, and nobody else, sees it. Null for the other kinds."""
    note: LongText | None = None
    """Not with help from day to day: no patient's data is kept."""
    expires_at: Instant | None = None
    """From then on nobody need answer any more, unless something is committed by then."""
    lines: Lines
    then: Literal["draft", "submit", "open"] = "draft"
    """How far to take it now; each step needs its own authority."""


class ChangeRequest(Act):
    """Change a request that is not open yet. Only the fields sent change; ``lines`` replaces all of them."""

    note: LongText | None = None
    """Null takes it away."""
    expires_at: Instant | None = None
    """Null takes it away."""
    lines: Lines | None = None


class SubmitRequest(Act):
    """It is complete: somebody who may bind the member should open it."""


class OpenRequest(Act):
    """Ask across the border: every member sees it from now on."""


class CancelRequest(Act):
    """The member no longer asks. Missions are stood down before."""


class CloseRequest(Act):
    """It is over: what was sent is home again, or nobody could send."""


class AcknowledgeRequest(Act):
    """We have read it: no answer yet, only that nobody need ring to ask."""


class ExpireRequest(Command):
    """The request's time has come without a commitment."""


class MarkLineLate(Command):
    """The time by which a line was needed has passed, and units are missing: by the service itself."""


# ---------------------------------------------------------------- until it is open


@handles(DraftRequest)
async def draft_request(uow: UnitOfWork, cmd: DraftRequest) -> None:
    """Record ``request.drafted``, and ``request.submitted`` and ``request.opened`` as far as ``then`` goes."""
    member_id = uow.actor.member_id
    if member_id is None:
        message = "the service itself asks for nothing"
        raise RuntimeError(message)
    uow.authorise({"requester": {member_id}})
    await draft(uow, member_id, cmd)


async def draft(uow: UnitOfWork, member_id: UUID, cmd: DraftRequest) -> tuple[Request, list[RequestLine]]:
    """Write a request down for a member, as far as ``then`` goes, and return it with its lines: the part of ``draft_request`` that others share.

    The caller has authorised the draft; each further step is authorised here.
    """
    _require_ahead(uow, cmd.expires_at)
    require_incident(cmd.kind, cmd.incident_id)
    await _require_one_unit(uow, member_id, cmd)
    request = uow.add(
        Request(
            space_id=uow.space,
            id=new_id(),
            ref=short_code("R"),
            incident_id=cmd.incident_id,
            member_id=member_id,
            to_member_id=cmd.to_member_id,
            kind=cmd.kind,
            note=cmd.note,
            expires_at=cmd.expires_at,
        )
    )
    await require_may_ask(uow, request)
    lines = await write_lines(uow, request, cmd.lines, [])
    _record(uow, "request.drafted", request, *lines)
    if cmd.then != "draft":
        _submit(uow, request)
    if cmd.then == "open":
        await _open(uow, request, lines)
    return request, lines


@handles(ChangeRequest)
async def change_request(uow: UnitOfWork, cmd: ChangeRequest) -> None:
    """Record ``request.changed``; lines that are no longer wanted are told as removed. Locks the request and its lines."""
    request = await _locked(uow)
    uow.authorise({"requester": {request.member_id}})
    if request.opened_at is not None or machine("request").is_final(request.status):
        detail = f"A request that is {request.status} can't be changed any more."
        hint = "Cancel it and ask anew, or draft a second request for what is missing."
        raise Conflict(
            detail,
            extra={**because("request_fixed", request_status=request.status), "current": request.state()},
            hint=hint,
        )
    if cmd.lines is not None:
        require_one(request.kind, cmd.lines)
    if "note" in cmd.model_fields_set:
        request.note = cmd.note
    if "expires_at" in cmd.model_fields_set:
        _require_ahead(uow, cmd.expires_at)
        request.expires_at = cmd.expires_at
        if request.status == "submitted":
            _expire_later(uow, request)
    touched: list[RequestLine] = []
    if cmd.lines is not None:
        touched = await write_lines(uow, request, cmd.lines, await locked_lines(uow, request))
        uow.revise(request)
    _record(uow, "request.changed", request, *touched)


@handles(SubmitRequest)
async def submit_request(uow: UnitOfWork, _cmd: SubmitRequest) -> None:
    """Record ``request.submitted``. Locks the request."""
    request = await _locked(uow)
    uow.authorise({"requester": {request.member_id}})
    await require_may_ask(uow, request)
    _submit(uow, request)


@handles(OpenRequest)
async def open_request(uow: UnitOfWork, _cmd: OpenRequest) -> None:
    """Record ``request.opened`` with the request and all its lines, for the whole corridor; help from day to day for the two. Locks the request and its lines."""
    request = await _locked(uow)
    _authorise_opening(uow, request)
    await require_may_ask(uow, request)
    await _open(uow, request, await locked_lines(uow, request))


def _submit(uow: UnitOfWork, request: Request) -> None:
    uow.authorise({"requester": {request.member_id}}, command="submit_request")
    _step(request, "submit")
    _require_ahead(uow, request.expires_at)
    _expire_later(uow, request)
    _record(uow, "request.submitted", request)


async def _open(uow: UnitOfWork, request: Request, lines: Sequence[RequestLine]) -> None:
    _authorise_opening(uow, request)
    _step(request, "open")
    _require_ahead(uow, request.expires_at)
    request.opened_at = uow.act.occurred_at
    for line in lines:
        if line.needed_by is not None:
            uow.later("mark_line_late", max(line.needed_by, uow.now), line.id)
    _record(uow, "request.opened", request, *lines)
    await begin_answers(uow, request, lines)


def _authorise_opening(uow: UnitOfWork, request: Request) -> None:
    sides = {"requester": {request.member_id}}
    uow.authorise(sides, command="open_request", facts={"request_kind": request.kind})


# ---------------------------------------------------------------- once it is open


@handles(AcknowledgeRequest)
async def acknowledge_request(uow: UnitOfWork, cmd: AcknowledgeRequest) -> None:
    """Record ``request.acknowledged``, once a member. Locks the request, which itself does not change.

    Raises:
        Conflict: it is asked of another member.
        Duplicate: the member has acknowledged it before.
        TransitionNotAllowed: the request has ended.
        OutOfOrder: there was nothing to read then.
    """
    request = await _locked(uow)
    member_id = uow.actor.member_id
    if member_id is None:
        message = "the service itself reads nothing"
        raise RuntimeError(message)
    uow.authorise({"addressed": {member_id} - {request.member_id}})
    await require_asked_of(uow, request, member_id)
    machine("request").refuse_final(request.status, "be acknowledged", request.state())
    keep_after(uow, cmd, request.opened_at, "The request was opened", request)
    of_member = (col(Acknowledgement.request_id) == request.id, col(Acknowledgement.member_id) == member_id)
    if given := await uow.find(Acknowledgement, *of_member):
        detail = f"Your member acknowledged it at {given[0].occurred_at.isoformat()}."
        raise Duplicate(
            detail,
            extra={
                **because("acknowledged_at_before", given_at=stamp(given[0].occurred_at)),
                "current": given[0].state(),
            },
            hint="Once is enough; make an offer, or decline.",
        )
    acknowledgement = uow.add(
        Acknowledgement(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            member_id=member_id,
            user_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("request.acknowledged", acknowledgement)
    await answered(uow, request.id, member_id, "acknowledge")


@handles(CancelRequest)
async def cancel_request(uow: UnitOfWork, _cmd: CancelRequest) -> None:
    """Record ``request.cancelled``, and what becomes of its offers. Locks the request, then as ``end_offers``.

    Raises:
        TransitionNotAllowed: units are under way for it.
    """
    request = await _locked(uow)
    uow.authorise({"requester": {request.member_id}})
    _require_home(request, "cancel", await mission_facts(uow, request.id))
    await _end(uow, request, "cancel", "request.cancelled")


@handles(CloseRequest)
async def close_request(uow: UnitOfWork, _cmd: CloseRequest) -> None:
    """Record ``request.closed``, or ``request.left_unfilled`` when nothing was ever committed. Locks as ``cancel_request``.

    Raises:
        TransitionNotAllowed: units are under way for it.
    """
    request = await _locked(uow)
    uow.authorise({"requester": {request.member_id}})
    facts = await mission_facts(uow, request.id)
    _require_home(request, "close", facts)
    if request.status == "open" and not facts["ever_committed"]:
        await _end(uow, request, "leave_unfilled", "request.left_unfilled", facts)
    else:
        await _end(uow, request, "close", "request.closed", facts)


@handles(ExpireRequest)
async def expire_request(uow: UnitOfWork, _cmd: ExpireRequest) -> None:
    """Record ``request.expired``. Refused, and so without effect, once something is committed or the time was put off.

    A request whose missions are lost after its time has passed stays open: people decide what becomes of it.
    """
    request = await _locked(uow)
    uow.authorise()
    if request.expires_at is None or request.expires_at > uow.now:
        message = "The request's time has not come."
        raise Conflict(message, extra={"current": request.state()})
    await _end(uow, request, "expire", "request.expired")


@handles(MarkLineLate)
async def mark_line_late(uow: UnitOfWork, _cmd: MarkLineLate) -> None:
    """Record ``request.line_late`` with how many are missing. Locks the request. Refused where none is, or it has ended.

    Raises:
        Conflict: the line is filled, or the request has ended.
    """
    line = await uow.get(RequestLine, uow.require_target())
    request = await uow.lock(Request, line.request_id)
    uow.authorise()
    filled = (await fill(uow, request.id))[line.id]
    if machine("request").is_final(request.status) or not filled.lacking:
        message = "Nothing is missing any more."
        raise Conflict(message, extra={"current": request.state()})
    uow.record("request.line_late", request, line, line_id=line.id, lacking=filled.lacking, wanted=filled.wanted)


async def _end(uow: UnitOfWork, request: Request, step: str, event: str, facts: dict[str, bool] | None = None) -> None:
    _step(request, step, facts)
    request.closed_at = uow.act.occurred_at
    _record(uow, event, request)
    await end_offers(uow, request)


# ---------------------------------------------------------------- what they share


async def _locked(uow: UnitOfWork) -> Request:
    """Lock the request the command is about; whom it is hidden from learns nothing of it, not even by its revision.

    Raises:
        NotFound: none of that id, or the draft of somebody else.
        StaleRevision: somebody changed it since.
    """
    request = await uow.lock(Request, uow.require_target())
    require_seen(uow, request)
    uow.expect_revision(request)
    return request


def _require_home(request: Request, step: str, facts: dict[str, bool]) -> None:
    """Refuse to end a request for which units are out: whoever ends it would lose sight of them."""
    if facts["missions_under_way"] and not machine("request").states[request.status].final:
        refusal = not_allowed(
            "request", request.status, step, [], words="end while its units are under way", current=request.state()
        )
        refusal.extra |= because("units_under_way")
        refusal.advice = "Stand them down or release them; once they are home, close it."
        raise refusal


def _step(request: Request, step: str, facts: dict[str, bool] | None = None) -> None:
    """Take the step; a refusal shows the request as it is."""
    with Showing(request):
        request.status = machine("request").next(request.status, step, facts or {})


def _record(uow: UnitOfWork, event: str, request: Request, *rows: RequestLine) -> None:
    """Record the event: until the request is opened, for the requester's own eyes."""
    visibility: Visibility = "parties" if request.opened_at is None else "corridor"
    uow.record(event, request, *rows, visibility=visibility, parties=[request.member_id])


def _require_ahead(uow: UnitOfWork, expires_at: Any) -> None:
    if expires_at is not None and expires_at <= uow.now:
        detail = f"The request would expire at {expires_at.isoformat()}; it is {uow.now.isoformat()} here."
        raise OutOfRange(
            detail,
            errors=[FieldError("/expires_at", OutOfRange.slug, detail)],
            extra=because("time_passed", until_at=stamp(expires_at)),
        )


def _expire_later(uow: UnitOfWork, request: Request) -> None:
    if request.expires_at is not None:
        uow.later("expire_request", request.expires_at, request.id)


async def require_may_ask(uow: UnitOfWork, request: Request) -> None:
    """Refuse a request for an incident that is over, or one that the member has no say in.

    Raises:
        TransitionNotAllowed: the incident is closed.
        OutOfJurisdiction: not this hazard, or not in this way.
    """
    hazard = await hazard_of(uow, request.incident_id)
    if request.incident_id is not None:
        incident = await uow.get(Incident, request.incident_id)
        machine("incident").refuse_final(incident.status, "be asked help for", incident.state())
    jurisdiction: dict[str, list[str]] = (await uow.get(Member, request.member_id)).jurisdiction
    if hazard is not None and hazard not in jurisdiction["hazards"]:
        wrong = f"for the hazard {hazard}"
    elif request.kind not in jurisdiction["kinds"]:
        wrong = f"by a request of the kind {request.kind}"
    else:
        return
    raise OutOfJurisdiction(f"Your member may not ask {wrong}.", extra={"jurisdiction": jurisdiction})


async def _require_one_unit(uow: UnitOfWork, member_id: UUID, cmd: DraftRequest) -> None:
    """Check what is special about help from day to day: one unit, of one member.

    Raises:
        MissingField: nobody is named that it is asked of.
        OutOfRange: more than one unit; a member that is asked where all are; the member itself.
        NotFound: there is no such member.
    """
    require_one(cmd.kind, cmd.lines)
    if cmd.to_member_id is None:
        require_asked(cmd.kind)
        return
    if cmd.kind != DAY_TO_DAY or cmd.to_member_id == member_id:
        detail = "Only help from day to day is asked of one member, and of another than your own."
        raise OutOfRange(detail, errors=[FieldError("/to_member_id", OutOfRange.slug, detail)])
    await uow.get(Member, cmd.to_member_id)
