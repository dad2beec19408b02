"""The invariants in SQL: of a world in which all is well they say nothing, and each names what is broken behind the commands' back.

What breaks one is written by hand into the test's own database: a check that can't fail would let the storm pass for ever.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from app.commands.calls import AssistNow
from app.commands.extensions import AnswerExtension, AskExtension
from app.commands.formations import FormFormation, SplitMission
from app.commands.incidents import ReportIncident
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reassignments import AnswerReassignment, ReassignMission
from app.commands.reliefs import PlanRelief
from app.commands.resources import AddResource
from app.store.invariants import INVARIANTS, broken_invariants
from tests.commands.conftest import LUIK, PUMP, RATES
from tests.world import box, flood

BOSS = ("luik", "authorised_representative")
MODULE = "formation.hcp_module"
NIGHT = {"start": "22:00", "end": "06:00", "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
ALL_DAY = NIGHT | {"start": "00:00", "end": "00:00"}
LUIK_ITSELF, ELSEWHERE = box(5.5, 50.6, 5.6, 50.7), box(6.1, 50.7, 6.3, 50.9)

FILLED = "no line is filled beyond its quantity"
TWO_MISSIONS = "no unit is on two missions"
APART = "no part is out alone and with its formation at once"
PROMISED = "no unit is promised twice"
COMMITTED = "a unit is committed exactly while it is on a mission"
KEPT = "a unit that is promised by name is kept free for it"
ENDED = "what has ended asks and promises no more"
GAP = "the journal has no gap"
RESERVE = "no reserve is gone below without a named act, of whatever type, area and hour"
CAP = "no more of a type goes under an agreement than its cap, parts of formations among them"
SENT_ON = "no unit that is sent elsewhere takes its agreement beyond a cap without a named act"
OUT = "no more is out under an agreement than its cap, but what a named act or a phone call sent"
STAY = "no unit stays for longer than its agreement knows without a named act"
DEAR = "no lender asks more than its agreement lets it"
COST = "no more money is promised in a year than the agreement's cap"


def test_each_invariant_has_its_proof():
    """An invariant that is added later is proven here, too."""
    assert set(INVARIANTS) == {
        FILLED, TWO_MISSIONS, APART, PROMISED, COMMITTED, KEPT, ENDED, GAP, RESERVE, CAP, SENT_ON, OUT, STAY, COST, DEAR,
    }  # fmt: skip


@pytest.fixture
def broken(conn):
    """Returns the names of the invariants that do not hold."""

    async def names():
        return {each.invariant for each in await broken_invariants(conn)}

    return names


@pytest.fixture
def terms(conn):
    """Writes some of the terms of an agreement's versions anew, by hand."""

    async def writes(agreement, **said):
        await conn.execute(
            "UPDATE agreement_version SET terms = terms || $2::jsonb WHERE agreement_id = $1",
            agreement,
            orjson.dumps(said).decode(),
        )

    return writes


@pytest.fixture
def offer(act, ask):
    """Has luik offer pumps to maas, named or not; returns the offer."""

    async def offers(quantity=2, *units, **line):
        request, (wanted,) = await ask((PUMP, 4))
        lines = [{"request_line_id": wanted, "resource_id": unit} for unit in units]
        lines = lines or [{"request_line_id": wanted, "quantity": quantity} | line]
        return await act(MakeOffer, request, who=BOSS, lines=lines)

    return offers


@pytest.fixture
async def module(act, world):
    """A pumping module of luik's with two of its three pumps; its id and its parts'."""
    entered = [
        (await act(AddResource, who=LUIK, depot_id=world.depots["luik"], type_code=code, call_sign=code, mobilisation_min=9)).id
        for code in ("command.vehicle", "vehicle.truck")
    ]  # fmt: skip
    parts = [*world.units("luik", "pump")[:2], *entered]
    formed = await act(
        FormFormation,
        who=LUIK,
        depot_id=world.depots["luik"],
        type_code=MODULE,
        call_sign="Module",
        part_ids=parts,
        mobilisation_min=30,
    )
    return formed.id, parts


