"""Questions about requests over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.questions import AnswerQuestion, AskQuestion
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import questions as queries
from app.queries import requests as request_queries
from app.queries.questions import QuestionView

router = space_router("questions")


@router.get(
    "/requests/{request_id}/questions",
    summary="List the questions about a request",
    responses=responses(errors.BadCursor),
)
async def list_questions(
    space: Space,
    request_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    answered: Annotated[bool | None, Query(description="True: only those with an answer; false: the others.")] = None,
) -> Page[QuestionView]:
    """With their answers, newest first, in the language they were written in."""
    await request_queries.request(reader, space, request_id, viewer=actor.member_id)
    of = fingerprint("questions", {"space": space, "request": request_id, "answered": answered})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.questions(reader, space, request_id, answered=answered, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/requests/{request_id}/questions",
    status_code=201,
    summary="Ask a question about a request",
    responses=responses(errors.TransitionNotAllowed, errors.UnknownCode, errors.OutOfRange, body=True),
)
async def ask_question(
    request_id: UUID,
    enter: Enter,
    command: Annotated[
        AskQuestion, Body(examples=[{"text": "Ist der Kai für 26 Tonnen freigegeben?", "language": "de"}])
    ],
) -> Receipt:
    """By anybody who asks or sends for a member. To the requester, unless another member is named; everybody reads it."""
    return await enter.create(command, "questions", target=request_id)


@router.get("/questions/{question_id}", summary="Read a question", responses=responses())
async def read_question(
    space: Space, question_id: UUID, _actor: CurrentActor, reader: Reader, response: Response
) -> QuestionView:
    """One question, with its answer once there is one."""
    found = await queries.question(reader, space, question_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/questions/{question_id}/answer",
    summary="Answer a question",
    responses=responses(errors.UnknownCode, body=True),
)
async def answer_question(
    question_id: UUID,
    enter: Enter,
    command: Annotated[AnswerQuestion, Body(examples=[{"text": "Ja, tot 30 ton aan de oostzijde.", "language": "nl"}])],
) -> Receipt:
    """By the member that was asked, once."""
    return await enter.execute(command, target=question_id)
