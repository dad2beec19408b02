"""What dispatch systems tell: taken once, in the order in which it happened, as far as it is understood; the rest waits for a person."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from app.commands import inbox_work
from app.commands.external_ids import AddExternalId, EndExternalId
from app.commands.inbox_mappings import AddInboxMapping, TurnOnInboxMapping
from app.commands.inbox_matters import AnswerUnitCall, DiscardInboxMessage, RunInboxMessage
from app.commands.inbox_sources import PauseInboxSource, RotateInboxSecret
from app.commands.incidents import CloseIncident
from app.commands.missions import ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.resources import SetResourceStatus
from app.commands.retention import begin_retention
from app.domain.errors import (
    Conflict,
    KeyReused,
    Malformed,
    OutOfRange,
    OutsideReplayWindow,
    SignatureWrong,
    StaleRevision,
    TooLarge,
    TooMany,
    WrongFormat,
)
from app.domain.inbox.mapping import shipped
from app.queries.snapshot import snapshot
from app.store.engine import reading
from tests.commands.conftest import LUIK, PUMP
from tests.commands.telling import Cad
from tests.interleaving import overlapping


@pytest.fixture
async def cad(door, world):
    """Luik's dispatch system, which tells FMS statuses."""
    return await Cad.of(door, world)


@pytest.fixture
def state(conn):
    """Returns a mission's state."""

    async def reads(mission):
        return await conn.fetchval("SELECT status FROM mission WHERE space_id = 'live' AND id = $1", mission)

    return reads


async def test_a_status_ahead_of_the_mission_advances_it_and_what_was_skipped_is_inferred(
    cad, sent, state, conn, assert_fold
):
    """Crews forget keys: a unit that is on the scene has left home, whatever nobody pressed."""
    (mission,) = await sent("luik-pump-1")
    answer = await cad.tells(cad.fms(4))
    assert (answer.outcome, await state(mission)) == ("applied", "on_scene")
    told = [(each["event"], each["inferred"]) for each in answer.effects if each["kind"] == "mission"]
    assert told[-1] == ("mission.on_scene", False)
    assert ("mission.mobilising", True) in told
    assert ("mission.in_transit", True) in told
    entry = await conn.fetchrow(
        "SELECT actor_id, payload FROM journal_entry WHERE space_id = 'live' AND type = 'mission.on_scene'"
    )
    assert entry["actor_id"] == cad.id
    assert str(answer.message_id) in entry["payload"]
    assert '"via":"dispatch_system"' in entry["payload"]
    await assert_fold()


async def test_a_status_older_than_the_last_known_is_history(cad, sent, state, clock):
    """A radio that was in a tunnel sends late: a unit must not jump back on the map."""
    (mission,) = await sent("luik-pump-1")
    clock.move(minutes=30)
    await cad.tells(cad.fms(4))
    late = await cad.tells(cad.fms(3, minutes=-10))
    assert (late.outcome, await state(mission), late.effects) == ("history", "on_scene", [])


async def test_a_contradiction_waits_for_a_person_with_the_state_that_it_met(cad, sent, state, conn, assert_fold):
    """A unit that works on the scene and says that it comes home, unreleased: somebody has to ring, and nobody to guess."""
    (mission,) = await sent("luik-pump-1")
    await cad.tells(cad.fms(4))
    held = await cad.tells(cad.fms(2))
    assert (held.outcome, held.because["code"]) == ("quarantined", "inbox_not_now")
    assert held.because["figures"] == {"mission_status": "on_scene", "wanted_status": "returned"}
    assert await state(mission) == "on_scene"
    row = await conn.fetchrow("SELECT what, status, mission_id FROM inbox_matter WHERE id = $1", held.message_id)
    assert tuple(row) == ("quarantine", "held", mission)
    await assert_fold()


async def test_what_waits_for_a_person_is_in_its_members_picture_alone(cad, door, world):
    """Whoever takes over the shift has to find what was held back in the night; next door has nothing to do with it."""
    held = await cad.tells(cad.fms(99))
    called = await cad.tells(cad.fms(5))
    await cad.does(DiscardInboxMessage, (await cad.tells(cad.fms(98))).message_id, why="a test")
    for member, seen in (("luik", [held.message_id, called.message_id]), ("maas", [])):
        async with reading(door.engine, snapshot=True) as conn:
            found = await snapshot(conn, "live", world.members[member])
        assert sorted(each["id"] for each in found.rows["inbox_matter"]) == sorted(map(str, seen))


