"""Responses: a lender's word that it can't send, with its reason, so that nobody waits for it."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col

from app.commands.occurred import keep_after
from app.commands.registry import Act, handles
from app.commands.request_lines import require_asked_of, require_seen
from app.commands.response_commitments import answered
from app.domain.because import because
from app.domain.errors import Conflict
from app.domain.forms import Code, LongText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.vocabulary import codes, require
from app.store.tables import Request, Response
from app.store.unit_of_work import UnitOfWork


class DeclineRequest(Act):
    """We can't send. Said again, the latest word counts; an offer can still follow."""

    reason: Code
    """One of `decline_reasons`: none_available, own_emergency, reserve, crew, distance, no_agreement, other."""
    note: LongText | None = None


@handles(DeclineRequest)
async def decline_request(uow: UnitOfWork, cmd: DeclineRequest) -> None:
    """Record ``request.declined`` with the member's response, which is one row however often it answers. Locks that row.

    Raises:
        NotFound: the request is not opened, and so not there for others.
        Conflict: it is the member's own request, or asked of another.
        StaleRevision: it asks for something else since the actor read it.
        TransitionNotAllowed: the request has ended.
        OutOfOrder: nobody had asked then.
    """
    request = await uow.get(Request, uow.require_target())
    require_seen(uow, request)
    member = _authorised_member(uow)
    require("reason", cmd.reason, codes("decline_reasons"), pointer="/reason")
    if member == request.member_id:
        message = "A member does not decline its own request."
        raise Conflict(
            message,
            extra={**because("own_request"), "current": request.state()},
            hint="Cancel it if help is no longer needed.",
        )
    await require_asked_of(uow, request, member)
    uow.expect_revision(request)
    machine("request").refuse_final(request.status, "be declined", request.state())
    keep_after(uow, cmd, request.opened_at, "The request was opened", request)
    mine = await uow.lock_where(Response, col(Response.request_id) == request.id, col(Response.member_id) == member)
    if mine:
        response = mine[0]
        response.reason, response.note, response.occurred_at = cmd.reason, cmd.note, uow.act.occurred_at
    else:
        response = uow.add(
            Response(
                space_id=uow.space,
                id=new_id(),
                request_id=request.id,
                member_id=member,
                reason=cmd.reason,
                note=cmd.note,
                occurred_at=uow.act.occurred_at,
            )
        )
    uow.record("request.declined", response)
    await answered(uow, request.id, member, "acknowledge", "answer")


def _authorised_member(uow: UnitOfWork) -> UUID:
    member = uow.actor.member_id
    if member is None:
        message = "the service itself answers nobody"
        raise RuntimeError(message)
    uow.authorise({"lender": {member}})
    return member
