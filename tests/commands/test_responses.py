"""Responses: a lender that can't send says so, with a reason, and may think better of it."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.offers import MakeOffer
from app.commands.requests import CancelRequest
from app.commands.responses import DeclineRequest
from app.domain.errors import Conflict, NotFound, RoleMissing, StaleRevision, TransitionNotAllowed, UnknownCode
from app.queries import offers as queries

MAAS = ("maas", "dispatcher")


async def test_the_latest_word_counts_and_an_offer_can_follow(do, ask, pg, world, assert_fold):
    """A city whose own fire is out must be able to help after all."""
    request, (line,) = await ask()
    await do(DeclineRequest(reason="own_emergency", note="Brand bei uns"), request)
    second = await do(DeclineRequest(reason="crew"), request)
    assert (second.revision, second.subject["reason"], second.subject["note"]) == (2, "crew", None)
    (shown,) = await queries.responses(await pg(), "live", request)
    assert (shown.member_id, shown.reason) == (world.members["luik"], "crew")
    await do(MakeOffer.model_validate({"lines": [{"request_line_id": line}]}), request)
    told = await (await pg()).fetch("SELECT visibility FROM journal_entry WHERE type = 'request.declined'")
    assert [row["visibility"] for row in told] == ["corridor", "corridor"]
    await assert_fold()


async def test_who_may_decline_what(do, ask, assert_fold):
    """An answer by somebody who may not give it, or to nothing, leaves the requester waiting all the same."""
    draft, _ = await ask(then="draft")
    with pytest.raises(NotFound):
        await do(DeclineRequest(reason="crew"), draft)
    request, _ = await ask()
    with pytest.raises(RoleMissing):
        await do(DeclineRequest(reason="crew"), request, who=("luik", "viewer"))
    with pytest.raises(UnknownCode):
        await do(DeclineRequest(reason="asleep"), request)
    with pytest.raises(Conflict):
        await do(DeclineRequest(reason="crew"), request, who=MAAS)
    await do(CancelRequest(), request, who=MAAS)
    with pytest.raises(TransitionNotAllowed):
        await do(DeclineRequest(reason="crew"), request)
    await assert_fold()


async def test_what_was_changed_since_is_not_declined(do, ask, assert_fold):
    """A city says that it can't send four pumps; by now one boat is asked for."""
    request, _ = await ask()
    with pytest.raises(StaleRevision):
        await do(DeclineRequest(reason="crew"), request, revision=9)
    await do(DeclineRequest(reason="crew"), request, revision=1)
    await assert_fold()


async def test_two_answers_at_once_are_one_row(do, ask, pg, assert_fold):
    """Two dispatchers of one city answer: it counts as one member."""
    request, _ = await ask()
    await asyncio.gather(*(do(DeclineRequest(reason=reason), request) for reason in ("crew", "reserve")))
    assert len(await queries.responses(await pg(), "live", request)) == 1
    await assert_fold()
