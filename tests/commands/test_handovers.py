"""The word that one shift leaves to the next, with what is open."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.calls import AssistNow
from app.commands.handovers import HandOverShift, TakeOverShift
from app.commands.users import AddUser
from app.domain.authority import Actor
from app.domain.errors import Conflict, Forbidden, NotFound, RoleMissing, UnknownCode
from app.queries.handovers import handovers
from app.queries.snapshot import snapshot
from app.store.engine import reading
from tests.commands.conftest import LUIK, MAAS

NOTE = HandOverShift.model_validate(
    {
        "text": "Pompen draaien; brandstof om zes uur.",
        "language": "nl",
        "shelved": [{"kind": "debt_overdue", "until": "2026-07-14T18:00:00Z"}],
    }
)


@pytest.fixture
async def next_shift(do, door, world):
    """Takes a note over as another dispatcher of Maastricht."""
    body = {"login": "night@maas", "display_name": "The next shift", "roles": ["dispatcher"]}
    user = (await do(AddUser.model_validate(body), who=("maas", "admin"))).id
    actor = Actor(user, "person", world.members["maas"], frozenset({"dispatcher"}), "console")

    async def takes(note):
        return await door.execute(TakeOverShift(), actor=actor, space="live", target=note)

    return takes


async def test_what_is_open_is_found_by_itself(do, ask, incident, world, assert_fold):
    """At the end of a night nobody remembers the call that was never confirmed."""
    request, _ = await ask(("engine.pumper", 1))
    theirs, _ = await ask(("engine.pumper", 1), who=("hasselt", "dispatcher"))
    call = {
        "requester_id": world.members["maas"],
        "lender_id": world.members["luik"],
        "incident_id": incident,
        "type_code": "pump.high_capacity",
        "quantity": 1,
        "lon": 5.7,
        "lat": 50.78,
        "resource_ids": [world.resources["luik-pump-1"]],
    }
    called = await do(AssistNow.model_validate(call))
    matters = (await do(NOTE, who=MAAS)).subject["matters"]
    assert {row["id"] for row in matters["requests"]} == {str(request), called.rows["request"][0]["id"]}
    assert [row["id"] for row in matters["asked_of_us"]] == [str(theirs)]
    assert [(row["call_sign"], row["status"]) for row in matters["missions"]] == [("luik pump 1", "mobilising")]
    assert {row["act"] for row in matters["debts"]} == {"open", "accept"}
    assert [row["id"] for row in matters["calls"]] == [str(called.id)]
    assert matters["shelved"] == [{"kind": "debt_overdue", "until": "2026-07-14T18:00:00Z"}]
    assert matters["more"] == {}
    assert (await do(NOTE)).subject["matters"]["debts"] == [], "what the other side owes is not ours"
    await assert_fold()


async def test_the_next_shift_takes_over(do, next_shift, assert_fold):
    """A note that nobody has read is a note that was never written."""
    note = await do(NOTE, who=MAAS)
    with pytest.raises(Forbidden):
        await do(TakeOverShift(), note.id, who=MAAS)
    taken = await next_shift(note.id)
    assert taken.subject["taken_at"] is not None
    with pytest.raises(Conflict):
        await next_shift(note.id)
    await assert_fold()


async def test_two_of_the_next_shift_at_once(do, next_shift, assert_fold):
    """One of them is told that it was done."""
    note = await do(NOTE, who=MAAS)
    results = await asyncio.gather(next_shift(note.id), next_shift(note.id), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "Receipt"]
    await assert_fold()


async def test_it_stays_in_the_house(do, door, pg, world, next_shift):
    """What a control room writes to itself about its neighbour is not for the neighbour."""
    note = await do(NOTE, who=MAAS)
    with pytest.raises(NotFound):
        await do(TakeOverShift(), note.id, who=LUIK)
    async with reading(door.engine) as conn:
        assert len(await handovers(conn, "live", viewer=world.members["maas"])) == 1
        assert await handovers(conn, "live", viewer=world.members["luik"]) == []
    for viewer, seen in (("maas", 1), ("luik", 0)):
        async with reading(door.engine, snapshot=True) as conn:
            found = await snapshot(conn, "live", world.members[viewer])
        assert len(found.rows["handover"]) == seen
    (entry,) = await (await pg()).fetch("SELECT * FROM journal_entry WHERE type = 'shift.handed_over'")
    assert (entry["visibility"], entry["parties"]) == ("parties", [world.members["maas"]])
    await next_shift(note.id)


async def test_who_leaves_word(do):
    """A reader of the screen has no shift to hand over."""
    with pytest.raises(RoleMissing):
        await do(NOTE, who=("maas", "viewer"))
    with pytest.raises(UnknownCode):
        await do(HandOverShift(text="?", language="xx"), who=MAAS)