async def test_the_way_home_by_fms(cad, sent, state, act, clock, conn):
    """The whole table once: 3, 4, released by the requester, 1, 2; the unit can be asked for again."""
    (mission,) = await sent("luik-pump-1")
    for key in (3, 4):
        clock.move(minutes=5)
        assert (await cad.tells(cad.fms(key))).outcome == "applied"
    clock.move(minutes=5)
    await act(ReleaseMission, mission)
    for key, reached in ((1, "returning"), (2, "returned")):
        clock.move(minutes=5)
        assert (await cad.tells(cad.fms(key))).outcome == "applied"
        assert await state(mission) == reached
    unit = cad.world.resources["luik-pump-1"]
    assert await conn.fetchval("SELECT status FROM resource WHERE space_id = 'live' AND id = $1", unit) == "available"


async def test_a_unit_without_a_mission_is_not_to_be_had_while_it_drives_at_home(cad, conn, clock):
    """A neighbour must not be offered a pump that is at a fire of its own."""

    async def stands():
        unit = cad.world.resources["luik-pump-1"]
        row = await conn.fetchrow(
            "SELECT status, out_of_service_reason FROM resource WHERE space_id = 'live' AND id = $1", unit
        )
        return tuple(row)

    for key, outcome, then in (
        (3, "applied", ("out_of_service", "own_incident")), (4, "noted", ("out_of_service", "own_incident")),
        (1, "applied", ("available", None)), (6, "applied", ("out_of_service", "other")), (2, "applied", ("available", None)),
    ):  # fmt: skip
        clock.move(minutes=1)
        answer = await cad.tells(cad.fms(key))
        assert (key, answer.outcome, await stands()) == (key, outcome, then), answer


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"issi": "9999", "status": 3}, "inbox_unknown_unit"),
        ({"issi": "4711", "status": "X"}, "inbox_unknown_code"),
        ({"issi": "4711"}, "inbox_path_missing"),
        ({"issi": "4711", "status": {"a": 1}}, "inbox_wrong_value"),
        ({"issi": "4711", "status": 3, "position": {"lon": 5.7}}, "inbox_path_missing"),
        ({"issi": "4711", "status": 3, "position": {"lon": 5.7, "lat": 200}}, "inbox_wrong_value"),
    ],
)
async def test_what_is_not_understood_changes_nothing(cad, conn, message, code):
    """An unknown code that is taken for a likely one moves a unit that nobody moved."""
    before = await conn.fetchval("SELECT string_agg(t::text, '' ORDER BY id) FROM resource t")
    answer = await cad.tells({"time": cad.door.clock.now().isoformat()} | message)
    assert (answer.outcome, answer.because["code"], answer.effects) == ("quarantined", code, [])
    assert await conn.fetchval("SELECT string_agg(t::text, '' ORDER BY id) FROM resource t") == before


async def test_a_message_from_the_future_waits(cad):
    """A clock that is wrong by hours would make all that follows history."""
    answer = await cad.tells(cad.fms(3, minutes=10))
    assert answer.because["code"] == "inbox_from_the_future"


async def test_without_a_mapping_all_waits_and_runs_once_there_is_one(door, world, sent, state, clock):
    """What comes before anybody has said how it is read is neither lost nor guessed."""
    cad = await Cad.of(door, world, mapping=None)
    (mission,) = await sent("luik-pump-1")
    clock.move(minutes=1)
    held = await cad.tells(cad.fms(3))
    assert held.because["code"] == "inbox_no_mapping"
    await cad.reads("fms-de")
    clock.move(minutes=5)
    run = await cad.does(RunInboxMessage, held.message_id)
    assert (run.outcome["outcome"], await state(mission)) == ("applied", "in_transit")
    assert run.subject["status"] == "settled"
    with pytest.raises(Conflict):
        await cad.does(RunInboxMessage, held.message_id)


async def test_a_value_is_mended_and_what_came_stays_beside(cad, sent, state, conn):
    """A crew that has pressed a wrong key: the dispatcher puts it right, and everybody can see that it was put right."""
    (mission,) = await sent("luik-pump-1")
    held = await cad.tells(cad.fms("33"))
    again = await cad.does(RunInboxMessage, held.message_id, changes=[{"at": "/status", "value": "34"}])
    assert (again.outcome["outcome"], again.subject["tries"]) == ("quarantined", 2)
    with pytest.raises(StaleRevision):  # a colleague has mended it since
        await cad.does(RunInboxMessage, held.message_id, revision=again.revision - 1)
    await cad.does(RunInboxMessage, held.message_id, revision=again.revision, changes=[{"at": "/status", "value": "3"}])
    assert await state(mission) == "in_transit"
    row = await conn.fetchrow("SELECT body, edited FROM inbox_message WHERE id = $1", held.message_id)
    assert b'"33"' in row["body"]
    assert '"3"' in row["edited"]


