"""Questions about requests: asked, answered once, and read by everybody."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.questions import AnswerQuestion, AskQuestion
from app.commands.requests import CancelRequest
from app.domain.errors import Conflict, NotFound, OutOfRange, RoleMissing, TransitionNotAllowed, UnknownCode
from app.queries import questions as queries
from app.queries.snapshot import snapshot

MAAS, LUIK, AKEN = (("maas", "dispatcher"), ("luik", "dispatcher"), ("aken", "dispatcher"))
QUAY = AskQuestion(text="Le quai porte-t-il 26 tonnes ?", language="fr")
YES = AnswerQuestion(text="Ja, tot 30 ton.", language="nl")


async def test_a_question_is_answered_and_everybody_reads_it(do, ask, pg, world, assert_fold):
    """Each lender would ring the requester with the same question."""
    request, _ = await ask()
    asked = await do(QUAY, request)
    assert (asked.subject["member_id"], asked.subject["to_member_id"]) == (
        str(world.members["luik"]),
        str(world.members["maas"]),
    )
    (shown,) = await queries.questions(await pg(), "live", request, answered=False)
    assert (shown.text, shown.language, shown.answer) == (QUAY.text, "fr", None)
    await do(YES, asked.id, who=MAAS)
    (shown,) = await queries.questions(await pg(), "live", request, answered=True)
    assert (shown.answer, shown.answer_language, shown.revision) == (YES.text, "nl", 2)
    assert await queries.questions(await pg(), "live", request, answered=False) == []
    told = await (await pg()).fetch(
        "SELECT type, visibility FROM journal_entry WHERE type LIKE 'question.%' ORDER BY seq"
    )
    assert [tuple(row) for row in told] == [("question.asked", "corridor"), ("question.answered", "corridor")]
    conn = await pg()
    async with conn.transaction(isolation="repeatable_read"):
        seen = await snapshot(conn, "live", world.members["aken"])
    assert [row["answer"] for row in seen.rows["question"]] == [YES.text]
    await assert_fold()


async def test_the_requester_asks_back_by_name(do, ask, world, assert_fold):
    """Who needs to know what a lender's pump connects to asks that lender, and nobody else answers for it."""
    request, _ = await ask()
    question = AskQuestion(text="Welke koppelingen?", to_member_id=world.members["luik"])
    asked = await do(question, request, who=MAAS)
    with pytest.raises(RoleMissing):
        await do(YES, asked.id, who=AKEN)
    with pytest.raises(RoleMissing):
        await do(YES, asked.id, who=MAAS)
    await do(AnswerQuestion(text="Storz 110"), asked.id, who=LUIK)
    with pytest.raises(OutOfRange):
        await do(AskQuestion(text="?"), request, who=MAAS)
    with pytest.raises(NotFound):
        await do(AskQuestion(text="?", to_member_id=asked.id), request, who=LUIK)
    await assert_fold()


async def test_what_is_not_open_is_not_asked_about(do, ask, assert_fold):
    """A question would tell the corridor of a draft; one about an ended request would wait for ever."""
    draft, _ = await ask(kind="planned", then="draft")
    with pytest.raises(NotFound):
        await do(QUAY, draft)
    with pytest.raises(Conflict):
        await do(QUAY, draft, who=MAAS)
    request, _ = await ask()
    asked = await do(QUAY, request)
    await do(CancelRequest(), request, who=MAAS)
    with pytest.raises(TransitionNotAllowed):
        await do(QUAY, request)
    await do(YES, asked.id, who=MAAS)
    await assert_fold()


async def test_who_may_and_in_what_language(do, ask, assert_fold):
    """A viewer's question would bind people to answer somebody who can't act on it."""
    request, _ = await ask()
    with pytest.raises(RoleMissing):
        await do(QUAY, request, who=("luik", "viewer"))
    with pytest.raises(UnknownCode):
        await do(AskQuestion(text="Co?", language="xx"), request)
    await do(QUAY, request, who=("luik", "liaison_officer"))
    await assert_fold()


async def test_two_answers_at_once_are_one(do, ask, pg, assert_fold):
    """Two dispatchers of one city answer, yes and no: the lender must not read the one and find the other later."""
    request, _ = await ask()
    asked = await do(QUAY, request)
    answers = [AnswerQuestion(text=text) for text in ("yes", "no")]
    done = await asyncio.gather(*(do(each, asked.id, who=MAAS) for each in answers), return_exceptions=True)
    refused = [each for each in done if isinstance(each, Conflict)]
    assert len(refused) == 1
    (shown,) = await queries.questions(await pg(), "live", request)
    assert refused[0].extra["current"]["answer"] == shown.answer
    await assert_fold()
