"""The lender's own word: it stands above the agreements for a time, all see it, and it ends by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.commands.lender_words import EndLenderWord, SayLenderWord, WithdrawLenderWord
from app.commands.offer_answers import WithdrawOffer
from app.commands.offers import MakeOffer
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    MissingField,
    OutOfRange,
    RoleMissing,
    TransitionNotAllowed,
    UnknownCode,
)
from app.queries.candidates import candidates
from app.queries.reach import reachable
from app.store.engine import reading
from app.store.invariants import broken_invariants
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.commands.test_automatic_aid import alarm, answer, clause  # noqa: F401 - fixtures
from tests.commands.test_invariants import RESERVE
from tests.interleaving import overlapping

BOSS = ("luik", "authorised_representative")
ENGINE = "engine.pumper"


@pytest.fixture
def say(act, clock):
    """Luik's word, for two hours: cannot by its dispatcher, can by its representative."""

    async def says(word, *, hours=2, who=None, **body):
        why = {"note": "The river falls here."} if word == "can" else {"reason": "own_emergency"}
        who = who or (BOSS if word == "can" else LUIK)
        return await act(SayLenderWord, who=who, word=word, until_at=clock.now() + timedelta(hours=hours), **why | body)

    return says


@pytest.fixture
def ranked(door, clock, world):
    """Returns luik's pumps as candidates, each with the codes of its reasons."""

    async def ranks(request, viewer="maas", language="en"):
        async with reading(door.engine) as conn:
            found = await candidates(
                conn, "live", request, viewer=world.members[viewer], language=language, at=clock.now(), limit=50
            )
        return [each for each in found.items if each.member_id == world.members["luik"]]

    return ranks


async def three(act, ask):
    """Luik offers all three of its pumps, where its agreement keeps one at home."""
    request, (line,) = await ask((PUMP, 4))
    return await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 3}])


async def test_cannot_takes_the_units_out_of_everybodys_candidates(say, ask, ranked, door, clock, world, assert_fold):
    """A city that burns itself is not rung for pumps by four neighbours, and each sees until when, and why."""
    request, _ = await ask()
    assert all(each.can for each in await ranked(request))
    said = await say("cannot", type_code=PUMP)
    found = await ranked(request, language="nl")
    assert found
    for each in found:
        assert not each.can
        (why,) = [why for why in each.reasons if why.code == "lender_cannot"]
        assert why.blocking
        assert (why.figures["until"], why.figures["decline_reason"]) == (said.subject["until_at"], "own_emergency")
        assert "Eigen noodsituatie" in why.text
    async with reading(door.engine) as conn:
        rows = await reachable(conn, "live", lon=5.7, lat=50.78, minutes=120, at=clock.now(), types=[PUMP])
    luik = world.members["luik"]
    assert {row.member_id == luik for row in rows} == {True, False}
    for row in rows:
        assert (row.cannot is not None) == (row.member_id == luik)
        assert row.cannot is None or row.cannot.code == "lender_cannot"
    clock.move(hours=2)
    assert all(each.can for each in await ranked(request))  # also before anybody has come round to ending it
    await assert_fold()


async def test_who_cannot_may_still_offer(say, act, ask):
    """The word binds nobody: the lender's own act goes through, and it is reminded."""
    await say("cannot")
    request, (line,) = await ask()
    made = await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 1}])
    (warning,) = made.warnings
    assert warning["code"] == "lender_cannot"
    until = datetime.fromisoformat(warning["figures"]["until"]).astimezone(ZoneInfo("Europe/Brussels"))
    assert warning["figures"]["until_local"] == f"{until:%H:%M}", "by the clocks of the lender, as everywhere"


async def test_can_sets_the_reserve_aside_and_is_cited(say, act, ask, conn, assert_fold):
    """Going below the reserve is a named act with a reason that all see: here it was given beforehand."""
    with pytest.raises(AgreementRefused):
        await three(act, ask)
    said = await say("can", type_code=PUMP)
    made = await three(act, ask)
    (line,) = made.rows["offer_line"]
    assert line["reserve_override"]["reason"] == "The river falls here."
    assert line["reserve_override"]["word_id"] == str(said.id)
    assert [(each["code"], each["blocking"]) for each in line["findings"]] == [
        ("reserve_floor", False), ("lender_can", False),
    ]  # fmt: skip
    assert {warning["code"] for warning in made.warnings} == {"reserve_floor", "lender_can"}
    told = await conn.fetchrow("SELECT visibility FROM journal_entry WHERE type = 'reserve.overridden'")
    assert told["visibility"] == "corridor"
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_the_last_one_at_home_is_a_candidate_of_who_can(say, act, ask, ranked):
    """Two are promised and one is kept at home: by the lender's word that one may be asked for, and everybody reads on what it rests."""
    request, (line,) = await ask()
    await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 2}])
    before = await ranked(request)
    assert before
    assert not any(each.can for each in before)
    await say("can", type_code=PUMP)
    found = await ranked(request)
    assert all(each.can for each in found)
    for each in found:
        codes = [why.code for why in each.reasons]
        assert {"reserve_floor", "lender_can"} <= set(codes)


async def test_within_the_reserve_the_word_is_not_needed(say, act, ask, conn):
    """What the agreement allows as it is goes below nothing."""
    await say("can")
    request, (line,) = await ask()
    made = await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 2}])
    (row,) = made.rows["offer_line"]
    assert (row["reserve_override"], row["findings"], made.warnings) == (None, [], [])
    assert not await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'reserve.overridden'")


