"""Requests: whose eyes they are for, who may take them on, and how they end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import orjson
import pytest
from pydantic import ValidationError

from app.commands.due import run_due
from app.commands.incidents import CloseIncident, ReportIncident
from app.commands.members import ChangeMember
from app.commands.requests import (
    AcknowledgeRequest,
    CancelRequest,
    ChangeRequest,
    CloseRequest,
    DraftRequest,
    ExpireRequest,
    OpenRequest,
    SubmitRequest,
)
from app.domain.authority import SYSTEM
from app.domain.errors import (
    Conflict,
    Duplicate,
    NotFound,
    OutOfJurisdiction,
    OutOfRange,
    OutsideCorridor,
    RoleMissing,
    StaleRevision,
    TransitionNotAllowed,
    UnknownCode,
)
from app.queries import requests as queries
from tests.world import flood


@pytest.fixture
async def incident(door, world):
    """The id of a flood that maas leads."""
    command = ReportIncident.model_validate(flood())
    return (await door.execute(command, actor=world.actor("maas", "dispatcher"), space="live")).id


def line(**other):
    return {
        "type_code": "pump.high_capacity",
        "quantity": 4,
        "priority": "life_safety",
        "lon": 5.7,
        "lat": 50.78,
    } | other


def asked(incident, *lines, **other):
    body = {"incident_id": incident, "kind": "immediate", "lines": list(lines) or [line()]} | other
    return DraftRequest.model_validate(body)


@pytest.fixture
def do(door, world):
    """Executes a command as ``member``'s ``role``."""

    async def does(command, target=None, *, who=("maas", "dispatcher"), **more):
        return await door.execute(command, actor=world.actor(*who), space="live", target=target, **more)

    return does


async def entries_about(conn, id_):
    """The entries about a request, with what they tell."""
    rows = await conn.fetch("SELECT * FROM journal_entry WHERE subject_id = $1 ORDER BY seq", id_)
    return [(row["type"], row["visibility"], orjson.loads(row["payload"])["rows"]) for row in rows]


async def count(conn, table):
    return await conn.fetchval(f"SELECT count(*) FROM {table}")


# ---------------------------------------------------------------- until it is open


async def test_draft_is_its_own_members_alone(do, incident, world, pg, assert_fold):
    """A neighbour would read, and could touch, what a city has not decided to ask."""
    drafted = await do(asked(incident), who=("maas", "requester"))
    conn = await pg()
    assert drafted.subject["status"] == "draft"
    assert [(type_, seen) for type_, seen, _ in await entries_about(conn, drafted.id)] == [
        ("request.drafted", "parties")
    ]
    with pytest.raises(NotFound):
        await queries.request(conn, "live", drafted.id, viewer=world.members["luik"])
    assert await queries.requests(conn, "live", viewer=world.members["luik"]) == []
    assert [row.id for row in await queries.requests(conn, "live", viewer=world.members["maas"])] == [drafted.id]
    for command in (
        ChangeRequest(note="ours now"),
        SubmitRequest(),
        OpenRequest(),
        CancelRequest(),
        AcknowledgeRequest(),
    ):
        with pytest.raises(NotFound):
            await do(command, drafted.id, who=("luik", "dispatcher"), revision=7)
    await assert_fold()


async def test_opened_in_one_breath_it_reaches_the_corridor_whole(do, incident, world, pg, assert_fold):
    """A dispatcher with water at the door has no time for three forms, and the neighbours need every line of it."""
    receipt = await do(asked(incident, line(), line(type_code="engine.pumper", quantity=2), then="open"))
    conn = await pg()
    told = await entries_about(conn, receipt.id)
    assert [(type_, seen) for type_, seen, _ in told] == [
        ("request.drafted", "parties"),
        ("request.submitted", "parties"),
        ("request.opened", "corridor"),
    ]
    opened = told[-1][2]
    assert opened["request"][0]["status"] == "open"
    assert [row["quantity"] for row in opened["request_line"]] == [4, 2]
    seen = await queries.request(conn, "live", receipt.id, viewer=world.members["aken"])
    assert [one.fill.open for one in seen.lines] == [4, 2]
    await assert_fold()


