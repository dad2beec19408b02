"""Extensions: asked by whoever needs the unit, decided by whoever owns it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.extensions import AnswerExtension, AskExtension
from app.commands.missions import Recall, ReleaseMission
from app.domain.errors import Conflict, MissingField, OutOfRange, RoleMissing, TransitionNotAllowed
from tests.commands.conftest import LUIK, MAAS
from tests.interleaving import overlapping

REPRESENTATIVE = ("luik", "authorised_representative")


async def test_granted_it_stays_for_longer(act, sent, walk, clock, due, conn, assert_fold):
    """A pump that is taken home at the hour that was agreed, while the water still rises, was agreed on badly."""
    until = clock.now() + timedelta(hours=4)
    (mission,) = await sent("luik-pump-1", relieve_by=until.isoformat())
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=3, minutes=10)
    await due()
    assert await conn.fetchval("SELECT alarms FROM mission WHERE id = $1", mission) == '["relief_due"]'
    longer = until + timedelta(hours=6)
    asked = await act(AskExtension, mission, until=longer.isoformat(), reason="The water falls tomorrow only.")
    assert asked.subject["status"] == "asked"
    granted = await act(AnswerExtension, asked.id, who=LUIK, granted=True)
    told = granted.rows["mission"][0]
    assert (granted.subject["status"], told["alarms"]) == ("granted", [])
    assert told["relieve_by"] == longer.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert granted.subject["was"] == until.isoformat(timespec="microseconds").replace("+00:00", "Z")
    clock.move(hours=5)
    await due()
    assert await conn.fetchval("SELECT alarms FROM mission WHERE id = $1", mission) == "[]", (
        "an hour before the new time"
    )
    clock.move(hours=1)
    await due()
    assert await conn.fetchval("SELECT alarms FROM mission WHERE id = $1", mission) == '["relief_due"]'
    await assert_fold()


async def test_who_decides(act, sent, clock):
    """Nobody keeps another's unit by their own word, and a planned deployment is the representative's."""
    (mission,) = await sent("luik-pump-1", kind="planned")
    until = (clock.now() + timedelta(hours=9)).isoformat()
    with pytest.raises(RoleMissing):
        await act(AskExtension, mission, who=LUIK, until=until, reason="We would stay.")
    asked = await act(AskExtension, mission, until=until, reason="The water falls tomorrow only.")
    for other in (MAAS, LUIK, ("aken", "authorised_representative")):
        with pytest.raises(RoleMissing):
            await act(AnswerExtension, asked.id, who=other, granted=True)
    with pytest.raises(MissingField):
        await act(AnswerExtension, asked.id, who=REPRESENTATIVE, granted=False)
    refused = await act(AnswerExtension, asked.id, who=REPRESENTATIVE, granted=False, reason="Needed at home.")
    assert (refused.subject["status"], refused.subject["answer"]) == ("refused", "Needed at home.")
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerExtension, asked.id, who=REPRESENTATIVE, granted=True)


async def test_a_second_wish_takes_the_place_of_the_first(act, sent, clock, assert_fold):
    """Two times on the lender's desk, and nobody knows which one counts."""
    (mission,) = await sent("luik-pump-1")
    first = await act(AskExtension, mission, until=(clock.now() + timedelta(hours=5)).isoformat(), reason="Rain.")
    second = await act(AskExtension, mission, until=(clock.now() + timedelta(hours=7)).isoformat(), reason="More rain.")
    assert {row["status"] for row in second.rows["extension"]} == {"asked", "lapsed"}
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerExtension, first.id, who=LUIK, granted=True)
    with pytest.raises(OutOfRange):
        await act(AskExtension, mission, until=clock.now().isoformat(), reason="Now.")
    await act(AnswerExtension, second.id, who=LUIK, granted=True)
    with pytest.raises(OutOfRange):
        await act(AskExtension, mission, until=(clock.now() + timedelta(hours=6)).isoformat(), reason="Less.")
    await assert_fold()


async def test_it_lapses_with_the_deployment(act, sent, walk, clock, assert_fold):
    """A wish that outlives the unit's stay would be granted to nobody."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    asked = await act(AskExtension, mission, until=(clock.now() + timedelta(hours=5)).isoformat(), reason="Rain.")
    released = await act(ReleaseMission, mission)
    assert released.rows["extension"][0]["status"] == "lapsed"
    with pytest.raises(TransitionNotAllowed):
        await act(AnswerExtension, asked.id, who=LUIK, granted=True)
    with pytest.raises(TransitionNotAllowed):
        await act(AskExtension, mission, until=(clock.now() + timedelta(hours=5)).isoformat(), reason="Rain.")
    await assert_fold()


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("grant_first", [True, False])
async def test_granted_while_it_is_recalled(act, sent, clock, conn, monkeypatch, at, grant_first, assert_fold):
    """The representative grants in the second in which the dispatcher recalls: the unit comes home, whoever was first."""
    (mission,) = await sent("luik-pump-1")
    asked = await act(AskExtension, mission, until=(clock.now() + timedelta(hours=5)).isoformat(), reason="Rain.")
    grant = act(AnswerExtension, asked.id, who=REPRESENTATIVE, granted=True)
    recall = act(Recall, mission, who=LUIK, why="Own fire.")
    first, second = (grant, recall) if grant_first else (recall, grant)
    await overlapping(monkeypatch, conn, first, second, at=at)
    status, alarms = await conn.fetchrow("SELECT status, alarms FROM mission WHERE id = $1", mission)
    assert (status, alarms) == ("recalled", "[]")
    state = await conn.fetchval("SELECT status FROM extension WHERE id = $1", UUID(str(asked.id)))
    assert state in {"granted", "lapsed"}
    await assert_fold()


async def test_nobody_grants_a_time_that_has_passed(act, sent, walk, clock, conn, assert_fold):
    """The unit would be due for relief four hours ago, and the alarm for it would be gone."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    until = (clock.now() + timedelta(hours=1)).isoformat()
    asked = await act(AskExtension, mission, who=MAAS, until=until, reason="The water stays.")
    clock.move(hours=5)
    with pytest.raises(Conflict):
        await act(AnswerExtension, asked.id, who=LUIK, granted=True)
    assert await conn.fetchval("SELECT relieve_by FROM mission WHERE id = $1", mission) is None
    told = await act(AnswerExtension, asked.id, who=LUIK, granted=False, reason="It is on its way home.")
    assert told.subject["status"] == "refused"
    await assert_fold()
