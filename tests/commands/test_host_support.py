"""Host support and who travels with whom: what a unit needs over there, and whom it meets."""

from __future__ import annotations

import orjson
import pytest

from app.commands.crews import NameGuide, NameLiaison, WriteManifest
from app.commands.host_support import AskHostSupport, ConfirmHostSupport, DeclineHostSupport
from app.commands.missions import Recall
from app.domain.errors import MissingField, NotFound, RoleMissing, TransitionNotAllowed
from tests.commands.conftest import LUIK, MAAS


async def test_asked_confirmed_and_declined(act, sent, clock, assert_fold):
    """A crew that runs dry at midnight must know where there is diesel, or that there is none."""
    (mission,) = await sent("luik-pump-1")
    fuel = await act(AskHostSupport, mission, who=LUIK, kind="fuel", quantity=200, note="Diesel")
    beds = await act(AskHostSupport, mission, who=("luik", "liaison_officer"), kind="beds", quantity=4)
    there = await act(ConfirmHostSupport, fuel.id, place="Kazerne Zuid")
    assert (there.subject["status"], there.subject["place"]) == ("confirmed", "Kazerne Zuid")
    assert there.subject["ready_at"] == "2026-07-14T12:00:00.000000Z"
    none = await act(DeclineHostSupport, beds.id, reason="All beds are taken.")
    assert (none.subject["status"], none.subject["answer"]) == ("declined", "All beds are taken.")
    with pytest.raises(TransitionNotAllowed):
        await act(ConfirmHostSupport, beds.id, place="Kazerne Zuid")
    await assert_fold()


async def test_each_side_says_its_own_part(act, sent):
    """Nobody promises another's beds."""
    (mission,) = await sent("luik-pump-1")
    with pytest.raises(RoleMissing):
        await act(AskHostSupport, mission, kind="fuel", quantity=1)
    fuel = await act(AskHostSupport, mission, who=LUIK, kind="fuel", quantity=200)
    for other in (LUIK, ("aken", "dispatcher")):
        with pytest.raises(RoleMissing):
            await act(ConfirmHostSupport, fuel.id, who=other, place="Here")


async def test_what_nobody_answered_lapses_at_home(act, sent, walk, assert_fold):
    """A bed that is still looked for after the crew sleeps at home."""
    (mission,) = await sent("luik-pump-1")
    await act(AskHostSupport, mission, who=LUIK, kind="beds", quantity=4)
    await act(Recall, mission, who=LUIK, why="Own fire.")
    home = await walk(mission, "returned")
    assert home.kind == "mission"
    assert home.rows["host_support"][0]["status"] == "lapsed"
    with pytest.raises(TransitionNotAllowed):
        await act(AskHostSupport, mission, who=LUIK, kind="beds", quantity=4)
    await assert_fold()


async def test_people_are_named_in_the_table_alone(act, sent, conn, world, assert_fold):
    """A liaison officer's private number must be gone for good once it is erased: no journal and no feed holds it."""
    (mission,) = await sent("luik-pump-1")
    named = await act(NameLiaison, mission, who=LUIK, name="Marie Lambert", phone="+32 00 000 0177")
    met = await act(NameGuide, mission, name="Jan Peters", phone="+31 00 000 0144", talkgroup="TEST-NL-7")
    assert (met.subject["talkgroup"], met.subject["guide_at"]) == ("TEST-NL-7", "2026-07-14T12:00:00.000000Z")
    for receipt in (named, met):
        assert "Lambert" not in receipt.model_dump_json()
        assert "Peters" not in receipt.model_dump_json()
    told = await conn.fetch("SELECT payload FROM journal_entry")
    assert not any(word in row["payload"] for row in told for word in ("Lambert", "Peters", "000 0144"))
    user = world.users["luik", "liaison_officer"]
    by_id = await act(NameLiaison, mission, who=LUIK, user_id=str(user))
    assert by_id.subject["liaison_user_id"] == str(user)
    with pytest.raises(NotFound):
        await act(NameLiaison, mission, who=LUIK, user_id=str(world.users["maas", "liaison_officer"]))
    with pytest.raises(MissingField):
        await act(NameLiaison, mission, who=LUIK)
    for command, body in ((NameLiaison, {"name": "X"}), (WriteManifest, {"officers": 0, "ncos": 1, "crew": 3})):
        with pytest.raises(RoleMissing):
            await act(command, mission, who=MAAS, **body)
    with pytest.raises(RoleMissing):
        await act(NameGuide, mission, who=LUIK, name="X")
    await assert_fold()


async def test_the_manifest_counts_people(act, sent, conn, assert_fold):
    """Police at the border ask how many come, and the claim later how many went."""
    (mission,) = await sent("luik-pump-1")
    assert await conn.fetchval("SELECT crew_count FROM mission WHERE id = $1", mission) == 4
    written = await act(
        WriteManifest,
        mission,
        who=LUIK,
        officers=1,
        ncos=1,
        crew=5,
        vehicles=2,
        items=[{"item": "hose", "quantity": 40}],
    )
    assert (written.subject["crew_count"], written.subject["manifest"]["vehicles"]) == (7, 2)
    stored = orjson.loads(await conn.fetchval("SELECT manifest FROM mission WHERE id = $1", mission))
    assert stored["items"] == [{"item": "hose", "quantity": 40, "weight_kg": None}]
    await assert_fold()
