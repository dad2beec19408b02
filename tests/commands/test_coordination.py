"""The coordinator: the rota turns by itself, sides alternate, and a swap needs both members' word."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest

from app.commands.coordination import AnswerTurnSwap, ProposeTurnSwap, SetRota, TurnCoordinator, WithdrawTurnSwap
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, MissingField, NotFound, RoleMissing, TransitionNotAllowed
from app.domain.rota import AHEAD
from tests.interleaving import overlapping

REPRESENTATIVE = "authorised_representative"
ORDER = ("maas", "luik", "aken", "hasselt")


@pytest.fixture
def turns(conn, world):
    """Returns [(member's short name, from, until, status)], the earliest first."""
    names = {id_: name for name, id_ in world.members.items()}

    async def told():
        rows = await conn.fetch("SELECT * FROM coordination_turn ORDER BY from_at")
        return [(names[row["member_id"]], row["from_at"], row["until_at"], row["status"]) for row in rows]

    return told


@pytest.fixture
async def rota(act, world):
    """A rota of all, monthly."""
    return await act(SetRota, who=SYSTEM, member_ids=[world.members[name] for name in ORDER])


@pytest.fixture
def turn_of(conn, world):
    """Returns the id of a member's first planned turn, or a later one."""

    async def finds(name, number=0):
        statement = "SELECT id FROM coordination_turn WHERE status = 'planned' AND member_id = $1 ORDER BY from_at"
        return (await conn.fetch(statement, world.members[name]))[number]["id"]

    return finds


@pytest.fixture
def propose(act, turn_of):
    """One member offers its first planned turn for another's."""

    async def proposes(mine, theirs, *, who=None):
        body = {"other_turn_id": await turn_of(theirs), "reason": "We move house that month."}
        return await act(ProposeTurnSwap, await turn_of(mine), who=who or (mine, REPRESENTATIVE), **body)

    return proposes


async def test_a_rota_begins_with_its_first_member(rota, turns, clock, assert_fold):
    """Somebody leads from the first moment, and a year of turns stands in the calendars."""
    told = await turns()
    assert len(told) == 1 + AHEAD
    assert told[0][:2] == ("maas", clock.now())
    assert [status for *_, status in told] == ["current", *["planned"] * AHEAD]
    assert all(before[2] == after[1] for before, after in pairwise(told)), (
        "no day without a coordinator, and none with two"
    )
    country = {"maas": "NL", "luik": "BE", "aken": "DE", "hasselt": "BE"}
    assert all(country[before[0]] != country[after[0]] for before, after in pairwise(told))
    assert rota.subject["period"] == "monthly"
    await assert_fold()


async def test_it_turns_by_itself(rota, turns, clock, due, assert_fold):
    """On the first of the month somebody else is rung, and nobody had to think of it."""
    first, second, *_ = await turns()
    clock.at = second[1]
    assert await due() == 1
    told = await turns()
    assert [status for *_, status in told[:2]] == ["past", "current"]
    assert told[1][0] == second[0]
    assert sum(status == "planned" for *_, status in told) == AHEAD
    assert first[0] != second[0]
    await assert_fold()


async def test_a_service_that_was_down_catches_up(rota, turns, clock, due, conn):
    """After a month without power the right member leads, and each turn that was missed stands in the journal."""
    third = (await turns())[3]
    clock.at = third[1]
    assert await due() == 1
    told = await turns()
    assert [status for *_, status in told[:4]] == ["past", "past", "past", "current"]
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'coordination.turned'") == 3
    assert await due() == 0


async def test_work_that_comes_twice_turns_once(rota, act, turns, clock, due, conn):
    """A rota that turned twice in a night would pass over a city."""
    first, second, *_ = await turns()
    clock.at = second[1]
    await due()
    await conn.execute("UPDATE due_work SET done_at = NULL WHERE command = 'turn_coordinator' AND done_at IS NOT NULL")
    await due()
    assert [status for *_, status in (await turns())[:3]] == ["past", "current", "planned"]
    assert first[3] == "current"


async def test_both_words_swap_two_turns(rota, propose, act, turn_of, conn, world, assert_fold):
    """Luik leads when Maastricht moves house, and Maastricht does when it was luik's turn: neither by one side's word alone."""
    swap = await propose("maas", "luik")
    assert await turn_of("maas") == UUID(swap.subject["turn_id"])
    agreed = await act(AnswerTurnSwap, swap.id, who=("luik", REPRESENTATIVE), agreed=True)
    assert agreed.subject["status"] == "agreed"
    of = {row["id"]: (row["member_id"], row["swapped"]) for row in agreed.rows["coordination_turn"]}
    assert of == {
        swap.subject["turn_id"]: (str(world.members["luik"]), True),
        swap.subject["other_turn_id"]: (str(world.members["maas"]), True),
    }
    await assert_fold()


async def test_who_proposes_does_not_answer(rota, propose, act):
    """A city would swap itself out of its turn with one signature."""
    swap = await propose("maas", "luik")
    with pytest.raises(RoleMissing):
        await act(AnswerTurnSwap, swap.id, who=("maas", REPRESENTATIVE), agreed=True)
    with pytest.raises(RoleMissing):
        await act(WithdrawTurnSwap, swap.id, who=("luik", REPRESENTATIVE))
    with pytest.raises(RoleMissing):
        await propose("luik", "aken", who=("maas", REPRESENTATIVE))


async def test_a_refusal_says_why(rota, propose, act, assert_fold):
    """The neighbour has to know whether to ask again."""
    swap = await propose("maas", "luik")
    with pytest.raises(MissingField):
        await act(AnswerTurnSwap, swap.id, who=("luik", REPRESENTATIVE), agreed=False)
    told = await act(
        AnswerTurnSwap, swap.id, who=("luik", REPRESENTATIVE), agreed=False, reason="Our exercise is then."
    )
    assert (told.subject["status"], told.subject["answer"]) == ("declined", "Our exercise is then.")
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerTurnSwap, swap.id, who=("luik", REPRESENTATIVE), agreed=True)
    await assert_fold()


async def test_what_is_withdrawn_can_not_be_agreed(rota, propose, act):
    """A late *yes* must not swap what nobody offers any more."""
    swap = await propose("maas", "luik")
    await act(WithdrawTurnSwap, swap.id, who=("maas", REPRESENTATIVE))
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerTurnSwap, swap.id, who=("luik", REPRESENTATIVE), agreed=True)