async def test_discarded_by_a_person_with_a_reason(cad, conn, assert_fold):
    """What never takes effect was somebody's decision, and stands in the journal with the reason."""
    held = await cad.tells(cad.fms("33"))
    gone = await cad.does(DiscardInboxMessage, held.message_id, why="Entered by mistake.")
    assert gone.subject["status"] == "discarded"
    assert await conn.fetchval("SELECT outcome FROM inbox_message WHERE id = $1", held.message_id) == "discarded"
    told = await conn.fetchrow(
        "SELECT payload, visibility, parties FROM journal_entry WHERE type = 'inbox_matter.discarded'"
    )
    assert "Entered by mistake." in told["payload"]
    assert (told["visibility"], told["parties"]) == ("parties", [cad.world.members["luik"]])
    await assert_fold()


async def test_a_unit_that_calls_its_dispatcher_is_shown_and_changes_no_state(cad, sent, state, assert_fold):
    """A crew that asks for help by key 0 must not wait behind a table of states."""
    (mission,) = await sent("luik-pump-1")
    answer = await cad.tells(cad.fms(0))
    assert (answer.outcome, await state(mission)) == ("call", "committed")
    done = await cad.does(AnswerUnitCall, answer.message_id)
    assert (done.subject["call"], done.subject["status"]) == ("urgent", "settled")
    await assert_fold()


async def test_the_same_message_twice_at_once_is_applied_once(cad, sent, conn):
    """Senders try again when an answer is lost; the second must not count."""
    await sent("luik-pump-1")
    sent_ = cad.fms(3)
    answers = await asyncio.gather(*(cad.tells(sent_, id_="msg_same") for _ in range(5)))
    assert sorted(each.outcome for each in answers) == ["applied", *["duplicate"] * 4]
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'mission.in_transit'") == 1
    with pytest.raises(KeyReused):
        await cad.tells(cad.fms(4), id_="msg_same")


async def test_two_statuses_of_a_unit_at_once_leave_the_later_one(cad, sent, state, clock, assert_fold):
    """Two connections of one dispatch system race; the unit is where it was last."""
    (mission,) = await sent("luik-pump-1")
    clock.move(minutes=5)
    answers = await asyncio.gather(cad.tells(cad.fms(3, minutes=-2)), cad.tells(cad.fms(4, minutes=-1)))
    assert await state(mission) == "on_scene"
    assert [each.outcome for each in answers] in (["applied", "applied"], ["history", "applied"])
    await assert_fold()


async def test_two_secrets_count_while_one_is_replaced(cad, clock):
    """A control room changes its secret without a minute in which nothing comes through."""
    old = cad.secret
    rotated = await cad.does(RotateInboxSecret, cad.id, role="admin", old_counts_hours=1)
    for secret in (old, rotated.once["secret"]):
        assert (await cad.tells(cad.fms(5), secret=secret)).outcome == "call"
    clock.move(hours=1)
    with pytest.raises(SignatureWrong):
        await cad.tells(cad.fms(5), secret=old)
    assert (await cad.tells(cad.fms(5), secret=rotated.once["secret"])).outcome == "call"


@pytest.mark.parametrize(("seconds", "passes"), [(-290, True), (290, True), (-310, False), (310, False)])
async def test_what_was_signed_too_long_ago_is_refused(cad, clock, conn, seconds, passes):
    """Somebody who has recorded a message can't send it again tomorrow; five minutes are for clocks that differ."""
    from datetime import timedelta

    at = clock.now() + timedelta(seconds=seconds)
    if passes:
        assert (await cad.tells(cad.fms(5), at=at)).outcome == "call"
    else:
        with pytest.raises(OutsideReplayWindow) as refused:
            await cad.tells(cad.fms(5), at=at)
        assert refused.value.extra["seconds_off"] == seconds
        assert await conn.fetchval("SELECT count(*) FROM inbox_message") == 0


async def test_a_wrong_signature_leaves_nothing(cad, conn):
    """Nobody moves a unit who does not have the secret."""
    other = "whsec_" + "QUJD" * 8
    with pytest.raises(SignatureWrong):
        await cad.tells(cad.fms(3), secret=other)
    assert await conn.fetchval("SELECT count(*) FROM inbox_message") == 0


async def test_limits(door, world, clock):
    """A dispatch system that has gone mad fills no disk, and stops no other."""
    cad = await Cad.of(door, world, per_minute=2)
    with pytest.raises(TooLarge):
        await cad.tells({"x": "y" * 70_000})
    for _ in range(2):
        await cad.tells(cad.fms(5))
    with pytest.raises(TooMany) as refused:
        await cad.tells(cad.fms(5))
    assert 1 <= refused.value.retry_after_s <= 60
    clock.move(minutes=2)
    assert (await cad.tells(cad.fms(5))).outcome == "call"