@pytest.mark.parametrize("ends", ["time", "withdrawal", "a cannot about the type", "another type"])
async def test_the_reserve_stands_again(say, act, ask, clock, ends):
    """A word of yesterday empties no city today."""
    said = await say("can", type_code=ENGINE if ends == "another type" else None)
    if ends == "time":
        clock.move(hours=2)
    elif ends == "withdrawal":
        await act(WithdrawLenderWord, said.id, who=LUIK)
    elif ends == "a cannot about the type":
        await say("cannot", type_code=PUMP)
    with pytest.raises(AgreementRefused):
        await three(act, ask)


async def test_automatic_aid_passes_over_who_cannot(say, clause, alarm, world):  # noqa: F811
    """Two minutes of silence of a city that has said it cannot are two minutes lost."""
    await clause()
    await say("cannot")
    made = await alarm()
    (raised,) = made.rows["automatic_alarm"]
    assert raised["lender_id"] == str(world.members["aken"])
    (aid,) = made.rows["automatic_aid"]
    (passed,) = aid["passed_over"]
    assert passed["lender_id"] == str(world.members["luik"])
    assert [reason["code"] for reason in passed["reasons"]] == ["lender_cannot"]
    assert "Emergency of our own" in passed["reasons"][0]["detail"]


async def test_automatic_aid_goes_below_the_reserve_of_who_can(say, clause, alarm, world, conn, assert_fold):  # noqa: F811
    """The alarm cites the word, and all are told, as of any other help below the reserve."""
    await clause(reserve=[{"type": PUMP, "keep": 3}], lenders=[str(world.members["luik"])])
    await say("can", type_code=PUMP)
    made = await alarm()
    (line,) = made.rows["offer_line"]
    assert line["reserve_override"]["reason"] == "The river falls here."
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'reserve.overridden'") == 1
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_the_invariant_knows_the_word(say, act, ask, conn):
    """What the offer cites could be lost; that the word stood is in the journal. Once it is taken back, it excuses nothing."""
    said = await say("can")
    first = await three(act, ask)
    await conn.execute("UPDATE offer_line SET reserve_override = NULL WHERE offer_id = $1", first.id)
    assert not await broken_invariants(conn)
    await act(WithdrawOffer, first.id, who=LUIK)
    await act(WithdrawLenderWord, said.id, who=LUIK)
    request, (line,) = await ask()
    offered = {"request_line_id": line, "quantity": 3, "override_reserve": {"reason": "By word of mouth."}}
    second = await act(MakeOffer, request, who=BOSS, lines=[offered])
    assert not await broken_invariants(conn)
    await conn.execute("UPDATE offer_line SET reserve_override = NULL WHERE offer_id = $1", second.id)
    assert [each.invariant for each in await broken_invariants(conn)] == [RESERVE]


async def test_a_new_word_replaces_the_old_one(say, conn, assert_fold):
    """About one thing one word stands; what is said about all stands beside it."""
    first = await say("cannot", type_code=PUMP)
    await say("cannot")
    second = await say("can", type_code=PUMP)
    assert {row["id"]: row["status"] for row in second.rows["lender_word"]} == {
        str(first.id): "replaced",
        str(second.id): "standing",
    }
    assert await conn.fetchval("SELECT count(*) FROM lender_word WHERE status = 'standing'") == 2
    await assert_fold()


async def test_it_ends_by_itself(say, act, due, clock, conn, assert_fold):
    """Nobody need think of it at four in the morning."""
    said = await say("cannot")
    with pytest.raises(Conflict):
        await act(EndLenderWord, said.id, who=SYSTEM)
    clock.move(hours=2)
    assert await due() == 1
    row = await conn.fetchrow("SELECT status, ended_at FROM lender_word")
    assert (row["status"], row["ended_at"]) == ("over", clock.now())
    with pytest.raises(TransitionNotAllowed):
        await act(WithdrawLenderWord, said.id, who=LUIK)
    await assert_fold()


@pytest.mark.parametrize(
    ("word", "body", "error", "pointer"),
    [
        ("can", {"note": None}, MissingField, "/note"),
        ("cannot", {"reason": None}, MissingField, "/reason"),
        ("cannot", {"reason": "tired"}, UnknownCode, "/reason"),
        ("cannot", {"type_code": "broom"}, UnknownCode, "/type_code"),
        ("can", {"hours": 0}, OutOfRange, "/until_at"),
        ("can", {"hours": 24 * 8}, OutOfRange, "/until_at"),
    ],
)
async def test_what_is_no_word(say, word, body, error, pointer):
    """A reason is what the others go by; a word without an end would be a change of the agreement."""
    with pytest.raises(error) as refusal:
        await say(word, **body)
    assert refusal.value.errors[0].pointer == pointer


async def test_that_it_can_is_the_representatives_word(say, act):
    """The reserve is the city's; a dispatcher keeps it, and may take the word back."""
    with pytest.raises(RoleMissing):
        await say("can", who=LUIK)
    said = await say("can")
    with pytest.raises(RoleMissing):
        await act(WithdrawLenderWord, said.id, who=MAAS)
    await act(WithdrawLenderWord, said.id, who=LUIK)


@pytest.mark.parametrize("at", range(1, 5))
async def test_a_word_that_is_taken_back_meanwhile(say, act, ask, monkeypatch, pg, conn, at, assert_fold):
    """Whichever comes first, the journal shows in which order: no reserve is broken under a word that was gone."""
    said = await say("can")
    request, (line,) = await ask()
    made = act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 3}])
    answers = await overlapping(
        monkeypatch, await pg(), made, act(WithdrawLenderWord, UUID(str(said.id)), who=LUIK), at=at
    )
    assert type(answers[1]).__name__ == "Receipt"
    assert type(answers[0]).__name__ in {"Receipt", "AgreementRefused"}
    assert not await broken_invariants(conn)
    await assert_fold()