async def test_other_proposals_about_the_same_turns_lapse(rota, propose, act, conn, assert_fold):
    """The third city would otherwise agree to a turn that is no longer the one it was offered."""
    first, other = await propose("maas", "luik"), await propose("aken", "maas")
    await act(AnswerTurnSwap, first.id, who=("luik", REPRESENTATIVE), agreed=True)
    assert await conn.fetchval("SELECT status FROM turn_swap WHERE id = $1", other.id) == "lapsed"
    await assert_fold()


async def test_a_turn_that_begins_ends_its_proposals(rota, propose, turns, act, clock, due, conn, assert_fold):
    """Who leads since this morning can't have swapped last night's offer."""
    swap = await propose("luik", "aken")
    clock.at = (await turns())[1][1]
    await due()
    assert await conn.fetchval("SELECT status FROM turn_swap WHERE id = $1", swap.id) == "lapsed"
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerTurnSwap, swap.id, who=("aken", REPRESENTATIVE), agreed=True)
    await assert_fold()


async def test_what_can_not_be_swapped(rota, propose, act, turn_of, conn, world):
    """The running turn, one's own other turn, the same offer twice, a turn that there is not: each is told."""
    running = await conn.fetchval("SELECT id FROM coordination_turn WHERE status = 'current'")
    luik = ("luik", REPRESENTATIVE)
    with pytest.raises(TransitionNotAllowed):
        await act(ProposeTurnSwap, await turn_of("luik"), who=luik, other_turn_id=running, reason="No.")
    with pytest.raises(Conflict):
        await act(
            ProposeTurnSwap, await turn_of("luik"), who=luik, other_turn_id=await turn_of("luik", 1), reason="No."
        )
    with pytest.raises(NotFound):
        await act(ProposeTurnSwap, await turn_of("luik"), who=luik, other_turn_id=world.members["maas"], reason="No.")
    await propose("luik", "aken")
    with pytest.raises(Conflict):
        await propose("luik", "aken")