@pytest.fixture
def go(act, ask, module):
    """Has luik's module go to maas; returns its mission's id."""

    async def goes():
        request, (wanted,) = await ask((MODULE, 1))
        offered = await act(MakeOffer, request, who=BOSS, lines=[{"request_line_id": wanted, "resource_id": module[0]}])
        await act(AcceptOffer, offered.id)
        committed = await act(CommitOffer, offered.id, who=BOSS)
        return UUID(committed.rows["mission"][0]["id"])

    return goes


async def test_a_line_that_is_filled_too_far(sent, broken, conn):
    """Three pumps at a quay that two were asked for."""
    await sent("luik-pump-1", "luik-pump-2")
    assert await broken() == set()
    await conn.execute("UPDATE request_line SET quantity = 1")
    assert await broken() == {FILLED}


async def test_a_unit_on_two_missions(sent, broken, conn, world):
    """The database's own index stands against it, and is taken away here."""
    one, other = await sent("luik-pump-1", "luik-pump-2")
    await conn.execute("DROP INDEX uq_mission_resource_busy")
    await conn.execute(
        "UPDATE mission SET resource_id = (SELECT resource_id FROM mission WHERE id = $1) WHERE id = $2", one, other
    )
    assert await broken() == {TWO_MISSIONS, COMMITTED}


async def test_a_part_that_is_out_twice(go, module, act, broken, conn):
    """A pump that was split off is out for itself; one that was not is out with its formation, and nowhere else."""
    mission = await go()
    await act(SplitMission, mission, who=BOSS, part_ids=[module[1][0]])
    assert await broken() == set()
    await conn.execute("UPDATE mission SET split_from_id = NULL")
    assert await broken() == {APART}


async def test_a_unit_that_is_promised_twice(offer, broken, conn, world):
    """Two cities wait for one pump."""
    one, other = world.units("luik", "pump")[:2]
    await offer(1, one)
    await offer(1, other)
    assert await broken() == set()
    await conn.execute("UPDATE offer_line SET resource_id = $1", one)
    assert PROMISED in await broken()


@pytest.mark.parametrize(("status", "invariant"), [("available", COMMITTED), ("reserved", COMMITTED)])
async def test_a_unit_that_is_away_and_at_home(sent, broken, conn, status, invariant):
    """It would be offered once more."""
    await sent("luik-pump-1")
    await conn.execute("UPDATE resource SET status = $1 WHERE status = 'committed'", status)
    assert await broken() == {invariant}


async def test_a_part_that_is_away_with_its_formation(go, module, broken, conn):
    """So with a part, whose mission is its formation's."""
    await go()
    assert await broken() == set()
    await conn.execute("UPDATE resource SET status = 'available' WHERE id = $1", module[1][0])
    assert await broken() == {COMMITTED}


async def test_a_promise_that_is_not_kept_free(offer, broken, conn, world):
    """It could be sent to somebody else meanwhile."""
    await offer(1, world.units("luik", "pump")[0])
    await conn.execute("UPDATE resource SET status = 'available' WHERE status = 'reserved'")
    assert await broken() == {KEPT}


async def test_an_offer_that_outlives_its_request(offer, broken, conn):
    """It would bind stock for nobody."""
    await offer()
    await conn.execute("UPDATE request SET status = 'cancelled'")
    assert await broken() == {ENDED}


async def test_a_gap_in_the_journal(offer, broken, conn):
    """An entry is missing."""
    await offer()
    await conn.execute("UPDATE journal_head SET seq = seq + 1")
    assert await broken() == {GAP}


FLOORS = [
    ({}, True),
    ({"hours": ALL_DAY}, True),
    ({"hours": NIGHT}, False),
    ({"area": LUIK_ITSELF}, True),
    ({"area": {"type": "MultiPolygon", "coordinates": [LUIK_ITSELF["coordinates"]]}}, True),
    ({"area": {"type": "Polygon", "coordinates": [*box(5.0, 50.0, 6.5, 51.5)["coordinates"], *ELSEWHERE["coordinates"]]}}, True),
    ({"area": LUIK_ITSELF, "hours": NIGHT}, False),
]  # fmt: skip


@pytest.mark.parametrize(("when", "counts"), FLOORS)
async def test_a_reserve_that_was_gone_below(offer, terms, broken, world, clock, when, counts):
    """Two of three pumps are offered by day: a floor of two is broken at all hours and at its own, and not at another one's."""
    assert clock.now().hour in range(6, 18)
    await offer(2)
    assert await broken() == set()
    floor = {"type": PUMP, "keep": 2, "lender": None, "area": None, "hours": None} | when
    await terms(world.agreements["maas-broad"], reserve=[floor])
    assert await broken() == ({RESERVE} if counts else set())
    await terms(world.agreements["maas-broad"], reserve=[floor | {"lender": str(world.members["aken"])}])
    assert await broken() == set()


