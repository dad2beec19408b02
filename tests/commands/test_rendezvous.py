"""Rendezvous: where a unit from the other side is met, and whether there is room for it."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.missions import AdvanceMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.rendezvous import AddRendezvous, ChangeRendezvous, SendToRendezvous, SetRendezvousState
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from app.domain.errors import Duplicate, MissingField, NotFound, OutsideCorridor, RoleMissing, TransitionNotAllowed
from app.domain.ids import new_id
from app.queries.rendezvous import rendezvous
from app.store.engine import reading
from tests.commands.conftest import MAAS, PUMP
from tests.world import everywhere


def gronsveld(**other):
    said = {
        "code": "gronsveld",
        "guide_code": "M3",
        "names": everywhere("Gronsveld"),
        "kind": "staging_area",
        "lon": 5.729,
        "lat": 50.811,
        "capacity": 2,
        "guide": True,
    }
    return AddRendezvous.model_validate(said | other)


@pytest.fixture
async def place(do):
    """A staging area of Maastricht with room for two."""
    return (await do(gronsveld(), who=MAAS)).id


@pytest.fixture
def sent(do, world, incident):
    """Has Maastricht ask for some of a neighbour's pumps, and the neighbour commit them; returns the commitment."""

    async def sends(*numbers, asked=None, owner="luik", **unit):
        line = {"type_code": PUMP, "quantity": len(numbers), "priority": "life_safety", "lon": 5.7, "lat": 50.78}
        body = {"incident_id": incident, "kind": "immediate", "lines": [line | {"rendezvous_id": asked}]}
        request = await do(DraftRequest.model_validate(body | {"then": "open"}), who=MAAS)
        line_id = request.rows["request_line"][0]["id"]
        lines = [{"request_line_id": line_id, "resource_id": world.resources[f"{owner}-pump-{n}"]} for n in numbers]
        lender = (owner, "dispatcher")
        offer = await do(MakeOffer.model_validate({"lines": lines}), request.id, who=lender)
        await do(AcceptOffer(), offer.id, who=MAAS)
        units = [{"offer_line_id": row["id"]} | unit for row in offer.rows["offer_line"]]
        return await do(CommitOffer.model_validate({"units": units}), offer.id, who=lender)

    return sends


def codes(receipt):
    return [warning["code"] for warning in receipt.warnings]


async def room(door, place):
    async with reading(door.engine) as conn:
        return (await rendezvous(conn, "live", place)).room


async def test_a_place_is_put_on_the_map(do, place, assert_fold):
    """A driver from the other side has to find the guide by letter and number, without knowing a street."""
    changed = await do(
        ChangeRendezvous.model_validate({"fuel": True, "beds": 40, "talkgroup": "DEMO-NL-121"}), place, who=MAAS
    )
    assert changed.subject["guide_code"] == "M3"
    assert (changed.subject["fuel"], changed.subject["beds"], changed.subject["guide"]) == (True, 40, True)
    again = await do(ChangeRendezvous.model_validate({"talkgroup": None, "names": None}), place, who=MAAS)
    assert (again.subject["talkgroup"], again.subject["names"]) == (None, everywhere("Gronsveld"))
    await assert_fold()


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"code": "elsewhere"}, Duplicate),
        ({"guide_code": "M4"}, Duplicate),
        ({"code": "elsewhere", "guide_code": "M4", "lat": 52.0}, OutsideCorridor),
    ],
)
async def test_what_does_not_fit_is_refused(do, place, other, error):
    """Two places of one letter and number would send a convoy to the wrong one."""
    with pytest.raises(error):
        await do(gronsveld(**other), who=MAAS)