async def test_a_source_acts_only_where_it_was_asked_for(door, world, conn):
    """A live system that reports into a drill, or a simulator into what is real: neither is heard."""
    cad = await Cad.of(door, world, space_kinds=["integration"])
    with pytest.raises(Conflict) as refused:
        await cad.tells(cad.fms(3))
    assert refused.value.extra["reasons"][0] == {"code": "inbox_space_kind", "figures": {"space_kind": "live"}}
    assert await conn.fetchval("SELECT count(*) FROM inbox_message") == 0


async def test_what_was_told_in_one_space_counts_in_no_other(cad, sent, state, conn):
    """The signature does not name the space: who has seen a message that was for trying out would move a real unit by it."""
    (mission,) = await sent("luik-pump-1")
    told = cad.fms(3)
    await cad.tells(told, space="integration", id_="msg_once")
    with pytest.raises(KeyReused) as refused:
        await cad.tells(told, id_="msg_once")
    assert refused.value.hint
    assert await state(mission) == "committed"
    assert await conn.fetchval("SELECT count(*) FROM inbox_message WHERE space_id = 'live'") == 0
    assert (await cad.tells(told, space="integration", id_="msg_once")).outcome == "duplicate"


async def test_a_paused_source_is_told_to_try_again(cad):
    """What is refused with 409 stays with its sender; what is taken and dropped is lost."""
    await cad.does(PauseInboxSource, cad.id, role="admin")
    with pytest.raises(Conflict):
        await cad.tells(cad.fms(3))


async def test_another_members_unit_is_not_moved(door, world, sent, state):
    """Maas's dispatch system knows the code of a pump of luik's, and moves it as little as its dispatchers may."""
    (mission,) = await sent("luik-pump-1")
    await Cad.of(door, world, "luik", source="cad-both")
    maas = await Cad.of(door, world, "maas", codes={}, source="cad-both")
    answer = await maas.tells(maas.fms(3))
    assert (answer.because["code"], await state(mission)) == ("inbox_unknown_unit", "committed")


async def test_two_dispatch_systems_of_one_name_are_in_nobodys_way(door, world, sent, state):
    """A neighbour that gave its own unit our code, in a list of our system's name, would have our unit stand still."""
    (mission,) = await sent("luik-pump-1")
    maas = await Cad.of(door, world, "maas", codes={}, source="cad")
    await maas.does(
        AddExternalId, occurred_at="2026-01-01T00:00:00Z", source="cad", kind="resource",
        code="4711", subject_id=world.resources["maas-pump-1"],
    )  # fmt: skip
    luik = await Cad.of(door, world, "luik", source="cad")
    assert (await luik.tells(luik.fms(3))).outcome == "applied"
    assert await state(mission) == "in_transit"
    theirs = await maas.tells(maas.fms(3))
    assert [each["id"] for each in theirs.effects if each["kind"] == "resource"] == [
        str(world.resources["maas-pump-1"])
    ]


async def test_what_was_kept_is_done_by_the_next_process(cad, sent, state, due, monkeypatch, conn):
    """A server that is killed between keeping a message and doing it: the sender heard nothing, and the unit moves all the same."""
    (mission,) = await sent("luik-pump-1")

    async def dies(*_args, **_more):
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr("app.commands.inbox_receiving.one_due", dies)
        with pytest.raises(asyncio.CancelledError):
            await cad.tells(cad.fms(3), id_="msg_1")
    assert (await state(mission), await conn.fetchval("SELECT outcome FROM inbox_message")) == ("committed", "received")
    await due()
    assert (await state(mission), await conn.fetchval("SELECT outcome FROM inbox_message")) == ("in_transit", "applied")
    again = await cad.tells(cad.fms(3), id_="msg_1")
    assert (again.outcome, again.first_outcome) == ("duplicate", "applied")


async def test_what_breaks_halfway_leaves_nothing_and_is_done_later(
    cad, sent, state, due, clock, monkeypatch, conn, assert_fold
):
    """A database that goes away while a message is worked on: neither half of it stays."""
    (mission,) = await sent("luik-pump-1")

    async def breaks(*_args):
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr("app.commands.inbox_work.write", breaks)
        answer = await cad.tells(cad.fms(3))
    assert (answer.outcome, await state(mission)) == ("received", "committed")
    clock.move(minutes=1)
    await due()
    assert (await state(mission), await conn.fetchval("SELECT outcome FROM inbox_message")) == ("in_transit", "applied")
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'mission.in_transit'") == 1
    await assert_fold()