async def test_a_reserve_that_was_gone_below_under_another_agreement(offer, sign, terms, broken, world):
    """What a city keeps by one paper went under another one: nobody would find out."""
    other = await sign({"terms": "free"})
    await offer(2, agreement_id=other)
    assert await broken() == set()
    floor = {"type": PUMP, "keep": 2, "lender": None, "area": None, "hours": None}
    await terms(world.agreements["maas-broad"], reserve=[floor])
    assert await broken() == {RESERVE}
    for elsewhere in (
        {"hazards": ["fire"]},
        {"hazards": "*", "types": ["ambulance.als"]},
        {"types": "*", "kinds": ["day_to_day"]},
    ):
        await terms(world.agreements["maas-broad"], **elsewhere)
        assert await broken() == set(), elsewhere


async def test_a_night_begins_on_its_day(offer, terms, broken, world, clock):
    """At three on the morning after, the night of the day before still counts, and the next day's does not."""
    clock.move(hours=(24 + 1 - clock.now().hour) % 24)
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    today = clock.now().weekday()
    await offer(2)
    for began, counts in ((days[today - 1], True), (days[today], False)):
        floor = {"type": PUMP, "keep": 2, "lender": None, "area": None, "hours": NIGHT | {"weekdays": [began]}}
        await terms(world.agreements["maas-broad"], reserve=[floor])
        assert await broken() == ({RESERVE} if counts else set())


async def test_a_unit_from_elsewhere_leaves_an_area_alone(offer, terms, broken, world):
    """Where the unit is named, it is known where it comes from."""
    await offer(1, world.units("luik", "pump")[0])
    floor = {"type": PUMP, "keep": 3, "lender": None, "area": ELSEWHERE, "hours": None}
    await terms(world.agreements["maas-broad"], reserve=[floor])
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], reserve=[floor | {"area": LUIK_ITSELF}])
    assert await broken() == {RESERVE}


async def test_a_reserve_that_was_gone_below_by_a_named_act(offer, terms, broken, world):
    """Whoever says so with a reason may."""
    await offer(3, override_reserve={"reason": "The neighbours cover us."})
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], reserve=[{"type": PUMP, "keep": 3}])
    assert await broken() == set()


async def test_a_reserve_is_held_against_the_moment_of_the_offer(offer, terms, broken, act, incident, world):
    """A phone call, and what was offered before, are not the fault of who offered first; what is offered after them is counted with them."""
    call = {"incident_id": incident, "type_code": PUMP, "quantity": 2, "lon": 5.7, "lat": 50.78}
    members = {"requester_id": world.members["maas"], "lender_id": world.members["luik"]}
    await offer(1)
    await act(AssistNow, who=LUIK, **call, **members)
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], reserve=[{"type": PUMP, "keep": 2}])
    assert await broken() == set()


async def test_a_reserve_that_a_relief_goes_below(sent, act, terms, broken, world):
    """A relief leaves, too."""
    (mission,) = await sent("luik-pump-1")
    await act(PlanRelief, mission, who=BOSS, resource_id=world.resources["luik-pump-2"])
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], reserve=[{"type": PUMP, "keep": 2}])
    assert await broken() == {RESERVE}


async def test_a_reserve_that_a_formation_goes_below(go, terms, broken, world):
    """Its pumps leave with it."""
    await go()
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], reserve=[{"type": PUMP, "keep": 2}])
    assert await broken() == {RESERVE}


async def test_a_cap_that_was_gone_beyond(offer, sent, terms, broken, world):
    """One that is out and two that are promised are three."""
    await sent("aken-pump-1")
    await offer(2)
    await terms(
        world.agreements["maas-broad"], caps={"units": [{"type": PUMP, "most": 3}], "longest_deployment_h": None}
    )
    assert await broken() == set()
    await terms(
        world.agreements["maas-broad"], caps={"units": [{"type": PUMP, "most": 2}], "longest_deployment_h": None}
    )
    assert await broken() == {CAP}


