"""Questions about a request: asked by one member of another, answered once, for the whole corridor to read.

An answer about an open request (is the quay passable for 26 tonnes?) helps every lender, so nobody has to ask twice.
"""

from __future__ import annotations

from uuid import UUID

from app.commands.registry import Act, handles
from app.commands.request_lines import require_seen
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, OutOfRange
from app.domain.forms import Language, Note
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.vocabulary import codes, require
from app.store.tables import Member, Question, Request
from app.store.unit_of_work import UnitOfWork


class AskQuestion(Act):
    """Something that one has to know before one can send, or ask."""

    text: Note
    language: Language | None = None
    """What it is written in."""
    to_member_id: UUID | None = None
    """Who is to answer; the requester if nobody is named."""


class AnswerQuestion(Act):
    """The answer of the member that was asked."""

    text: Note
    language: Language | None = None
    """What it is written in."""


@handles(AskQuestion)
async def ask_question(uow: UnitOfWork, cmd: AskQuestion) -> None:
    """Record ``question.asked``.

    Raises:
        NotFound: the request is not opened, and so not there for others; or there is no such member.
        Conflict: the request is the actor's own and nobody else sees it yet.
        TransitionNotAllowed: the request has ended.
        NoFreeText: it is help from day to day: ring.
        OutOfRange: the member would ask itself.
    """
    request = await uow.get(Request, uow.require_target())
    require_seen(uow, request)
    member = uow.actor.member_id
    if member is None:
        message = "the service itself asks nobody"
        raise RuntimeError(message)
    uow.authorise()
    _require_language(cmd.language)
    if request.opened_at is None:
        message = "The request is not open yet: nobody else sees it."
        raise Conflict(
            message, extra={**because("request_not_open"), "current": request.state()}, hint="Open it first."
        )
    machine("request").refuse_final(request.status, "be asked about", request.state())
    asked = cmd.to_member_id or request.member_id
    if asked == member:
        detail = "A member does not ask itself; name the member that is to answer."
        raise OutOfRange(detail, errors=[FieldError("/to_member_id", OutOfRange.slug, detail)])
    await uow.get(Member, asked)
    question = uow.add(
        Question(
            space_id=uow.space,
            id=new_id(),
            request_id=request.id,
            member_id=member,
            to_member_id=asked,
            asked_by_id=uow.actor.id,
            text=cmd.text,
            language=cmd.language,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("question.asked", question)


@handles(AnswerQuestion)
async def answer_question(uow: UnitOfWork, cmd: AnswerQuestion) -> None:
    """Record ``question.answered``. Locks the question.

    Also possible after the request has ended: where the pump was left is asked then.

    Raises:
        Conflict: it was answered already.
    """
    question = await uow.lock_target(Question)
    uow.authorise({"addressed": {question.to_member_id}})
    _require_language(cmd.language)
    if question.answered_at is not None:
        message = "This question was answered already."
        raise Conflict(
            message,
            extra={**because("question_answered"), "current": question.state()},
            hint="Ask and answer a new one if things changed.",
        )
    question.answer, question.answer_language = cmd.text, cmd.language
    question.answered_at, question.answered_by_id = uow.act.occurred_at, uow.actor.id
    uow.record("question.answered", question)


def _require_language(language: str | None) -> None:
    if language is not None:
        require("language", language, codes("languages"), pointer="/language")