async def test_trying_a_mapping_shows_what_would_be_done_and_does_nothing(cad, sent, state, conn):
    """An admin tries a table on a real message of the real space; a unit that moves by it would be a false report."""
    (mission,) = await sent("luik-pump-1")
    before = await conn.fetchrow("SELECT (SELECT seq FROM journal_head WHERE space_id = 'live'), (SELECT count(*) FROM inbox_message), (SELECT count(*) FROM due_work)")  # fmt: skip
    became = await cad.tries(None, cad.fms(4, position={"lon": 5.6, "lat": 50.7}))
    assert (became.outcome, became.unit["call_sign"]) == ("applied", "luik pump 1")
    assert [each["event"] for each in became.effects][-2:] == ["mission.on_scene", "position"]
    assert await state(mission) == "committed"
    after = await conn.fetchrow("SELECT (SELECT seq FROM journal_head WHERE space_id = 'live'), (SELECT count(*) FROM inbox_message), (SELECT count(*) FROM due_work)")  # fmt: skip
    assert tuple(after) == tuple(before)


async def test_an_older_version_is_turned_back_to(cad, conn, assert_fold):
    """A new table that is wrong is undone in one step, at three in the morning."""
    first = await conn.fetchrow("SELECT id, version FROM inbox_mapping")
    await cad.reads("generic")
    assert (await cad.tells(cad.fms(5))).because["code"] == "inbox_path_missing"
    await cad.does(TurnOnInboxMapping, first["id"], role="admin")
    assert (await cad.tells(cad.fms(5))).outcome == "call"
    rows = await conn.fetch("SELECT version, status FROM inbox_mapping ORDER BY version")
    assert [tuple(row) for row in rows] == [(1, "in_use"), (2, "replaced")]
    await assert_fold()


@pytest.mark.parametrize("types", [["*"], ["ambulance.*", "helicopter.ambulance"], ["ambulance.als"]])
async def test_a_table_behind_one_that_takes_its_units_is_refused(cad, types):
    """Ambulances' keys that stand behind a table for everything are read as the fire brigade's: 7 is no patient then."""
    content = shipped()["fms-de"].model_dump(mode="json", by_alias=True, exclude_none=True)
    tables = content["unit_status"]["tables"]
    tables.append(tables[0] | {"types": types})
    with pytest.raises(OutOfRange) as refused:
        await cad.does(AddInboxMapping, cad.id, role="admin", mapping=content)
    assert refused.value.errors[0].pointer == f"/mapping/unit_status/tables/{len(tables) - 1}/types/0"


async def test_messages_go_when_their_time_is_over_and_what_waits_stays(cad, conn, due, clock):
    """Who was where, two years ago, is nobody's business; what nobody has seen to yet is somebody's."""
    await cad.tells(cad.fms(5))
    held = await cad.tells(cad.fms("X"))
    await begin_retention(cad.door)
    clock.move(days=91)
    await due()
    left = await conn.fetch("SELECT id FROM inbox_message")
    assert [row["id"] for row in left] == [held.message_id]


async def test_the_secret_and_what_was_told_stand_in_no_journal(cad, sent, conn):
    """A neighbour that reads the journal learns what happened, and not what our dispatch system wrote."""
    await sent("luik-pump-1")
    await cad.tells(cad.fms(4, remark="patient Jansen"))
    await cad.tells(cad.fms("X", remark="patient Jansen"))
    told = await conn.fetchval("SELECT string_agg(payload, '') FROM journal_entry")
    told += await conn.fetchval("SELECT coalesce(string_agg(receipt::text, ''), '') FROM idempotency")
    assert "Jansen" not in told
    assert cad.secret not in told


async def test_no_way_leads_back(cad, sent, state, clock):
    """A unit on the scene that is said to set out again, later: two units may have one radio; nobody turns it round by guessing."""
    (mission,) = await sent("luik-pump-1")
    await cad.tells(cad.fms(4))
    clock.move(minutes=5)
    held = await cad.tells(cad.fms(3))
    assert held.because == {
        "code": "inbox_not_now",
        "figures": {"mission_status": "on_scene", "wanted_status": "in_transit"},
    }
    assert await state(mission) == "on_scene"