async def test_a_relief_takes_the_place_of_what_it_relieves(sent, act, terms, broken, world):
    """Both are out for an hour, and one place is taken."""
    (mission,) = await sent("luik-pump-1")
    await act(PlanRelief, mission, who=BOSS, resource_id=world.resources["luik-pump-2"])
    await terms(
        world.agreements["maas-broad"], caps={"units": [{"type": PUMP, "most": 1}], "longest_deployment_h": None}
    )
    assert await broken() == set()


@pytest.mark.parametrize("split", [False, True])
async def test_a_cap_that_a_formation_goes_beyond(go, module, offer, act, terms, broken, world, split):
    """Its two pumps count under the cap of pumps, together or apart, each once."""
    mission = await go()
    if split:
        await act(SplitMission, mission, who=BOSS, part_ids=[module[1][0]])
    await offer(1, override_reserve={"reason": "The neighbours cover us."})
    await terms(
        world.agreements["maas-broad"], caps={"units": [{"type": PUMP, "most": 3}], "longest_deployment_h": None}
    )
    assert await broken() == set()
    await terms(
        world.agreements["maas-broad"], caps={"units": [{"type": PUMP, "most": 2}], "longest_deployment_h": None}
    )
    assert await broken() == {CAP}
    await terms(
        world.agreements["maas-broad"], caps={"units": [{"type": PUMP, "most": 1}], "longest_deployment_h": None}
    )
    assert await broken() == {CAP, OUT}


async def test_a_formation_that_is_sent_elsewhere_beyond_a_cap(go, act, broken, terms, world):
    """Its pumps go to another dike, and those of its relief stay: four are out where two were."""
    mission = await go()
    entered = [
        (await act(AddResource, who=LUIK, depot_id=world.depots["luik"], type_code=code, call_sign=f"more {n}", mobilisation_min=9)).id
        for n, code in enumerate(("command.vehicle", "vehicle.truck", PUMP, PUMP))
    ]  # fmt: skip
    relief = await act(
        FormFormation, who=LUIK, depot_id=world.depots["luik"], type_code=MODULE, call_sign="Relief", part_ids=entered, mobilisation_min=30,
    )  # fmt: skip
    await act(PlanRelief, mission, who=BOSS, resource_id=relief.id)
    other = (await act(ReportIncident, **flood(title="A dike at Limmel"))).id
    there = {"incident_id": str(other), "lon": 5.71, "lat": 50.87, "reason": "The dike gives way."}
    await act(AnswerReassignment, (await act(ReassignMission, mission, **there)).id, who=LUIK, agreed=True)
    assert await broken() == set()
    two = {"units": [{"type": PUMP, "most": 2}], "longest_deployment_h": None}
    await terms(world.agreements["maas-broad"], caps=two)
    assert await broken() == {SENT_ON, OUT}


@pytest.mark.parametrize("leaves", [0, 1])
async def test_a_unit_that_is_sent_elsewhere_beyond_a_cap(sent, act, terms, broken, conn, world, leaves):
    """A pump and its relief are one place until one of them is sent to another dike."""
    (mission,) = await sent("luik-pump-1")
    relief = (await act(PlanRelief, mission, who=BOSS, resource_id=world.resources["luik-pump-2"])).id
    other = (await act(ReportIncident, **flood(title="A dike at Limmel"))).id
    there = {"incident_id": str(other), "lon": 5.71, "lat": 50.87, "reason": "The dike gives way."}
    asked = await act(ReassignMission, (mission, relief)[leaves], **there)
    await act(AnswerReassignment, asked.id, who=LUIK, agreed=True)
    assert await broken() == set()
    one = {"units": [{"type": PUMP, "most": 1}], "longest_deployment_h": None}
    await terms(world.agreements["maas-broad"], caps=one)
    assert await broken() == {SENT_ON, OUT}
    await terms(world.agreements["maas-broad"], caps=one | {"units": [{"type": PUMP, "most": 2}]})
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], caps=one)
    named = orjson.dumps([{"code": "cap_units", "blocking": False}]).decode()
    await conn.execute("UPDATE reassignment SET findings = $1::jsonb", named)
    assert await broken() == set()