async def test_two_turns_of_one_side_are_told(rota, propose, act):
    """Sides alternate; where two cities want it otherwise, both are told so when they agree."""
    swap = await propose("aken", "luik")
    agreed = await act(AnswerTurnSwap, swap.id, who=("luik", REPRESENTATIVE), agreed=True)
    codes = [warning["code"] for warning in agreed.warnings]
    swap = await propose("hasselt", "maas")
    agreed = await act(AnswerTurnSwap, swap.id, who=("maas", REPRESENTATIVE), agreed=True)
    codes += [warning["code"] for warning in agreed.warnings]
    assert "sides_do_not_alternate" in codes


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("turned", [False, True])
async def test_two_answers_at_once_swap_once(rota, propose, act, conn, monkeypatch, assert_fold, at, turned):
    """Two neighbours agree in the same second to proposals about one turn: one of them is told that it lapsed."""
    one, other = await propose("maas", "luik"), await propose("aken", "maas")
    answers = [
        act(AnswerTurnSwap, one.id, who=("luik", REPRESENTATIVE), agreed=True),
        act(AnswerTurnSwap, other.id, who=("maas", REPRESENTATIVE), agreed=True),
    ]
    results = await overlapping(monkeypatch, conn, *(reversed(answers) if turned else answers), at=at)
    assert sum(isinstance(each, TransitionNotAllowed) for each in results) == 1, results
    states = {row["status"] for row in await conn.fetch("SELECT status FROM turn_swap")}
    assert states == {"agreed", "lapsed"}
    await assert_fold()


async def test_another_period_is_planned_anew(rota, propose, act, turns, conn, assert_fold):
    """When a corridor decides to turn every quarter, the running turn goes on to its end and what follows is planned anew."""
    before = await turns()
    swap = await propose("luik", "aken")
    await act(AnswerTurnSwap, swap.id, who=("aken", REPRESENTATIVE), agreed=True)
    told = await act(SetRota, who=SYSTEM, period="quarterly", hour_utc=6)
    after = await turns()
    assert after[0] == before[0]
    assert len(after) == 1 + AHEAD
    assert [warning["code"] for warning in told.warnings] == ["swaps_planned_anew"]
    assert after[1][1] == before[0][2]
    assert {each[2].month for each in after[1:]} <= {1, 4, 7, 10}
    assert (
        await conn.fetchval("SELECT count(*) FROM due_work WHERE command = 'turn_coordinator' AND done_at IS NULL") == 1
    )
    await assert_fold()


async def test_nobody_of_the_members_sets_the_rota(act, world):
    """One city would put itself first for ever."""
    with pytest.raises(RoleMissing):
        await act(SetRota, who=("maas", "admin"))
    with pytest.raises(RoleMissing):
        await act(TurnCoordinator, world.members["maas"], who=("maas", REPRESENTATIVE))


async def test_a_member_that_there_is_not(act):
    """A slip in a code must not leave a turn to nobody."""
    with pytest.raises(NotFound):
        await act(SetRota, who=SYSTEM, member_ids=[UUID(int=5)])


def test_turns_change_in_the_day(rota):
    """At eight in the morning, UTC, both shifts are awake."""
    assert rota.subject["hour_utc"] == 8
    assert datetime(2026, 1, 1, 8, tzinfo=UTC).hour == rota.subject["hour_utc"]