async def test_planned_request_goes_from_hand_to_hand(do, incident, assert_fold):
    """Who may draft, who may submit and who may bind the city are three questions."""
    drafted = await do(asked(incident, kind="planned"), who=("maas", "requester"))
    with pytest.raises(TransitionNotAllowed) as early:
        await do(OpenRequest(), drafted.id, who=("maas", "authorised_representative"))
    assert early.value.extra["current"]["status"] == "draft"
    submitted = await do(SubmitRequest(), drafted.id, who=("maas", "requester"))
    assert submitted.subject["status"] == "submitted"
    with pytest.raises(RoleMissing):
        await do(OpenRequest(), drafted.id)
    opened = await do(OpenRequest(), drafted.id, who=("maas", "authorised_representative"))
    assert (opened.subject["status"], opened.revision) == ("open", 3)
    with pytest.raises(RoleMissing):
        await do(CancelRequest(), drafted.id, who=("luik", "authorised_representative"))
    await assert_fold()


@pytest.mark.parametrize("kind", ["immediate", "day_to_day"])
async def test_dispatcher_opens_what_can_not_wait(do, incident, world, kind):
    """Three of four crossings are an ambulance; nobody wakes a mayor for them."""
    to = {"to_member_id": str(world.members["luik"])} if kind == "day_to_day" else {}
    one = line(quantity=1) | {"place": None}
    assert (await do(asked(incident, one, kind=kind, then="open", **to))).subject["status"] == "open"


async def test_nothing_is_left_of_a_request_that_may_not_be_opened(do, incident, pg):
    """A refused command would leave a draft behind that nobody meant to keep."""
    conn = await pg()
    before = await count(conn, "journal_entry")
    with pytest.raises(RoleMissing):
        await do(asked(incident, kind="planned", then="open"))
    assert (await count(conn, "request"), await count(conn, "journal_entry")) == (0, before)


async def test_change_replaces_lines_and_keeps_what_stands_in_its_place(do, incident, assert_fold):
    """A colleague's screen would show lines that are no longer asked for, or lose the ones that are."""
    drafted = await do(asked(incident, line(), line(quantity=2), line(quantity=3)))
    first, second, third = (row["id"] for row in drafted.rows["request_line"])
    fewer = await do(ChangeRequest.model_validate({"lines": [line(quantity=9)]}), drafted.id, revision=1)
    assert fewer.revision == 2
    by_id = {row["id"]: row for row in fewer.rows["request_line"]}
    assert by_id[first]["quantity"] == 9
    assert by_id[second]["removed"] is by_id[third]["removed"] is True
    more = await do(ChangeRequest.model_validate({"lines": [line(quantity=9), line()]}), drafted.id, revision=2)
    assert [row["id"] == first for row in more.rows["request_line"]] == [True, False]
    with pytest.raises(StaleRevision):
        await do(ChangeRequest(note="too late"), drafted.id, revision=2)
    await assert_fold()


async def test_change_can_take_note_and_end_away(do, incident, clock, assert_fold):
    """What was put in by mistake could not be taken out again."""
    later = clock.now() + timedelta(hours=6)
    drafted = await do(asked(incident, note="Bring hoses", expires_at=later))
    kept = await do(ChangeRequest(note="Bring long hoses"), drafted.id)
    assert kept.subject["expires_at"] == drafted.subject["expires_at"]
    emptied = await do(ChangeRequest(note=None, expires_at=None), drafted.id)
    assert (emptied.subject["note"], emptied.subject["expires_at"]) == (None, None)
    await assert_fold()