async def test_more_units_out_than_the_agreement_knows(sent, act, terms, broken, incident, world):
    """What a phone call sends was checked by nobody; what an offer sends was."""
    call = {"incident_id": incident, "type_code": PUMP, "quantity": 1, "lon": 5.7, "lat": 50.78}
    members = {"requester_id": world.members["maas"], "lender_id": world.members["luik"]}
    await act(AssistNow, who=LUIK, **call, **members)
    await sent("luik-pump-1", incident=incident)
    capped = {"units": [{"type": PUMP, "most": 1}], "longest_deployment_h": None}
    await terms(world.agreements["maas-broad"], caps=capped)
    assert OUT not in await broken()
    await terms(world.agreements["maas-broad"], caps=capped | {"units": []})
    await sent("aken-pump-1", incident=incident)
    await terms(world.agreements["maas-broad"], caps=capped)
    assert OUT in await broken()


async def test_a_unit_that_stays_too_long(sent, act, terms, broken, conn, world, clock):
    """Eight hours where six are agreed; by a named act it may."""
    (mission,) = await sent("luik-pump-1", relieve_by=(clock.now() + timedelta(hours=8)).isoformat())
    short = {"units": [], "longest_deployment_h": 6}
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], caps=short)
    assert await broken() == {STAY}
    until = (clock.now() + timedelta(hours=9)).isoformat()
    asked = await act(AskExtension, mission, until=until, reason="The water stays.")
    await act(AnswerExtension, asked.id, who=BOSS, granted=True, ad_hoc=True)
    assert await broken() == set()


async def test_a_unit_that_nobody_has_relieved(sent, walk, terms, broken, world):
    """That nobody has said by when is no reason to stay."""
    (mission,) = await sent("luik-pump-1")
    await terms(world.agreements["maas-broad"], caps={"units": [], "longest_deployment_h": 6})
    assert await broken() == set()
    await terms(world.agreements["maas-broad"], caps={"units": [], "longest_deployment_h": None})
    await walk(mission, "mobilising")
    await terms(world.agreements["maas-broad"], caps={"units": [], "longest_deployment_h": 6})
    assert await broken() == {STAY}


@pytest.mark.parametrize("sends", [False, True])
async def test_more_money_than_was_agreed(offer, sent, sign, terms, broken, sends):
    """What is promised and what is out counts with what it is likely to cost."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES, "claim_within_days": 30, "pay_within_days": 30}
    agreement = await sign(cost, yearly_cost={"amount": "90000.00", "currency": "EUR"})
    if sends:
        await sent("luik-pump-1")
    else:
        await offer(1)
    assert await broken() == set()
    await terms(agreement, yearly_cost={"amount": "100.00", "currency": "EUR"})
    assert await broken() == {COST}


@pytest.mark.parametrize(
    ("lowered", "breaks"),
    [
        ({"rates": RATES[:1]}, False),
        ({"rates": [{"item": "vehicle_hours", "rate": "59.99"}]}, True),
        ({"rates": [*RATES[:1], {"item": "vehicle_hours", "rate": "59.99", "type": PUMP}]}, True),
        ({"rates": [*RATES[:1], {"item": "vehicle_hours", "rate": "59.99", "type": "engine.pumper"}]}, False),
        ({"rates": RATES[1:]}, True),
        ({"currency": "CHF"}, True),
        ({"terms": "free_for_hours", "hours": 1}, True),
    ],
)
async def test_more_is_asked_than_was_agreed(offer, sign, terms, broken, lowered, breaks):
    """A price that nobody signed for."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    agreement = await sign(cost)
    await offer(1, cost=cost)
    assert await broken() == set()
    await terms(agreement, cost=cost | lowered)
    assert await broken() == ({DEAR} if breaks else set())


async def test_more_is_asked_for_a_formation_s_part_than_was_agreed(act, ask, module, sign, terms, broken):
    """Once the module is split, each of its pumps is paid as a pump, at a price that nobody signed for."""
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES[:1]}
    agreement = await sign(cost)
    request, (wanted,) = await ask((MODULE, 1))
    await act(MakeOffer, request, who=BOSS, lines=[{"request_line_id": wanted, "resource_id": module[0], "cost": cost}])
    assert await broken() == set()
    await terms(
        agreement, cost=cost | {"rates": [*RATES[:1], {"item": "vehicle_hours", "rate": "59.99", "type": PUMP}]}
    )
    assert await broken() == {DEAR}