async def test_of_a_drill_that_is_over_nothing_waits_for_ever(cad, conn, due, clock):
    """Nobody can run or discard it there any more: it goes with the rest."""
    held = await cad.tells(cad.fms("X"))
    await conn.execute(
        "INSERT INTO space (id, kind, created_at, frozen_at, frozen_why) VALUES ('drill-x', 'drill', now(), now(), 'ended')"
    )
    await conn.execute("UPDATE inbox_message SET space_id = 'drill-x' WHERE id = $1", held.message_id)
    await begin_retention(cad.door)
    clock.move(days=91)
    await due()
    assert await conn.fetchval("SELECT count(*) FROM inbox_message") == 0


def telling(*kinds):
    """Return the German table, with missions that are named themselves."""
    content = shipped()["fms-de"].model_dump(mode="json", by_alias=True, exclude_none=True)
    of = {"id": {"path": "mission"}, "state": {"path": "state", "codes": {"there": "on_scene"}}}
    return content | {"kind": {"always": kinds}, "mission": of}


async def test_what_is_history_takes_back_itself_alone(cad, sent, clock, conn, assert_fold):
    """A message of two things whose second is old: what the first did to a unit stands in the journal, or the picture no longer folds."""
    await cad.reads(telling("unit_status", "mission"))
    (mission,) = await sent("luik-pump-1")
    told = cad.fms(3, "4712", minutes=-5, mission=str(mission), state="there")
    answer = await cad.tells(told)
    assert (answer.outcome, [each["event"] for each in answer.effects]) == ("applied", ["resource.status_set"])
    unit = cad.world.resources["luik-pump-2"]
    assert await conn.fetchval("SELECT status FROM resource WHERE space_id = 'live' AND id = $1", unit) == "out_of_service"  # fmt: skip
    await assert_fold()


async def test_a_mission_is_named_by_its_id_however_that_is_written(cad, sent, state):
    """One dispatch system writes ids in capitals, another sends its own number: the one is found, the other waits for a person."""
    await cad.reads(telling("mission"))
    (mission,) = await sent("luik-pump-1")
    held = await cad.tells(cad.fms(4, mission="E-2026-17", state="there"))
    assert (held.outcome, held.because["code"]) == ("quarantined", "inbox_no_mission")
    answer = await cad.tells(cad.fms(4, mission=mission.hex.upper(), state="there"))
    assert (answer.outcome, await state(mission)) == ("applied", "on_scene")


async def test_a_message_that_tells_nothing_is_noted(door, world):
    """A radio without a fix reports all the same; a message that is tried for ever, and shown to nobody, is lost."""
    cad = await Cad.of(door, world, mapping=None)
    fms = shipped()["generic"].model_dump(mode="json", by_alias=True, exclude_none=True)
    fms["position"]["optional"] = True
    await cad.reads(fms)
    message = {"kind": "position", "unit": "4711", "at": door.clock.now().isoformat()}
    assert (await cad.tries(None, message)).outcome == "noted"
    assert (await cad.tells(message)).outcome == "noted"


async def test_what_fails_of_something_unforeseen_is_shown_and_run_again(
    cad, sent, state, due, clock, monkeypatch, conn, assert_fold
):
    """A defect of ours meets one message: it is tried a few times, then a person sees it, and it is run when it is mended."""
    (mission,) = await sent("luik-pump-1")

    async def breaks(*_args):
        raise RecursionError

    message = cad.fms(4)
    with monkeypatch.context() as patched:
        patched.setattr("app.commands.inbox_work.on_unit", breaks)
        assert (await cad.tries(None, message)).because == {
            "code": "inbox_failed",
            "figures": {"error": "RecursionError"},
        }
        answer = await cad.tells(message)
        assert answer.outcome == "received"
        for _ in range(3):
            clock.move(minutes=1)
            await due()
        row = await conn.fetchrow("SELECT outcome, because FROM inbox_message WHERE id = $1", answer.message_id)
        assert (row["outcome"], "inbox_failed" in row["because"]) == ("quarantined", True)
        assert await conn.fetchval("SELECT status FROM inbox_matter WHERE id = $1", answer.message_id) == "held"
        again = await cad.does(RunInboxMessage, answer.message_id)
        assert again.outcome["because"]["code"] == "inbox_failed"
    assert await state(mission) == "committed"
    await cad.does(RunInboxMessage, answer.message_id)
    assert await state(mission) == "on_scene"
    await assert_fold()