async def test_open_request_is_not_changed(do, incident):
    """A lender has answered what stood there; it must not read otherwise afterwards."""
    opened = await do(asked(incident, then="open"))
    with pytest.raises(Conflict) as refused:
        await do(ChangeRequest(note="and boats"), opened.id)
    assert refused.value.extra["current"]["id"] == str(opened.id)


async def test_of_two_openings_at_once_one_counts(do, incident, pg, assert_fold):
    """The corridor would be asked twice for the same pumps."""
    submitted = await do(asked(incident, then="submit"))
    results = await asyncio.gather(*(do(OpenRequest(), submitted.id) for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Receipt"] + ["TransitionNotAllowed"] * 3
    types = [type_ for type_, _, _ in await entries_about(await pg(), submitted.id)]
    assert types.count("request.opened") == 1
    await assert_fold()


# ---------------------------------------------------------------- what may be asked


async def test_member_asks_only_where_it_has_a_say(do, door, incident, world):
    """A district without a say in floods would call out half of the neighbouring country."""
    submitted = await do(asked(incident, then="submit"))
    for jurisdiction in ({"hazards": ["storm"], "kinds": ["immediate"]}, {"hazards": ["flood"], "kinds": ["planned"]}):
        narrowed = ChangeMember.model_validate({"jurisdiction": jurisdiction})
        await door.execute(narrowed, actor=SYSTEM, space="live", target=world.members["maas"])
        with pytest.raises(OutOfJurisdiction) as refused:
            await do(asked(incident))
        assert refused.value.extra["jurisdiction"] == jurisdiction
        with pytest.raises(OutOfJurisdiction):
            await do(OpenRequest(), submitted.id)


async def test_nobody_asks_for_an_incident_that_is_over(do, incident):
    """Units would be sent to a place where nothing is the matter any more."""
    drafted = await do(asked(incident))
    await do(CloseIncident(), incident, who=("maas", "authorised_representative"))
    with pytest.raises(TransitionNotAllowed):
        await do(asked(incident))
    with pytest.raises(TransitionNotAllowed):
        await do(SubmitRequest(), drafted.id)


@pytest.mark.parametrize(
    ("wrong", "error", "pointer"),
    [
        ({"type_code": "pump.imaginary"}, UnknownCode, "/lines/1/type_code"),
        ({"lon": 50.78, "lat": 5.7}, OutsideCorridor, "/lines/1/lon"),
    ],
)
async def test_line_that_can_not_be_is_named(do, incident, wrong, error, pointer):
    """Who sends fifty lines has to know which one is wrong."""
    with pytest.raises(error) as refused:
        await do(asked(incident, line(), line(**wrong)))
    assert [each.pointer for each in refused.value.errors] == [pointer]


async def test_request_that_is_over_before_it_begins(do, incident, clock):
    """It would be opened and expire in the same second, and nobody would have seen it."""
    with pytest.raises(OutOfRange):
        await do(asked(incident, expires_at=clock.now()))
    submitted = await do(asked(incident, expires_at=clock.now() + timedelta(minutes=5), then="submit"))
    clock.move(minutes=6)
    with pytest.raises(OutOfRange):
        await do(OpenRequest(), submitted.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [line()] * 51},
        {"lines": [line(quantity=0)]},
        {"lines": [line(quantity=True)]},
        {"lines": [line(lon=float("nan"))]},
        {"lines": [line(priority="urgent")]},
        {"lines": [line(needed_by="2026-07-14T18:00:00")]},
        {"kind": "someday"},
        {"then": "close"},
    ],
)
def test_body_that_is_no_request(wrong):
    """The door would be asked for what no table can hold."""
    with pytest.raises(ValidationError):
        asked("0197a1b2-0000-7000-8000-000000000001", **wrong)


# ---------------------------------------------------------------- once it is open


