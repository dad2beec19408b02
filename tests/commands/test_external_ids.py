"""A dispatch system's code means one thing at a time; both sides' numbers of an incident stand beside each other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from app.commands.external_ids import AddExternalId, EndExternalId
from app.commands.incidents import ReportIncident
from app.commands.resources import RetireResource
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict, Duplicate, MissingField, NotFound, OutOfOrder, RoleMissing, UnknownCode
from tests.world import flood

MAAS, LUIK = ("maas", "dispatcher"), ("luik", "dispatcher")


@pytest.fixture
def code(act, world):
    """Gives a code to a unit of maas's, unless something else is said."""

    async def gives(code_, *, who=MAAS, **other):
        body = {"source": "gms", "kind": "resource", "code": code_, "subject_id": world.resources["maas-pump-1"]}
        return await act(AddExternalId, who=who, **(body | other))

    return gives


@pytest.mark.parametrize("role", ["dispatcher", "admin"])
async def test_a_unit_has_the_code_of_its_owners_system(code, world, clock, assert_fold, role):
    """A status that comes in under that code would find no unit."""
    given = await code("12-3441", who=("maas", role))
    assert given.subject["resource_id"] == str(world.resources["maas-pump-1"])
    assert given.subject["member_id"] == str(world.members["maas"])
    assert given.subject["valid_to"] is None
    await assert_fold()


async def test_each_kind_names_what_it_is_for(code, act, world, assert_fold):
    """A code for a depot that pointed at a unit would send the next message to the wrong place."""
    incident = (await act(ReportIncident, **flood())).id
    await code("K1", kind="depot", subject_id=world.depots["maas"])
    await code("26-0001", kind="incident", subject_id=incident)
    await code("VRZL", kind="member", subject_id=None)
    await code("WTS", kind="resource_type", subject_id=None, type_code="pump.high_capacity")
    await assert_fold()


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject_id": None},
        {"kind": "resource_type"},
        {"kind": "resource_type", "subject_id": None},
        {"kind": "depot", "type_code": "pump.high_capacity"},
        {"code": ""},
        {"source": "GMS Limburg"},
    ],
)
async def test_what_says_nothing_or_two_things_is_no_code(code, wrong):
    """It could not be read back."""
    with pytest.raises(ValueError):
        await code("12", **wrong)


async def test_both_sides_have_their_own_number_of_an_incident(code, act):
    """Each control room names the other's number on the telephone."""
    incident = (await act(ReportIncident, **flood())).id
    await code("26-0001", kind="incident", subject_id=incident)
    theirs = await code("P2026/17", source="cad-liege", kind="incident", subject_id=incident, who=LUIK)
    assert theirs.subject["incident_id"] == str(incident)


async def test_only_a_dispatcher_gives_an_incident_its_number(code, act):
    """Authority as the design says: of the incident, each member's dispatcher for its own number."""
    incident = (await act(ReportIncident, **flood())).id
    for who in [("maas", "admin"), ("maas", "viewer"), ("maas", "authorised_representative")]:
        with pytest.raises(RoleMissing):
            await code("26-0001", kind="incident", subject_id=incident, who=who)


async def test_a_neighbour_gives_no_codes_to_what_is_not_its_own(code, world):
    """A wrong code would let a neighbour's system move our unit."""
    with pytest.raises(RoleMissing):
        await code("1", who=LUIK)
    with pytest.raises(RoleMissing):
        await code("1", who=LUIK, member_id=world.members["luik"])
    with pytest.raises(RoleMissing):
        await code("1", who=LUIK, kind="member", subject_id=world.members["maas"])


async def test_a_code_means_one_thing_at_a_time(code, act, world, clock, assert_fold):
    """Two units under one code both move when one reports; once it has ended the code is free for another."""
    first = await code("12-3441")
    with pytest.raises(Duplicate) as refused:
        await code("12-3441", subject_id=world.resources["maas-pump-2"])
    assert refused.value.extra["current"]["id"] == str(first.id)
    await code("12-3441", source="issi", subject_id=world.resources["maas-pump-2"])
    clock.move(hours=1)
    await act(EndExternalId, first.id)
    await code("12-3441", subject_id=world.resources["maas-pump-2"])
    with pytest.raises(Conflict):
        await act(EndExternalId, first.id)
    await assert_fold()


async def test_each_member_has_lists_of_its_own(code, act, world, assert_fold):
    """Two control rooms that call their systems alike would block each other, and a neighbour could take our codes before us."""
    await code("P9", source="cad")
    await code("P9", source="cad", subject_id=world.resources["luik-pump-1"], who=LUIK)
    incidents = [(await act(ReportIncident, **flood())).id for _ in range(2)]
    for who, incident in zip((MAAS, LUIK), incidents, strict=True):
        await code("26-1", source="cad", kind="incident", subject_id=incident, who=who)
    with pytest.raises(Duplicate):
        await code("26-1", source="cad", kind="incident", subject_id=incidents[0], who=LUIK)
    await assert_fold()


async def test_the_past_is_not_given_out_twice(code, act, world, clock):
    """A message that comes late would mean two things at the time it is about."""
    first = await code("12-3441")
    clock.move(hours=2)
    await act(EndExternalId, first.id)
    with pytest.raises(Duplicate):
        await code(
            "12-3441", subject_id=world.resources["maas-pump-2"], occurred_at=clock.now() - timedelta(minutes=30)
        )


async def test_it_does_not_end_before_it_began(code, act, clock):
    """Such a code would never have counted, and whoever used it would have meant nothing."""
    first = await code("12-3441")
    with pytest.raises(OutOfOrder):
        await act(EndExternalId, first.id, occurred_at=clock.now() - timedelta(hours=1))
    with pytest.raises(RoleMissing):
        await act(EndExternalId, first.id, who=LUIK)


async def test_what_is_not_there_has_no_code(code, world):
    """A code that leads nowhere is found when a message comes."""
    with pytest.raises(NotFound):
        await code("1", kind="incident", subject_id=world.depots["maas"])
    with pytest.raises(NotFound):
        await code("1", subject_id=world.depots["maas"])
    with pytest.raises(UnknownCode):
        await code("1", kind="resource_type", subject_id=None, type_code="pump.none")
    with pytest.raises(MissingField):
        await code("1", kind="resource_type", subject_id=None, type_code="engine.pumper", who=SYSTEM)


async def test_a_unit_that_is_gone_leaves_its_codes(code, act, world, clock, assert_fold):
    """Its successor gets the same number on the radio the same day."""
    await code("12-3441")
    clock.move(minutes=1)
    await act(RetireResource, world.resources["maas-pump-1"])
    await code("12-3441", subject_id=world.resources["maas-pump-2"])
    await assert_fold()


async def test_of_two_at_once_one_gets_the_code(code, world, conn):
    """Both control rooms enter the same vehicle list on the same morning."""
    answers = await asyncio.gather(
        code("12-3441"), code("12-3441", subject_id=world.resources["maas-pump-2"]), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in answers) == ["Duplicate", "Receipt"]
    assert await conn.fetchval("SELECT count(*) FROM external_id WHERE valid_to IS NULL") == 1


async def test_the_database_itself_refuses_a_second_one(code, world, conn):
    """Whatever a handler gets wrong, a code that counts names one thing."""
    await code("12-3441")
    with pytest.raises(asyncpg.UniqueViolationError):
        await conn.execute(
            "INSERT INTO external_id SELECT revision, space_id, gen_random_uuid(), member_id, source, kind, code,"
            " resource_id, depot_id, incident_id, of_member_id, type_code, valid_from, valid_to FROM external_id"
        )