async def test_what_became_of_a_message_and_can_not_be_written_down_is_given_up_and_shown(
    cad, sent, state, due, clock, monkeypatch, conn, assert_fold
):
    """What fails after the message was worked on would be tried for ever, and nobody see that the unit has not moved."""
    (mission,) = await sent("luik-pump-1")
    writes = inbox_work.write

    async def breaks(uow, kept, became, edited):
        if became.outcome == "applied":
            raise ConnectionResetError
        await writes(uow, kept, became, edited)

    with monkeypatch.context() as patched:
        patched.setattr("app.commands.inbox_work.write", breaks)
        answer = await cad.tells(cad.fms(4))
        assert answer.outcome == "received"
        for _ in range(8):
            clock.move(minutes=10)
            await due()
    row = await conn.fetchrow("SELECT outcome, because::jsonb FROM inbox_message WHERE id = $1", answer.message_id)
    told = {"code": "inbox_failed", "figures": {"error": "ConnectionResetError"}}
    assert (row["outcome"], json.loads(row["because"])) == ("quarantined", told)
    assert await conn.fetchval("SELECT status FROM inbox_matter WHERE id = $1", answer.message_id) == "held"
    assert await state(mission) == "committed"
    await cad.does(RunInboxMessage, answer.message_id)
    assert await state(mission) == "on_scene"
    await assert_fold()


async def test_what_is_nested_too_deeply_waits_and_can_be_mended_by_nobody(cad):
    """64 KiB hold a thousand levels, and whatever goes through them one in another fails of it."""
    deep = '{"issi": "4711", "status": "3", "time": "2026-07-14T12:00:00Z", "x": ' + "[" * 500 + "]" * 500 + "}"
    held = await cad.tells(deep)
    assert held.because == {"code": "inbox_too_deep", "figures": {"most": 64}}
    change = {"at": "/status", "value": "4"}
    with pytest.raises(Malformed):
        await cad.does(RunInboxMessage, held.message_id, changes=[change])
    held = await cad.tells(cad.fms("X"))
    value: list = []
    for _ in range(70):
        value = [value]
    with pytest.raises(WrongFormat):
        await cad.does(RunInboxMessage, held.message_id, changes=[{"at": "/x", "value": value}])


async def test_anothers_number_is_not_told_of_and_makes_nothing_history(door, world):
    """Maas's system says luik's number in a list of the same name: that is an incident of its own, and what luik tells next counts."""
    told = {"kind": "incident", "number": "2026-77", "title": "Quay", "hazard": "flood", "severity": 3, "lon": 5.7, "lat": 50.8}  # fmt: skip
    luik = await Cad.of(door, world, "luik", codes={}, mapping="generic", source="cad-both")
    maas = await Cad.of(door, world, "maas", codes={}, mapping="generic", source="cad-both")

    def at(minutes):
        return {"at": (door.clock.now() + timedelta(minutes=minutes)).isoformat()}

    opened = await luik.tells(told | at(-10))
    assert opened.outcome == "applied"
    named = await maas.tells({"kind": "incident", "number": "2026-77"} | at(0))
    assert (named.outcome, named.because["code"]) == ("quarantined", "inbox_path_missing")
    theirs = await maas.tells(told | at(0))
    assert theirs.outcome == "applied"
    ours, others = (
        [each["id"] for each in answer.effects if each["kind"] == "incident"] for answer in (opened, theirs)
    )
    assert set(ours).isdisjoint(others)
    changed = await luik.tells(told | {"severity": 4} | at(-5))
    assert changed.outcome == "applied"
    assert {each["id"] for each in changed.effects if each["kind"] == "incident"} == set(ours)


async def test_a_number_that_was_given_up_opens_no_second_incident(door, world, clock, conn):
    """A receipt named another number, and the next message under the old one would send the neighbours to one fire twice."""
    told = {"kind": "incident", "number": "L-1", "title": "Quay", "hazard": "flood", "severity": 3, "lon": 5.7, "lat": 50.8}  # fmt: skip
    luik = await Cad.of(door, world, "luik", codes={}, mapping="generic")

    async def tells(**more):
        clock.move(minutes=1)
        return await luik.tells(told | more | {"at": clock.now().isoformat()})

    await tells()
    number, incident = await conn.fetchrow("SELECT id, incident_id FROM external_id")
    await luik.does(EndExternalId, number)
    held = await tells(severity=4)
    assert (held.outcome, held.because["code"]) == ("quarantined", "inbox_number_ended")
    again = await luik.does(AddExternalId, source="cad-luik", kind="incident", code="L-1", subject_id=incident)
    await luik.does(RunInboxMessage, held.message_id)
    assert await conn.fetchval("SELECT severity FROM incident WHERE id = $1", incident) == 4
    await luik.does(CloseIncident, incident, role="authorised_representative")
    await luik.does(EndExternalId, again.id)
    assert (await tells()).outcome == "applied"  # next year's: what is over keeps its number from nobody
    assert await conn.fetchval("SELECT count(*) FROM incident") == 2