async def test_acknowledged_once_by_whoever_was_asked(do, incident, world, pg, assert_fold):
    """The requester would ring round a corridor that has long read it; or count one member twice."""
    opened = await do(asked(incident, then="open"))
    with pytest.raises(RoleMissing):
        await do(AcknowledgeRequest(), opened.id)
    with pytest.raises(RoleMissing):
        await do(AcknowledgeRequest(), opened.id, who=("luik", "viewer"))
    both = [
        do(AcknowledgeRequest(), opened.id, who=("luik", role)) for role in ("dispatcher", "authorised_representative")
    ]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result) is Duplicate for result in results) == [False, True]
    await do(AcknowledgeRequest(), opened.id, who=("hasselt", "dispatcher"))
    seen = await queries.request(await pg(), "live", opened.id, viewer=world.members["maas"])
    assert {word.member_id for word in seen.acknowledgements} == {world.members["luik"], world.members["hasselt"]}
    assert seen.revision == opened.revision, "the request itself has not changed"
    await assert_fold()


async def test_ended_request_is_not_acknowledged(do, incident):
    """The requester would hear of it after it has stopped asking."""
    opened = await do(asked(incident, then="open"))
    await do(CancelRequest(), opened.id)
    with pytest.raises(TransitionNotAllowed):
        await do(AcknowledgeRequest(), opened.id, who=("luik", "dispatcher"))


async def test_draft_is_cancelled_in_silence(do, incident, pg, assert_fold):
    """The corridor would hear of a request that never was."""
    drafted = await do(asked(incident))
    cancelled = await do(CancelRequest(), drafted.id)
    assert cancelled.subject["status"] == "cancelled"
    assert {seen for _, seen, _ in await entries_about(await pg(), drafted.id)} == {"parties"}
    with pytest.raises(Conflict):
        await do(ChangeRequest(note="back again"), drafted.id)
    await assert_fold()


async def test_nobody_could_send(do, incident, assert_fold):
    """A request that nobody answered would be told as help that came."""
    opened = await do(asked(incident, then="open"))
    ended = await do(CloseRequest(why="Everybody has water of their own."), opened.id)
    assert (ended.subject["status"], ended.subject["closed_at"] is None) == ("unfilled", False)
    await assert_fold()


# ---------------------------------------------------------------- its time


async def test_request_expires_when_its_time_comes(do, door, incident, clock, pg, assert_fold):
    """Lenders would answer a need that is long past."""
    opened = await do(asked(incident, expires_at=clock.now() + timedelta(hours=1), then="open"))
    clock.move(minutes=59)
    assert await run_due(door) == 0
    clock.move(minutes=2)
    assert await run_due(door) == 1
    told = await entries_about(await pg(), opened.id)
    assert told[-1][:2] == ("request.expired", "corridor")
    assert told[-1][2]["request"][0]["status"] == "expired"
    await assert_fold()


async def test_time_that_was_put_off_does_not_come(do, door, incident, clock, pg):
    """The first deadline would end what was given more time."""
    submitted = await do(asked(incident, expires_at=clock.now() + timedelta(hours=1), then="submit"))
    await do(ChangeRequest(expires_at=clock.now() + timedelta(hours=3)), submitted.id)
    clock.move(hours=2)
    assert await run_due(door) == 1
    conn = await pg()
    assert await conn.fetchval("SELECT status FROM request WHERE id = $1", submitted.id) == "submitted"
    clock.move(hours=2)
    assert await run_due(door) == 1
    assert await conn.fetchval("SELECT status FROM request WHERE id = $1", submitted.id) == "expired"


async def test_people_do_not_expire_a_request(do, door, incident, clock):
    """A member could end its neighbour's request by calling it old."""
    opened = await do(asked(incident, then="open"))
    with pytest.raises(RoleMissing):
        await do(ExpireRequest(), opened.id)
    with pytest.raises(Conflict):
        await door.execute(ExpireRequest(), actor=SYSTEM, space="live", target=opened.id)