async def test_two_of_one_name_at_once(do):
    """The one who comes second is told so, and not by the database."""
    results = await asyncio.gather(*(do(gronsveld(), who=MAAS) for _ in range(3)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["Duplicate", "Duplicate", "Receipt"]


async def test_a_change_to_a_letter_and_number_that_is_taken(do, place):
    """A sign that is repainted must not become another place's."""
    other = (await do(gronsveld(code="eijsden", guide_code="M4"), who=MAAS)).id
    with pytest.raises(Duplicate):
        await do(ChangeRendezvous(guide_code="M3"), other, who=MAAS)
    assert (await do(ChangeRendezvous(guide_code="M4"), other, who=MAAS)).subject["guide_code"] == "M4"
    with pytest.raises(OutsideCorridor):
        await do(ChangeRendezvous(lat=52.0), other, who=MAAS)


@pytest.mark.parametrize("who", [("luik", "dispatcher"), ("maas", "viewer")])
async def test_on_whose_ground_it_lies_keeps_it(do, world, place, who):
    """A neighbour who closes our staging area strands units that we wait for."""
    with pytest.raises(RoleMissing):
        await do(SetRendezvousState(status="closed"), place, who=who)
    with pytest.raises(RoleMissing):
        await do(ChangeRendezvous(fuel=True), place, who=who)
    with pytest.raises(RoleMissing):
        await do(gronsveld(code="other", guide_code="M9", member_id=world.members["maas"]), who=who)


async def test_the_service_itself_has_to_say_whose_it_is(do):
    """A corridor's file that forgets the member would leave a place that nobody keeps."""
    with pytest.raises(MissingField):
        await do(gronsveld(), who=SYSTEM)


async def test_units_go_where_the_request_says(do, door, sent, place, assert_fold):
    """The requester names the place once, and not on the telephone to each crew."""
    committed = await sent(1, 2, asked=place)
    assert {mission["rendezvous_id"] for mission in committed.rows["mission"]} == {str(place)}
    assert codes(committed) == []
    first, second = (mission["id"] for mission in committed.rows["mission"])
    assert (await room(door, place)).model_dump() == {"capacity": 2, "coming": 2, "there": 0, "left": 0}
    for state in ("mobilising", "in_transit", "at_rendezvous", "staged"):
        await do(AdvanceMission(to=state), first)
    assert (await room(door, place)).model_dump() == {"capacity": 2, "coming": 1, "there": 1, "left": 0}
    await do(AdvanceMission(to="on_scene"), first)
    await do(SendToRendezvous(rendezvous_id=None), second)
    assert (await room(door, place)).left == 2
    await assert_fold()


async def test_a_place_that_is_full_warns_and_turns_nobody_away(do, door, world, sent, place):
    """A lorry in the road is worse than a crowded field; but somebody should know before it leaves."""
    await sent(1, 2, rendezvous_id=place)
    full = await sent(1, owner="aken", rendezvous_id=place)
    assert codes(full) == ["rendezvous_full"]
    assert full.warnings[0]["figures"] == {"capacity": 2, "units": 3}
    mission = full.rows["mission"][0]["id"]
    again = await do(SendToRendezvous(rendezvous_id=place), mission, who=("aken", "dispatcher"))
    assert again.warnings[0]["figures"] == {"capacity": 2, "units": 3}
    larger = await do(ChangeRendezvous(capacity=3), place, who=MAAS)
    assert codes(larger) == []
    assert codes(await do(SendToRendezvous(rendezvous_id=place), mission, who=MAAS)) == []
    assert codes(await do(ChangeRendezvous(capacity=1), place, who=MAAS)) == ["rendezvous_full"]


async def test_a_place_that_closes_names_who_is_on_the_way(do, sent, place, assert_fold):
    """The staging area is under water, and two pumps are driving there."""
    committed = await sent(1, 2, rendezvous_id=place)
    ids = {mission["id"] for mission in committed.rows["mission"]}
    closed = await do(SetRendezvousState(status="closed"), place, who=MAAS)
    assert codes(closed) == ["units_on_their_way"]
    assert set(closed.warnings[0]["missions"]) == ids
    sent_there = await do(SendToRendezvous(rendezvous_id=place), ids.pop())
    assert codes(sent_there) == ["rendezvous_closed"]
    assert codes(await do(SetRendezvousState(status="open"), place, who=MAAS)) == []
    await assert_fold()


async def test_a_unit_that_is_there_is_not_sent_there(do, sent, place):
    """Who has met its guide would be shown as on its way to another one."""
    mission = (await sent(1, rendezvous_id=place)).rows["mission"][0]["id"]
    for state in ("mobilising", "in_transit", "at_rendezvous"):
        await do(AdvanceMission(to=state), mission)
    with pytest.raises(TransitionNotAllowed) as refused:
        await do(SendToRendezvous(rendezvous_id=None), mission)
    assert refused.value.extra["current"]["status"] == "at_rendezvous"


async def test_who_sends_a_unit_to_a_place(do, sent, place):
    """Whoever asks and whoever lends agree on it; a third member has no say."""
    mission = (await sent(1)).rows["mission"][0]["id"]
    for who in (MAAS, ("luik", "liaison_officer")):
        receipt = await do(SendToRendezvous(rendezvous_id=place), mission, who=who)
        assert receipt.subject["rendezvous_id"] == str(place)
    for who in (("aken", "dispatcher"), ("maas", "viewer")):
        with pytest.raises(RoleMissing):
            await do(SendToRendezvous(rendezvous_id=place), mission, who=who)


async def test_a_place_that_is_not_there(do, sent, incident):
    """A wrong id is said to be wrong, and nothing is half asked."""
    with pytest.raises(NotFound):
        await sent(1, asked=new_id())
    mission = (await sent(1)).rows["mission"][0]["id"]
    with pytest.raises(NotFound):
        await do(SendToRendezvous(rendezvous_id=new_id()), mission)