async def test_what_changes_nothing_makes_older_what_its_own_system_tells(door, world):
    """Maas has a number of its own for the incident and says nothing new: luik's update is none the older; maas's own late one is."""
    told = {"kind": "incident", "number": "L-1", "title": "Quay", "hazard": "flood", "severity": 3, "lon": 5.7, "lat": 50.8}  # fmt: skip
    luik = await Cad.of(door, world, "luik", codes={}, mapping="generic")
    maas = await Cad.of(door, world, "maas", codes={}, mapping="generic")

    def at(minutes):
        return {"at": (door.clock.now() + timedelta(minutes=minutes)).isoformat()}

    opened = await luik.tells(told | at(-10))
    incident = next(each["id"] for each in opened.effects if each["kind"] == "incident")
    await maas.does(AddExternalId, source="cad-maas", kind="incident", code="M-1", subject_id=incident)
    assert (await maas.tells({"kind": "incident", "number": "M-1", "severity": 3} | at(0))).outcome == "noted"
    assert (await maas.tells({"kind": "incident", "number": "M-1", "severity": 2} | at(-2))).outcome == "history"
    assert (await luik.tells(told | {"severity": 4} | at(-5))).outcome == "applied"
    assert (await maas.tells({"kind": "incident", "number": "M-1", "severity": 2} | at(-6))).outcome == "history"


@pytest.fixture
def stands(conn, world):
    """Returns whether luik's first pump can be asked for."""

    async def reads():
        unit = world.resources["luik-pump-1"]
        row = await conn.fetchrow(
            "SELECT status, out_of_service_reason FROM resource WHERE space_id = 'live' AND id = $1", unit
        )
        return tuple(row)

    return reads


async def test_what_people_entered_since_makes_a_late_status_history(cad, sent, act, walk, clock, stands, assert_fold):
    """A radio's word from before the unit came home, as people have entered: taken for news, it would take a free unit out of service."""
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    clock.move(minutes=10)
    await walk(mission, "returning", "returned")
    late = await cad.tells(cad.fms(4, minutes=-5))
    assert (late.outcome, late.effects, await stands()) == ("history", [], ("available", None))
    assert (await cad.tells(cad.fms(3))).outcome == "applied"  # of the same time: it drives again
    await assert_fold()


async def test_what_a_person_put_back_no_late_status_takes_out(cad, act, clock, stands):
    """The dispatcher has rung the crew and put the unit back; the key that was pressed before comes after."""
    unit = cad.world.resources["luik-pump-1"]
    await act(SetResourceStatus, unit, who=LUIK, status="out_of_service", reason="crew")
    clock.move(minutes=10)
    await act(SetResourceStatus, unit, who=LUIK, status="available")
    clock.move(minutes=1)
    late = await cad.tells(cad.fms(6, minutes=-6))
    assert (late.outcome, await stands()) == ("history", ("available", None))
    now = await cad.tells(cad.fms(6, minutes=-1))  # of the same time
    assert (now.outcome, await stands()) == ("applied", ("out_of_service", "other"))


async def test_a_status_from_before_the_mission_is_history_and_waits_for_nobody(cad, sent, state, clock):
    """That a unit was home before it was committed contradicts nothing: nobody has to be rung for it."""
    clock.move(minutes=10)
    (mission,) = await sent("luik-pump-1")
    late = await cad.tells(cad.fms(2, minutes=-5))
    assert (late.outcome, await state(mission)) == ("history", "committed")
    assert (await cad.tells(cad.fms(3))).outcome == "applied"


@pytest.mark.parametrize("at", [3, 4])
async def test_a_status_that_meets_a_commitment_is_judged_by_how_the_unit_stands_then(
    cad, ask, act, stands, pg, monkeypatch, assert_fold, at
):
    """Out of service is pressed while the unit is being committed: on a mission that is a contradiction, and waits for a person."""
    request, lines = await ask((PUMP, 1))
    leader = ("luik", "authorised_representative")
    promised = [{"request_line_id": lines[0], "resource_id": cad.world.resources["luik-pump-1"]}]
    offer = await act(MakeOffer, request, who=leader, lines=promised)
    await act(AcceptOffer, offer.id, who=("maas", "authorised_representative"))
    units = [{"offer_line_id": offer.rows["offer_line"][0]["id"]}]
    commits = act(CommitOffer, offer.id, who=leader, units=units)
    committed, told = await overlapping(monkeypatch, await pg(), commits, cad.tells(cad.fms(6)), at=at)
    assert committed.rows["mission"]
    assert (told.outcome, told.because["code"]) == ("quarantined", "inbox_unit_on_mission")
    assert await stands() == ("committed", None)
    await assert_fold()
